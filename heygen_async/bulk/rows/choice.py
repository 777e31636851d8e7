"""Choice of some rows of a list: by their numbers in it, by cells, or by their ids."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import attrs

from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.table import Row, Scan, Table, is_note
from heygen_async.errors import InvalidInputError
from heygen_async.near_names import hint

FindColumn = Callable[[str, Collection[str]], str | None]

_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9})?)?")
_CONDITION = re.compile(r"(.+?)(!?=)(.*)", re.DOTALL)
_LAST = 10**9  # rows of a range without an end


@attrs.frozen
class CellCondition:
    """A condition on the cell of one column: equal, or not, without regard to case and to blanks around it.

    Attributes:
        column: Name of the column, or its placeholder.
        is_equal: False if the cell must differ.
        value: Text of the cell; empty for a cell that is empty.
    """

    column: str
    is_equal: bool
    value: str

    @classmethod
    def read(cls, text: str) -> CellCondition:
        """Read `COLUMN=VALUE` or `COLUMN!=VALUE`.

        Raises:
            InvalidInputError: It is neither.
        """
        found = _CONDITION.fullmatch(text)
        if found is None or not found[1].strip():
            raise InvalidInputError(
                f"--where {text!r}: must be COLUMN=VALUE, such as --where city=Rome, or COLUMN!=VALUE"
            )
        return cls(found[1].strip(), found[2] == "=", found[3])

    def holds(self, cell: str) -> bool:
        """Return True if *cell* fulfils the condition."""
        return (_folded(cell) == _folded(self.value)) is self.is_equal


@attrs.frozen(kw_only=True)
class RowChoice:
    """The rows of a list that a command is about. Without any part, all of them.

    Attributes:
        rows: Numbers of rows as the list shows them: the line of a file, with the header on line 1.
        where: Conditions on cells. Several that name values of one column hold if one of them does.
        only: Ids of rows.
        find_column: Returns the column of a name, or None if there is none.
    """

    rows: tuple[range, ...] = ()
    where: tuple[CellCondition, ...] = ()
    only: frozenset[str] = frozenset()
    find_column: FindColumn = attrs.field(default=lambda name, columns: name if name in columns else None, repr=False)

    def __bool__(self) -> bool:
        return bool(self.rows or self.where or self.only)

    def check(self, columns: Collection[str], id_column: str | None = None) -> None:
        """Check that the columns that the choice names are there; *id_column* holds the ids of `only`.

        Raises:
            InvalidInputError: One is not there, or ids are asked for and there is no id column.
        """
        for condition in self.where:
            if self.find_column(condition.column, columns) is None:
                mend = hint(condition.column, columns, "there are")
                raise InvalidInputError(f"--where {condition.column}: there is no such column; {mend}")
        if self.only and id_column is None:
            raise InvalidInputError("--only: rows have no ids; say which column has them: --id email")

    def takes(self, line: int | None, cells: Mapping[str, str], ids: Iterable[str | None]) -> bool:
        """Return True if a row is one of the chosen.

        Args:
            line: Number of the row in its list; None if it is not known.
            cells: Cells of the row.
            ids: What the row may be called by `only`.
        """
        if self.rows and not any(line in numbers for numbers in self.rows):
            return False
        if self.only and not any(_folded(one) in self.only for one in ids if one):
            return False
        held: dict[str, bool] = {}
        for at, condition in enumerate(self.where):
            column = self.find_column(condition.column, cells)
            group = f"={column}" if condition.is_equal else f"{at}"
            held[group] = held.get(group, False) or condition.holds(cells.get(column or "", ""))
        return all(held.values())

    def of(self, table: Table, id_column: str | None) -> Table:
        """Return *table* with the chosen rows alone; a last warning of its scan has their number.

        Raises:
            InvalidInputError: See `check`.
        """
        if not self:
            return table
        self.check(table.find_columns(), id_column)
        return attrs.evolve(table, read=lambda: self._scan(table, id_column), is_part=True, may_be_empty=True)

    def _scan(self, table: Table, id_column: str | None) -> Scan:
        total = count = 0
        is_chosen = True
        for found in table.read():
            if is_note(found):
                if is_chosen or found.line is None:
                    yield found
                continue
            total += 1
            is_chosen = self.is_chosen(found, id_column)
            if is_chosen:
                count += 1
                yield found
        chosen = "1 row is" if count == 1 else f"{count} rows are"
        yield Problem(source=table.name, reason=f"{chosen} chosen of {total}", mend="", severity="warning")

    def is_chosen(self, found: Row | Problem, id_column: str | None) -> bool:
        """Return True for a row that is chosen. A broken row may be any row, unless rows are chosen by number."""
        if isinstance(found, Problem):
            return not self.rows or found.line is None or any(found.line in numbers for numbers in self.rows)
        return self.takes(found.line, found.cells, [found.cells.get(id_column or "")])


ALL_ROWS = RowChoice()


def row_choice(
    rows: Sequence[str] = (),
    where: Sequence[str] = (),
    only: Sequence[str] = (),
    find_column: FindColumn | None = None,
) -> RowChoice:
    """Return the choice that options of the command line describe.

    Args:
        rows: Numbers and ranges: `5-10,17` or `800-`.
        where: Conditions: `city=Rome`, `city!=Rome`.
        only: Ids.
        find_column: See `RowChoice`.

    Raises:
        InvalidInputError: One of them cannot be read.
    """
    more = {} if find_column is None else {"find_column": find_column}
    return RowChoice(
        rows=tuple(_range(part.strip()) for text in rows for part in text.split(",")),
        where=tuple(map(CellCondition.read, where)),
        only=frozenset(map(_folded, only)),
        **more,
    )


def _range(text: str) -> range:
    found = _RANGE.fullmatch(text)
    first = int(found[1]) if found else 0
    last = first if found is None or "-" not in text else int(found[2] or _LAST)
    if found is None or last < first:
        raise InvalidInputError(f"--rows {text!r}: must be numbers of rows in the list, such as 5-10,17 or 800-")
    return range(first, last + 1)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()

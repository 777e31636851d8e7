"""Rows with their line numbers, and tables of rows, which are read as streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import attrs

from heygen_async.bulk.rows.problems import Problem
from heygen_async.near_names import hint
from heygen_async.reprs import ShortRepr


@attrs.frozen(kw_only=True, repr=False)
class Row(ShortRepr, Mapping[str, Any]):
    """A row of a contact list, and a mapping of its columns.

    `row["age"]` is the value as its source gave it, such as a number of a spreadsheet or a date of a data frame.
    `row.cells["age"]` is the same value as text, which templates and journals use.

    Attributes:
        line: Line of the file on which the row begins (the header is on line 1), or its number where there are no
            lines; 0 for a mapping that comes from no list.
        cells: Column name -> text.
        source: The file or frame that it comes from.
        unit: Unit of `line`: "line" or "row".
        given: Column name -> value as its source gave it; empty if the source has text only, such as a CSV file.
        flaws: Column name -> problem of a cell that the source has without its value: "error" for a formula that was
            never calculated, "warning" for a cell that a short row leaves off. A template that needs the cell
            reports it.
    """

    line: int
    cells: Mapping[str, str] = attrs.field(repr=False)
    source: str | None = None
    unit: Literal["line", "row"] = "line"
    given: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)
    flaws: Mapping[str, Problem] = attrs.field(factory=dict, repr=False, eq=False)

    def __getitem__(self, name: str) -> Any:
        if name not in self.cells:
            raise KeyError(f"no column {name!r}; {hint(name, self.cells, 'the row has')}")
        return self.given.get(name, self.cells[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def problem(self, reason: str, mend: str, **more: Any) -> Problem:
        """Return a problem of this row."""
        return Problem(reason=reason, mend=mend, source=self.source, line=self.line or None, unit=self.unit, **more)


def cells_of(row: object) -> Mapping[str, Any]:
    """Return the cells of a `Row` as text, or a mapping as it is; any other row has none."""
    if isinstance(row, Row):
        return row.cells
    return row if isinstance(row, Mapping) else {}


Scan = Iterator[Row | Problem]


@attrs.frozen(kw_only=True)
class Table:
    """Rows from anywhere, read one by one.

    Attributes:
        name: Name of the file or frame in errors.
        format: The format in words: `CSV in UTF-8, comma between cells`.
        columns: Names of the columns, or None if there is no header (JSON lines, mappings): see `find_columns`.
        path: Path of the file, if it is one.
        rereadable: True if it can be read more than once; a generator cannot.
        may_be_empty: True if a table without rows is fine.
        is_part: True if only chosen rows of a list are read.
    """

    name: str
    format: str
    columns: tuple[str, ...] | None
    read: Callable[[], Scan] = attrs.field(repr=False)
    path: Path | None = None
    rereadable: bool = True
    may_be_empty: bool = True
    is_part: bool = False

    def scan(self) -> Scan:
        """Read the rows from the first, each as a `Row` or, if it is broken, as a `Problem`.

        A `Problem` with the severity "warning" is no row: it tells of the row before it, or of the whole list, such as
        rows that are hidden in a workbook. Rows whose cells are all empty are left out: spreadsheets often end with
        some. Files and frames raise no error here. An iterable may raise its own, and a generator that was read before
        is a `ProblemError`.
        """
        empty = True
        for found in self.read():
            empty = empty and is_note(found)
            yield found
        if empty and not self.may_be_empty:
            yield Problem(
                source=self.name, reason="it has no rows", mend="write the rows below the header, or give another file"
            )

    def __iter__(self) -> Iterator[Row]:
        """Read the rows from the first, without the warnings that `scan` gives.

        Raises:
            InvalidInputError: A row is broken; names its line, the reason and the remedy.
        """
        for found in self.scan():
            if not is_note(found):
                yield _row(found)

    def find_columns(self) -> tuple[str, ...]:
        """Return the columns. Without a header, read all rows and return the names in order of first appearance."""
        if self.columns is not None:
            return self.columns
        names: dict[str, None] = {}
        for found in self.scan():
            if isinstance(found, Row):
                names.update(dict.fromkeys(found.cells))
        return tuple(names)


@attrs.frozen(kw_only=True)
class AsyncTable:
    """Rows from an async iterable; otherwise as `Table`. Its columns are not known before its rows are read."""

    name: str
    read: Callable[[], AsyncIterator[Row | Problem]] = attrs.field(repr=False)
    rereadable: bool = False

    def scan(self) -> AsyncIterator[Row | Problem]:
        """Read the rows, each as a `Row` or, if it is broken, as a `Problem`."""
        return self.read()

    async def __aiter__(self) -> AsyncIterator[Row]:
        """Read the rows; raises like `Table.__iter__`."""
        async for found in self.scan():
            if not is_note(found):
                yield _row(found)


def is_note(found: object) -> bool:
    """Return True for a warning that a scan gives, which is no row."""
    return isinstance(found, Problem) and found.severity == "warning"


def _row(found: Row | Problem) -> Row:
    if isinstance(found, Problem):
        raise found.error()
    return found

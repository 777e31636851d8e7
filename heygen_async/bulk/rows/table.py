"""Rows with their line numbers, and tables of rows, which are read as streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import attrs

from heygen_async.bulk.rows.cells import flaw_of, is_missing
from heygen_async.bulk.rows.problems import Problem, ProblemError
from heygen_async.bulk.rows.spreadsheet import as_given, is_ours
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
    """

    line: int
    cells: Mapping[str, str] = attrs.field(repr=False)
    source: str | None = None
    unit: Literal["line", "row"] = "line"
    given: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)

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
    """

    name: str
    format: str
    columns: tuple[str, ...] | None
    read: Callable[[], Scan] = attrs.field(repr=False)
    path: Path | None = None
    rereadable: bool = True
    may_be_empty: bool = True

    def scan(self) -> Scan:
        """Read the rows from the first, each as a `Row` or, if it is broken, as a `Problem`.

        Rows whose cells are all empty are left out: spreadsheets often end with some. Files and frames raise no error
        here. An iterable may raise its own, and a generator that was read before is a `ProblemError`.
        """
        empty = True
        for found in self.read():
            empty = False
            yield found
        if empty and not self.may_be_empty:
            yield Problem(
                source=self.name, reason="it has no rows", mend="write the rows below the header, or give another file"
            )

    def __iter__(self) -> Iterator[Row]:
        """Read the rows from the first.

        Raises:
            InvalidInputError: A row is broken; names its line, the reason and the remedy.
        """
        for found in self.scan():
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
            yield _row(found)


def _row(found: Row | Problem) -> Row:
    if isinstance(found, Problem):
        raise found.error()
    return found


@attrs.frozen(kw_only=True)
class Header:
    """The checked names of the columns; makes rows from lists of cells.

    Attributes:
        source: The file or frame that they come from.
        columns: The names.
        unit: Unit of the places of rows: "line" or "row".
        ours: True if this package has written the file, so that cells may have apostrophes of ours.
    """

    source: str
    columns: tuple[str, ...]
    unit: Literal["line", "row"] = "line"
    ours: bool = False

    def row(self, line: int, cells: Sequence[str], values: Sequence[Any] | None = None) -> Row | Problem | None:
        """Return the row of *cells*, a problem if there are too few or too many, None if all are empty.

        Args:
            line: Line or number of the row.
            cells: The cells as text.
            values: The same cells in their own types, if the source has types.
        """
        if len(cells) == len(self.columns):
            if not any(cells):
                return None
            texts = map(as_given, cells) if self.ours else cells
            return Row(
                line=line,
                cells=dict(zip(self.columns, texts, strict=True)),
                source=self.source,
                unit=self.unit,
                given={} if values is None or self.ours else dict(zip(self.columns, values, strict=True)),
            )
        if not any(cell.strip() for cell in cells):
            return None
        return self._wrong_width(line, cells)

    def _wrong_width(self, line: int, cells: Sequence[str]) -> Problem:
        surplus = cells[len(self.columns) :]
        shown = f", beyond it: {', '.join(map(repr, surplus))}"[:100] if surplus else ""
        return Problem(
            source=self.source,
            line=line,
            unit=self.unit,
            reason=f"{len(cells)} cells, but the header has {len(self.columns)}{shown}",
            mend="a separator or a line break inside a cell needs quotes around the cell",
        )


def checked_header(source: str, line: int, names: Sequence[object], unit: Literal["line", "row"] = "line") -> Header:
    """Return the header of *names*.

    Raises:
        InvalidInputError: A column has no name, or two have the same.
    """
    columns = tuple(name.strip().removeprefix("\ufeff") if isinstance(name, str) else name for name in names)

    def refuse(reason: str, mend: str) -> ProblemError:
        return Problem(source=source, line=line, unit=unit, reason=reason, mend=mend).error()

    foreign = [name for name in columns if not isinstance(name, str)]
    if foreign:
        raise refuse(f"the column name {foreign[0]!r} is a {type(foreign[0]).__name__}", "name columns by text")
    texts = tuple(map(str, columns))
    flaw = next(filter(None, map(flaw_of, texts)), None)
    if flaw is not None:
        raise refuse(f"a column name holds {flaw}", "rename it")
    nameless = [str(n) for n, name in enumerate(texts, 1) if is_missing(name)]
    if nameless or not texts:
        raise refuse(
            f"the header must name every column; column {', '.join(nameless) or '1'} has no name",
            "write its name, or remove the column",
        )
    repeated = sorted({name for name in texts if texts.count(name) > 1})
    if repeated:
        raise refuse(f"the header names {', '.join(repeated)} more than once", "rename one of them")
    ours = is_ours(texts)
    return Header(source=source, columns=tuple(map(as_given, texts)) if ours else texts, unit=unit, ours=ours)

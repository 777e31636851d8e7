"""The header of a list: its checked columns, the rows that fit them, and the line on which it probably is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import attrs

from heygen_async.bulk.rows.cells import flaw_of, is_missing
from heygen_async.bulk.rows.problems import Problem, ProblemError, counted
from heygen_async.bulk.rows.spreadsheet import as_given, is_ours
from heygen_async.bulk.rows.table import Row

_NAMES_SHOWN = 4
_NO_NAME = re.compile(r"\s|.*@|[\d\s.,:/€$%+-]+$")  # begins with a blank, holds an address, or is a number or a date
_CELLS_OF_SHORT_ROW = 2  # fewer are a piece of a broken row, not a row whose last cells are empty


@attrs.frozen(kw_only=True)
class Header:
    """The checked names of the columns; makes rows from lists of cells.

    Attributes:
        source: The file or frame that they come from.
        columns: The names.
        unit: Unit of the places of rows: "line" or "row".
        ours: True if this package has written the file, so that cells may have apostrophes of ours.
        spare: Number of columns at the end that have no name; their cells must be empty.
        may_be_short: True if a row may leave off empty cells at its end, as Excel writes CSV files.
    """

    source: str
    columns: tuple[str, ...]
    unit: Literal["line", "row"] = "line"
    ours: bool = False
    spare: int = 0
    may_be_short: bool = False

    def row(
        self,
        line: int,
        cells: Sequence[str],
        values: Sequence[Any] | None = None,
        flaws: Mapping[str, Problem] | None = None,
    ) -> Row | Problem | None:
        """Return the row of *cells*, a problem if they do not fit the header, None if all are empty.

        Args:
            line: Line or number of the row.
            cells: The cells as text.
            values: The same cells in their own types, if the source has types.
            flaws: Problems of cells that have no value; see `Row`.
        """
        width = len(self.columns)
        if width < len(cells) <= width + self.spare and not any(map(str.strip, cells[width:])):
            cells = cells[:width]
        if self._is_short(cells):
            flaws = {name: self._left_off(line, name, len(cells)) for name in self.columns[len(cells) :]}
            cells = [*cells, *[""] * (width - len(cells))]
        if len(cells) == width:
            if not any(cells) and not flaws:
                return None
            if self._is_repeated_in(cells):
                return self._problem(line, "repeats the header, as in two exports that were joined", "remove this line")
            texts = map(as_given, cells) if self.ours else cells
            return Row(
                line=line,
                cells=dict(zip(self.columns, texts, strict=True)),
                source=self.source,
                unit=self.unit,
                given={} if values is None or self.ours else dict(zip(self.columns, values, strict=True)),
                flaws=flaws or {},
            )
        if not any(cell.strip() for cell in cells):
            return None
        return self._wrong_width(line, cells)

    def _is_short(self, cells: Sequence[str]) -> bool:
        return (
            self.may_be_short and _CELLS_OF_SHORT_ROW <= len(cells) < len(self.columns) and any(map(str.strip, cells))
        )

    def _is_repeated_in(self, cells: Sequence[str]) -> bool:
        return cells[-1].strip() == self.columns[-1] and [_bare(cell) for cell in cells] == list(self.columns)

    def _left_off(self, line: int, name: str, count: int) -> Problem:
        reason = f"the row ends before this column, with {count} of {counted(len(self.columns), 'cell')}"
        mend = "fill the cell in; if a line break has split the row, put quotes around the cell with it"
        return attrs.evolve(self._problem(line, reason, mend), column=name, severity="warning")

    def _wrong_width(self, line: int, cells: Sequence[str]) -> Problem:
        surplus = cells[len(self.columns) :]
        if surplus and len(surplus) <= self.spare:
            return self._problem(
                line, f"{surplus[-1]!r:.60} is in a column without a name", "write its name into the header"
            )
        shown = f", beyond it: {', '.join(map(repr, surplus))}"[:100] if surplus else ""
        return self._problem(
            line,
            f"{counted(len(cells), 'cell')}, but the header has {len(self.columns)}{shown}",
            "a separator or a line break inside a cell needs quotes around the cell",
        )

    def _problem(self, line: int, reason: str, mend: str) -> Problem:
        return Problem(source=self.source, line=line, unit=self.unit, reason=reason, mend=mend)


def checked_header(
    source: str,
    line: int,
    names: Sequence[object],
    unit: Literal["line", "row"] = "line",
    *,
    is_text: bool = False,
    hint: str | None = None,
) -> Header:
    """Return the header of *names*.

    Args:
        source: The file or frame.
        line: Line of the header.
        names: Names of the columns.
        unit: Unit of `line`.
        is_text: True for a text file, whose header may end in separators and whose rows may leave off empty cells.
        hint: The remedy for a column without a name, if the source knows a better one.

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
    if is_text:
        texts = _without_empty_end(texts)
    nameless = [str(n) for n, name in enumerate(texts, 1) if is_missing(name)]
    if nameless or not texts:
        raise refuse(
            f"the header must name every column; column {', '.join(nameless) or '1'} has no name",
            hint or "write its name, or remove the column",
        )
    repeated = sorted({name for name in texts if texts.count(name) > 1})
    if repeated:
        raise refuse(f"the header names {', '.join(repeated)} more than once", "rename one of them")
    ours = is_ours(texts)
    return Header(
        source=source,
        columns=tuple(map(as_given, texts)) if ours else texts,
        unit=unit,
        ours=ours,
        spare=len(columns) - len(texts),
        may_be_short=is_text,
    )


def title_above(source: str, records: Sequence[tuple[int, Sequence[str]]]) -> Problem | None:
    """Return the problem of a list whose first record is a title above the header; None if no header is below.

    Args:
        source: The file.
        records: The first records, each with its line; one at least.
    """
    line, title = records[0][0], ", ".join(_filled(records[0][1]))
    found = header_below(records)
    if found is None:
        return None
    below, names = found
    return Problem(
        source=source,
        line=line,
        value=title,
        reason=f"looks like a title; the header probably is line {below} ({_shown(names)})",
        mend=f"remove the lines above line {below}",
    )


def header_below(records: Sequence[tuple[int, Sequence[str]]]) -> tuple[int, Sequence[str]] | None:
    """Return line and names of the first record below the first one that may be the header; None if there is none.

    All of its cells are names, it is wider than the first record, and the records below it are as wide or less.
    """
    for at, (line, cells) in enumerate(records[1:], 1):
        names, below = _filled(cells), records[at + 1 :]
        is_wider = len(names) > len(_filled(records[0][1]))
        if is_wider and below and _are_names(cells) and all(1 < len(row) <= len(cells) for _, row in below):
            return line, names
    return None


def has_values(records: Sequence[tuple[int, Sequence[str]]]) -> bool:
    """Return True if a cell is an address, a number or a date, and so no name of a column."""
    return any(_NO_NAME.match(cell.strip()) for _, cells in records for cell in cells if cell.strip())


def header_hint(records: Sequence[tuple[int, Sequence[str]]]) -> str | None:
    """Return the remedy for a header with empty cells if the record below may be the header."""
    found = header_below(records)
    if found is None:
        return None
    return f"the header may be line {found[0]} ({_shown(found[1])}): then remove the lines above it"


def _are_names(cells: Sequence[str]) -> bool:
    names = _without_empty_end(tuple(cells))
    is_named = all(name.strip() and not _NO_NAME.match(name) for name in names)
    return is_named and len({name.strip() for name in names}) == len(names)


def _filled(cells: Iterable[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")


def _bare(cell: str) -> str:
    return cell.strip().removeprefix("\ufeff").strip()


def _without_empty_end(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return *names* without the empty ones at the end; all of them if all are empty."""
    filled = [n for n, name in enumerate(names, 1) if not is_missing(name)]
    return names[: filled[-1]] if filled else names

"""Rows of typed values, from frames and mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from heygen_async.bulk.rows.cells import cell_text, flaw_of
from heygen_async.bulk.rows.header import Header
from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.spreadsheet import as_given, is_ours
from heygen_async.bulk.rows.table import Row


def value_row(header: Header, number: int, values: Sequence[Any]) -> Row | Problem | None:
    """Return row *number*, a problem if a value cannot be written as text, None if all cells are empty."""
    try:
        return header.row(number, [cell_text(value) for value in values], values)
    except ValueError:
        return unreadable(header.source, number, dict(zip(header.columns, values, strict=True)))


def mapping_row(source: str | None, number: int, item: object) -> Row | Problem:
    """Return item *number* of an iterable as a row; a `Row` or `Problem` as it is. Number 0 stands for no place."""
    if isinstance(item, Row | Problem):
        return item
    if not isinstance(item, Mapping) or not all(map(_is_name, item)):
        kind = "a mapping with a name that is no text" if isinstance(item, Mapping) else f"a {type(item).__name__}"
        mend = 'must be a mapping of column names to values, such as {"name": "Ada"}'
        return Problem(source=source, line=number or None, unit="row", reason=kind, mend=mend)
    try:
        cells = {name: cell_text(value) for name, value in item.items()}
    except ValueError:
        return unreadable(source, number, item)
    if is_ours(cells):  # such as csv.DictReader gives from failed.csv
        cells = {as_given(name): as_given(cell) for name, cell in cells.items()}
        return Row(line=number, cells=cells, source=source, unit="row")
    return Row(line=number, cells=cells, source=source, unit="row", given=item)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(name.strip()) and flaw_of(name) is None


def unreadable(
    source: str | None, number: int, values: Mapping[str, Any], unit: Literal["line", "row"] = "row"
) -> Problem:
    """Return the problem of the first of *values* that cannot be written as text."""
    for name, value in values.items():
        try:
            cell_text(value)
        except ValueError as exc:
            return Problem(
                source=source, line=number or None, unit=unit, column=name, reason=str(exc), mend="give text"
            )
    raise AssertionError(number)  # pragma: no cover - called only for a row in which one value is unreadable

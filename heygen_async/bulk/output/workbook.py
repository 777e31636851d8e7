"""A workbook of results: one sheet, whose texts are texts and run nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from heygen_async.bulk.rows.readers.extras import load
from heygen_async.bulk.rows.spreadsheet import as_given


def write_workbook(path: Path, lines: Iterable[Sequence[Any]]) -> None:
    """Write *lines* to the sheet of a new workbook; the first one holds the headings.

    Raises:
        InvalidInputError: openpyxl is not installed.
    """
    openpyxl = load("openpyxl", str(path))
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Results")
    sheet.freeze_panes = "A2"
    for line in lines:
        sheet.append([_cell(openpyxl, sheet, value) for value in line])
    book.save(path)


def _cell(openpyxl: Any, sheet: Any, value: Any) -> Any:
    """Return a cell with a number, or with a text that is no formula, whatever it begins with."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return openpyxl.cell.WriteOnlyCell(sheet, value=value)
    text = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", _kept(str(value)))
    cell = openpyxl.cell.WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def _kept(text: str) -> str:
    """Return a text so that it is read again as it is: readers take our apostrophe away."""
    return text if as_given(text) == text else f"'{text}"

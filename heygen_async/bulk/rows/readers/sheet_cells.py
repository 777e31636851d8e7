"""Cells of a sheet of a workbook, with formulas, hidden rows and merged cells, which decide what a person sees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from heygen_async.bulk.rows.cells import cell_text, is_missing
from heygen_async.bulk.rows.number_formats import shown_number
from heygen_async.bulk.rows.problems import Problem, listed

_ESCAPE = re.compile(r"_x(00[01][0-9A-Fa-f]|005[Ff])_")  # a control character or an underscore, as workbooks write them
_FORMULA = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}f"
_MERGES_SHOWN = 5


@attrs.frozen
class SheetRow:
    """A row of a sheet that is not empty, without the empty cells at its end.

    Attributes:
        number: Number of the row.
        texts: Cells as text.
        values: Cells as values.
        uncomputed: Places of formulas that were never calculated.
        formats: Place -> number format of a number whose text is not as Excel shows it.
    """

    number: int
    texts: list[str]
    values: list[Any]
    uncomputed: Sequence[int] = ()
    formats: Mapping[int, str] = attrs.field(factory=dict)


@attrs.define
class SheetCells:
    """Reads a sheet once, row by row.

    Attributes:
        hidden: Numbers of the hidden rows that have cells; complete after the last row.
        merged: Ranges of merged cells, such as `A2:A4`; known after the last row.
    """

    _openpyxl: Any
    _book: Any
    _sheet: Any
    hidden: list[int] = attrs.field(factory=list, init=False)
    merged: list[str] = attrs.field(factory=list, init=False)
    _formats: dict[int, str] = attrs.field(factory=dict, init=False)  # by number of the style

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows that are not empty."""
        # openpyxl's own way to read a sheet as a stream leaves out formulas without values and hidden rows.
        with self._sheet._get_source() as source:  # noqa: SLF001 - there is no public way
            parser = self._parser(source)
            for number, cells in parser.parse():
                is_hidden = parser.row_dimensions.pop(str(number), {}).get("hidden") in {"1", "true"}
                row = self._row(number, cells)
                if row is not None:
                    if is_hidden:
                        self.hidden.append(number)
                    yield row
            if parser.merged_cells is not None:
                self.merged += sorted((str(one.ref) for one in parser.merged_cells.mergeCell), key=_by_row)

    def notes(self, source: str, first: int) -> Iterator[Problem]:
        """Yield warnings about the whole sheet, after its last row. The header stands in row *first*."""
        hidden = [number for number in self.hidden if number > first]
        if hidden:
            yield Problem(
                source=source,
                reason=f"{'1 row is' if len(hidden) == 1 else f'{len(hidden)} rows are'} hidden in the workbook, "
                f"perhaps by a filter ({listed('line', hidden)}), and part of the list all the same",
                mend="delete the rows that are to get no video",
                severity="warning",
            )
        if self.merged:
            more = f" and {len(self.merged) - _MERGES_SHOWN} more" if len(self.merged) > _MERGES_SHOWN else ""
            yield Problem(
                source=source,
                reason=f"cells are merged ({', '.join(self.merged[:_MERGES_SHOWN])}{more}); only the first of them has "
                "the value, the others are empty",
                mend="unmerge them and fill in each cell",
                severity="warning",
            )

    def _parser(self, source: Any) -> Any:
        """Return a parser that marks formulas without values by the type "f"."""
        parser = self._openpyxl.worksheet._reader.WorkSheetParser(  # noqa: SLF001 - as above
            source,
            self._sheet._shared_strings,  # noqa: SLF001 - as above
            data_only=True,
            epoch=self._book.epoch,
            date_formats=self._book._date_formats,  # noqa: SLF001 - as above
            timedelta_formats=self._book._timedelta_formats,  # noqa: SLF001 - as above
        )
        parse_cell = parser.parse_cell
        # Programs that cannot calculate leave the value out, or write 0 and ask Excel to calculate.
        is_to_be_calculated = bool(getattr(self._book.calculation, "fullCalcOnLoad", False))

        def parse(element: Any) -> Any:
            cell = parse_cell(element)
            nothing = cell["value"] is None or (is_to_be_calculated and cell["value"] == 0)
            if nothing and cell["data_type"] == "n" and element.find(_FORMULA) is not None:
                cell["data_type"] = "f"
            return cell

        parser.parse_cell = parse
        return parser

    def _row(self, number: int, cells: Sequence[Mapping[str, Any]]) -> SheetRow | None:
        texts: list[str] = []
        values: list[Any] = []
        uncomputed: list[int] = []
        formats: dict[int, str] = {}
        for cell in cells:
            at = cell["column"] - 1
            gap = at + 1 - len(texts)
            texts += [""] * gap
            values += [None] * gap
            if cell["data_type"] == "f":
                uncomputed.append(at)
                continue
            value = values[at] = _unescaped(cell["value"])
            texts[at], number_format = self._text(cell, value)
            if number_format is not None:
                formats[at] = number_format
        while texts and not texts[-1].strip() and len(texts) - 1 not in uncomputed:
            texts.pop()
        if not texts:
            return None
        return SheetRow(number, texts, values[: len(texts)], uncomputed, formats)

    def _text(self, cell: Mapping[str, Any], value: Any) -> tuple[str, str | None]:
        """Return the text of a cell, and its number format if Excel shows the number otherwise."""
        if cell["data_type"] == "e":
            text = cell_text(value)
            return (text if is_missing(text) else "#N/A"), None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return cell_text(value), None
        number_format = self._format(cell)
        shown = shown_number(value, number_format)
        return shown.text, None if shown.is_as_shown else number_format

    def _format(self, cell: Mapping[str, Any]) -> str:
        style = cell["style_id"]
        if style not in self._formats:
            styled = self._openpyxl.cell.read_only.ReadOnlyCell(self._sheet, **cell)
            self._formats[style] = str(styled.number_format or "General")
        return self._formats[style]


def _by_row(area: str) -> tuple[int, str]:
    """Return a key that sorts ranges of cells such as `A2:A4` by their first rows."""
    return int("".join(filter(str.isdigit, area.partition(":")[0]))), area


def _unescaped(value: Any) -> Any:
    """Return a text with its line breaks and escaped characters as they are meant: `_x000D_` is a line break."""
    if not isinstance(value, str):
        return value
    if "_x" in value:
        value = _ESCAPE.sub(lambda found: found[0] if found[1] == "0000" else chr(int(found[1], 16)), value)
    return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value

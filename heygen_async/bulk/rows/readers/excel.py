"""Excel workbooks, read row by row with openpyxl."""

from __future__ import annotations

import contextlib
import itertools
import re
import warnings
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from heygen_async.bulk.rows.header import Header, checked_header, header_hint, title_above
from heygen_async.bulk.rows.problems import Problem, ProblemError
from heygen_async.bulk.rows.readers import sniffing
from heygen_async.bulk.rows.readers.extras import load
from heygen_async.bulk.rows.readers.sheet_cells import SheetCells, SheetRow
from heygen_async.bulk.rows.table import Scan, Table
from heygen_async.near_names import hint

_DAMAGE = (zipfile.BadZipFile, zlib.error, ET.ParseError, KeyError, ValueError, TypeError, EOFError, OSError)
_SAMPLE_ROWS = 20
_ROW = re.compile(r"\d+")  # in the address of a cell


@attrs.frozen(kw_only=True)
class ExcelSheet:
    """One sheet of a workbook; without a name, the first one that is not hidden and has rows."""

    path: Path
    sheet: str | None = None

    def scan(self, header: Header, first: int) -> Scan:
        """Yield rows and problems below the header, which stands in row *first*, and warnings about the sheet."""
        told: set[str] = set()
        try:
            with self._open() as book:
                chosen, note = self._chosen(book)
                if note is not None:
                    yield note
                cells = self._cells(book, chosen)
                for row in cells.rows():
                    if row.number > first:
                        yield from self._found(header, row, told)
                yield from cells.notes(str(self.path), first)
        except ProblemError as exc:
            yield exc.problem
        except _DAMAGE as exc:
            yield self._damaged(exc).problem

    def header(self) -> tuple[int, Header, str]:
        """Return the number of the header's row, the header, and the name of the sheet.

        Raises:
            InvalidInputError: Not a workbook, no such sheet, or a header with empty or repeated names.
        """
        with self._open() as book:
            chosen, _ = self._chosen(book)
            records = [(row.number, row.texts) for row in self._first_rows(book, chosen, _SAMPLE_ROWS)]
            first, names = records[0] if records else (1, [])
            title = title_above(str(self.path), records) if len(names) == 1 else None
            if title is not None:
                raise title.error()
            mend = None if all(map(str.strip, names)) else self._mend(book, chosen, records)
            return first, checked_header(str(self.path), first, names, hint=mend), chosen.title

    def _first_rows(self, book: Any, sheet: Any, count: int) -> list[SheetRow]:
        """Return the first rows of a sheet that are not empty; those before a damaged place if there is one."""
        rows: list[SheetRow] = []
        try:
            rows.extend(itertools.islice(self._cells(book, sheet).rows(), count))
        except _DAMAGE as exc:
            if not rows:
                raise self._damaged(exc) from exc
        return rows

    def _mend(self, book: Any, sheet: Any, records: list[tuple[int, list[str]]]) -> str | None:
        """Return the remedy for names that are empty because cells are merged, or because they stand below."""
        below = header_hint(records)
        if below is not None:
            return below
        cells = self._cells(book, sheet)
        with contextlib.suppress(*_DAMAGE):
            for _ in cells.rows():  # merged cells stand at the end of a sheet
                pass
        merged = [area for area in cells.merged if _ROW.findall(area)[:1] == [str(records[0][0])]]
        return f"unmerge {', '.join(merged)} and write a name over every column" if merged else None

    def _found(self, header: Header, row: SheetRow, told: set[str]) -> Scan:
        """Yield a row, and a warning for each column whose first number Excel shows otherwise."""
        short = max(0, len(header.columns) - len(row.texts))
        flaws = {
            header.columns[at]: self._uncomputed(row.number, header.columns[at])
            for at in row.uncomputed
            if at < len(header.columns)
        }
        found = header.row(row.number, row.texts + [""] * short, row.values + [None] * short, flaws)
        if found is not None:
            yield found
        for at, number_format in row.formats.items():
            column = header.columns[at] if at < len(header.columns) else None
            if column is not None and column not in told:
                told.add(column)
                yield Problem(
                    source=str(self.path),
                    line=row.number,
                    column=column,
                    value=row.texts[at],
                    reason=f"the workbook shows the numbers of this column by the format {number_format}, which is not "
                    "followed here",
                    mend="write the filter number, or make the column text",
                    severity="warning",
                )

    def _uncomputed(self, number: int, column: str) -> Problem:
        return Problem(
            source=str(self.path),
            line=number,
            column=column,
            reason="a formula without a value: the program that wrote it did not calculate",
            mend="open the workbook in Excel and save it",
        )

    @contextlib.contextmanager
    def _open(self) -> Iterator[Any]:
        openpyxl = load("openpyxl", str(self.path))
        with contextlib.ExitStack() as opened:
            try:  # opened here, because openpyxl leaves a file open if it cannot read it
                file = opened.enter_context(self.path.open("rb"))
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # about styles and validations, which are not read here
                    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            except _DAMAGE as exc:
                raise self._damaged(exc) from exc
            yield opened.enter_context(contextlib.closing(book))

    def _cells(self, book: Any, sheet: Any) -> SheetCells:
        return SheetCells(load("openpyxl", str(self.path)), book, sheet)

    def _chosen(self, book: Any) -> tuple[Any, Problem | None]:
        """Return the sheet that is named or found, and a warning if others could be meant."""
        names = [sheet.title for sheet in book.worksheets]
        if self.sheet is not None:
            if self.sheet in names:
                return book[self.sheet], None
            reason = f"has no sheet {self.sheet!r}"
            raise sniffing.refusal(self.path, reason, hint(self.sheet, names, "its sheets are"))
        filled = [sheet for sheet in book.worksheets if self._has_rows(book, sheet)]
        seen = [sheet for sheet in filled if sheet.sheet_state == "visible"]
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not seen and (filled or not visible):
            mend = f"unhide the sheet with the rows, or name it: {', '.join(one.title for one in filled) or 'none'}"
            raise sniffing.refusal(self.path, "no visible sheet has rows", mend)
        chosen = (seen or visible)[0]
        others = [self._described(book, sheet) for sheet in filled if sheet is not chosen]
        return chosen, self._several(chosen.title, others) if others else None

    def _has_rows(self, book: Any, sheet: Any) -> bool:
        """Return True if a sheet has a header and a row below it."""
        return len(self._first_rows(book, sheet, 2)) > 1

    def _described(self, book: Any, sheet: Any) -> str:
        if sheet.sheet_state != "visible":
            return f"{sheet.title} (hidden)"
        return f"{sheet.title} (the one that was open)" if sheet is book.active else str(sheet.title)

    def _several(self, chosen: str, others: list[str]) -> Problem:
        return Problem(
            source=str(self.path),
            reason=f"the sheet {chosen} is read; rows are also in {', '.join(others)}",
            mend="name the sheet if another one is meant",
            severity="warning",
        )

    def _damaged(self, exc: Exception) -> ProblemError:
        return sniffing.refusal(
            self.path, f"not readable as an Excel workbook: {exc}", "open it in Excel and save it again as .xlsx"
        )


def excel_table(path: Path, sheet: str | None = None, *, may_be_empty: bool = True) -> Table:
    """Open a workbook and read its header, the first row that is not empty.

    Raises:
        InvalidInputError: Not a workbook, no such sheet, or a header with empty or repeated names.
    """
    sniffing.check_binary(path, sniffing.head(path), "xlsx")
    source = ExcelSheet(path=path, sheet=sheet)
    first, header, title = source.header()
    return Table(
        name=str(path),
        path=path,
        format=f"Excel, sheet {title!r}",
        columns=header.columns,
        read=lambda: source.scan(header, first),
        may_be_empty=may_be_empty,
    )

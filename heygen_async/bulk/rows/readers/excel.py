"""Excel workbooks, read row by row with openpyxl."""

from __future__ import annotations

import contextlib
import re
import warnings
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import attrs

from heygen_async.bulk.rows.cells import cell_text
from heygen_async.bulk.rows.problems import ProblemError
from heygen_async.bulk.rows.readers import sniffing
from heygen_async.bulk.rows.readers.extras import load
from heygen_async.bulk.rows.table import Header, Scan, Table, checked_header
from heygen_async.near_names import hint

_DAMAGE = (zipfile.BadZipFile, zlib.error, ET.ParseError, KeyError, ValueError, TypeError, EOFError, OSError)
_ZEROS = re.compile(r"0{2,}")  # a number format such as 00000, used for post codes: at least as many digits


@attrs.frozen(kw_only=True)
class ExcelSheet:
    """One sheet of a workbook; the first if none is named."""

    path: Path
    sheet: str | None = None

    def records(self) -> Generator[tuple[int, list[str], list[Any]]]:
        """Yield number, texts and values of the rows that are not empty, without the empty cells at their ends.

        Raises:
            InvalidInputError: Not a workbook, no such sheet.
        """
        with self._open() as book:
            sheet = self._find_sheet(book)
            sheet.reset_dimensions()  # the size that programs write into files is often wrong
            try:
                for number, cells in enumerate(sheet.iter_rows(), 1):
                    texts = _texts(cells)
                    if texts:
                        yield number, texts, [cell.value for cell in cells[: len(texts)]]
            except _DAMAGE as exc:
                raise self._damaged(exc) from exc

    def scan(self, header: Header, first: int) -> Scan:
        """Yield rows and problems below the header, which stands in row *first*."""
        width = len(header.columns)
        try:
            for number, texts, values in self.records():
                if number > first:
                    short = width - len(texts)
                    found = header.row(number, texts + [""] * short, values + [None] * short)
                    if found is not None:
                        yield found
        except ProblemError as exc:
            yield exc.problem

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

    def _find_sheet(self, book: Any) -> Any:
        names = [sheet.title for sheet in book.worksheets]
        if self.sheet is None and names:
            return book.worksheets[0]
        if self.sheet in names:
            return book[self.sheet]
        raise sniffing.refusal(
            self.path, f"has no sheet {self.sheet or 1!r}", hint(self.sheet or 1, names, "its sheets are")
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
    with contextlib.closing(source.records()) as records:
        first, names, _ = next(records, (1, [], []))
    header = checked_header(str(path), first, names)
    return Table(
        name=str(path),
        path=path,
        format=f"Excel, sheet {sheet!r}" if sheet is not None else "Excel, first sheet",
        columns=header.columns,
        read=lambda: source.scan(header, first),
        may_be_empty=may_be_empty,
    )


def _texts(cells: Any) -> list[str]:
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1].strip():
        texts.pop()
    return texts


def _text(cell: Any) -> str:
    value = cell.value
    if isinstance(value, float) and not value.is_integer():
        return format(value, ".15g")  # as many digits as Excel shows; further ones are rounding errors
    if isinstance(value, int | float) and not isinstance(value, bool) and _ZEROS.fullmatch(cell.number_format or ""):
        return f"{int(value):0{len(cell.number_format)}}"
    return cell_text(value)

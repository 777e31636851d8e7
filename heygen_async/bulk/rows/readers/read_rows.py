"""`read_rows`: picks the reader for CSV, JSON lines, Parquet, Excel, data frames or mappings."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, overload

from heygen_async.bulk.rows.cells import cell_text, is_missing
from heygen_async.bulk.rows.readers.csv import csv_table
from heygen_async.bulk.rows.readers.excel import excel_table
from heygen_async.bulk.rows.readers.frames import frame_table, is_frame
from heygen_async.bulk.rows.readers.jsonl import json_lines_table
from heygen_async.bulk.rows.readers.mappings import async_mapping_table, mapping_table
from heygen_async.bulk.rows.readers.parquet import parquet_table
from heygen_async.bulk.rows.readers.sniffing import refusal
from heygen_async.bulk.rows.table import AsyncTable, Row, Table, cells_of
from heygen_async.errors import InvalidInputError

__all__ = ["AsyncTable", "Row", "Table", "cell_text", "cells_of", "is_missing", "read_csv", "read_rows"]


class Frame(Protocol):
    """A data frame of any library."""

    @property
    def columns(self) -> Any:
        """Names of the columns."""


Rows = str | PathLike[str] | Iterable[Mapping[str, Any] | Row] | Frame

_TEXT: dict[str, Callable[..., Table]] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), csv_table),
    **dict.fromkeys((".jsonl", ".ndjson"), json_lines_table),
}
_EXCEL = (".xlsx", ".xlsm")
_PARQUET = (".parquet", ".pq")
_REFUSED = {
    ".xls": "open it in Excel and save it as .xlsx or CSV UTF-8",
    ".ods": "save it as .xlsx or CSV",
    ".json": "write one object a line: jq -c '.[]' old.json > new.jsonl",
    ".gz": "unpack it first",
    ".zip": "unpack it first",
}


@overload
def read_rows(
    source: AsyncIterable[Mapping[str, Any] | Row],
    *,
    encoding: str | None = ...,
    sheet: str | None = ...,
    may_be_empty: bool = ...,
) -> AsyncTable: ...
@overload
def read_rows(
    source: Rows, *, encoding: str | None = ..., sheet: str | None = ..., may_be_empty: bool = ...
) -> Table: ...
def read_rows(
    source: object, *, encoding: str | None = None, sheet: str | None = None, may_be_empty: bool = False
) -> Table | AsyncTable:
    """Open rows to be read as a stream. A file's header is read at once, its rows are read during iteration.

    Args:
        source: A file (.csv, .tsv, .txt, .jsonl, .ndjson, .xlsx, .parquet); a pandas, polars or pyarrow data frame; or
            an iterable or async iterable of mappings. Separator, quotes and byte order marks are detected.
        encoding: Encoding of a text file without a byte order mark, such as "cp1252" for files that Excel saves as
            plain "CSV". The default is UTF-8. The encoding is never guessed: a wrong letter in a name would be spoken.
        sheet: Name of the sheet of a workbook; the first one that is not hidden and has rows if absent.
        may_be_empty: True if a file without any rows is fine.

    Raises:
        InvalidInputError: *source* cannot be read; names the file, the line, the reason and the remedy. Broken rows
            are reported when they are read: `Table.scan` gives them as `Problem` values, iteration raises the first.
    """
    if isinstance(source, str | PathLike):
        return _file_table(Path(source), encoding, sheet, may_be_empty=may_be_empty)
    if is_frame(source):
        return frame_table(source)
    if isinstance(source, AsyncIterable):
        return async_mapping_table(source)
    if isinstance(source, Iterable) and not isinstance(source, Mapping | bytes | bytearray):
        return mapping_table(source)
    raise InvalidInputError(
        f"rows: a {type(source).__name__}; must be a file, a data frame or an iterable of mappings: [{{...}}, {{...}}]"
    )


def read_csv(path: str | PathLike[str], *, encoding: str | None = None) -> Table:
    """Open a CSV file with any ending; it may have no rows. Otherwise as `read_rows`."""
    return csv_table(Path(path), encoding, may_be_empty=True)


def _file_table(path: Path, encoding: str | None, sheet: str | None, *, may_be_empty: bool) -> Table:
    suffix = path.suffix.lower()
    if suffix in _TEXT:
        return _TEXT[suffix](path, encoding, may_be_empty=may_be_empty)
    if suffix in _EXCEL:
        return excel_table(path, sheet, may_be_empty=may_be_empty)
    if suffix in _PARQUET:
        return parquet_table(path, may_be_empty=may_be_empty)
    known = ", ".join((*_TEXT, *_EXCEL, *_PARQUET))
    reason = f"{suffix} files cannot be read" if suffix else "its name has no ending that tells the format"
    raise refusal(path, reason, _REFUSED.get(suffix, f"give one of {known}"))

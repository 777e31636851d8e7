"""Checks of a file by its first bytes, independent of its name."""

from __future__ import annotations

import codecs
from pathlib import Path

from heygen_async.bulk.rows.problems import Problem, ProblemError
from heygen_async.file_signatures import media_type_of

HEAD_BYTES = 65_536

_FORMATS = {  # by media type: the reader or remedy, and the format in words
    "application/zip": ("xlsx", "a zip file, as Excel workbooks (.xlsx) are"),
    "application/vnd.apache.parquet": ("parquet", "a Parquet file"),
    "application/vnd.ms-excel": ("xls", "an old or password-protected Excel workbook"),
    "application/pdf": ("pdf", "a PDF"),
    "application/gzip": ("gz", "compressed by gzip"),
}
_MARKS = (  # the longer mark first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def refusal(path: Path, reason: str, mend: str, line: int | None = None) -> ProblemError:
    """Return the error about a file."""
    return Problem(source=str(path), line=line, reason=reason, mend=mend).error()


def head(path: Path) -> bytes:
    """Return the first bytes of a file.

    Raises:
        InvalidInputError: No such file, a directory, a pipe, not readable, or empty.
    """
    if path.is_dir():
        raise refusal(path, "is a directory", "give one file in it")
    if path.exists() and not path.is_file():
        raise refusal(path, "is a pipe or device, which can be read only once", "save it as a file first")
    try:
        with path.open("rb") as file:
            start = file.read(HEAD_BYTES)
    except OSError as exc:
        raise refusal(path, str(exc.strerror), "check the name and who may read it") from exc
    if not start:
        raise refusal(path, "is empty", "export it again, or give another file")
    return start


def check_binary(path: Path, start: bytes, expected: str) -> None:
    """Raise `InvalidInputError` if a file's format is not *expected*: "xlsx", "parquet" or "text"."""
    kind, words = _format_of(start)
    if kind == expected or (kind == "html" and expected == "text" and not _is_markup(start)):
        return
    mends = {
        "xlsx": "if it is a workbook, name it .xlsx",
        "parquet": "name it .parquet",
        "xls": "open it in Excel, remove the password if there is one, and save it as .xlsx or CSV UTF-8",
        "gz": "unpack it first",
        "text": "name it .csv or .jsonl, whichever it is",
    }
    mend = mends.get(kind, "open it in a spreadsheet program and save it as .xlsx or CSV UTF-8")
    raise refusal(path, f"by its content it is {words}, whatever its name says", mend)


def _format_of(start: bytes) -> tuple[str, str]:
    media_type = media_type_of(start, _FORMATS)
    if media_type is not None:
        return _FORMATS[media_type]
    return ("html", "a web page or XML") if start.startswith(b"<") else ("text", "plain text")


def _is_markup(start: bytes) -> bool:
    return start.lstrip()[:64].lower().startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<head", b"<meta"))


def mark_encoding(start: bytes) -> str | None:
    """Return the encoding of the byte order mark, if there is one."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)

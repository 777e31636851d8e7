"""Cells of our own CSV files: written so that no spreadsheet runs them, and read as they were.

A spreadsheet takes a cell that begins with = + - or @ for a formula, which may fetch addresses or start programs. Such
a cell gets an apostrophe before it, as people mark text. A number stays as it is, because a spreadsheet counts with it:
-5, +49 170 1234567. When a file with our columns is read again, the apostrophe is taken away, so that failed.csv gives
the same rows. Apostrophes in other files are not touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PREFIX = "heygen_"  # begins the columns that `export` adds
RESULT_COLUMNS = ("status", "video_id", "file", "seconds_of_video", "seconds_to_render", "error_code", "error")

_EXPORTED = frozenset({f"{PREFIX}error_code", f"{PREFIX}error"})  # in each file of `export`

# Spreadsheets skip blank and invisible characters, and read wide and small forms as the usual ones.
_BLANK = r"[\s\0-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
_SIGN = r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_FORMULA = rf"(?:[\t\r\n]|{_BLANK}*{_SIGN})"
_RUN = re.compile(rf"'*{_FORMULA}")
_MARKED = re.compile(rf"'+{_FORMULA}")
_NUMBER = re.compile(r"[+-][0-9][0-9 .,]*")


def harmless(value: object) -> str:
    """Return the text of a cell, with an apostrophe before it if a spreadsheet would run it.

    A text that has apostrophes before a formula gets one more, so that `as_given` is exact.
    """
    text = "" if value is None else str(value)
    return f"'{text}" if _RUN.match(text) and not _NUMBER.fullmatch(text) else text


def as_given(cell: str) -> str:
    """Return the text from which `harmless` has made *cell*."""
    return cell[1:] if _MARKED.match(cell) else cell


def is_ours(columns: Iterable[str]) -> bool:
    """Return True if a file with these columns was written by `export`, or is the results.csv of a run."""
    names = tuple(columns)
    return _EXPORTED.issubset(names) or names[-len(RESULT_COLUMNS) :] == RESULT_COLUMNS

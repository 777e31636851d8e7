"""Cells that an earlier program has probably spoiled, such as `ZoÃ«` for Zoë, and the text that they had."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.table import Row

_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
# The first bytes of letters in UTF-8, each with a byte after it, read one by one in Excel's older encoding.
_TWICE_ENCODED = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_MACHINE_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?|\d{1,2}:\d\d:\d\d")
_LOST = "\ufffd"
_CAPITALS = 3  # letters; two may be initials


def suspicions(row: Row, columns: Iterable[str]) -> list[Problem]:
    """Return a warning for each cell of *columns* that was probably spoiled before it came here."""
    found = []
    for name in columns:
        cell = row.cells.get(name, "")
        told = None if cell.isascii() and "&" not in cell else _told(cell)
        if told is not None:
            found.append(row.problem(*told, column=name, value=cell, severity="warning"))
    return found


def machine_dates(row: Row, columns: Iterable[str], text: str) -> list[Problem]:
    """Return a warning for each cell of *columns* that *text* says as programs write a date or a time.

    A workbook and a data frame have dates as values; a person reads them in another form there.
    """
    found = []
    for name in columns:
        cell = row.cells.get(name, "")
        if _MACHINE_DATE.fullmatch(cell) and cell in text:
            mend = "add the filter date" if "-" in cell else "write it in the list as it is to be said"
            reason = "is said as it stands here"
            found.append(row.problem(reason, mend, column=name, value=cell, severity="warning"))
    return found


def capital_names(row: Row, columns: Iterable[str], text: str) -> list[Problem]:
    """Return a warning for each name of a person in *columns* that *text* says in capitals, as `ADA`."""
    found = []
    for name in columns:
        cell = row.cells.get(name, "").strip()
        if cell.isupper() and sum(map(str.isalpha, cell)) >= _CAPITALS and cell in text:
            reason = "is in capitals, which a voice may spell letter by letter"
            mend = "add the filter title_name to its placeholder"
            found.append(row.problem(reason, mend, column=name, value=cell, severity="warning"))
    return found


def _told(cell: str) -> tuple[str, str] | None:
    """Return the reason and the remedy for a spoiled cell; None for any other."""
    if _LOST in cell:
        return "a letter was lost when the list was written", "export the list again as UTF-8, or type the letter"
    if _TWICE_ENCODED.search(cell):
        meant = _decoded(cell)
        if meant is not None:
            return f"probably is {meant!r:.60}, read in a wrong encoding and saved", "export the list again as UTF-8"
    if _ENTITY.search(cell):
        meant = html.unescape(cell)
        if meant != cell:
            return f"probably is {meant!r:.60}, in the spelling of web pages", "export the list as plain text"
    return None


def _decoded(cell: str) -> str | None:
    """Return the text whose UTF-8 was read as Excel's older encoding; None if that gives no text."""
    try:
        return b"".join(map(_byte, cell)).decode()
    except UnicodeError:
        return None


def _byte(letter: str) -> bytes:
    """Return a letter in Windows' encoding, which leaves five bytes undefined; programs take them as they are."""
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")

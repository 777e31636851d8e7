"""Cells that were spoiled before they came here are told with the text that they probably had."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from heygen_async import Row
from heygen_async.bulk.rows.suspicions import machine_dates, suspicions


def told(cell: str) -> list[str]:
    row = Row(line=2, cells={"name": cell, "other": "ZoÃ«"}, source="a.csv")
    return [str(problem) for problem in suspicions(row, ["name"])]


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("ZoÃ«", "'Zoë', read in a wrong encoding"),
        ("JosÃ©", "'José', read in a wrong encoding"),
        ("StraÃŸe", "'Straße', read in a wrong encoding"),
        ("Ã„rger", "'Ärger', read in a wrong encoding"),
        ("Å\x81ukasz", "'Łukasz', read in a wrong encoding"),
        ("Tom &amp; Jerry&#39;s", '"Tom & Jerry\'s", in the spelling of web pages'),
        ("Caf&eacute; &#xe9;", "'Café é', in the spelling of web pages"),
    ],
)
def test_a_spoiled_cell_is_told_with_what_it_probably_is(cell: str, meant: str) -> None:
    """A warning, not an error: a person may be called so."""
    (text,) = told(cell)
    assert text.startswith("a.csv line 2, column name: ")
    assert f"probably is {meant}" in text


def test_a_lost_letter_is_told() -> None:
    """The sign that stands for an unreadable letter would be spoken, or left out."""
    assert "a letter was lost when the list was written" in told("Zo\ufffd")[0]


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "Ada",
        "Zoë",
        "São Paulo",
        "Ângela",
        "AT&T",
        "R&D; more",
        "&x;",
        "Łukasz",
        "Đorđe",
        "naïve",
        "l\u2019été",
        "Â is",
        "Ã¶ä",
        "Ł Ã¶",
        "&zzzz; x",
        "ÃÃ",
    ],
)
def test_any_other_cell_is_not_suspicious(cell: str) -> None:
    """Letters with accents and ampersands are text."""
    assert told(cell) == []


@given(st.text("äöüßéèñçøåłžćš \u2019\u201e", min_size=1, max_size=12))
def test_what_was_meant_is_found(name: str) -> None:
    """A text whose UTF-8 was read as Excel's older encoding is told, letter by letter, unless it stayed the same."""
    spoiled = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in name.encode())
    assert (spoiled == name) or any(repr(name)[1:-1] in text for text in told(spoiled))


@pytest.mark.parametrize(
    ("cell", "mend"),
    [
        ("2026-03-01", "add the filter date"),
        ("2026-03-01 14:00:00", "add the filter date"),
        ("09:30:00", "write it in the list as it is to be said"),
        ("1. March", None),
        ("12-34", None),
    ],
)
def test_a_date_that_is_said_as_programs_write_it_is_told(cell: str, mend: str | None) -> None:
    """A workbook shows `1 Mar 2026`, and the script would say `2026-03-01 14:00:00`."""
    row = Row(line=2, cells={"day": cell, "other": cell}, source="a.xlsx")
    found = machine_dates(row, ["day"], f"Until {cell}.")
    assert [str(one) for one in found] == (
        [] if mend is None else [f"a.xlsx line 2, column day: {cell!r}; is said as it stands here; {mend}"]
    )
    assert machine_dates(row, ["day"], "Until 1 March.") == []

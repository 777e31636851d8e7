"""The two-column layout of help."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from heygen_async.cli.help_layout import paragraphs, section

WORDS = st.lists(st.text("abc", min_size=1, max_size=12), max_size=40).map(" ".join)
NAMES = st.text("xyz", min_size=1, max_size=50)


def test_a_long_name_has_a_line_of_its_own() -> None:
    long = "--a-name-that-is-longer-than-the-column PATH"
    assert section("Options", [("--yes", "Do not ask."), (long, "Where.")]).splitlines() == [
        "Options:",
        "  --yes  Do not ask.",
        f"  {long}",
        "         Where.",
    ]


def test_an_empty_section_has_no_title() -> None:
    assert section("Options", []) == ""


@given(st.lists(st.tuples(NAMES, WORDS), min_size=1, max_size=5))
def test_sections_keep_all_words_within_80_columns(entries: list[tuple[str, str]]) -> None:
    """A section keeps all words in order, for entries of any length."""
    listed = section("T", entries)
    assert listed.split() == ["T:", *(word for name, text in entries for word in (name, *text.split()))]
    assert max(map(len, listed.splitlines())) <= 80


@pytest.mark.parametrize("columns", ["60", "500", "1"])
def test_help_is_as_wide_as_the_terminal_from_40_to_80_columns(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paragraphs are filled to the width; indented commands stay on one line, so that they can be copied."""
    monkeypatch.setenv("COLUMNS", columns)
    command = "    heygen-async run " + "x" * 90
    filled, kept = paragraphs(f"{'word ' * 50}\n\n{command}\n").split("\n\n")
    assert kept == command
    assert max(map(len, filled.splitlines())) <= max(40, min(80, int(columns)))

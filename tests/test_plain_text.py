"""Foreign text as text: no character of it commands a terminal or hides what is written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from heygen_async.plain_text import clean, clean_lines

OBEYED = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ud800\udfff",
]


def test_control_characters_of_a_title_are_removed() -> None:
    """Escape sequences and line breaks become spaces; letters of all scripts stay."""
    assert clean("A \x1b[31mred\nloaf, Zoë 中") == "A  [31mred loaf, Zoë 中"
    assert clean_lines("A \x1b[31mred\n\tloaf, Zoë 中\r\n") == "A [31mred\n\tloaf, Zoë 中\n"


@pytest.mark.parametrize("character", OBEYED, ids=lambda character: f"U+{ord(character):04X}")
def test_each_character_that_a_terminal_obeys_is_removed(character: str) -> None:
    """A line has none of them; several lines have line breaks and tabs."""
    assert clean(f"a{character}b") == "a b"
    assert clean_lines(f"a{character}b") == (f"a{character}b" if character in "\n\t" else "ab")


@pytest.mark.parametrize("text", ["\u200fa\u200e", "a\u200db\u200cc", "12\u00a0€", "a\u3000b", "x\u00adx", "Zoë 中"])
def test_characters_that_languages_need_stay(text: str) -> None:
    """Joiners, spaces and marks of a direction of single letters belong to the text."""
    assert clean(text) == clean_lines(text) == text


@given(st.text())
def test_no_text_has_a_control_character_left(text: str) -> None:
    """Cleaned text can be printed, and has as many letters as before."""
    cleaned = clean(text)
    assert not {"Cc", "Zl", "Zp", "Cs"} & {unicodedata.category(letter) for letter in cleaned}
    assert len(cleaned) == len(text)
    assert {letter for letter in clean_lines(text) if unicodedata.category(letter) == "Cc"} <= {"\n", "\t"}

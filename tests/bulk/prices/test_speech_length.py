"""Estimates of the seconds that a text takes to speak, by language."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from heygen_async.bulk.prices.speech_length import language_tag, spoken_seconds

WORDS = "word " * 150
PLAIN = st.text(st.characters(exclude_characters="<>"), max_size=200)
LANGUAGES = st.sampled_from([None, "", "en", "de-DE", "Finnish", "pt-BR", "ja-JP", "Klingon", "?"])


@pytest.mark.parametrize(
    ("language", "likely"),
    [
        (None, 60.0),
        ("en-US", 60.0),
        ("English", 60.0),
        ("de-DE", 60.0 * 228 / 179),
        ("German (Germany)", 60.0 * 228 / 179),
        ("  Finnish", 60.0 * 228 / 161),
        ("xx-XX", 60.0),
    ],
)
def test_the_pace_depends_on_the_language(language: str | None, likely: float) -> None:
    """A text of as many words takes longer in German and Finnish than in English."""
    assert spoken_seconds(WORDS, language=language)[1] == pytest.approx(likely)


def test_chinese_characters_count_as_syllables() -> None:
    """Chinese characters count as syllables in every language; words among them count as words."""
    assert spoken_seconds("\u4f60\u597d" * 45, language="zh")[1] == pytest.approx(20.0)
    assert spoken_seconds("\u4f60\u597d" * 45 + WORDS, language="zh")[1] == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("given", "tag"),
    [
        ("pt-BR", "pt"),
        ("Portuguese (Brazil)", "pt"),
        ("zh_CN", "zh"),
        ("Thai", "th"),
        ("Klingon", "klingon"),
        ("", None),
        (None, None),
    ],
)
def test_the_language_of_a_locale(given: str | None, tag: str | None) -> None:
    """The language comes from a locale or from a name."""
    assert language_tag(given) == tag


@given(PLAIN, PLAIN, LANGUAGES, st.floats(0.5, 1.5))
def test_more_text_takes_no_less_time(text: str, more: str, language: str | None, speed: float) -> None:
    """All three figures grow with the text and are in ascending order."""
    one = spoken_seconds(text, speed=speed, language=language)
    both = spoken_seconds(f"{text} {more}", speed=speed, language=language)
    assert list(one) == sorted(one)
    assert all(after >= before - 1e-9 for before, after in zip(one, both, strict=True))


@given(PLAIN, st.integers(0, 60_000), LANGUAGES)
def test_a_break_adds_its_time(text: str, milliseconds: int, language: str | None) -> None:
    """A break adds exactly its time at every speed."""
    for speed in (0.5, 1.0, 1.5):
        without = spoken_seconds(text + " ", speed=speed, language=language)
        paused = spoken_seconds(f'{text} <break time="{milliseconds}ms"/>', speed=speed, language=language)
        assert paused == pytest.approx([part + milliseconds / 1000 for part in without])


@given(st.integers(0, 10**12))
def test_a_number_takes_time(number: int) -> None:
    """A text of digits only takes more than no time."""
    assert spoken_seconds(str(number))[0] > 0

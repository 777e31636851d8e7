"""Prices of rows before they are sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from heygen_async import Price, Rates
from heygen_async.bulk.prices.request_length import seconds_of
from heygen_async.bulk.prices.speech_length import spoken_seconds
from heygen_async.simulator.account import prices as bills

WORDS = "word " * 150


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("", 0.0),
        (WORDS, 60.0),
        (WORDS + '<break time="1.5s"/>', 61.5),
        (WORDS + "<break time='500ms' />", 60.5),
        ("你好" * 45, 20.0),
        ("<b></b> ... ---", 0.0),
        ('<break time="1.2.3s"/>', 0.0),
    ],
)
def test_the_estimate_counts_words_breaks_and_syllables(text: str, likely: float) -> None:
    """A minute has 150 words; breaks count with their time, and scripts without spaces by the syllable."""
    low, found, high = spoken_seconds(text)
    assert found == pytest.approx(likely)
    assert low <= found <= high


def test_speed_shortens_speech_and_not_breaks() -> None:
    """Twice the speed halves the words' time and leaves breaks as they are."""
    assert spoken_seconds(WORDS + '<break time="2s"/>', speed=2.0)[1] == pytest.approx(32.0)


def test_numbers_count_as_several_words() -> None:
    """Digits take longer than a word of as many letters."""
    assert spoken_seconds("2026")[1] > spoken_seconds("year")[1]


@given(st.text(max_size=300), st.text(max_size=100))
def test_more_text_takes_no_less_time(text: str, more: str) -> None:
    """A longer text takes as much time or more, and the three figures are in ascending order."""
    one, both = spoken_seconds(text), spoken_seconds(f"{text} {more}".replace("<", "").replace(">", ""))
    plain = spoken_seconds(text.replace("<", "").replace(">", ""))
    assert plain[1] <= both[1] + 1e-9
    assert one[0] <= one[1] <= one[2]


REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("avatar", {"avatar_id": "a", "script": WORDS}),
    ("avatar", {"avatar_id": "a", "script": "Hi Ada, welcome aboard!"}),
    ("avatar", {"avatar_id": "a", "script": WORDS, "voice_settings": {"speed": 1.5}}),
    ("image", {"script": WORDS}),
    ("cinematic_avatar", {"prompt": "x", "duration": 8}),
    ("cinematic_avatar", {"prompt": "x"}),
    ("video_agent", {"prompt": "A 30-second welcome to our shop."}),
    ("video_agent", {"prompt": "A 2 minute film"}),
    ("video_agent", {"prompt": "A welcome"}),
]


@pytest.mark.parametrize(("kind", "body"), REQUESTS)
def test_the_estimate_contains_the_simulators_bill(kind: str, body: dict[str, Any]) -> None:
    """The amount that the simulator bills by HeyGen's price list is within the estimate."""
    price = Rates().estimate(kind, body)
    billed = bills.price(kind, body)
    assert price.low <= billed + 1e-9
    assert billed <= price.high + 1e-9
    assert price.low <= price.expected <= price.high


def test_an_audio_file_has_an_unknown_length() -> None:
    """A request with an audio file is estimated by a wide range."""
    least, likely, most = seconds_of("avatar", {"avatar_id": "a", "audio_url": "https://x.example/a.mp3"})
    assert (least, likely, most) == (5.0, 60.0, 600.0)


def test_rates_can_be_given() -> None:
    """Rates of the caller replace HeyGen's."""
    rates = Rates(avatar=(1.0, 2.0), cinematic_avatar=3.0)
    assert rates.price("avatar", 10) == (10.0, 20.0)
    assert rates.price("cinematic_avatar", 10) == (3.0, 3.0)
    assert str(Price(1, 2, 3) + Price(0.5, 0.5, 0.5)) == "2.50 USD (1.50 to 3.50)"

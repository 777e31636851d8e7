"""How long a text takes to say: an estimate, for limits and prices. HeyGen tells the real length afterwards."""

from __future__ import annotations

import re

_BREAK = re.compile(r"<break\s+time\s*=\s*[\"']?([\d.]+)\s*(ms|s)[\"']?\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_DIGIT = re.compile(r"\d")
# Scripts without spaces between words: each character is about a syllable.
_SYLLABIC = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0e7f]")
_WORD_LETTERS = 5.0  # of a word with nothing else known: so that long words count for more
_PACE = (200.0, 150.0, 110.0)  # words a minute: quick, usual, slow; audio books are read at 150
_SYLLABLES = (6.0, 4.5, 3.5)  # a second
_DIGIT_WORDS = 0.8  # "2026" is three to four words


def spoken_seconds(text: str, *, speed: float = 1.0) -> tuple[float, float, float]:
    """Return how many seconds *text* takes to say: at least, likely, at most.

    Args:
        text: As in `script`; `<break time="1.5s"/>` counts with its time.
        speed: As in `voice_settings.speed`: 2.0 is twice as fast.

    Source: the pace of audio books, 150 words a minute, and of quick and slow speakers around it; HeyGen names none.
    """
    pauses = sum(float(amount) / (1000 if unit.lower() == "ms" else 1) for amount, unit in _breaks(text))
    bare = _TAG.sub(" ", text)
    syllables = len(_SYLLABIC.findall(bare))
    rest = _SYLLABIC.sub(" ", bare)
    digits = len(_DIGIT.findall(rest))
    letters = sum(character.isalpha() for character in rest)
    words = max(len([word for word in rest.split() if any(c.isalpha() for c in word)]), letters / (2 * _WORD_LETTERS))
    words += digits * _DIGIT_WORDS
    low, likely, high = (
        (60 * words / pace + syllables / rate) / speed + pauses for pace, rate in zip(_PACE, _SYLLABLES, strict=True)
    )
    return low, likely, high


def _breaks(text: str) -> list[tuple[str, str]]:
    return [found for found in _BREAK.findall(text) if found[0].count(".") <= 1 and found[0] != "."]

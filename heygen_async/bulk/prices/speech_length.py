"""Estimate of the seconds that a text takes to speak, for limits and prices."""

from __future__ import annotations

import functools
import re

_BREAK = re.compile(r"<break\s+time\s*=\s*[\"']?([\d.]+)\s*(ms|s)[\"']?\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_DIGIT = re.compile(r"\d")
# Scripts without spaces between words: each character is about a syllable.
_SYLLABIC = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0e7f]")
_WORD_LETTERS = 5.0  # in an average word; a word of more than ten letters counts as several
_PACE = (200.0, 150.0, 110.0)  # words a minute: quick, usual, slow; audio books are read at 150
_SYLLABLES = (6.0, 4.5, 3.5)  # a second; the readers below speak 4.25 characters of Chinese, 5.95 of Japanese
_DIGIT_WORDS = 0.8  # "2026" is three to four words

# Words a minute of people who read ten texts aloud, each in their language. Only the ratio to English is used.
_READ_ALOUD = (
    ("ar", "arabic", 138),
    ("de", "german", 179),
    ("en", "english", 228),
    ("es", "spanish", 218),
    ("fi", "finnish", 161),
    ("fr", "french", 195),
    ("he", "hebrew", 187),
    ("it", "italian", 188),
    ("nl", "dutch", 202),
    ("pl", "polish", 166),
    ("pt", "portuguese", 181),
    ("ru", "russian", 184),
    ("sl", "slovenian", 180),
    ("sv", "swedish", 199),
    ("tr", "turkish", 166),
)
_RATES = {code: rate for code, _, rate in _READ_ALOUD}
_CODES = {name: code for code, name, _ in _READ_ALOUD}
_CODES |= (  # codes of languages whose pace is not known here
    {"chinese": "zh", "mandarin": "zh", "cantonese": "yue", "japanese": "ja", "korean": "ko", "hindi": "hi"}
    | {"thai": "th", "vietnamese": "vi", "indonesian": "id", "danish": "da", "norwegian": "no", "czech": "cs"}
    | {"greek": "el", "ukrainian": "uk", "romanian": "ro", "hungarian": "hu", "malay": "ms", "bengali": "bn"}
)
_LANGUAGE = re.compile(r"[a-z]+")


@functools.lru_cache(maxsize=512)  # a row's limit and its price need the same length; 200 rows are checked together
def spoken_seconds(text: str, *, speed: float = 1.0, language: str | None = None) -> tuple[float, float, float]:
    """Estimate the seconds that *text* takes to speak: least, likely and most.

    Args:
        text: Script of a request; `<break time="1.5s"/>` counts with its time.
        speed: Multiple of normal speed, as in `voice_settings.speed`.
        language: A locale such as `pt-BR` or a name such as `German`; an unknown one counts as English.

    Source: the pace of audio books, 150 words a minute, and of quick and slow speakers; HeyGen publishes no pace.
        Other languages by their ratio to English when read aloud: Trauzettel-Klosinski and Dietz, Standardized
        Assessment of Reading Performance (IReST), IOVS 53(9), 2012, 17 languages.
    """
    ratio = _RATES.get(language_tag(language) or "en", _RATES["en"]) / _RATES["en"]
    pauses = sum(float(amount) / (1000 if unit.lower() == "ms" else 1) for amount, unit in _breaks(text))
    bare = _TAG.sub(" ", text)
    syllables = len(_SYLLABIC.findall(bare))
    rest = _SYLLABIC.sub(" ", bare) if syllables else bare
    digits = len(_DIGIT.findall(rest))
    letters = [len(word) if word.isalpha() else sum(map(str.isalpha, word)) for word in rest.split()]
    words = max(sum(map(bool, letters)), sum(letters) / (2 * _WORD_LETTERS)) + digits * _DIGIT_WORDS
    low, likely, high = (
        (60 * words / (pace * ratio) + syllables / rate) / speed + pauses
        for pace, rate in zip(_PACE, _SYLLABLES, strict=True)
    )
    return low, likely, high


def language_tag(language: str | None) -> str | None:
    """Return the language of a locale or name: `pt` for `pt-BR` and `Portuguese (Brazil)`; None if there is none."""
    found = _LANGUAGE.match((language or "").strip().lower())
    return None if found is None else _CODES.get(found[0], found[0])


def _breaks(text: str) -> list[tuple[str, str]]:
    return [found for found in _BREAK.findall(text) if found[0].count(".") <= 1 and found[0] != "."]

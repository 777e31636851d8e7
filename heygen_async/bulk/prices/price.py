"""Prices of rows before they are sent, and of finished videos: seconds times the rate for the words of a request."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from heygen_async.api.requests.kinds import base_of
from heygen_async.bulk.prices.price_list import AS_OF, USD, Rate, Words, words_of
from heygen_async.bulk.prices.request_length import (
    Seconds,
    input_of,
    input_seconds_of,
    scenes_of,
    seconds_of,
    seconds_of_scene,
)
from heygen_async.errors import InvalidInputError

_FLAT = "cinematic_avatar"
# What an earlier version stored of rates that were not given.
_FORMER: Mapping[str, Any] = {
    "avatar": (0.05, 0.0667),
    "image": (0.05, 0.05),
    "video_agent": (0.0333, 0.0333),
    "cinematic_avatar": 7.0,
    "studio": (0.05, 0.0667),
    "template": (0.05, 0.0667),
    "translation": (0.0333, 0.0667),
    "lipsync": (0.0333, 0.0667),
    "other": (0.0333, 0.0667),
}


@attrs.frozen
class Price:
    """US dollars: least, likely and most.

    Attributes:
        low: Least.
        expected: Likely.
        high: Most.
        unknown: Number of videos whose price is not known, and which are not in the amounts.
        notes: Reasons to doubt parts of the price list.
        as_of: Date on which the price list was read.
    """

    low: float = 0.0
    expected: float = 0.0
    high: float = 0.0
    unknown: int = 0
    notes: frozenset[str] = frozenset()
    as_of: str = AS_OF

    def __add__(self, other: Price) -> Price:
        """Return the sum of two prices."""
        return Price(
            self.low + other.low,
            self.expected + other.expected,
            self.high + other.high,
            self.unknown + other.unknown,
            self.notes | other.notes,
        )

    def __str__(self) -> str:
        """Return the price as text: `12.40 USD (9.10 to 17.80)`, with the number of videos of unknown price."""
        more = f", and {self.unknown} of unknown price" if self.unknown else ""
        return f"{self.expected:.2f} USD ({self.low:.2f} to {self.high:.2f}){more}"


def _as_pair(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), float(value)
    return tuple(value) if isinstance(value, list) else value


def _as_pairs(value: Any) -> Any:
    return {name: _as_pair(rate) for name, rate in value.items()} if isinstance(value, Mapping) else value


def _is_rate(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2  # noqa: PLR2004 - least and most
        and all(isinstance(usd, int | float) and not isinstance(usd, bool) and math.isfinite(usd) for usd in value)
        and 0 <= value[0] <= value[1]
    )


def _refuse(name: str, value: object, wanted: str) -> None:
    raise InvalidInputError(f"Rates.{name}: {value!r:.60}; must be {wanted}", param=name)


def _rate(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and not _is_rate(value):
        _refuse(attribute.name, value, "US dollars, least and most, such as (0.05, 0.0667)")


def _rates(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, Mapping):
        _refuse(attribute.name, value, 'a mapping such as {"avatar_iv photo_avatar": 0.05}')
    for words, rate in value.items():
        if not isinstance(words, str) or not words.split():
            _refuse(attribute.name, words, "HeyGen's words, such as 'avatar_iv photo_avatar'")
        if not _is_rate(rate):
            _refuse(
                attribute.name, rate, f"US dollars of {words}, one amount or least and most, such as (0.05, 0.0667)"
            )


def _looks(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        _refuse(attribute.name, value, 'kinds of looks by id, such as {"look_anna": "photo_avatar"}')


def _pair() -> Any:
    return attrs.field(default=None, converter=_as_pair, validator=_rate)


@attrs.frozen(kw_only=True)
class Rates:
    """Your prices, where they are not those of HeyGen's list: US dollars a second of video, least and most.

        Rates(per_second={"avatar_iv photo_avatar": 0.04, "avatar_6": (0.10, 0.145), "text_to_video 1080p": 0.06})

    `per_second` has prices by HeyGen's own words: a price applies to requests that have all of its words, and the one
    with the most words wins. Words are the kind (`avatar`, `image`, `studio`, `translation`, ...), the engine, the kind
    of look (`photo_avatar`, `digital_twin`, `studio_avatar`), the resolution, the mode (`speed`, `precision`,
    `translate_audio_only`, `text_to_video`, ...) and the model. A word that HeyGen's list does not have, such as a new
    engine, needs a price here that names it: without one the price is unknown. The other attributes give one price for
    a whole kind. None takes HeyGen's list.

    Attributes:
        avatar: Avatar videos.
        image: Image videos.
        video_agent: Agent videos.
        cinematic_avatar: Cinematic shots, US dollars for each.
        studio: Studio videos.
        template: Videos from templates.
        translation: Translations.
        lipsync: Lipsyncs.
        model_video: Videos of HeyGen's models; the seconds of reference films are charged, too.
        other: Clippings, background and filler word removals. HeyGen publishes no price for them: the list has a
            guess, with which a budget can count them.
        per_second: Prices by HeyGen's words; `cinematic_avatar` among the words makes it the price of a video.
        looks: Kinds of looks by id. A plan looks them up by itself; without it a look's price is a range.

    Source: `bulk/prices/price_list.py`, with the date on which it was read.
    """

    avatar: tuple[float, float] | None = _pair()
    image: tuple[float, float] | None = _pair()
    video_agent: tuple[float, float] | None = _pair()
    cinematic_avatar: float | None = attrs.field(default=None)
    studio: tuple[float, float] | None = _pair()
    template: tuple[float, float] | None = _pair()
    translation: tuple[float, float] | None = _pair()
    lipsync: tuple[float, float] | None = _pair()
    model_video: tuple[float, float] | None = _pair()
    other: tuple[float, float] | None = _pair()
    per_second: Mapping[str, Any] = attrs.field(factory=dict, converter=_as_pairs, validator=_rates, hash=False)
    looks: Mapping[str, str] = attrs.field(factory=dict, validator=_looks, repr=False, hash=False)
    _known: dict[Words, Rate | None] = attrs.field(factory=dict, init=False, repr=False, eq=False)  # of rows before

    @cinematic_avatar.validator
    def _check_flat(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and not _is_rate(_as_pair(value)):
            _refuse(attribute.name, value, "US dollars of a video, such as 7.0")

    def knowing(self, looks: Mapping[str, str]) -> Rates:
        """Return these rates with more kinds of looks, by id; those that were given stay."""
        return attrs.evolve(self, looks={**looks, **self.looks}) if looks else self

    def price(self, kind: str, seconds: float, body: Mapping[str, Any] | None = None) -> tuple[float, float] | None:
        """Return the least and the most that *seconds* of a finished video cost; None if no price is known.

        Args:
            kind: Kind of the request.
            seconds: Length of the video.
            body: JSON object of the request; without it, HeyGen's defaults are assumed.
        """
        body = body or {}
        usd = _all_of(self._usd(words) for words, _ in _parts(kind, body, self.looks, None))
        if usd is None:
            return None
        if kind == _FLAT:
            return usd.low, usd.high
        least, _, most = input_seconds_of(kind, body)
        return usd.low * (seconds + least), usd.high * (seconds + most)

    def estimate(self, kind: str, body: Mapping[str, Any], *, language: str | None = None) -> Price:
        """Estimate the price of a request; *language* is that of its speech if the request has no `locale`."""
        low = expected = high = 0.0
        notes: set[str] = set()
        for words, (least, likely, most) in _parts(kind, body, self.looks, language):
            usd = self._usd(words)
            if usd is None:
                return Price(unknown=1)
            low, high = low + usd.low * least, high + usd.high * most
            expected += (usd.low + usd.high) / 2 * likely
            notes |= {usd.note} - {""}
        return Price(low, expected, high, notes=frozenset(notes))

    def unknown_words(self, kind: str, body: Mapping[str, Any]) -> str:
        """Return the words of a request, by which its price is not known; empty if it is known.

        These words are what `per_second` needs a price for.
        """
        for words, _ in _parts(kind, body, self.looks, None):
            if self._usd(words) is None:
                strange = sorted(word for each in words.each() for word in words.unknown(each))
                return " ".join(dict.fromkeys(strange)) or " ".join(sorted(words.words))
        return ""

    def given(self) -> dict[str, Any]:
        """Return the rates that were given, by name, for JSON."""
        return {name: value for name, value in attrs.asdict(self, filter=_is_given).items() if value not in (None, {})}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Rates:
        """Return the rates of `given`. What an earlier version stored of HeyGen's list of its time is left out."""
        found: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**{name: value for name, value in found.items() if name not in _FORMER or value != _FORMER[name]})

    def _usd(self, words: Words) -> Rate | None:
        """Return the price for *words*, over all kinds of look that they may mean; None if one of them has none."""
        if words not in self._known:
            self._known[words] = _all_of(self._find(words, each) for each in words.each())
        return self._known[words]

    def _find(self, words: Words, each: frozenset[str]) -> Rate | None:
        strange = words.unknown(each)
        if self.per_second:
            prices = tuple((frozenset(text.split()), usd) for text, usd in self.per_second.items())
            own = _best(prices, each, strange)
            if own is not None:
                return Rate(*own)
        if strange:
            return None
        general = getattr(self, words.kind, self.other)
        return _listed(each) if general is None else Rate(*_as_pair(general))


def _is_given(attribute: attrs.Attribute[Any], _: Any) -> bool:
    return attribute.init


def _all_of(rates: Iterable[Rate | None]) -> Rate | None:
    """Return the range of all *rates*; None if one of them is not known."""
    usd: Rate | None = None
    for rate in rates:
        if rate is None:
            return None
        usd = rate if usd is None else usd | rate
    return usd


def unknown_price(words: str) -> str:
    """Return the message about a request whose price is not known because of *words*."""
    return (
        f"the price of {words} is not known, so a budget cannot count it: give it as rates, such as "
        f"Rates(per_second={{{words!r}: 0.10}}), or in a campaign file under [rates.per_second]"
    )


_LIST = tuple((frozenset(text.split()), rate) for text, rate in USD.items())


@functools.lru_cache(maxsize=1024)
def _listed(words: frozenset[str]) -> Rate | None:
    """Return the rate of HeyGen's list for *words*."""
    found: Rate | None = _best(_LIST, words)
    return found


def _best(
    prices: Iterable[tuple[frozenset[str], Any]], words: frozenset[str], needed: frozenset[str] = frozenset()
) -> Any:
    """Return the price with the most of *words* and none besides, *needed* among them; None if there is none."""
    fitting = [(len(own), price) for own, price in prices if needed <= own <= words]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def _parts(
    kind: str, body: Mapping[str, Any], looks: Mapping[str, str], language: str | None
) -> Iterator[tuple[Words, Seconds]]:
    """Yield the words and the seconds of a request: of each scene if it has scenes, of the whole if not."""
    if base_of(kind) == "studio":
        scenes = list(scenes_of(body))
        for scene in scenes:
            yield words_of(kind, body, looks, input_of(scene)), seconds_of_scene(scene, language)
        if not scenes:
            yield words_of(kind, body, looks, {}), (0.0, 0.0, 0.0)
        return
    likely = seconds_of(kind, body, language)
    if kind == _FLAT:
        likely = (1.0, 1.0, 1.0)
    films = input_seconds_of(kind, body)
    least, usual, most = (own + film for own, film in zip(likely, films, strict=True))
    yield words_of(kind, body, looks, body), (least, usual, most)

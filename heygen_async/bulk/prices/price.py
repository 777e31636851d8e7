"""Prices of rows before they are sent: the length in seconds times HeyGen's rate for the mode."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from heygen_async.api.requests.kinds import CINEMATIC_USD, base_of
from heygen_async.bulk.prices.speech_length import spoken_seconds

_LENGTH = re.compile(r"(\d{1,4})[\s-]*(seconds?|secs?|s|minutes?|mins?)\b", re.IGNORECASE)
_UNKNOWN_SECONDS = (5.0, 60.0, 600.0)  # of a video of unknown length: from an audio file, or as an agent decides
_LEAST_SECONDS = 1.0
_MODEL_SECONDS = (5.0, 5.0, 15.0)  # lengths that HeyGen takes; the default is not documented


@attrs.frozen
class Price:
    """US dollars: least, likely and most."""

    low: float = 0.0
    expected: float = 0.0
    high: float = 0.0

    def __add__(self, other: Price) -> Price:
        """Return the sum of two prices."""
        return Price(self.low + other.low, self.expected + other.expected, self.high + other.high)

    def __str__(self) -> str:
        """Return the price as text: `12.40 USD (9.10 to 17.80)`."""
        return f"{self.expected:.2f} USD ({self.low:.2f} to {self.high:.2f})"


@attrs.frozen(kw_only=True)
class Rates:
    """Least and most US dollars a second of video, by kind of request. A cinematic avatar has a price for each video.

    The price of "avatar" depends on the look: photo looks cost 0.05, digital twins and studio looks 0.0667. Those of
    "translation" and "lipsync" depend on their modes. "other" is for clippings, background and filler word removals
    and model videos. HeyGen publishes no price for them, so "other" is a guess, with which a budget can count them.

    Source: HeyGen's pricing page as read in September 2026. If your prices differ, give your own.
    """

    avatar: tuple[float, float] = (0.05, 0.0667)
    image: tuple[float, float] = (0.05, 0.05)
    video_agent: tuple[float, float] = (0.0333, 0.0333)
    cinematic_avatar: float = CINEMATIC_USD
    studio: tuple[float, float] = (0.05, 0.0667)
    template: tuple[float, float] = (0.05, 0.0667)
    translation: tuple[float, float] = (0.0333, 0.0667)
    lipsync: tuple[float, float] = (0.0333, 0.0667)
    other: tuple[float, float] = (0.0333, 0.0667)

    def price(self, kind: str, seconds: float) -> tuple[float, float]:
        """Return the least and the most that *seconds* of a finished video of *kind* cost."""
        if kind == "cinematic_avatar":
            return self.cinematic_avatar, self.cinematic_avatar
        low, high = getattr(self, base_of(kind), self.other)
        return low * seconds, high * seconds

    def estimate(self, kind: str, body: Mapping[str, Any], *, language: str | None = None) -> Price:
        """Estimate the price of a request; *language* is that of its speech if the request has no `locale`."""
        least, likely, most = seconds_of(kind, body, language)
        low, _ = self.price(kind, least)
        low_likely, high_likely = self.price(kind, likely)
        _, high = self.price(kind, most)
        return Price(low, (low_likely + high_likely) / 2, high)


def length_of(seconds: float | None) -> float | None:
    """Return the length by which a finished video is priced; None if HeyGen reports none, or an impossible one."""
    return seconds if seconds is not None and 0 < seconds < math.inf else None


def seconds_of(kind: str, body: Mapping[str, Any], language: str | None = None) -> tuple[float, float, float]:
    """Estimate the seconds of a request's video: least, likely and most."""
    if kind == "cinematic_avatar":
        seconds = float(body.get("duration") or 10)
        return seconds, seconds, seconds
    if kind == "video_agent":
        return _agent_seconds(str(body.get("prompt") or ""))
    if kind == "studio":
        return _scenes_seconds(body.get("scenes") or (), language)
    if kind == "model_video":
        return (float(body["duration"]),) * 3 if body.get("duration") else _MODEL_SECONDS
    script = body.get("script")
    if not isinstance(script, str):
        return _excerpt_seconds(body)
    given = body.get("voice_settings")
    settings: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    spoken = settings.get("locale") or language
    least, likely, most = spoken_seconds(script, speed=float(settings.get("speed") or 1.0), language=spoken)
    return max(_LEAST_SECONDS, least), max(_LEAST_SECONDS, likely), max(_LEAST_SECONDS, most) * 1.25 + 2


def _scenes_seconds(scenes: Iterable[Mapping[str, Any]], language: str | None) -> tuple[float, float, float]:
    """Estimate the sum of the scenes; each has its own length, or that of its speech."""
    least = likely = most = 0.0
    for scene in scenes:
        silent = scene.get("duration")
        one = (
            (float(silent),) * 3 if silent else seconds_of("avatar", {**scene, **(scene.get("input") or {})}, language)
        )
        least, likely, most = least + one[0], likely + one[1], most + one[2]
    return least, likely, most


def _excerpt_seconds(body: Mapping[str, Any]) -> tuple[float, float, float]:
    """Estimate the length of an excerpt from its start and end."""
    start, end = body.get("start_time") or 0.0, body.get("end_time")
    if end is None:
        return _UNKNOWN_SECONDS
    seconds = max(_LEAST_SECONDS, float(end) - float(start))
    return 0.8 * seconds, seconds, 1.2 * seconds


def _agent_seconds(prompt: str) -> tuple[float, float, float]:
    """Estimate the length of an agent's video, which the prompt may ask for."""
    found = _LENGTH.search(prompt)
    if found is None:
        return _UNKNOWN_SECONDS
    seconds = float(found[1]) * (60 if found[2][0] in "mM" else 1)
    return 0.5 * seconds, seconds, 2.0 * seconds + 10

"""Length of a request's video in seconds, estimated from its texts and times: least, likely and most."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from heygen_async.bulk.prices.speech_length import spoken_seconds

Seconds: TypeAlias = tuple[float, float, float]  # least, likely, most

_LENGTH = re.compile(r"(\d{1,4})[\s-]*(seconds?|secs?|s|minutes?|mins?)\b", re.IGNORECASE)
_UNKNOWN_SECONDS = (5.0, 60.0, 600.0)  # of a video of unknown length: from an audio file, or as an agent decides
_LEAST_SECONDS = 1.0
_MODEL_SECONDS = (5.0, 5.0, 15.0)  # 5 is the contract's default; newer readings say that HeyGen decides
_FILM_SECONDS, _FILMS_SECONDS = 5.0, 15.0  # of one reference film, likely; of all together, at most


def length_of(seconds: float | None) -> float | None:
    """Return the length by which a finished video is priced; None if HeyGen reports none, or an impossible one."""
    return seconds if seconds is not None and 0 < seconds < math.inf else None


def seconds_of(kind: str, body: Mapping[str, Any], language: str | None = None) -> Seconds:
    """Estimate the seconds of a request's video: least, likely and most."""
    duration = _number(body.get("duration"))
    if kind == "cinematic_avatar":
        return (duration or 10.0,) * 3
    if kind == "video_agent":
        return _agent_seconds(str(body.get("prompt") or ""))
    if kind == "studio":
        lengths = [seconds_of_scene(scene, language) for scene in scenes_of(body)]
        return _sum(lengths)
    if kind == "model_video":
        return (duration,) * 3 if duration else _MODEL_SECONDS
    script = body.get("script")
    return _spoken_seconds(script, body, language) if isinstance(script, str) else _excerpt_seconds(body)


def seconds_of_scene(scene: Mapping[str, Any], language: str | None = None) -> Seconds:
    """Estimate the seconds of a scene: its own length, or that of its speech."""
    silent = _number(scene.get("duration"))
    return (silent,) * 3 if silent else seconds_of("avatar", {**scene, **input_of(scene)}, language)


def scenes_of(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the scenes of a studio video."""
    scenes = body.get("scenes")
    yield from (scene for scene in (scenes if isinstance(scenes, list | tuple) else ()) if isinstance(scene, Mapping))


def input_of(scene: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the avatar of a scene; empty if it has none."""
    found = scene.get("input")
    return found if isinstance(found, Mapping) else {}


def input_seconds_of(kind: str, body: Mapping[str, Any]) -> Seconds:
    """Estimate the seconds of the films that a request brings along and that are charged with the video's own."""
    films = body.get("reference_videos")
    count = len(films) if kind == "model_video" and isinstance(films, list | tuple) else 0
    return (0.0, min(_FILMS_SECONDS, _FILM_SECONDS * count), _FILMS_SECONDS if count else 0.0)


def _sum(lengths: list[Seconds]) -> Seconds:
    least, likely, most = (sum(column) for column in zip(*lengths, strict=True)) if lengths else (0.0, 0.0, 0.0)
    return least, likely, most


def _number(value: Any) -> float | None:
    """Return a length; None for a value that is none, which `extra` may send."""
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if fits else None


def _spoken_seconds(script: str, body: Mapping[str, Any], language: str | None) -> Seconds:
    given = body.get("voice_settings")
    settings: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    locale = settings.get("locale")
    spoken = locale if isinstance(locale, str) else language
    least, likely, most = spoken_seconds(script, speed=_number(settings.get("speed")) or 1.0, language=spoken)
    return max(_LEAST_SECONDS, least), max(_LEAST_SECONDS, likely), max(_LEAST_SECONDS, most) * 1.25 + 2


def _excerpt_seconds(body: Mapping[str, Any]) -> Seconds:
    """Estimate the length of an excerpt from its start and end."""
    start, end = _number(body.get("start_time")) or 0.0, _number(body.get("end_time"))
    if end is None:
        return _UNKNOWN_SECONDS
    seconds = max(_LEAST_SECONDS, end - start)
    return 0.8 * seconds, seconds, 1.2 * seconds


def _agent_seconds(prompt: str) -> Seconds:
    """Estimate the length of an agent's video, which the prompt may ask for."""
    found = _LENGTH.search(prompt)
    if found is None:
        return _UNKNOWN_SECONDS
    seconds = float(found[1]) * (60 if found[2][0] in "mM" else 1)
    return 0.5 * seconds, seconds, 2.0 * seconds + 10

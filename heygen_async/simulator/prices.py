"""What a render costs and how long its video will be, guessed from the request."""

from __future__ import annotations

import re
from typing import Any

USD_PER_SECOND_PHOTO = 0.05
USD_PER_SECOND_AVATAR = 0.0667
USD_PER_SECOND_AGENT = 0.0333
USD_CINEMATIC = 7.0

WORDS_PER_SECOND = 150 / 60
SECONDS_UNKNOWN = 30.0
SECONDS_CINEMATIC = 10.0

_ASKED_LENGTH = re.compile(r"(\d+)[ -]?(second|sec|minute|min)", re.IGNORECASE)


def duration(kind: str, body: dict[str, Any]) -> float:
    """Return the length of the video that *body* asks for, in seconds."""
    if kind == "cinematic_avatar":
        return float(body.get("duration") or SECONDS_CINEMATIC)
    if kind == "video_agent":
        return _asked_duration(body["prompt"])
    if kind == "studio":
        return sum(_scene_duration(scene) for scene in body["scenes"])
    return _speech_duration(body)


def price(kind: str, body: dict[str, Any], *, photo: bool = False) -> float:
    """Return US dollars for the render of *body*.

    Args:
        kind: Of the render.
        body: Of the request.
        photo: Whether its look is a photo avatar, which is cheaper.

    Source: ``docs/pricing``, as in section 6 of the notes.
    """
    if kind == "cinematic_avatar":
        return USD_CINEMATIC
    per_second = {"image": USD_PER_SECOND_PHOTO, "video_agent": USD_PER_SECOND_AGENT}.get(kind, USD_PER_SECOND_AVATAR)
    if kind == "avatar" and photo:
        per_second = USD_PER_SECOND_PHOTO
    return round(duration(kind, body) * per_second, 4)


def _scene_duration(scene: dict[str, Any]) -> float:
    if scene.get("duration"):
        return float(scene["duration"])
    return _speech_duration(scene.get("input", scene))


def _speech_duration(body: dict[str, Any]) -> float:
    if not body.get("script"):
        return SECONDS_UNKNOWN  # its sound is a file that nobody has opened
    speed = (body.get("voice_settings") or {}).get("speed", 1.0)
    words = len(body["script"].split())
    return float(max(1.0, round(words / WORDS_PER_SECOND / speed, 2)))


def _asked_duration(prompt: str) -> float:
    asked = _ASKED_LENGTH.search(prompt)
    if not asked:
        return SECONDS_UNKNOWN
    return max(1.0, float(asked[1]) * (60 if asked[2].lower().startswith("min") else 1))

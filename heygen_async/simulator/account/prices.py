"""Price and length of a video, estimated from the request."""

from __future__ import annotations

import re
from typing import Any

USD_PER_SECOND_PHOTO = 0.05
USD_PER_SECOND_AVATAR = 0.0667
USD_PER_SECOND_AGENT = 0.0333
USD_PER_SECOND_SPEED = 0.0333
USD_PER_SECOND_PRECISION = 0.0667
USD_CINEMATIC = 7.0
USD_AVATAR_CREATION = 1.0

# No source names a price of these jobs. An amount is charged all the same, so that a second charge is noticed.
USD_PER_SECOND_UNKNOWN = 0.0333
UNPRICED = frozenset({"ai_clipping", "background_removal", "filler_word_removal", "model_video"})
DUBBED = frozenset({"lipsync", "video_translation"})

WORDS_PER_SECOND = 150 / 60
SECONDS_UNKNOWN = 30.0
SECONDS_CINEMATIC = 10.0
SECONDS_MODEL_VIDEO = 5.0

_LENGTH_IN_PROMPT = re.compile(r"(\d+)[ -]?(second|sec|minute|min)", re.IGNORECASE)


def duration(kind: str, body: dict[str, Any]) -> float:
    """Return the length of the video that *body* asks for, in seconds."""
    if kind == "cinematic_avatar":
        return float(body.get("duration") or SECONDS_CINEMATIC)
    if kind == "video_agent":
        return _requested_duration(body["prompt"])
    if kind == "studio":
        return sum(_scene_duration(scene) for scene in body["scenes"])
    if kind == "model_video":
        return float(body.get("duration") or SECONDS_MODEL_VIDEO)
    if kind in DUBBED:
        return _excerpt_duration(body)
    return _speech_duration(body)


def price(kind: str, body: dict[str, Any], *, photo: bool = False) -> float:
    """Return the price of the render of *body* in US dollars.

    Args:
        kind: Kind of the charge, see `Charge.kind`.
        body: Body of the request.
        photo: True if the look is a photo avatar, which is cheaper.

    Source: ``docs/pricing``, as in section 6 of the notes.
    """
    if kind == "cinematic_avatar":
        return USD_CINEMATIC
    return round(duration(kind, body) * _per_second(kind, body, photo=photo), 4)


def _per_second(kind: str, body: dict[str, Any], *, photo: bool) -> float:
    if kind in UNPRICED:
        return USD_PER_SECOND_UNKNOWN
    if kind in DUBBED:
        return USD_PER_SECOND_PRECISION if body.get("mode") == "precision" else USD_PER_SECOND_SPEED
    if kind == "image" or (kind == "avatar" and photo):
        return USD_PER_SECOND_PHOTO
    return USD_PER_SECOND_AGENT if kind == "video_agent" else USD_PER_SECOND_AVATAR


def _excerpt_duration(body: dict[str, Any]) -> float:
    """Return the length of the requested part of a video. The video is not read, so an open end is assumed."""
    start = body.get("start_time") or 0.0
    end = body.get("end_time") or start + SECONDS_UNKNOWN
    return float(max(1.0, end - start))


def _scene_duration(scene: dict[str, Any]) -> float:
    if scene.get("duration"):
        return float(scene["duration"])
    return _speech_duration(scene.get("input", scene))


def _speech_duration(body: dict[str, Any]) -> float:
    if not body.get("script"):
        return SECONDS_UNKNOWN  # the sound is a file, which is not read
    speed = (body.get("voice_settings") or {}).get("speed", 1.0)
    words = len(body["script"].split())
    return float(max(1.0, round(words / WORDS_PER_SECOND / speed, 2)))


def _requested_duration(prompt: str) -> float:
    found = _LENGTH_IN_PROMPT.search(prompt)
    if not found:
        return SECONDS_UNKNOWN
    return max(1.0, float(found[1]) * (60 if found[2].lower().startswith("min") else 1))

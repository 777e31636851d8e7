"""Price and length of a video, estimated from the request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

PHOTO = "photo_avatar"
# US dollars a second by engine: photo looks, others.
USD_BY_ENGINE = {
    "avatar_iii": (0.0433, 0.0167),
    "avatar_iv": (0.05, 0.0667),
    "avatar_v": (0.05, 0.0667),
}
USD_4K = (0.0667, 0.0833)  # absent in the newest list; older copies and a partner's page still have it
USD_NEW_ENGINE = 0.10  # of an engine that the notes do not name; resellers ask this for the newest one
USD_PER_SECOND_AGENT = 0.0333
USD_PER_SECOND_SPEED = 0.0333
USD_PER_SECOND_PRECISION = 0.0667
USD_PER_SECOND_AUDIO_ONLY = 0.0167
USD_OF_MODEL = {"480p": 0.02, "768p": 0.03}  # text or image; references cost twice as much
LARGE_FACTOR = 3  # 1080p and 2k by the price of 768p
USD_CINEMATIC = 7.0
USD_AVATAR_CREATION = 1.0

# No source names a price of these jobs. An amount is charged all the same, so that a second charge is noticed.
USD_PER_SECOND_UNKNOWN = 0.0333
UNPRICED = frozenset({"ai_clipping", "background_removal", "filler_word_removal"})
DUBBED = frozenset({"lipsync", "video_translation"})

WORDS_PER_SECOND = 150 / 60
SECONDS_UNKNOWN = 30.0
SECONDS_CINEMATIC = 10.0
SECONDS_MODEL_VIDEO = 5.0
SECONDS_REFERENCE_FILM = 5.0  # the film is not read; three of them share 15 seconds

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


TypeOfLook = Callable[[str], str | None]


def price(kind: str, body: dict[str, Any], type_of_look: TypeOfLook = lambda _: None) -> float:
    """Return the price of the render of *body* in US dollars.

    Args:
        kind: Kind of the charge, see `Charge.kind`.
        body: Body of the request.
        type_of_look: Returns the type of the look with an id; None for an unknown one, which is charged as a studio
            avatar.

    Source: the price table of the notes of November 2026.
    """
    if kind == "cinematic_avatar":
        return USD_CINEMATIC
    if kind == "studio":
        return round(sum(_of_scene(scene, body, type_of_look) for scene in body["scenes"]), 4)
    seconds = duration(kind, body)
    if kind == "model_video":
        seconds += SECONDS_REFERENCE_FILM * len(body.get("reference_videos") or ())
    return round(seconds * _per_second(kind, body, type_of_look), 4)


def _of_scene(scene: dict[str, Any], body: dict[str, Any], type_of_look: TypeOfLook) -> float:
    speaker = scene.get("input")
    resolution = body.get("resolution")
    usd = _of_look(speaker, resolution, type_of_look) if speaker else _of_engine("avatar_iv", resolution, photo=False)
    return _scene_duration(scene) * usd


def _per_second(kind: str, body: dict[str, Any], type_of_look: TypeOfLook) -> float:
    match kind:
        case "lipsync" | "video_translation":
            usd = _of_dubbing(body)
        case "model_video":
            usd = _of_model(body)
        case "video_agent":
            usd = USD_PER_SECOND_AGENT
        case "image":
            usd = _of_engine("avatar_iv", body.get("resolution"), photo=True)
        case _ if kind in UNPRICED:
            usd = USD_PER_SECOND_UNKNOWN
        case _:
            usd = _of_look(body, body.get("resolution"), type_of_look)
    return usd


def _of_dubbing(body: dict[str, Any]) -> float:
    if body.get("translate_audio_only"):
        return USD_PER_SECOND_AUDIO_ONLY
    return USD_PER_SECOND_PRECISION if body.get("mode") == "precision" else USD_PER_SECOND_SPEED


def _of_look(speaker: dict[str, Any], resolution: str | None, type_of_look: TypeOfLook) -> float:
    engine = (speaker.get("engine") or {}).get("type", "avatar_iv")
    return _of_engine(engine, resolution, photo=type_of_look(speaker.get("avatar_id", "")) == PHOTO)


def _of_engine(engine: str, resolution: str | None, *, photo: bool) -> float:
    if engine not in USD_BY_ENGINE:
        return USD_NEW_ENGINE
    photo_usd, other_usd = USD_4K if resolution == "4k" else USD_BY_ENGINE[engine]
    return photo_usd if photo else other_usd


def _of_model(body: dict[str, Any]) -> float:
    resolution = body.get("resolution") or "768p"
    usd = USD_OF_MODEL.get(resolution, LARGE_FACTOR * USD_OF_MODEL["768p"])
    return 2 * usd if body.get("mode", "reference_to_video") == "reference_to_video" else usd


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

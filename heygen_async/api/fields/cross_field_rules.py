"""Rules between the fields of a request, which no schema of the contract can state."""

from __future__ import annotations

from typing import Any

from heygen_async.api.fields.looks import AvatarIII, AvatarV
from heygen_async.api.fields.rules import refuse

_SPEECH = ("script", "audio_url", "audio_asset_id")
_MOST_REFERENCES = 12
_LARGE = frozenset({"1080p", "2k"})
_WIDE_OR_TALL = frozenset({"16:9", "9:16"})


def consent(request: Any) -> None:
    """A filmed consent needs neither a page nor a text; a text has no angle brackets."""
    if request.consent_video is not None:
        for name in ("reroute_url", "consent_text"):
            if getattr(request, name) is not None:
                refuse(request, name, getattr(request, name), "must be absent with consent_video")
    if set(request.consent_text or "") & set("<>"):
        refuse(request, "consent_text", request.consent_text, "must have no < or >")


def size_and_shape(request: Any, shape: str) -> None:
    """The large resolutions are for 16:9 and 9:16 only; *shape* is HeyGen's default."""
    ratio = request.aspect_ratio or shape
    if request.resolution in _LARGE and ratio not in _WIDE_OR_TALL:
        refuse(request, "aspect_ratio", ratio, f"must be '16:9' or '9:16' with resolution {request.resolution}")


def text_to_video(request: Any) -> None:
    """See `size_and_shape`."""
    size_and_shape(request, "16:9")


def reference_to_video(request: Any) -> None:
    """At most twelve references in all, and `size_and_shape`."""
    size_and_shape(request, "adaptive")
    names = ("reference_images", "reference_videos", "reference_audio")
    count = sum(len(getattr(request, name) or ()) for name in names)
    if count > _MOST_REFERENCES:
        refuse(request, "reference_images", f"{count} references", f"must be at most {_MOST_REFERENCES} in all")


def studio_avatar(request: Any) -> None:
    """One speech, and what its engine allows."""
    given = _speech(request)
    if len(given) != 1:
        reason = f"{' and '.join(given) or 'no speech'} given: give exactly one of {', '.join(_SPEECH)}"
        refuse(request, "script", None, reason)
    if isinstance(request.engine, AvatarIII) and request.motion_prompt is not None:
        refuse(request, "motion_prompt", request.motion_prompt, "must be absent with engine avatar_iii")
    if isinstance(request.engine, AvatarIII | AvatarV) and request.expressiveness is not None:
        refuse(request, "expressiveness", request.expressiveness, "works with engine avatar_iv only: leave it out")


def image_scene(request: Any) -> None:
    """Silent for some seconds, or narrated."""
    given = _narration(request)
    if (request.duration is None) == (not given):
        reason = "give either a duration, for silence, or narration, which then drives the length"
        refuse(request, "duration", request.duration, reason)


def video_scene(request: Any) -> None:
    """A voiceover may be there, and only then something to do with the rest of the film."""
    given = _narration(request)
    if request.playback is not None and request.playback.mode is not None and not given:
        refuse(request, "playback", request.playback.mode, "a mode needs a voiceover on the scene: leave it out")


def _speech(request: Any) -> list[str]:
    return [name for name in _SPEECH if getattr(request, name) is not None]


def _narration(request: Any) -> list[str]:
    given = _speech(request)
    if len(given) > 1:
        refuse(request, given[1], getattr(request, given[1]), f"give at most one of {', '.join(_SPEECH)}")
    if request.script is not None and request.voice_id is None:
        refuse(request, "voice_id", None, "a script needs a voice here")
    return given

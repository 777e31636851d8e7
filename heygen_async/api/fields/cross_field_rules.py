"""Checks of the fields of a request against each other, which the schemas of the contract do not state."""

from __future__ import annotations

from typing import Any

from heygen_async.api.fields.assets import AssetUrl
from heygen_async.api.fields.looks import AvatarIII, AvatarV
from heygen_async.api.fields.rules import refuse

_SPEECH = ("script", "audio_url", "audio_asset_id")
_MOST_REFERENCES = 12
_LARGE = frozenset({"1080p", "2k"})
_WIDE_OR_TALL = frozenset({"16:9", "9:16"})


def consent(request: Any) -> None:
    """Refuse a page or a text beside a consent video, and angle brackets in a text."""
    if request.consent_video is not None:
        for name in ("reroute_url", "consent_text"):
            if getattr(request, name) is not None:
                refuse(request, name, getattr(request, name), "must be absent with consent_video")
    if set(request.consent_text or "") & set("<>"):
        refuse(request, "consent_text", request.consent_text, "must have no < or >")


def resolution_and_ratio(request: Any, default_ratio: str) -> None:
    """Refuse the large resolutions for other aspect ratios than 16:9 and 9:16. *default_ratio* is HeyGen's."""
    ratio = request.aspect_ratio or default_ratio
    if request.resolution in _LARGE and ratio not in _WIDE_OR_TALL:
        refuse(request, "aspect_ratio", ratio, f"must be '16:9' or '9:16' with resolution {request.resolution}")


def text_to_video(request: Any) -> None:
    """Check `resolution_and_ratio`."""
    resolution_and_ratio(request, "16:9")


def image_to_video(request: Any) -> None:
    """Refuse an address without https."""
    _https(request, "image", request.image)


def reference_to_video(request: Any) -> None:
    """Require an image or a video, at most twelve references, and https; check `resolution_and_ratio`."""
    resolution_and_ratio(request, "adaptive")
    given = {name: getattr(request, name) or () for name in ("reference_images", "reference_videos", "reference_audio")}
    if not given["reference_images"] and not given["reference_videos"]:
        refuse(request, "reference_images", request.reference_images, "give at least one image or video as a reference")
    count = sum(map(len, given.values()))
    if count > _MOST_REFERENCES:
        refuse(request, "reference_images", f"{count} references", f"must be at most {_MOST_REFERENCES} in all")
    for name, assets in given.items():
        for asset in assets:
            _https(request, name, asset)


def _https(request: Any, name: str, asset: Any) -> None:
    if isinstance(asset, AssetUrl) and not asset.url.startswith("https://"):
        refuse(request, name, asset.url, "must be an https address, without redirects")


def studio_avatar(request: Any) -> None:
    """Require exactly one speech, and refuse fields that the engine does not support."""
    given = _speech(request)
    if len(given) != 1:
        reason = f"{' and '.join(given) or 'no speech'} given: give exactly one of {', '.join(_SPEECH)}"
        refuse(request, "script", None, reason)
    if isinstance(request.engine, AvatarIII) and request.motion_prompt is not None:
        refuse(request, "motion_prompt", request.motion_prompt, "must be absent with engine avatar_iii")
    if isinstance(request.engine, AvatarIII | AvatarV) and request.expressiveness is not None:
        refuse(request, "expressiveness", request.expressiveness, "works with engine avatar_iv only: leave it out")


def image_scene(request: Any) -> None:
    """Require either a duration, for a silent scene, or a narration."""
    given = _narration(request)
    if (request.duration is None) == (not given):
        reason = "give either a duration, for silence, or narration, which then drives the length"
        refuse(request, "duration", request.duration, reason)


def video_scene(request: Any) -> None:
    """Refuse a playback mode without a voiceover."""
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

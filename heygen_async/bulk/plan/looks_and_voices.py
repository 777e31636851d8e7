"""Checks that a look and a voice can do what a request asks of them. Pure: takes HeyGen's answers.

Source: the rules of `CreateVideoFromAvatar` and the statuses of `AvatarLookItem` and `VoiceDetail`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from heygen_async.api.fields.looks import ENGINES
from heygen_async.api.generated.avatars import Look
from heygen_async.api.generated.voices import VoiceDetail
from heygen_async.bulk.prices.speech_length import language_tag
from heygen_async.bulk.rows.finding import Finding, Part

SPOKEN = ("avatar", "studio")  # kinds of requests in which a look speaks by an engine
_DEFAULT_ENGINE, _DEFAULT_RATIO = "avatar_iv", "16:9"
_PHOTO, _TWIN = "photo_avatar", "digital_twin"
_CODE_LETTERS = 3  # of a language's code, at most; a longer word is the name of an unknown language
_UNUSABLE = {
    "processing": ("is still being made", "wait until its status is completed"),
    "pending_consent": (
        "has no consent of the person it shows",
        "ask them to consent, in HeyGen's app or by the consent link",
    ),
    "failed": ("could not be made", "make it again, or take another look"),
}
_ANY_LANGUAGE = ("multilingual", "unknown")


def look_findings(look: Look, look_id: str, part: Part, kind: str, field: str = "avatar_id") -> Iterator[Finding]:
    """Yield the reasons why *look* cannot do what *part* of a request of *kind* asks of it."""
    at = f"{part.at}{field}"
    yield from _status(look, look_id, at)
    if kind == "video_agent":
        yield from _shape(look, "orientation", part.fields.get("orientation"))
    if kind not in SPOKEN:
        return
    yield from _engine(look, part)
    yield from _by_type(look, part)
    yield from _own_voice(look, look_id, part, at)
    if part.request.get("fit") is None:
        yield from _shape(look, "aspect_ratio", part.request.get("aspect_ratio") or _DEFAULT_RATIO)


def reference_findings(reference: Look, reference_id: str, look: Look | None, part: Part) -> Iterator[Finding]:
    """Yield the reasons why *look* cannot copy the motion of *reference*; a *look* of None is not known."""
    at = f"{part.at}engine.reference_look_id"
    yield from _status(reference, reference_id, at)
    if reference.avatar_type != _TWIN:
        yield Finding(
            field=at,
            value=reference_id,
            reason=f"the look is a {reference.avatar_type}, not a {_TWIN}",
            mend=f"name a {_TWIN} look of the same avatar, or none",
        )
    elif look is not None and reference.group_id != look.group_id:
        yield Finding(
            field=at,
            value=reference_id,
            reason=f"the look is of group {reference.group_id}, avatar_id of group {look.group_id}",
            mend="name a look of the same avatar, or none",
        )


def voice_findings(voice: VoiceDetail, part: Part) -> Iterator[Finding]:
    """Yield the reasons why *voice* cannot speak what *part* asks of it."""
    at, voice_id = f"{part.at}voice_id", str(part.fields["voice_id"])
    if voice.status == "processing":
        yield Finding(
            field=at, value=voice_id, reason="the voice is still being made", mend="wait until it is complete"
        )
    if voice.status == "failed":
        why = f": {voice.failure_message}" if voice.failure_message else ""
        mend = "clone it again, or take another voice"
        yield Finding(field=at, value=voice_id, reason=f"the voice could not be made{why}", mend=mend)
    yield from _language(voice, part)
    if not voice.support_pause and "<break" in str(part.fields.get("script") or ""):
        yield Finding(
            field=f"{part.at}script",
            reason=f"voice {voice_id} makes no pauses, and the script has <break/>",
            mend="take the breaks out, or a voice with support_pause",
            severity="warning",
        )


def locale_of(part: Part) -> str | None:
    """Return the locale in the voice settings of *part*, if there is one."""
    settings = part.fields.get("voice_settings")
    locale = settings.get("locale") if isinstance(settings, Mapping) else None
    return locale if isinstance(locale, str) else None


def _status(look: Look, look_id: str, at: str) -> Iterator[Finding]:
    if look.status in _UNUSABLE:
        reason, mend = _UNUSABLE[look.status]
        why = "" if look.error is None else f": {look.error.message}"
        yield Finding(field=at, value=look_id, reason=f"the look {reason}{why}", mend=mend)


def _language(voice: VoiceDetail, part: Part) -> Iterator[Finding]:
    locale = locale_of(part)
    wanted, spoken = language_tag(locale), language_tag(voice.language)
    if wanted is None or spoken is None or wanted == spoken or spoken in _ANY_LANGUAGE:
        return
    if max(len(wanted), len(spoken)) > _CODE_LETTERS:
        return
    yield Finding(
        field=f"{part.at}voice_settings.locale",
        value=locale,
        reason=f"voice {part.fields['voice_id']} speaks {voice.language}",
        mend="take a voice of that language, or leave the locale out",
        severity="warning",
    )


def _engine_of(part: Part) -> str:
    engine = part.fields.get("engine")
    return str(engine.get("type")) if isinstance(engine, Mapping) else _DEFAULT_ENGINE


def _engine(look: Look, part: Part) -> Iterator[Finding]:
    engine, supported = _engine_of(part), look.supported_api_engines
    if supported and engine not in supported:
        default = "" if part.fields.get("engine") else ", HeyGen's default,"
        reason = f"look {look.id} cannot be rendered by {engine}{default} only by {', '.join(supported)}"
        yield Finding(
            field=f"{part.at}engine",
            value=engine,
            reason=reason,
            mend=f"give engine {supported[0]}",
            severity="error" if engine in ENGINES else "warning",  # a newer one may be ahead of HeyGen's own list
        )


def _by_type(look: Look, part: Part) -> Iterator[Finding]:
    """Yield settings that photo looks have and others have not, or the reverse."""
    engine, photo, fields = _engine_of(part), look.avatar_type == _PHOTO, part.fields
    if not look.avatar_type:
        return
    wrong: list[tuple[str, Any, str, str]] = []
    if fields.get("expressiveness") and not photo:
        wrong.append(("expressiveness", fields["expressiveness"], "works with photo looks only", "leave it out"))
    if fields.get("motion_prompt") and not photo and engine == _DEFAULT_ENGINE:
        reason = f"works by {engine} with photo looks only"
        wrong.append(("motion_prompt", None, reason, "leave it out, or give engine avatar_v"))
    if part.request.get("resolution") == "4k" and photo and engine == "avatar_iii":
        wrong.append(("resolution", "4k", "is not for photo looks by avatar_iii", "give 1080p"))
    for name, value, reason, mend in wrong:
        full_reason = f"{reason}; look {look.id} is a {look.avatar_type}"
        at = name if name == "resolution" else f"{part.at}{name}"
        yield Finding(field=at, value=value, reason=full_reason, mend=mend)


def _own_voice(look: Look, look_id: str, part: Part, at: str) -> Iterator[Finding]:
    if part.fields.get("script") is not None and not part.fields.get("voice_id") and not look.default_voice_id:
        reason = "no voice is given, and the look has none of its own"
        yield Finding(field=at, value=look_id, reason=reason, mend="give a voice_id")


def _shape(look: Look, name: str, value: Any) -> Iterator[Finding]:
    wanted, own = shape_of(value), look.preferred_orientation
    if wanted is None or own not in {"portrait", "landscape"} or wanted in {own, "square"}:
        return
    yield Finding(
        field=name,
        value=str(value),
        reason=f"look {look.id} is {own}, the video {wanted}: it will be cut or have bars",
        mend=f"take a {wanted} look, " + ("or choose by fit" if name == "aspect_ratio" else f"or orientation {own}"),
        severity="warning",
    )


def shape_of(value: Any) -> str | None:
    """Return portrait, landscape or square for a ratio such as `9:16` or an orientation; None for `auto` and others."""
    if value in {"portrait", "landscape"}:
        return str(value)
    width, _, height = str(value or "").partition(":")
    if not (width.isdecimal() and height.isdecimal()):
        return None
    if int(width) == int(height):
        return "square"
    return "landscape" if int(width) > int(height) else "portrait"

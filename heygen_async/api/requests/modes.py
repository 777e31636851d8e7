"""The ways to ask for a video: VideoAgent, DirectVideo, ImageVideo, CinematicAvatar.

Each is a frozen value that cannot be built wrong: limits, choices and combinations that HeyGen would refuse are
refused here, before anything is sent. A field left at None is not sent, so HeyGen's default holds. `extra` sends
fields that this package does not know yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import attrs

from heygen_async.api.fields.assets import STILLS, Asset, AssetBase64, AssetUrl, address, as_asset, as_assets, asset
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.looks import (
    AvatarIII,
    AvatarV,
    Background,
    Caption,
    Engine,
    Watermark,
    as_background,
    as_engine,
    background,
    engine,
)
from heygen_async.api.fields.rules import each, label, one_of, refuse, some, switch, within, words
from heygen_async.api.fields.voices import VoiceSettings
from heygen_async.errors import InvalidInputError

SCRIPT_CHARACTERS = 5_000
PROMPT_CHARACTERS = 10_000
_AGENT_FILE_MB, _IMAGE_MB = 32, 50
_VIDEOS, _IMAGES = 3, 9  # looks and references of a cinematic shot together
_RATIOS = ("16:9", "9:16", "4:5", "5:4", "1:1", "auto")


def _optional_text(*, shown: bool = True) -> Any:
    return attrs.field(default=None, validator=words(), repr=shown)


def _optional_label() -> Any:
    return attrs.field(default=None, validator=label())


def _optional_url() -> Any:
    return attrs.field(default=None, validator=address(), repr=False)


@attrs.frozen(kw_only=True)
class VideoAgent:
    """A prompt; the agent writes the script and composes the video. Costs 0.0333 US dollars a second of video.

    HeyGen documents no `Idempotency-Key` here, so a lost answer is never followed by a second POST.

    Attributes:
        prompt: 1 to 10,000 characters.
        mode: `generate` (HeyGen's default) or `chat`, which may pause for your answer.
        avatar_id: A look's id; the agent picks one if absent. Naming one makes success likelier.
        voice_id: The agent picks one if absent.
        style_id: From `GET /v3/video-agents/styles`.
        brand_kit_id: Your brand's colors and fonts.
        brand_glossary_id: Your brand's words.
        orientation: `landscape` or `portrait`; the agent decides if absent.
        files: Up to 20 png, jpeg, mp4, webm, mp3, wav or pdf of up to 32 MB; plain addresses will do.
        callback_url: Called when it ends, unsigned.
        callback_id: Comes back in the call.
        incognito_mode: Leave no trace in the agent's memory; default False.
        visibility: `private`, else the whole team sees the session (reported, not documented in full).
        extra: Further fields.

    Source: `POST /v3/video-agents`.
    """

    kind: ClassVar[Literal["video_agent"]] = "video_agent"
    path: ClassVar[str] = "/v3/video-agents"
    takes_key: ClassVar[bool] = False

    prompt: str = attrs.field(validator=words(PROMPT_CHARACTERS, required=True), repr=False)
    mode: str | None = attrs.field(default=None, validator=one_of("generate", "chat"))
    avatar_id: str | None = _optional_text()
    voice_id: str | None = _optional_text()
    style_id: str | None = _optional_text()
    brand_kit_id: str | None = _optional_text()
    brand_glossary_id: str | None = _optional_text()
    orientation: str | None = attrs.field(default=None, validator=one_of("landscape", "portrait"))
    files: tuple[Asset, ...] | None = attrs.field(
        default=None, converter=as_assets, validator=some(asset(at_most_mb=_AGENT_FILE_MB), 0, 20)
    )
    callback_url: str | None = _optional_url()
    callback_id: str | None = _optional_text()
    incognito_mode: bool | None = attrs.field(default=None, validator=switch())
    visibility: str | None = _optional_text()
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class _Spoken:
    """Fields that DirectVideo and ImageVideo share: speech, picture, sound, delivery."""

    path: ClassVar[str] = "/v3/videos"
    takes_key: ClassVar[bool] = True

    script: str | None = attrs.field(default=None, validator=words(SCRIPT_CHARACTERS), repr=False)
    audio_url: str | None = _optional_url()
    audio_asset_id: str | None = _optional_text()
    voice_id: str | None = _optional_text()
    voice_settings: VoiceSettings | None = attrs.field(default=None, validator=each(VoiceSettings))
    aspect_ratio: str | None = attrs.field(default=None, validator=one_of(*_RATIOS))
    resolution: str | None = attrs.field(default=None, validator=one_of("4k", "1080p", "720p"))
    fit: str | None = attrs.field(default=None, validator=one_of("contain", "cover"))
    background: Background | None = attrs.field(default=None, converter=as_background, validator=background)
    remove_background: bool | None = attrs.field(default=None, validator=switch())
    output_format: str | None = attrs.field(default=None, validator=one_of("mp4", "webm"))
    motion_prompt: str | None = _optional_text(shown=False)
    expressiveness: str | None = attrs.field(default=None, validator=one_of("high", "medium", "low"))
    caption: Caption | None = attrs.field(default=None, validator=each(Caption))
    watermark: Watermark | None = attrs.field(default=None, validator=each(Watermark))
    brand_glossary_id: str | None = _optional_text()
    title: str | None = _optional_label()
    folder_id: str | None = _optional_text()
    callback_url: str | None = _optional_url()
    callback_id: str | None = _optional_text()
    extra: Mapping[str, Any] | None = extra_fields()

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        self._check_speech()
        if self.output_format == "webm" and self.background is not None:
            refuse(self, "background", self.background, "must be absent with output_format webm, which is transparent")

    def _check_speech(self) -> None:
        given = [name for name in ("script", "audio_url", "audio_asset_id") if getattr(self, name) is not None]
        if len(given) != 1:
            raise InvalidInputError(
                f"{type(self).__name__}.script: {' and '.join(given) or 'no speech'} given; "
                "give exactly one of script, audio_url and audio_asset_id",
                param="script",
            )
        if self.voice_settings is not None and self.script is None:
            reason = f"has no effect on {given[0]}, only on a script: leave it out"
            refuse(self, "voice_settings", self.voice_settings, reason)


@attrs.frozen(kw_only=True)
class DirectVideo(_Spoken):
    """An avatar speaks your script. Costs 0.05 (photo looks) to 0.0667 US dollars a second of video.

    Attributes:
        avatar_id: A look's id (not an avatar group's), from `GET /v3/avatars/looks`.
        script: 1 to 5,000 characters to be spoken; or
        audio_url: an address of up to 600 s of audio; or
        audio_asset_id: uploaded audio. Exactly one of the three.
        voice_id: May be absent if the look has a voice of its own.
        voice_settings: Speed, pitch, volume; with a script only.
        aspect_ratio: 16:9 (HeyGen's default), 9:16, 4:5, 5:4, 1:1 or auto, the look's own.
        resolution: 4k, 1080p (default) or 720p.
        fit: contain or cover.
        background: A `Background`, or `#rrggbb`.
        remove_background: Needs a look that was trained for it.
        output_format: mp4 (default) or webm, which is transparent and takes no background.
        motion_prompt: How the avatar moves; not with avatar_iii.
        expressiveness: high, medium, low; photo looks on avatar_iv only.
        caption: Subtitles.
        watermark: Enterprise only.
        engine: avatar_iii, avatar_iv (default) or avatar_v, or an engine value; the look must support it.
        brand_glossary_id: How your brand's words are spoken.
        title: Its name at HeyGen.
        folder_id: Where it is put.
        callback_url: Called when it ends, unsigned.
        callback_id: Comes back in the call.
        extra: Further fields.

    Source: `POST /v3/videos`, `type: avatar`.
    """

    kind: ClassVar[Literal["avatar"]] = "avatar"
    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar")

    avatar_id: str = attrs.field(validator=words(required=True))
    engine: Engine | None = attrs.field(default=None, converter=as_engine, validator=engine)

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        super().__attrs_post_init__()
        if isinstance(self.engine, AvatarIII) and self.motion_prompt is not None:
            reason = "must be absent with engine avatar_iii: leave it out, or take avatar_iv or avatar_v"
            refuse(self, "motion_prompt", self.motion_prompt, reason)
        if isinstance(self.engine, AvatarIII | AvatarV) and self.expressiveness is not None:
            refuse(self, "expressiveness", self.expressiveness, "works with engine avatar_iv only: leave it out")


@attrs.frozen(kw_only=True)
class ImageVideo(_Spoken):
    """A picture of a person speaks your script. Costs 0.05 US dollars a second of video.

    Fields as of `DirectVideo`, but for `image` (a file or a plain address) in place of `avatar_id`, no `engine`, and
    `voice_id`, which a script needs.

    Source: `POST /v3/videos`, `type: image`.
    """

    kind: ClassVar[Literal["image"]] = "image"
    wire_tag: ClassVar[tuple[str, str]] = ("type", "image")

    image: Asset = attrs.field(converter=as_asset, validator=asset(*STILLS, at_most_mb=_IMAGE_MB))

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        super().__attrs_post_init__()
        if self.script is not None and self.voice_id is None:
            refuse(self, "voice_id", None, "a script needs a voice here: a picture has none of its own")


def _look_ids(value: Sequence[str] | str) -> Any:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


@attrs.frozen(kw_only=True)
class CinematicAvatar:
    """One to three looks in a shot that your prompt describes; nobody speaks. Costs 7 US dollars.

    Attributes:
        prompt: 1 to 10,000 characters.
        avatar_id: 1 to 3 look ids; a single one may stand without a list.
        references: Pictures and videos for style and motion; plain addresses will do. Looks and references together:
            at most 3 videos and 9 images. Here their number is checked, and the kind of those whose name tells it.
        aspect_ratio: 16:9 (HeyGen's default), 9:16 or 1:1.
        resolution: 720p (default) or 1080p.
        duration: Whole seconds, 4 to 15; default 10. Not with `auto_duration`.
        auto_duration: Let HeyGen choose; default False.
        enhance_prompt: Let HeyGen write it out; default False.
        title: Its name at HeyGen.
        folder_id: Where it is put.
        callback_url: Shown in HeyGen's guide, refused by its servers since September 2026: use registered webhooks.
        callback_id: The same.
        wire_type: `cinematic_avatar`; `avatar_shots` for servers of early June 2026.
        extra: Further fields.

    Source: `POST /v3/videos`, `type: cinematic_avatar`.
    """

    kind: ClassVar[Literal["cinematic_avatar"]] = "cinematic_avatar"
    path: ClassVar[str] = "/v3/videos"
    takes_key: ClassVar[bool] = True

    prompt: str = attrs.field(validator=words(PROMPT_CHARACTERS, required=True), repr=False)
    avatar_id: tuple[str, ...] = attrs.field(
        converter=_look_ids, validator=some(words(required=True), 1, 3, required=True)
    )
    references: tuple[Asset, ...] | None = attrs.field(
        default=None,
        converter=as_assets,
        validator=some(asset(), 0, _VIDEOS + _IMAGES),
    )
    aspect_ratio: str | None = attrs.field(default=None, validator=one_of("16:9", "9:16", "1:1"))
    resolution: str | None = attrs.field(default=None, validator=one_of("720p", "1080p"))
    duration: int | None = attrs.field(default=None, validator=within(4, 15, whole=True))
    auto_duration: bool | None = attrs.field(default=None, validator=switch())
    enhance_prompt: bool | None = attrs.field(default=None, validator=switch())
    title: str | None = _optional_label()
    folder_id: str | None = _optional_text()
    callback_url: str | None = _optional_url()
    callback_id: str | None = _optional_text()
    wire_type: Literal["cinematic_avatar", "avatar_shots"] = attrs.field(
        default="cinematic_avatar",
        validator=[each(str, required=True), one_of("cinematic_avatar", "avatar_shots")],
    )
    extra: Mapping[str, Any] | None = extra_fields()

    @property
    def wire_tag(self) -> tuple[str, str]:
        """The value of `type` in the request."""
        return "type", self.wire_type

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        if self.auto_duration and self.duration is not None:
            refuse(self, "duration", self.duration, "must be absent when auto_duration is True")
        _check_media(self, self.references or ())


def _check_media(owner: CinematicAvatar, references: tuple[Asset, ...]) -> None:
    total = len(owner.avatar_id) + len(references)
    if total > _VIDEOS + _IMAGES:
        refuse(owner, "references", f"{total} media", f"must be at most {_VIDEOS + _IMAGES}, looks included")
    kinds = [_media_kind(reference) for reference in references]
    for kind, at_most in (("video", _VIDEOS), ("image", _IMAGES)):
        if kinds.count(kind) > at_most:
            reason = f"must be at most {at_most}, looks included"
            refuse(owner, "references", f"{kinds.count(kind)} {kind}s", reason)


def _media_kind(reference: Asset) -> str | None:
    """Return image or video if it can be told from here."""
    if isinstance(reference, AssetBase64):
        return reference.media_type.partition("/")[0].lower()
    ending = reference.url.partition("?")[0].lower() if isinstance(reference, AssetUrl) else ""
    if ending.endswith((".mp4", ".webm", ".mov")):
        return "video"
    return "image" if ending.endswith((".png", ".jpg", ".jpeg")) else None


VideoRequest = VideoAgent | DirectVideo | ImageVideo | CinematicAvatar

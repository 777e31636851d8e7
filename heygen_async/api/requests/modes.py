"""The requests for a video, one class for each mode: VideoAgent, DirectVideo, ImageVideo, CinematicAvatar.

Each is a frozen value that is checked when it is created: limits, choices and combinations that HeyGen would refuse
are refused here, before a request is sent. A field left at None is not sent, so that HeyGen's default applies. `extra`
sends what is newer than this version, also in place of a known field's value: `extra={"resolution": "2k"}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import attrs

from heygen_async.api.fields import choices
from heygen_async.api.fields.assets import STILLS, Asset, AssetBase64, AssetUrl, address, as_asset, as_assets, asset
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.field_order import required_first
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
from heygen_async.api.fields.rules import (
    any_text,
    between,
    boolean,
    choice,
    instance_of,
    list_of,
    refuse,
    sendable_text,
)
from heygen_async.api.fields.voices import VoiceSettings
from heygen_async.errors import InvalidInputError
from heygen_async.reprs import ShortRepr

SCRIPT_CHARACTERS = 5_000
PROMPT_CHARACTERS = 10_000
_AGENT_FILE_MB, _IMAGE_MB = 32, 50
_VIDEOS, _IMAGES = 3, 9  # looks and references of a cinematic shot together


def _optional_text(*, shown: bool = True) -> Any:
    return attrs.field(default=None, validator=sendable_text(), repr=shown)


def _optional_label() -> Any:
    return attrs.field(default=None, validator=any_text())


def _optional_url() -> Any:
    return attrs.field(default=None, validator=address(), repr=False)


@attrs.frozen(kw_only=True, repr=False)
class VideoAgent(ShortRepr):
    """A prompt from which HeyGen's agent writes the script and makes the video. Costs 0.0333 US dollars a second.

    HeyGen documents no `Idempotency-Key` for this request, so it is not repeated after a lost answer.

    Attributes:
        prompt: Description of the video: 1 to 10,000 characters.
        mode: `generate` (HeyGen's default), or `chat`, in which the agent may ask questions.
        avatar_id: Id of a look; by default the agent chooses. Success is likelier if you name one.
        voice_id: Id of a voice; by default the agent chooses.
        style_id: Id of a style, from `GET /v3/video-agents/styles`.
        brand_kit_id: Id of a brand kit: your brand's colors and fonts.
        brand_glossary_id: Id of a brand glossary: the pronunciation of your brand's words.
        orientation: `landscape` or `portrait`; by default the agent chooses.
        files: Up to 20 files (png, jpeg, mp4, webm, mp3, wav, pdf) of up to 32 MB; https addresses are accepted too.
        callback_url: Address that HeyGen calls, unsigned, when the video ends.
        callback_id: Your id, which HeyGen repeats in that call.
        incognito_mode: True to keep the session out of the agent's memory; default False.
        visibility: `private` hides the session from your team (reported by users; HeyGen documents it in part).
        extra: Fields and words newer than this version, by name: sent as they are, also in place of a known field.

    Source: `POST /v3/video-agents`.
    """

    kind: ClassVar[Literal["video_agent"]] = "video_agent"
    path: ClassVar[str] = "/v3/video-agents"
    takes_key: ClassVar[bool] = False

    prompt: str = attrs.field(validator=sendable_text(PROMPT_CHARACTERS, required=True), repr=False)
    mode: choices.AgentMode | None = choice(choices.AgentMode)
    avatar_id: str | None = _optional_text()
    voice_id: str | None = _optional_text()
    style_id: str | None = _optional_text()
    brand_kit_id: str | None = _optional_text()
    brand_glossary_id: str | None = _optional_text()
    orientation: choices.Orientation | None = choice(choices.Orientation)
    files: tuple[Asset, ...] | None = attrs.field(
        default=None, converter=as_assets, validator=list_of(asset(at_most_mb=_AGENT_FILE_MB), 0, 20)
    )
    callback_url: str | None = _optional_url()
    callback_id: str | None = _optional_text()
    incognito_mode: bool | None = attrs.field(default=None, validator=boolean())
    visibility: str | None = _optional_text()
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True, repr=False)
class _Spoken(ShortRepr):
    """Fields that DirectVideo and ImageVideo share: speech, picture, sound, delivery."""

    path: ClassVar[str] = "/v3/videos"
    takes_key: ClassVar[bool] = True

    script: str | None = attrs.field(default=None, validator=sendable_text(SCRIPT_CHARACTERS), repr=False)
    audio_url: str | None = _optional_url()
    audio_asset_id: str | None = _optional_text()
    voice_id: str | None = _optional_text()
    voice_settings: VoiceSettings | None = attrs.field(default=None, validator=instance_of(VoiceSettings))
    aspect_ratio: choices.Ratio | None = choice(choices.Ratio)
    resolution: choices.Resolution | None = choice(choices.Resolution)
    fit: choices.Fit | None = choice(choices.Fit)
    background: Background | None = attrs.field(default=None, converter=as_background, validator=background)
    remove_background: bool | None = attrs.field(default=None, validator=boolean())
    output_format: choices.OutputFormat | None = choice(choices.OutputFormat)
    motion_prompt: str | None = _optional_text(shown=False)
    expressiveness: choices.Expressiveness | None = choice(choices.Expressiveness)
    caption: Caption | None = attrs.field(default=None, validator=instance_of(Caption))
    watermark: Watermark | None = attrs.field(default=None, validator=instance_of(Watermark))
    brand_glossary_id: str | None = _optional_text()
    title: str | None = _optional_label()
    folder_id: str | None = _optional_text()
    callback_url: str | None = _optional_url()
    callback_id: str | None = _optional_text()
    extra: Mapping[str, Any] | None = extra_fields()

    def __attrs_post_init__(self) -> None:
        """Check the fields against each other."""
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


@attrs.frozen(kw_only=True, repr=False, field_transformer=required_first)
class DirectVideo(_Spoken):
    """A video of an avatar that speaks your script. Costs 0.05 (photo looks) to 0.0667 US dollars a second.

    Attributes:
        avatar_id: Id of a look (not of an avatar group), from `GET /v3/avatars/looks`.
        script: Text to be spoken: 1 to 5,000 characters. Give exactly one of script, audio_url and audio_asset_id.
        audio_url: Address of up to 600 s of audio.
        audio_asset_id: Asset id of uploaded audio.
        voice_id: Id of a voice; not needed if the look has a voice of its own.
        voice_settings: Speed, pitch and volume; with a script only.
        aspect_ratio: 16:9 (HeyGen's default), 9:16, 4:5, 5:4, 1:1 or auto (the look's own).
        resolution: 4k, 1080p (default) or 720p.
        fit: contain or cover.
        background: A `Background`, or `#rrggbb`.
        remove_background: True to cut the avatar out; the look must have been trained for it.
        output_format: mp4 (default), or webm, which is transparent and takes no background.
        motion_prompt: Description of the avatar's motion; not with avatar_iii.
        expressiveness: high, medium or low; for photo looks on avatar_iv only.
        caption: Settings of subtitles.
        watermark: Image over the video; Enterprise only.
        engine: avatar_iii (cheaper), avatar_iv (default) or avatar_v, or an engine value; the look must support it.
        brand_glossary_id: Id of a brand glossary: the pronunciation of your brand's words.
        title: Title of the video at HeyGen.
        folder_id: Id of the video's folder.
        callback_url: Address that HeyGen calls, unsigned, when the video ends.
        callback_id: Your id, which HeyGen repeats in that call.
        extra: Fields and words newer than this version, by name: sent as they are, also in place of a known field.

    Source: `POST /v3/videos`, `type: avatar`.
    """

    kind: ClassVar[Literal["avatar"]] = "avatar"
    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar")

    avatar_id: str = attrs.field(validator=sendable_text(required=True))
    engine: Engine | None = attrs.field(default=None, converter=as_engine, validator=engine)

    def __attrs_post_init__(self) -> None:
        """Check the fields against each other."""
        super().__attrs_post_init__()
        if isinstance(self.engine, AvatarIII) and self.motion_prompt is not None:
            reason = "must be absent with engine avatar_iii: leave it out, or take avatar_iv or avatar_v"
            refuse(self, "motion_prompt", self.motion_prompt, reason)
        if isinstance(self.engine, AvatarIII | AvatarV) and self.expressiveness is not None:
            refuse(self, "expressiveness", self.expressiveness, "works with engine avatar_iv only: leave it out")


@attrs.frozen(kw_only=True, repr=False, field_transformer=required_first)
class ImageVideo(_Spoken):
    """A video of a person in a picture who speaks your script. Costs 0.05 US dollars a second.

    The fields are those of `DirectVideo`, with these differences: `image` (a file, or an https address) takes the
    place of `avatar_id`, there is no `engine`, and a script needs a `voice_id`.

    Source: `POST /v3/videos`, `type: image`.
    """

    kind: ClassVar[Literal["image"]] = "image"
    wire_tag: ClassVar[tuple[str, str]] = ("type", "image")

    image: Asset = attrs.field(converter=as_asset, validator=asset(*STILLS, at_most_mb=_IMAGE_MB))

    def __attrs_post_init__(self) -> None:
        """Check the fields against each other."""
        super().__attrs_post_init__()
        if self.script is not None and self.voice_id is None:
            refuse(self, "voice_id", None, "a script needs a voice: a picture has none of its own")


def _look_ids(value: Sequence[str] | str) -> Any:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


@attrs.frozen(kw_only=True, repr=False)
class CinematicAvatar(ShortRepr):
    """A shot of one to three looks that your prompt describes, without speech. Costs 7 US dollars.

    Attributes:
        prompt: Description of the shot: 1 to 10,000 characters.
        avatar_id: Ids of 1 to 3 looks; a single id is accepted without a list.
        references: Images and videos for style and motion; https addresses are accepted too. Looks and references
            together: at most 3 videos and 9 images. This class checks their number, and the kind of those whose name
            or media type has it.
        aspect_ratio: 16:9 (HeyGen's default), 9:16 or 1:1.
        resolution: 720p (default) or 1080p.
        duration: Length in whole seconds, 4 to 15; default 10. Not with `auto_duration`.
        auto_duration: True to let HeyGen choose the length; default False.
        enhance_prompt: True to let HeyGen expand the prompt; default False.
        title: Title of the video at HeyGen.
        folder_id: Id of the video's folder.
        callback_url: In HeyGen's guide and examples, so it can be given. HeyGen's schema and `plan` refuse it: leave it
            out, and use registered webhooks.
        callback_id: As `callback_url`.
        wire_type: `cinematic_avatar`, or `avatar_shots` for servers of early June 2026.
        extra: Fields and words newer than this version, by name: sent as they are, also in place of a known field.

    Source: `POST /v3/videos`, `type: cinematic_avatar`.
    """

    kind: ClassVar[Literal["cinematic_avatar"]] = "cinematic_avatar"
    path: ClassVar[str] = "/v3/videos"
    takes_key: ClassVar[bool] = True

    prompt: str = attrs.field(validator=sendable_text(PROMPT_CHARACTERS, required=True), repr=False)
    avatar_id: tuple[str, ...] = attrs.field(
        converter=_look_ids, validator=list_of(sendable_text(required=True), 1, 3, required=True)
    )
    references: tuple[Asset, ...] | None = attrs.field(
        default=None,
        converter=as_assets,
        validator=list_of(asset(), 0, _VIDEOS + _IMAGES),
    )
    aspect_ratio: choices.CinematicRatio | None = choice(choices.CinematicRatio)
    resolution: choices.CinematicResolution | None = choice(choices.CinematicResolution)
    duration: int | None = attrs.field(default=None, validator=between(4, 15, whole=True))
    auto_duration: bool | None = attrs.field(default=None, validator=boolean())
    enhance_prompt: bool | None = attrs.field(default=None, validator=boolean())
    title: str | None = _optional_label()
    folder_id: str | None = _optional_text()
    callback_url: str | None = _optional_url()
    callback_id: str | None = _optional_text()
    wire_type: choices.CinematicType = choice(choices.CinematicType, default="cinematic_avatar")
    extra: Mapping[str, Any] | None = extra_fields()

    @property
    def wire_tag(self) -> tuple[str, str]:
        """The value of `type` in the request."""
        return "type", self.wire_type

    def __attrs_post_init__(self) -> None:
        """Check the fields against each other."""
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
    """Return image or video by the media type or the name; None if neither has it."""
    if isinstance(reference, AssetBase64):
        return reference.media_type.partition("/")[0].lower()
    ending = reference.url.partition("?")[0].lower() if isinstance(reference, AssetUrl) else ""
    if ending.endswith((".mp4", ".webm", ".mov")):
        return "video"
    return "image" if ending.endswith((".png", ".jpg", ".jpeg")) else None


VideoRequest = VideoAgent | DirectVideo | ImageVideo | CinematicAvatar

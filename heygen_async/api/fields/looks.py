"""Parts that the modes share: voices, engines, backgrounds, captions, watermarks, media."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import attrs

from heygen_async.api.fields.rules import Rule, each, one_of, refuse, switch, text, url, within

STILLS = ("image/png", "image/jpeg", "image/jpg")
_MEGABYTE = 1024 * 1024
_HOST = re.compile(r"https?://[^\s/?#\[\]]", re.IGNORECASE)
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+", re.IGNORECASE)


def _sendable(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse text that UTF-8 cannot carry: half a character, as a file read in the wrong encoding leaves behind."""
    try:
        _ = value.isascii() or value.encode()
    except UnicodeEncodeError:
        refuse(owner, attribute.name, value, "holds half a character (a lone surrogate): read its source as UTF-8")


def _all_of(*rules: Rule, required: bool = False) -> Rule:
    """Apply *rules* in turn; None, which most fields of most requests are, passes at once unless required."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None or required:
            for rule in rules:
                rule(owner, attribute, value)

    return check


def words(at_most: int | None = None, *, required: bool = False) -> Rule:
    """Accept text that is not blank, of up to *at_most* characters."""
    return _all_of(text(at_most, required=required), _sendable, required=required)


def label() -> Rule:
    """Accept any text, a blank one too."""
    return _all_of(each(str), _sendable)


def _hosted(owner: Any, attribute: attrs.Attribute[Any], value: str) -> None:
    if _HOST.match(value) is None:
        refuse(owner, attribute.name, value, "must be an address with a host, such as https://example.com/file")


def address(*, required: bool = False) -> Rule:
    """Accept an http or https address."""
    return _all_of(each(str, required=required), url(), _hosted, _sendable, required=required)


def _base64(owner: Any, attribute: attrs.Attribute[Any], value: str) -> None:
    try:
        base64.b64decode(value, validate=True)
    except ValueError:
        reason = "is not base64: give base64.b64encode(content).decode(), without data: prefix and line breaks"
        refuse(owner, attribute.name, value, reason)


def _media_type(owner: Any, attribute: attrs.Attribute[Any], value: str) -> None:
    if _MEDIA_TYPE.fullmatch(value) is None:
        refuse(owner, attribute.name, value, "must be a media type such as image/png")


@attrs.frozen(kw_only=True)
class AssetUrl:
    """A file behind a public address. Source: `AssetUrl`."""

    wire_tag: ClassVar[tuple[str, str]] = ("type", "url")
    url: str = attrs.field(validator=address(required=True), repr=False)


@attrs.frozen(kw_only=True)
class AssetId:
    """A file that was uploaded to HeyGen: dependable where foreign servers block its fetcher. Source: `AssetId`."""

    wire_tag: ClassVar[tuple[str, str]] = ("type", "asset_id")
    asset_id: str = attrs.field(validator=words(required=True))


@attrs.frozen(kw_only=True)
class AssetBase64:
    """A small file inside the request. Source: `AssetBase64`.

    Attributes:
        data: In base64, without a `data:` prefix.
        media_type: Such as `image/png`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "base64")
    data: str = attrs.field(validator=[text(required=True), _base64], repr=False)
    media_type: str = attrs.field(validator=[text(required=True), _media_type])

    @property
    def size_bytes(self) -> int:
        """The file's size."""
        return len(self.data) * 3 // 4 - self.data[-2:].count("=")


Asset = AssetUrl | AssetId | AssetBase64


def as_asset(value: Asset | str) -> Any:
    """Take an http(s) address for a file behind it."""
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        return AssetUrl(url=value)
    return value


def as_assets(value: Sequence[Asset | str] | None) -> Any:
    """Take a list, with addresses among its items, for a tuple of files."""
    return tuple(as_asset(item) for item in value) if isinstance(value, list | tuple) else value


def asset(*media_types: str, at_most_mb: int | None = None) -> Rule:
    """Accept a file; of one inside the request also its type and size are known."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, Asset):
            reason = "must be an AssetUrl, AssetId or AssetBase64, or an address such as https://example.com/file"
            refuse(owner, attribute.name, value, reason)
        if not isinstance(value, AssetBase64):
            return
        if media_types and value.media_type.lower() not in media_types:
            refuse(owner, attribute.name, value.media_type, f"must be {' or '.join(media_types)}")
        if at_most_mb is not None and value.size_bytes > at_most_mb * _MEGABYTE:
            reason = f"must be at most {at_most_mb} MB: upload it and give an AssetId"
            refuse(owner, attribute.name, f"{value.size_bytes:,} bytes", reason)

    return check


@attrs.frozen(kw_only=True)
class ElevenLabsSettings:
    """Tuning of an ElevenLabs voice.

    Attributes:
        model: eleven_multilingual_v2, eleven_turbo_v2_5, eleven_flash_v2_5 or eleven_v3.
        stability: 0 to 1; with eleven_v3 only 0, 0.5 or 1.
        similarity_boost: 0 to 1.
        style: 0 to 1.
        use_speaker_boost: On or off.

    Source: `ElevenLabsEngineSettings`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("engine_type", "elevenlabs")
    model: str | None = attrs.field(
        default=None,
        validator=one_of("eleven_multilingual_v2", "eleven_turbo_v2_5", "eleven_flash_v2_5", "eleven_v3"),
    )
    stability: float | None = attrs.field(default=None, validator=within(0, 1))
    similarity_boost: float | None = attrs.field(default=None, validator=within(0, 1))
    style: float | None = attrs.field(default=None, validator=within(0, 1))
    use_speaker_boost: bool | None = attrs.field(default=None, validator=switch())

    def __attrs_post_init__(self) -> None:
        """Check what two fields say together."""
        if self.model == "eleven_v3" and self.stability not in {None, 0, 0.5, 1}:
            refuse(self, "stability", self.stability, "must be 0, 0.5 or 1 with model eleven_v3")


@attrs.frozen(kw_only=True)
class FishSettings:
    """Tuning of a Fish voice: model s1 (HeyGen's default) or s2-pro, stability and similarity 0 to 1.

    Source: `FishEngineSettings`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("engine_type", "fish")
    model: str | None = attrs.field(default=None, validator=one_of("s1", "s2-pro"))
    stability: float | None = attrs.field(default=None, validator=within(0, 1))
    similarity: float | None = attrs.field(default=None, validator=within(0, 1))


@attrs.frozen(kw_only=True)
class StarfishSettings:
    """A Starfish voice has nothing to tune. Source: `StarfishEngineSettings`."""

    wire_tag: ClassVar[tuple[str, str]] = ("engine_type", "starfish")


@attrs.frozen(kw_only=True)
class VoiceSettings:
    """Tuning of the spoken voice; it has an effect on a script only, not on supplied audio.

    Attributes:
        speed: Multiple of normal speed, 0.5 to 1.5; HeyGen's default is 1.
        pitch: Semitones, -50 to 50; default 0.
        volume: 0 to 1; default 1.
        locale: Such as `pt-BR`, for voices that support it.
        engine_settings: Of the engine behind the voice; another engine's are refused by HeyGen.

    Source: `voice_settings` of `POST /v3/videos`.
    """

    speed: float | None = attrs.field(default=None, validator=within(0.5, 1.5))
    pitch: float | None = attrs.field(default=None, validator=within(-50, 50))
    volume: float | None = attrs.field(default=None, validator=within(0, 1))
    locale: str | None = attrs.field(default=None, validator=words())
    engine_settings: ElevenLabsSettings | FishSettings | StarfishSettings | None = attrs.field(
        default=None, validator=each(ElevenLabsSettings, FishSettings, StarfishSettings)
    )


@attrs.frozen(kw_only=True)
class AvatarIII:
    """The third engine: no motion prompt, no expressiveness; 4k not for photo looks."""

    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar_iii")


@attrs.frozen(kw_only=True)
class AvatarIV:
    """The fourth engine, HeyGen's default."""

    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar_iv")


@attrs.frozen(kw_only=True)
class AvatarV:
    """The fifth engine.

    Attributes:
        reference_look_id: A digital twin look of the same avatar group, with consent, whose motion is copied.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar_v")
    reference_look_id: str | None = attrs.field(default=None, validator=words())


Engine = AvatarIII | AvatarIV | AvatarV
_ENGINES: Mapping[str, type[Engine]] = {"avatar_iii": AvatarIII, "avatar_iv": AvatarIV, "avatar_v": AvatarV}


_ENGINE_NAME, _ENGINE_VALUE = one_of(*_ENGINES), each(AvatarIII, AvatarIV, AvatarV)


def as_engine(value: Engine | str | None) -> Any:
    """Take an engine's name for the engine."""
    return _ENGINES[value]() if isinstance(value, str) and value in _ENGINES else value


def engine(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Accept an engine; whatever is still text here is a name that nobody knows."""
    (_ENGINE_NAME if isinstance(value, str) else _ENGINE_VALUE)(owner, attribute, value)


@attrs.frozen(kw_only=True)
class Background:
    """What is behind the avatar: `Background.color("#112233")` or `Background.image(url=...)`.

    Attributes:
        type: `color` or `image`.
        value: `#rrggbb`, for a color.
        url: Of an image; or
        asset_id: of an uploaded one.

    Source: `BackgroundSetting`.
    """

    type: Literal["color", "image"] = attrs.field(validator=one_of("color", "image"))
    value: str | None = attrs.field(default=None, validator=each(str))
    url: str | None = attrs.field(default=None, validator=address(), repr=False)
    asset_id: str | None = attrs.field(default=None, validator=words())

    def __attrs_post_init__(self) -> None:
        """Check that the fields fit the type."""
        (self._check_color if self.type == "color" else self._check_image)()

    def _check_color(self) -> None:
        if self.value is None or _COLOR.fullmatch(self.value) is None:
            refuse(self, "value", self.value, "must be a color as #rrggbb")
        for name in ("url", "asset_id"):
            if getattr(self, name) is not None:
                refuse(self, name, getattr(self, name), "a color has none: leave it out, or take Background.image")

    def _check_image(self) -> None:
        if self.value is not None:
            refuse(self, "value", self.value, "an image has none: leave it out, or take Background.color")
        if (self.url is None) == (self.asset_id is None):
            reason = (
                f"{'neither' if self.url is None else 'both'} given: an image needs exactly one of url and asset_id"
            )
            refuse(self, "url", self.url, reason)

    @classmethod
    def color(cls, value: str) -> Background:
        """Return a plain color, `#rrggbb`."""
        return cls(type="color", value=value)

    @classmethod
    def image(cls, *, url: str | None = None, asset_id: str | None = None) -> Background:
        """Return an image, by its address or by the id of an uploaded one."""
        return cls(type="image", url=url, asset_id=asset_id)


def as_background(value: Background | str | None) -> Any:
    """Take `#rrggbb` for a color."""
    return Background.color(value) if isinstance(value, str) and _COLOR.fullmatch(value) else value


def background(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Accept a background; whatever is still text here is no color."""
    if value is not None and not isinstance(value, Background):
        refuse(owner, attribute.name, value, "must be a Background or a color as #rrggbb")


@attrs.frozen(kw_only=True)
class Caption:
    """Subtitles: a file beside the video, and burned in as well if a style is given.

    Attributes:
        file_format: `srt`, the only one and HeyGen's default.
        style: `default` burns them in.

    Source: `CaptionSetting`.
    """

    file_format: str | None = attrs.field(default=None, validator=one_of("srt"))
    style: str | None = attrs.field(default=None, validator=one_of("default"))


@attrs.frozen(kw_only=True)
class WatermarkPlacement:
    """Where a watermark stands: a corner and offsets from it, -1 to 1. Source: `WatermarkPlacement`."""

    position: str | None = attrs.field(
        default=None, validator=one_of("top_left", "top_right", "bottom_left", "bottom_right")
    )
    offset_x: float | None = attrs.field(default=None, validator=within(-1, 1))
    offset_y: float | None = attrs.field(default=None, validator=within(-1, 1))


@attrs.frozen(kw_only=True)
class Watermark:
    """A mark over the video; Enterprise only.

    Attributes:
        image: PNG or JPEG; a plain https address will do.
        scale: Above 0, up to 2; HeyGen's default is 1.
        opacity: 0 to 1; default 1.
        placement: Default bottom right.

    Source: `WatermarkInput`.
    """

    image: Asset = attrs.field(converter=as_asset, validator=asset(*STILLS))
    scale: float | None = attrs.field(default=None, validator=within(0, 2, open_below=True))
    opacity: float | None = attrs.field(default=None, validator=within(0, 1))
    placement: WatermarkPlacement | None = attrs.field(default=None, validator=each(WatermarkPlacement))

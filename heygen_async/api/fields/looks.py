"""Values that the modes share: engines, backgrounds, captions, watermarks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

import attrs

from heygen_async.api.fields.assets import STILLS, Asset, address, as_asset, asset
from heygen_async.api.fields.choices import CaptionFormat, CaptionStyle, Corner, EngineName
from heygen_async.api.fields.rules import (
    between,
    choice,
    instance_of,
    one_of,
    refuse,
    sendable_text,
)
from heygen_async.reprs import ShortRepr

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


@attrs.frozen(kw_only=True, repr=False)
class AvatarIII(ShortRepr):
    """The third engine. It takes no motion prompt and no expressiveness, and has no 4k for photo looks."""

    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar_iii")


@attrs.frozen(kw_only=True, repr=False)
class AvatarIV(ShortRepr):
    """The fourth engine, HeyGen's default."""

    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar_iv")


@attrs.frozen(kw_only=True, repr=False)
class AvatarV(ShortRepr):
    """The fifth engine.

    Attributes:
        reference_look_id: Id of a digital twin look, with consent, of the same avatar group; its motion is copied.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "avatar_v")
    reference_look_id: str | None = attrs.field(default=None, validator=sendable_text())


Engine = AvatarIII | AvatarIV | AvatarV
ENGINES: Mapping[str, type[Engine]] = {"avatar_iii": AvatarIII, "avatar_iv": AvatarIV, "avatar_v": AvatarV}
_ENGINE_NAME, _ENGINE_VALUE = one_of(*get_args(EngineName)), instance_of(AvatarIII, AvatarIV, AvatarV)


def as_engine(value: Engine | EngineName | None) -> Any:
    """Turn an engine's name into the engine; return other values unchanged."""
    return ENGINES[value]() if isinstance(value, str) and value in ENGINES else value


def engine(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Accept an engine. Text is an unknown name, because `as_engine` has turned known ones into engines."""
    (_ENGINE_NAME if isinstance(value, str) else _ENGINE_VALUE)(owner, attribute, value)


@attrs.frozen(kw_only=True, repr=False)
class Background(ShortRepr):
    """The background of the avatar: `Background.color("#112233")` or `Background.image(url=...)`.

    Attributes:
        type: `color` or `image`.
        value: `#rrggbb`, for a color.
        url: Address of an image.
        asset_id: Asset id of an uploaded image. An image needs exactly one of url and asset_id.

    Source: `BackgroundSetting`.
    """

    type: Literal["color", "image"] = attrs.field(validator=one_of("color", "image"))
    value: str | None = attrs.field(default=None, validator=instance_of(str))
    url: str | None = attrs.field(default=None, validator=address(), repr=False)
    asset_id: str | None = attrs.field(default=None, validator=sendable_text())

    def __attrs_post_init__(self) -> None:
        """Check the fields against the type."""
        (self._check_color if self.type == "color" else self._check_image)()

    def _check_color(self) -> None:
        if self.value is None or _COLOR.fullmatch(self.value) is None:
            refuse(self, "value", self.value, "must be a color as #rrggbb")
        for name in ("url", "asset_id"):
            if getattr(self, name) is not None:
                refuse(self, name, getattr(self, name), "a color has none: leave it out, or use Background.image")

    def _check_image(self) -> None:
        if self.value is not None:
            refuse(self, "value", self.value, "an image has none: leave it out, or use Background.color")
        if (self.url is None) == (self.asset_id is None):
            reason = (
                f"{'neither' if self.url is None else 'both'} given: an image needs exactly one of url and asset_id"
            )
            refuse(self, "url", self.url, reason)

    @classmethod
    def color(cls, value: str) -> Background:
        """Return a background of one color, `#rrggbb`."""
        return cls(type="color", value=value)

    @classmethod
    def image(cls, *, url: str | None = None, asset_id: str | None = None) -> Background:
        """Return a background image, by its address or by the id of an uploaded asset."""
        return cls(type="image", url=url, asset_id=asset_id)


def as_background(value: Background | str | None) -> Any:
    """Turn `#rrggbb` into a background; return other values unchanged."""
    return Background.color(value) if isinstance(value, str) and _COLOR.fullmatch(value) else value


def background(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Accept a background. Text is refused, because `as_background` has turned colors into values."""
    if value is not None and not isinstance(value, Background):
        refuse(owner, attribute.name, value, "must be a Background or a color as #rrggbb")


@attrs.frozen(kw_only=True, repr=False)
class Caption(ShortRepr):
    """Subtitles as a file, and burned into the video if a style is given.

    Attributes:
        file_format: `srt`, the only format and HeyGen's default.
        style: `default` burns the subtitles in.

    Source: `CaptionSetting`.
    """

    file_format: CaptionFormat | None = choice(CaptionFormat)
    style: CaptionStyle | None = choice(CaptionStyle)


@attrs.frozen(kw_only=True, repr=False)
class WatermarkPlacement(ShortRepr):
    """The place of a watermark: a corner and offsets from it, -1 to 1. Source: `WatermarkPlacement`."""

    position: Corner | None = choice(Corner)
    offset_x: float | None = attrs.field(default=None, validator=between(-1, 1))
    offset_y: float | None = attrs.field(default=None, validator=between(-1, 1))


@attrs.frozen(kw_only=True, repr=False)
class Watermark(ShortRepr):
    """An image over the video; Enterprise only.

    Attributes:
        image: A PNG or JPEG; an https address is accepted too.
        scale: Factor of the size, above 0 and up to 2; HeyGen's default is 1.
        opacity: 0 to 1; HeyGen's default is 1.
        placement: Place of the image; HeyGen's default is bottom right.

    Source: `WatermarkInput`.
    """

    image: Asset = attrs.field(converter=as_asset, validator=asset(*STILLS))
    scale: float | None = attrs.field(default=None, validator=between(0, 2, open_below=True))
    opacity: float | None = attrs.field(default=None, validator=between(0, 1))
    placement: WatermarkPlacement | None = attrs.field(default=None, validator=instance_of(WatermarkPlacement))

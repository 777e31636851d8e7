"""Parts that the modes share: voices, engines, backgrounds, captions, watermarks, media."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import attrs

from heygen_async.api.fields.assets import STILLS, Asset, address, as_asset, asset
from heygen_async.api.fields.rules import (
    each,
    one_of,
    refuse,
    within,
    words,
)

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


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
    """The background of the avatar: `Background.color("#112233")` or `Background.image(url=...)`.

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

"""Files in requests: `AssetUrl`, `AssetId`, `AssetBase64`."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs

from heygen_async.api.fields.rules import (
    Rule,
    all_of,
    instance_of,
    refuse,
    sendable,
    sendable_text,
    text,
    url,
)
from heygen_async.reprs import ShortRepr

STILLS = ("image/png", "image/jpeg", "image/jpg")

_MEGABYTE = 1024 * 1024
_HOST = re.compile(r"https?://[^\s/?#\[\]]", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+", re.IGNORECASE)


def _hosted(owner: Any, attribute: attrs.Attribute[Any], value: str) -> None:
    if _HOST.match(value) is None:
        refuse(owner, attribute.name, value, "must be an address with a host, such as https://example.com/file")


def address(*, required: bool = False) -> Rule:
    """Accept an http or https address."""
    return all_of(instance_of(str, required=required), url(), _hosted, sendable, required=required)


def _base64(owner: Any, attribute: attrs.Attribute[Any], value: str) -> None:
    try:
        base64.b64decode(value, validate=True)
    except ValueError:
        reason = "is not base64: give base64.b64encode(content).decode(), without data: prefix and line breaks"
        refuse(owner, attribute.name, value, reason)


def _media_type(owner: Any, attribute: attrs.Attribute[Any], value: str) -> None:
    if _MEDIA_TYPE.fullmatch(value) is None:
        refuse(owner, attribute.name, value, "must be a media type such as image/png")


@attrs.frozen(kw_only=True, repr=False)
class AssetUrl(ShortRepr):
    """A file at a public address. Source: `AssetUrl`."""

    wire_tag: ClassVar[tuple[str, str]] = ("type", "url")
    url: str = attrs.field(validator=address(required=True), repr=False)


@attrs.frozen(kw_only=True, repr=False)
class AssetId(ShortRepr):
    """A file that was uploaded to HeyGen. Use it if the file's server blocks HeyGen's downloads. Source: `AssetId`."""

    wire_tag: ClassVar[tuple[str, str]] = ("type", "asset_id")
    asset_id: str = attrs.field(validator=sendable_text(required=True))


@attrs.frozen(kw_only=True, repr=False)
class AssetBase64(ShortRepr):
    """A small file inside the request. Source: `AssetBase64`.

    Attributes:
        data: Content in base64, without a `data:` prefix.
        media_type: Media type, such as `image/png`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("type", "base64")
    data: str = attrs.field(validator=[text(required=True), _base64], repr=False)
    media_type: str = attrs.field(validator=[text(required=True), _media_type])

    @property
    def size_bytes(self) -> int:
        """Size of the file in bytes."""
        return len(self.data) * 3 // 4 - self.data[-2:].count("=")


Asset = AssetUrl | AssetId | AssetBase64


def as_asset(value: Asset | str) -> Any:
    """Turn an http(s) address into an `AssetUrl`; return other values unchanged."""
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        return AssetUrl(url=value)
    return value


def as_assets(value: Sequence[Asset | str] | None) -> Any:
    """Turn a list of files or addresses into a tuple of files; return other values unchanged."""
    return tuple(as_asset(item) for item in value) if isinstance(value, list | tuple) else value


def asset(*media_types: str, at_most_mb: int | None = None) -> Rule:
    """Accept a file. Media type and size are checked if the file is inside the request."""

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

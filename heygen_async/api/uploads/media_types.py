"""Media types: the type of a file by its first bytes, and HeyGen's limits for it. No I/O.

HeyGen also decides by the bytes, not by the name: a JPEG named `logo.png` is a JPEG.
"""

from __future__ import annotations

import re
from typing import Literal

import attrs

from heygen_async import file_signatures
from heygen_async.errors import InvalidInputError
from heygen_async.http.multipart import MOST_BYTES as FORM_BYTES

HEAD_BYTES = 512  # enough to detect every type below
Purpose = Literal["any", "videos"]

_MEGABYTE = 1024 * 1024
# Types that `POST /v3/assets` takes, with the extension for a file without one. Source: `UploadAssetForm`.
_ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "application/pdf": ".pdf",
    "application/x-subrip": ".srt",
}
_ZIP = "application/zip"  # for direct uploads only
# Limits of files that are used in videos. Source: docs/usage-limits.
_MOST_IN_VIDEOS = {"image": 50 * _MEGABYTE, "audio": 50 * _MEGABYTE, "video": 100 * _MEGABYTE}

# Formats that are told apart, to say what to convert them to. Of others, the caller must name the type.
_KNOWN = (
    frozenset({*_ENDINGS, _ZIP, "text/html"})
    .union(f"image/{name}" for name in ("gif", "webp", "bmp", "tiff", "heic", "avif"))
    .union(f"audio/{name}" for name in ("aac", "flac", "mp4", "ogg"))
    .union(f"video/{name}" for name in ("quicktime", "x-matroska", "x-msvideo"))
)
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")


@attrs.frozen(kw_only=True)
class Media:
    """Type, name and route of a file that HeyGen takes.

    Attributes:
        media_type: Media type, such as `video/mp4`.
        filename: File name with an extension.
        as_form: True if the file can be sent in a form to HeyGen; else it is sent directly to the storage.
    """

    media_type: str
    filename: str
    as_form: bool


def media_of(
    subject: str,
    head: bytes,
    size_bytes: int,
    *,
    filename: str | None = None,
    media_type: str | None = None,
    purpose: Purpose = "any",
) -> Media:
    """Return type, name and route of a file.

    Args:
        subject: Name of the file in messages.
        head: The first `HEAD_BYTES` of the file.
        size_bytes: Exact size.
        filename: Name that the file gets at HeyGen.
        media_type: Declared media type; needed only for types that are not detected here.
        purpose: "videos" checks HeyGen's limits for files that are used in videos.

    Raises:
        InvalidInputError: The file is empty, of a type that HeyGen does not take, not of the declared type, or too
            large.
    """
    if size_bytes == 0:
        raise InvalidInputError(f"{subject}: 0 bytes; HeyGen takes no empty file: give a file with content")
    detected = media_type_of(head)
    kind = _checked_type(subject, detected, media_type)
    _check_size(subject, kind, size_bytes, purpose)
    name = _safe_filename(filename or "upload")
    ending = _ENDINGS.get(kind, "")
    return Media(
        media_type=kind,
        filename=name if "." in name else name + ending,
        # HeyGen detects the type of a file in a form by its bytes, so they must show it.
        as_form=detected in _ENDINGS and size_bytes <= FORM_BYTES,
    )


def media_type_of(head: bytes) -> str | None:
    """Return the media type of a file by its first bytes; None if they are of no type known here."""
    return file_signatures.media_type_of(head, _KNOWN)


def _checked_type(subject: str, detected: str | None, declared: str | None) -> str:
    declared = None if declared is None else _normalized(declared)
    if declared is not None and detected not in {None, declared}:
        raise InvalidInputError(
            f"{subject}: media_type is {declared}, but the first bytes are those of {detected}; leave media_type out, "
            "or give the right file"
        )
    kind = declared or detected
    if kind is None:
        raise InvalidInputError(
            f"{subject}: its first bytes are of no known type; HeyGen takes png, jpeg, mp4, webm, mp3, wav, pdf and "
            "srt: convert it, or give media_type=... if you know its type"
        )
    if declared is None and kind not in _ENDINGS and kind != _ZIP:
        raise InvalidInputError(
            f"{subject}: {kind}, which HeyGen does not take; convert it to {_target_format(kind)}, or give "
            f"media_type={kind!r} to try it all the same"
        )
    return kind


def _normalized(declared: str) -> str:
    kind = declared.lower()
    kind = {"image/jpg": "image/jpeg", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav"}.get(kind, kind)
    if _MEDIA_TYPE.fullmatch(kind) is None:
        raise InvalidInputError(f"media_type: {declared!r:.60}; must be a media type such as image/png")
    return kind


def _target_format(kind: str) -> str:
    whole, _, _ = kind.partition("/")
    return {"image": "png or jpeg", "audio": "mp3 or wav", "video": "mp4"}.get(whole, "a file; this is a page")


def _check_size(subject: str, kind: str, size_bytes: int, purpose: Purpose) -> None:
    whole, _, _ = kind.partition("/")
    most = _MOST_IN_VIDEOS.get(whole) if purpose == "videos" else None
    if most is not None and size_bytes > most:
        raise InvalidInputError(
            f"{subject}: {size_bytes:,} bytes; {whole} in a video has at most {most:,}: make it smaller"
        )


def _safe_filename(name: str) -> str:
    """Return a name that can be written in a form: without folders, quotes and line breaks."""
    name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return re.sub(r'["\x00-\x1f\x7f]', "_", name).encode(errors="replace").decode()[-200:] or "upload"

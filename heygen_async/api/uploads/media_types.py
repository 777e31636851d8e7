"""Media types: a file's type by its first bytes, and the limits of HeyGen for it. No I/O.

HeyGen looks at the bytes too, and not at the name: a JPEG that is called `logo.png` is a JPEG.
"""

from __future__ import annotations

import re
from typing import Literal

import attrs

from heygen_async.errors import InvalidInputError
from heygen_async.http.multipart import MOST_BYTES as FORM_BYTES

HEAD_BYTES = 512  # enough to tell
Purpose = Literal["any", "videos"]

_MEGABYTE = 1024 * 1024
# What `POST /v3/assets` takes, with the ending that a file without one is given. Source: `UploadAssetForm`.
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
_ZIP = "application/zip"  # named as a type of direct uploads only
# Of what goes into a video. Source: docs/usage-limits.
_MOST_IN_VIDEOS = {"image": 50 * _MEGABYTE, "audio": 50 * _MEGABYTE, "video": 100 * _MEGABYTE}

_STARTS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", _ZIP),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (8, b"WEBP", "image/webp"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
)
# Brands of files that begin like an MP4 and are none (ISO/IEC 14496-12, 4.3).
_BRANDS = {
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"avif": "image/avif",
}
_SYNC = 0xE0  # an MPEG frame begins with eleven ones
_SRT = re.compile(rb"(?:\xef\xbb\xbf)?\s*\d+\s*\r?\n\s*\d{1,2}:\d{2}:\d{2}[,.]\d{1,3}\s*-->")
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")


@attrs.frozen(kw_only=True)
class Media:
    """A file that HeyGen takes.

    Attributes:
        media_type: Such as `video/mp4`.
        filename: With an ending.
        as_form: True if it can come with its request; else it goes directly to the storage.
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
    """Return what a file is.

    Args:
        subject: What it is called in messages.
        head: Its first `HEAD_BYTES`.
        size_bytes: Exactly.
        filename: As it is to be called at HeyGen.
        media_type: What it is said to be; needed only for types that are not known here.
        purpose: "videos": it goes into a video, which has limits of its own.

    Raises:
        InvalidInputError: It is empty, of a type that HeyGen does not take, not what it is said to be, or too large.
    """
    if size_bytes == 0:
        raise InvalidInputError(f"{subject}: 0 bytes; HeyGen takes no empty file: give one with something in it")
    found = sniffed(head)
    kind = _type_of(subject, found, media_type)
    _check_size(subject, kind, size_bytes, purpose)
    name = _safe(filename or "upload")
    ending = _ENDINGS.get(kind, "")
    return Media(
        media_type=kind,
        filename=name if "." in name else name + ending,
        # With a form there is nothing but the bytes to tell the type.
        as_form=found in _ENDINGS and size_bytes <= FORM_BYTES,
    )


def sniffed(head: bytes) -> str | None:
    """Return the media type that a file's first bytes tell; None if they tell none that is known here."""
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/x-matroska" if b"matroska" in head[:64] else "video/webm"
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & _SYNC == _SYNC:
        return _frame(head[1])
    if _SRT.match(head):
        return "application/x-subrip"
    if _HTML.match(head):
        return "text/html"
    return next((kind for at, start, kind in _STARTS if head[at : at + len(start)] == start), None)


def _frame(second: int) -> str | None:
    """Return what sound without a container is, by the layer in its first frame: III is MP3, none is AAC."""
    return {0b00: "audio/aac", 0b01: "audio/mpeg"}.get(second >> 1 & 0b11)


def _type_of(subject: str, found: str | None, said: str | None) -> str:
    said = None if said is None else _checked(said)
    if said is not None and found not in {None, said}:
        raise InvalidInputError(
            f"{subject}: said to be {said}, and its first bytes are those of {found}; leave media_type out, or give "
            "the file that you mean"
        )
    kind = said or found
    if kind is None:
        raise InvalidInputError(
            f"{subject}: its first bytes are of no known type; HeyGen takes png, jpeg, mp4, webm, mp3, wav, pdf and "
            "srt: convert it, or say media_type=... if you know better"
        )
    if said is None and kind not in _ENDINGS and kind != _ZIP:
        raise InvalidInputError(
            f"{subject}: {kind}, which HeyGen does not take; convert it to {_instead(kind)}, or say "
            f"media_type={kind!r} to try all the same"
        )
    return kind


def _checked(said: str) -> str:
    kind = said.lower()
    kind = {"image/jpg": "image/jpeg", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav"}.get(kind, kind)
    if _MEDIA_TYPE.fullmatch(kind) is None:
        raise InvalidInputError(f"media_type: {said!r:.60}; must be a media type such as image/png")
    return kind


def _instead(kind: str) -> str:
    whole, _, _ = kind.partition("/")
    return {"image": "png or jpeg", "audio": "mp3 or wav", "video": "mp4"}.get(whole, "a file; this is a page")


def _check_size(subject: str, kind: str, size_bytes: int, purpose: Purpose) -> None:
    whole, _, _ = kind.partition("/")
    most = _MOST_IN_VIDEOS.get(whole) if purpose == "videos" else None
    if most is not None and size_bytes > most:
        raise InvalidInputError(
            f"{subject}: {size_bytes:,} bytes; {whole} in a video has at most {most:,}: make it smaller"
        )


def _safe(name: str) -> str:
    """Return a name that can stand in a form: without folders, quotes and line breaks."""
    name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return re.sub(r'["\x00-\x1f\x7f]', "_", name).encode(errors="replace").decode()[-200:] or "upload"

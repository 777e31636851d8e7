"""Bytes that came in: measured and hashed while they come, kept only if they are few."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Protocol

import attrs

KEPT_BYTES = 1024 * 1024
HEAD_BYTES = 512
CHUNK_BYTES = 64 * 1024

# What a file of each type begins with, and where: HeyGen looks at the bytes, not at the name.
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"1\n00:", "application/x-subrip"),
    (0, b"1\r\n00:", "application/x-subrip"),
)


class ByteStream(Protocol):
    """What aiohttp's `StreamReader` does here."""

    def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """Yield parts of at most *n* bytes."""


@attrs.frozen(kw_only=True)
class ReceivedBody:
    """One object.

    Attributes:
        size_bytes: All of it.
        sha256: Of all of it.
        head: Its first bytes.
        content: All of it if it has at most `KEPT_BYTES`, else None: a world must not grow with its uploads.
    """

    size_bytes: int
    sha256: bytes
    head: bytes
    content: bytes | None

    @property
    def mime_type(self) -> str | None:
        """What it is, by its first bytes; None if that is no type that HeyGen takes."""
        found = (kind for at, start, kind in SIGNATURES if self.head[at : at + len(start)] == start)
        return next(found, None)

    @property
    def etag(self) -> str:
        """What a storage service would call it."""
        return f'"{self.sha256.hex()[:32]}"'

    def has_checksum(self, text: str) -> bool:
        """Whether *text* is its SHA-256, in hexadecimal digits or base64: which of them is not stated."""
        return text.lower() == self.sha256.hex() or text == base64.b64encode(self.sha256).decode()


async def receive(stream: ByteStream) -> ReceivedBody:
    """Read *stream* to its end, a part at a time."""
    digest, size, kept = hashlib.sha256(), 0, b""
    async for chunk in stream.iter_chunked(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
        if len(kept) <= KEPT_BYTES:
            kept += chunk
    content = kept if size <= KEPT_BYTES else None
    return ReceivedBody(size_bytes=size, sha256=digest.digest(), head=kept[:HEAD_BYTES], content=content)


def received(whole: bytes) -> ReceivedBody:
    """Return *whole*, which is in memory anyway, as an object."""
    content = whole if len(whole) <= KEPT_BYTES else None
    return ReceivedBody(
        size_bytes=len(whole), sha256=hashlib.sha256(whole).digest(), head=whole[:HEAD_BYTES], content=content
    )

"""Received files: measured and hashed while they arrive, kept only if they are small."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Protocol

import attrs

KEPT_BYTES = 1024 * 1024
HEAD_BYTES = 512
CHUNK_BYTES = 64 * 1024

# Offset, bytes and media type. HeyGen detects the type of a file by its bytes, not by its name.
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
    """The part of aiohttp's `StreamReader` that `receive` uses."""

    def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """Yield chunks of at most *n* bytes."""


@attrs.frozen(kw_only=True)
class ReceivedBody:
    """A received file.

    Attributes:
        size_bytes: Size in bytes.
        sha256: SHA-256 of the file.
        head: First bytes.
        content: The file if it has at most `KEPT_BYTES`, else None, so that memory does not grow with uploads.
    """

    size_bytes: int
    sha256: bytes
    head: bytes
    content: bytes | None

    @property
    def mime_type(self) -> str | None:
        """Media type by the first bytes; None if HeyGen does not accept the type."""
        found = (kind for at, start, kind in SIGNATURES if self.head[at : at + len(start)] == start)
        return next(found, None)

    @property
    def etag(self) -> str:
        """ETag of the file, as a storage service returns it."""
        return f'"{self.sha256.hex()[:32]}"'

    def has_checksum(self, text: str) -> bool:
        """Return True if *text* is the SHA-256, in hexadecimal or base64; the contract does not name the encoding."""
        return text.lower() == self.sha256.hex() or text == base64.b64encode(self.sha256).decode()


async def receive(stream: ByteStream) -> ReceivedBody:
    """Read *stream* to its end in chunks."""
    digest, size, kept = hashlib.sha256(), 0, b""
    async for chunk in stream.iter_chunked(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
        if len(kept) <= KEPT_BYTES:
            kept += chunk
    content = kept if size <= KEPT_BYTES else None
    return ReceivedBody(size_bytes=size, sha256=digest.digest(), head=kept[:HEAD_BYTES], content=content)


def received(whole: bytes) -> ReceivedBody:
    """Return *whole*, a file in memory, as a received file."""
    content = whole if len(whole) <= KEPT_BYTES else None
    return ReceivedBody(
        size_bytes=len(whole), sha256=hashlib.sha256(whole).digest(), head=whole[:HEAD_BYTES], content=content
    )

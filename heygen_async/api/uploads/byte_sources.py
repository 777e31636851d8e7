"""Sources of an upload's bytes: a path, bytes, an open file, or any async iterable of bytes.

No source but bytes is held in memory as a whole. A source of unknown size that can be read only once is copied to a
temporary file first, because the size must be known before the first byte is sent.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import io
import os
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

import anyio.to_thread
import attrs

from heygen_async.api.uploads.byte_readers import HandleChunks, PathChunks, StreamChunks
from heygen_async.api.uploads.media_types import HEAD_BYTES
from heygen_async.errors import InvalidInputError
from heygen_async.http.bodies import CHUNK_BYTES, Chunks
from heygen_async.http.multipart import MOST_BYTES

SourceLike: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | AsyncIterable[bytes]"

_HASHED_BYTES = 1024 * 1024  # hashed in one call to a thread


def _close_nothing() -> None:
    """Close a source that needs no closing."""


class OpenAt(Protocol):
    """Opens a source."""

    def __call__(self, start: int = 0) -> Chunks:
        """Return a reader that starts at byte *start*."""


@attrs.frozen(kw_only=True, eq=False)
class ByteSource:
    """A source of bytes whose size is known.

    Attributes:
        subject: Name of the source in messages.
        name: Name of the file, if it has one.
        size_bytes: Exact size.
        head: The first bytes.
        open: Returns a reader that starts at the first byte, or at the byte with the given offset. A source that can be
            read only once goes on where the last reader has ended.
        rereadable: True if `open` can be called more than once.
        close: Closes the source.
    """

    subject: str
    name: str | None
    size_bytes: int
    head: bytes = attrs.field(repr=False)
    open: OpenAt = attrs.field(repr=False)
    rereadable: bool = True
    close: Callable[[], None] = attrs.field(default=_close_nothing, repr=False)


@contextlib.asynccontextmanager
async def open_source(given: SourceLike, size: int | None = None) -> AsyncIterator[ByteSource]:
    """Open a source and yield it with its size and first bytes. No request is sent.

    Args:
        given: A path, bytes, a file open for reading bytes (read from its position), or an async iterable of bytes.
        size: Size in bytes, if it is known. Then a source of more than 32 MB that can be read only once is not copied
            to a temporary file: it is read while it is sent, and cannot be sent again if that fails.

    Raises:
        InvalidInputError: The source is of another type, does not exist, is not a file, or has another size.
    """
    if size is not None and size < 1:
        raise InvalidInputError(f"size: {size}; must be the exact number of bytes, or None if it is not known")
    source = await _source(given, size)
    try:
        if size not in {None, source.size_bytes}:
            raise InvalidInputError(
                f"size: {size:,} bytes; {source.subject} has {source.size_bytes:,}: leave size out for this source"
            )
        yield source
    finally:
        source.close()


async def sha256_of(source: ByteSource) -> str:
    """Return the SHA-256 of a rereadable source, in hex."""
    digest, chunks = hashlib.sha256(), source.open()
    pending = bytearray()
    try:
        while chunk := await chunks.receive():
            pending += chunk
            if len(pending) >= _HASHED_BYTES:
                await anyio.to_thread.run_sync(digest.update, pending)
                pending = bytearray()
    finally:
        chunks.close()
    digest.update(pending)
    return digest.hexdigest()


async def _source(given: SourceLike, size: int | None) -> ByteSource:
    if isinstance(given, bytes | bytearray | memoryview):
        return _of_bytes(bytes(given))
    if isinstance(given, str | os.PathLike):
        return await _of_path(given)
    if hasattr(given, "read") and not isinstance(given, AsyncIterable):
        return await _of_file(given, size)
    if isinstance(given, AsyncIterable):
        return await _of_stream(given.__aiter__(), size, name=None)
    raise InvalidInputError(
        f"source: a {type(given).__name__}; must be a path, bytes, a file open for reading bytes, or an async iterable "
        "of bytes"
    )


def _of_bytes(content: bytes) -> ByteSource:
    return ByteSource(
        subject="source",
        name=None,
        size_bytes=len(content),
        head=content[:HEAD_BYTES],
        open=lambda start=0: HandleChunks(io.BytesIO(content), start),
    )


async def _of_path(given: str | os.PathLike[str]) -> ByteSource:
    text = os.fspath(given)
    if text.startswith(("https://", "http://")):
        raise InvalidInputError(
            "source: an address; HeyGen downloads it itself: give AssetUrl(url=...) in the request, or download it"
        )
    path = Path(text)
    size, head = await anyio.to_thread.run_sync(_size_and_head, path)
    return ByteSource(
        subject=str(path),
        name=path.name,
        size_bytes=size,
        head=head,
        open=lambda start=0: PathChunks(path, start),
    )


def _size_and_head(path: Path) -> tuple[int, bytes]:
    try:
        if path.is_dir():
            raise InvalidInputError(f"{path}: a folder; give its files one by one, or a zip of it")
        if not path.is_file():
            reason = "not a regular file" if path.exists() else "there is no such file"
            raise InvalidInputError(f"{path}: {reason}; give the path of one, from {Path.cwd()} or absolute")
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_size, file.read(HEAD_BYTES)
    except (OSError, ValueError) as exc:
        if isinstance(exc, InvalidInputError):
            raise
        reason = str(getattr(exc, "strerror", None) or exc)
        raise InvalidInputError(f"{path}: cannot be read: {reason}; make it readable for this program") from exc


async def _of_file(file: Any, size: int | None) -> ByteSource:
    """Return the source of an open file, from its position. A file that cannot seek is read as a stream."""
    if isinstance(file, io.TextIOBase):
        raise InvalidInputError('source: a file open for text; open it for bytes: open(path, "rb")')
    path = getattr(file, "name", None)
    name = Path(path).name if isinstance(path, str) else None
    if inspect.iscoroutinefunction(file.read):
        return await _of_stream(_chunks_of_async_file(file), size, name)
    if not await anyio.to_thread.run_sync(_can_seek, file):
        return await _of_stream(_chunks_of_pipe(file), size, name)
    return await _of_seekable(file, name or "source", name, _close_nothing)


def _can_seek(file: Any) -> bool:
    return bool(getattr(file, "seekable", lambda: False)())


async def _of_seekable(file: Any, subject: str, name: str | None, close: Callable[[], None]) -> ByteSource:
    first, size, head = await anyio.to_thread.run_sync(_measure, file)
    return ByteSource(
        subject=subject,
        name=name,
        size_bytes=size,
        head=head,
        open=lambda start=0: HandleChunks(file, first + start),
        close=close,
    )


def _measure(file: Any) -> tuple[int, int, bytes]:
    start: int = file.tell()
    end: int = file.seek(0, os.SEEK_END)
    file.seek(start)
    return start, max(0, end - start), file.read(HEAD_BYTES)


async def _chunks_of_pipe(file: Any) -> AsyncIterator[bytes]:
    """Yield the bytes of a file that can be read only once, such as a pipe."""
    while chunk := await anyio.to_thread.run_sync(file.read, CHUNK_BYTES):
        yield chunk


async def _chunks_of_async_file(file: Any) -> AsyncIterator[bytes]:
    """Yield the bytes of a file whose `read` is async, such as an upload of a web framework."""
    while chunk := await file.read(CHUNK_BYTES):
        yield chunk


async def _of_stream(stream: AsyncIterator[bytes], size: int | None, name: str | None) -> ByteSource:
    if size is None or size <= MOST_BYTES:
        return await _spool(stream, name)
    chunks = StreamChunks(stream)
    return ByteSource(
        subject=name or "source",
        name=name,
        size_bytes=size,
        head=await chunks.peek(HEAD_BYTES),
        open=lambda start=0: chunks,  # noqa: ARG005 - it is there already
        rereadable=False,
    )


async def _spool(stream: AsyncIterator[bytes], name: str | None) -> ByteSource:
    """Copy a stream to a temporary file, which is deleted when it is closed or when this process ends."""
    file = tempfile.TemporaryFile(prefix="heygen-async-")  # noqa: SIM115 - closed with the source
    try:
        chunks = StreamChunks(stream)
        while chunk := await chunks.receive():
            await anyio.to_thread.run_sync(file.write, chunk)
        await anyio.to_thread.run_sync(file.seek, 0)
        return await _of_seekable(file, name or "source", name, file.close)
    except BaseException:
        file.close()
        raise

"""Readers of an upload's bytes: from a path, an open file or a stream, and of a part of one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any

import anyio.to_thread

from heygen_async.errors import InvalidInputError
from heygen_async.http.bodies import CHUNK_BYTES, Chunks


class PathChunks:
    """The chunks of a file, which is opened at the first read and read in threads."""

    def __init__(self, path: Path, start: int = 0) -> None:
        """Read the file at *path* from byte *start*."""
        self._path = path
        self._start = start
        self._file: IO[bytes] | None = None
        self._closed = False

    async def receive(self) -> bytes:
        """Return the next bytes; empty at the end."""
        try:
            return await anyio.to_thread.run_sync(self._read)
        except OSError as exc:
            raise InvalidInputError(
                f"{self._path}: cannot be read any more: {exc.strerror or exc}; leave it in place while it is sent"
            ) from exc
        finally:
            if self._closed:
                self.close()  # closed while a thread was opening the file

    def _read(self) -> bytes:
        if self._file is None:
            self._file = self._path.open("rb")
            self._file.seek(self._start)
        return self._file.read(CHUNK_BYTES)

    def close(self) -> None:
        """Close the file."""
        self._closed = True
        if self._file is not None:
            self._file.close()


class HandleChunks:
    """The chunks of an open file, from a position to its end. Its owner closes it."""

    def __init__(self, file: Any, start: int) -> None:
        """Read *file* from byte *start*."""
        self._file = file
        self._start: int | None = start

    async def receive(self) -> bytes:
        """Return the next bytes; empty at the end."""
        return await anyio.to_thread.run_sync(self._read)

    def _read(self) -> bytes:
        if self._start is not None:
            self._file.seek(self._start)
            self._start = None
        return bytes(self._file.read(CHUNK_BYTES))

    def close(self) -> None:
        """Leave the file open: it belongs to the caller."""


class StreamChunks:
    """The chunks of an async iterable, which can be read once."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        """Read *stream*."""
        self._stream = stream
        self._held = memoryview(b"")

    async def peek(self, count: int) -> bytes:
        """Return the first *count* bytes without consuming them. Call it before the first `receive` only."""
        held = b""
        while len(held) < count and (more := await self._next()):
            held += more
        self._held = memoryview(held)
        return held[:count]

    async def receive(self) -> bytes:
        """Return the next bytes; empty at the end."""
        held = self._held or memoryview(await self._next())
        self._held = held[CHUNK_BYTES:]
        return bytes(held[:CHUNK_BYTES])

    def put_back(self, rest: bytes) -> None:
        """Take back the end of the last chunk, which the next `receive` returns first."""
        self._held = memoryview(rest + bytes(self._held))

    async def _next(self) -> bytes:
        """Return the next chunk that is not empty, because an empty one does not mean the end."""
        async for chunk in self._stream:
            if not isinstance(chunk, bytes | bytearray | memoryview):
                raise InvalidInputError(f"source: yields a {type(chunk).__name__}; must yield bytes")
            if chunk:
                return bytes(chunk)
        return b""

    def close(self) -> None:
        """Leave the iterable open: it belongs to the caller."""


class PartChunks:
    """The chunks of a part of a source, which are a given number of bytes."""

    def __init__(self, chunks: Chunks, size_bytes: int) -> None:
        """Read *size_bytes* from *chunks*, which are at the first byte of the part."""
        self._chunks = chunks
        self._left = size_bytes

    async def receive(self) -> bytes:
        """Return the next bytes; empty at the end of the part."""
        if not self._left:
            return b""
        chunk = await self._chunks.receive()
        chunk, rest = chunk[: self._left], chunk[self._left :]
        self._left -= len(chunk)
        if rest and isinstance(self._chunks, StreamChunks):
            self._chunks.put_back(rest)  # other sources are opened anew for the next part
        return chunk

    def close(self) -> None:
        """Close the source of the chunks."""
        self._chunks.close()

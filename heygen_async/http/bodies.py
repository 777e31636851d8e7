"""Request bodies that are not held in memory: read chunk by chunk while they are sent."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, Self

import anyio
import attrs

from heygen_async.errors import ConnectionLostError, InvalidInputError

CHUNK_BYTES = 256 * 1024
STALL_SECONDS = 60.0  # for one chunk: a connection slower than 4 KB a second counts as dead
ANSWER_SECONDS = 120.0  # from the last byte to the answer; POST /v3/assets: 33 s in 99 of 100


class Chunks(Protocol):
    """A source of bytes, read from the first to the last."""

    async def receive(self) -> bytes:
        """Return the next bytes; empty at the end."""

    def close(self) -> None:
        """Close the source. May be called more than once."""


def _ignore(_: int) -> None:
    """Ignore the number of sent bytes."""


@attrs.frozen(kw_only=True)
class Body:
    """A request body.

    Attributes:
        size_bytes: Exact size.
        open: Opens the source at its first byte; called once for each attempt.
        sent: Called with the number of bytes sent so far, 0 at the start of each attempt.
    """

    size_bytes: int
    open: Callable[[], Chunks] = attrs.field(repr=False)
    sent: Callable[[int], None] = attrs.field(default=_ignore, repr=False)


class BodyStream:
    """The chunks of a body, as one attempt sends them.

    The cancel scope of the attempt ends if the network takes no chunk for `STALL_SECONDS`, or if no answer comes
    within `ANSWER_SECONDS` of the last one. Time spent waiting for the source does not count.

    Attributes:
        error: The error of the source, if it raised one; aiohttp reports a broken connection in its place.
    """

    def __init__(self, body: Body, scope: anyio.CancelScope) -> None:
        """Open *body*, to be sent inside *scope*, whose deadline moves with every chunk."""
        self.error: Exception | None = None
        self._body = body
        self._scope = scope
        self._chunks = body.open()
        self._read_bytes = 0
        self._started = False
        body.sent(0)

    def close(self) -> None:
        """Close the source."""
        self._chunks.close()

    def __aiter__(self) -> Self:
        """Start the stream. A second start is an error: aiohttp repeats a broken PUT with the rest of the body only."""
        if self._started:
            raise ConnectionLostError("the connection broke while a body was sent")
        self._started = True
        return self

    async def __anext__(self) -> bytes:
        """Return the next chunk. At this time the chunk before it has been sent."""
        if self._read_bytes:
            self._body.sent(self._read_bytes)
        self._scope.deadline = math.inf
        try:
            chunk = await self._next()
        except Exception as exc:
            self.error = exc
            raise
        self._scope.deadline = anyio.current_time() + (STALL_SECONDS if chunk else ANSWER_SECONDS)
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def _next(self) -> bytes:
        chunk = await self._chunks.receive()
        self._read_bytes += len(chunk)
        expected = self._body.size_bytes
        if self._read_bytes > expected or (not chunk and self._read_bytes < expected):
            found = "more" if chunk else f"{self._read_bytes:,}"
            raise InvalidInputError(
                f"size: {expected:,} bytes; {found} came, so the upload is not valid: give the exact size, or none, "
                "and do not change a file while it is sent"
            )
        return chunk

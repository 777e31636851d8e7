"""Request bodies that are not in memory: read a chunk at a time, and watched while they go out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, Self

import anyio
import attrs

from heygen_async.errors import ConnectionLostError, InvalidInputError

CHUNK_BYTES = 256 * 1024
STALL_SECONDS = 60.0  # for one chunk: 4 KB a second is the slowest line that is not taken for dead
ANSWER_SECONDS = 120.0  # from the last byte to the answer; POST /v3/assets: 33 s in 99 of 100


class Chunks(Protocol):
    """Bytes from the first to the last."""

    async def receive(self) -> bytes:
        """Return some more; nothing at the end."""

    def close(self) -> None:
        """Let go of what was opened. May be called again."""


def _nobody(_: int) -> None:
    """Ignore bytes that went out."""


@attrs.frozen(kw_only=True)
class Body:
    """A request body.

    Attributes:
        size_bytes: Exactly.
        open: Begins at the first byte, as often as it is called.
        sent: Called with the bytes that have gone out so far, 0 at each beginning.
    """

    size_bytes: int
    open: Callable[[], Chunks] = attrs.field(repr=False)
    sent: Callable[[int], None] = attrs.field(default=_nobody, repr=False)


class Flow:
    """One body on its way out, once.

    A line that takes a chunk no more is given up after a minute, and so is a server that has all and says nothing: the
    scope that it was given is cancelled then. A source may take its time; waiting for it does not count.

    Attributes:
        error: What went wrong at the source; whoever sends it sees a broken connection only.
    """

    def __init__(self, body: Body, scope: anyio.CancelScope) -> None:
        """Send *body* inside of *scope*, whose deadline is moved on with every chunk."""
        self.error: Exception | None = None
        self._body = body
        self._scope = scope
        self._chunks = body.open()
        self._given = 0
        self._begun = False
        body.sent(0)

    def close(self) -> None:
        """Close the source."""
        self._chunks.close()

    def __aiter__(self) -> Self:
        """Begin, once: a PUT whose connection breaks is sent again by aiohttp itself, with what is left of the body."""
        if self._begun:
            raise ConnectionLostError("the connection broke while a body was sent")
        self._begun = True
        return self

    async def __anext__(self) -> bytes:
        """Return the next chunk; the one before has gone out."""
        if self._given:
            self._body.sent(self._given)
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
        self._given += len(chunk)
        told = self._body.size_bytes
        if self._given > told or (not chunk and self._given < told):
            found = "more" if chunk else f"{self._given:,}"
            raise InvalidInputError(
                f"size: {told:,} bytes; {found} came, so nothing of it counts: give the exact size, or none, and do "
                "not change a file while it is sent"
            )
        return chunk

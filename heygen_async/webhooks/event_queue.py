"""A bounded queue that never blocks its sender: when it is full, the oldest goes."""

from __future__ import annotations

from collections import deque
from typing import Generic, Self, TypeVar

from anyio import lowlevel

from heygen_async.changed import Changed
from heygen_async.errors import InvalidInputError

T = TypeVar("T")


class EventQueue(Generic[T]):
    """Iterate it to read; several readers share what there is.

    No memory stream of anyio's, because those cannot drop their oldest and must be closed by whoever opened them; a
    mailbox that nobody reads any more is simply forgotten.
    """

    def __init__(self, size: int) -> None:
        """Keep up to *size* items that nobody has read yet."""
        if size < 1:
            raise InvalidInputError(f"buffer {size}: must be 1 or more")
        self._items: deque[T] = deque(maxlen=size)
        self._changed = Changed()
        self._closed = False
        self.dropped: int = 0

    def put(self, item: T) -> None:
        """Add *item*; from the event loop only. A full mailbox drops its oldest, a closed one the item."""
        if self._closed:
            return
        self.dropped += len(self._items) == self._items.maxlen
        self._items.append(item)
        self._changed.notify()

    def close(self) -> None:
        """Take nothing more: readers end when they have read what there is."""
        self._closed = True
        self._changed.notify()

    def __aiter__(self) -> Self:
        """Read on; leaving a loop and beginning another loses nothing."""
        return self

    async def __anext__(self) -> T:
        """Return the oldest item, waiting for one. Cancelling takes none."""
        await lowlevel.checkpoint()
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            await self._changed.wait()
        return self._items.popleft()

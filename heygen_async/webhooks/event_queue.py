"""A bounded queue that never blocks its sender: when it is full, the oldest item is dropped."""

from __future__ import annotations

from collections import deque
from typing import Generic, Self, TypeVar

from anyio import lowlevel

from heygen_async.changed import Changed
from heygen_async.errors import InvalidInputError

T = TypeVar("T")


class EventQueue(Generic[T]):
    """A queue whose items are read by iteration. Several readers share the items.

    anyio's memory streams cannot drop their oldest item and must be closed; this queue need not be.

    Attributes:
        dropped: Number of items dropped unread.
    """

    def __init__(self, size: int) -> None:
        """Hold up to *size* unread items."""
        if size < 1:
            raise InvalidInputError(f"buffer {size}: must be 1 or more")
        self._items: deque[T] = deque(maxlen=size)
        self._changed = Changed()
        self._closed = False
        self.dropped: int = 0

    def put(self, item: T) -> None:
        """Add *item*, in the event loop only. A full queue drops its oldest item; a closed one ignores *item*."""
        if self._closed:
            return
        self.dropped += len(self._items) == self._items.maxlen
        self._items.append(item)
        self._changed.notify()

    def close(self) -> None:
        """Accept no further items. Readers end once the queue is empty."""
        self._closed = True
        self._changed.notify()

    def __aiter__(self) -> Self:
        """Return this queue. A second loop continues where the first one was left."""
        return self

    async def __anext__(self) -> T:
        """Return the oldest item, waiting for one. A cancelled wait takes none."""
        await lowlevel.checkpoint()
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            await self._changed.wait()
        return self._items.popleft()

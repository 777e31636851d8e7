"""`PerLoop`: resources that belong to one event loop, such as connections, one for each loop that needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class PerLoop(Generic[T]):
    """A resource for each event loop, made when it is first needed, closed by `aclose` or when its loop ends.

    `asyncio.run` closes the async generators that are still open before it closes its loop. Each resource has such a
    generator, so a program may call `asyncio.run` many times and close nothing.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[None]]) -> None:
        """Make resources by *make* and close them by *close*."""
        self._make = make
        self._close = close
        self._opened: dict[asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[None]]] = {}

    @property
    def is_open(self) -> bool:
        """True if there is a resource whose loop has not ended."""
        return any(not loop.is_closed() for loop in list(self._opened))

    async def get(self) -> T:
        """Return the resource of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._opened:
            for ended in [other for other in list(self._opened) if other.is_closed()]:
                self._opened.pop(ended, None)  # in place: loops of other threads add theirs meanwhile
            resource = self._make()
            guard = self._guard(resource)
            self._opened[loop] = resource, guard
            await anext(guard)
        return self._opened[loop][0]

    async def aclose(self) -> None:
        """Close the resource of the running event loop, if there is one."""
        opened = self._opened.pop(asyncio.get_running_loop(), None)
        if opened is not None:
            with anyio.CancelScope(shield=True):
                await opened[1].aclose()

    async def _guard(self, resource: T) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self._close(resource)

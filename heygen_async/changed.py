"""`Changed`: the one way in which waiting tasks are told that something has changed."""

from __future__ import annotations

import asyncio
import math


class Changed:
    """Wakes every task that waits. A task checks its condition first, then waits, without an `await` in between."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._waiting: dict[asyncio.Future[None], None] = {}  # in the order in which they came

    async def wait(self, until: float = math.inf) -> None:
        """Return at the next `notify`, or at *until*, a time of the event loop.

        A bulk run waits here thousands of times, so there is no cancel scope: a timer wakes the task as `notify` does.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting[waiter] = None
        timer = None if until == math.inf else loop.call_at(until, _wake, waiter)
        try:
            await waiter
        finally:
            self._waiting.pop(waiter, None)
            if timer is not None:
                timer.cancel()

    def notify(self) -> None:
        """Wake all tasks that wait now."""
        waiting, self._waiting = self._waiting, {}
        for waiter in waiting:
            _wake(waiter)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)

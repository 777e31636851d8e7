"""`Changed`: the one way in which waiting tasks are told that something has changed."""

from __future__ import annotations

import anyio


class Changed:
    """Wakes every task that waits. A task checks its condition first, then waits, without an `await` in between."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._event: anyio.Event | None = None

    async def wait(self) -> None:
        """Return at the next `notify`."""
        if self._event is None:
            self._event = anyio.Event()
        await self._event.wait()

    def notify(self) -> None:
        """Wake all tasks that wait now."""
        event, self._event = self._event, None
        if event is not None:
            event.set()

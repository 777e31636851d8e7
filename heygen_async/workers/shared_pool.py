"""The places of one worker: who may POST is settled by the queue that all workers share; what is refused waits here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import anyio

from heygen_async.account.render_pool import WAIT_SECONDS, RenderPool


class SharedPool(RenderPool):
    """A pool without a limit of its own: a row that comes from the queue has its slot.

    A row that HeyGen refuses keeps its place and tries again, one at a time: a slot of the account is somebody else's
    until then.
    """

    def __init__(self, tell: Callable[[bool], None]) -> None:
        """Call *tell* with False at each refusal, and with True when what was refused has been accepted."""
        super().__init__()
        self._tell_all = tell
        self._refused: set[object] = set()
        self._trying: object | None = None

    async def enter(self, ticket: object, start: float = math.inf) -> None:  # noqa: ARG002 - nothing is to be found out here
        """Return when *ticket* may POST."""
        while not self._may(ticket):
            await self.wait()
        if ticket in self._refused:
            self._trying = ticket
        self._asking.add(ticket)

    def succeeded(self, ticket: object) -> None:
        """HeyGen accepted the render of *ticket*."""
        self._asking.discard(ticket)
        self._accepted.add(ticket)
        self._count_peak()
        if ticket in self._refused:
            self._done(ticket)
            self._tell_all(True)
        self.changed.notify()

    def refused(self, tickets: Sequence[object], wait: float | None, *, crowded: bool) -> None:
        """HeyGen has no place for these now; if requests in general are refused, the slots are not what is full."""
        self._asking.difference_update(tickets)
        for ticket in tickets:
            self._done(ticket)
        self._refused.update(tickets)
        until = anyio.current_time() + (WAIT_SECONDS if wait is None else wait)
        self._closed_until = max(self._closed_until, until)
        if not crowded:
            self._tell_all(False)
        self.changed.notify()

    def leave(self, ticket: object) -> None:
        """The render of *ticket* has ended, or was never accepted."""
        self._done(ticket)
        super().leave(ticket)

    def seen(self, *, waiting: int, running: int) -> None:
        """Nothing is learnt from one worker's renders."""

    def _may(self, ticket: object) -> bool:
        return anyio.current_time() >= self._closed_until and (ticket not in self._refused or self._trying is None)

    def _done(self, ticket: object) -> None:
        self._refused.discard(ticket)
        if self._trying is ticket:
            self._trying = None

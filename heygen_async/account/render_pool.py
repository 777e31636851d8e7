"""The account's render slots: how many renders may run, learnt from refusals, shared by all runs of a client.

HeyGen publishes no counter of the pool, and other programs may use it too. A 429 on a POST while k accepted renders run
says that k is what there is now: so the limit is clamped to k, and from time to time one more is tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import anyio
import attrs

from heygen_async.changed import Changed

InFlight = int | Literal["auto"] | Callable[[], int]

PROBE_SECONDS = 400.0  # between tries of one more, after one was refused
PROBE_AGAIN_SECONDS = 15.0  # after one was accepted: the pool has grown, so find out by how much
WAIT_SECONDS = 5.0  # after a refusal that does not say how long


@attrs.define(eq=False)
class RenderPool:
    """The render slots of one account, as far as they are known.

    Attributes:
        limit: How many renders may run by what was learnt; infinite before the first refusal.
        accepted: How many run that HeyGen has accepted.
        peak: The most that ever ran.
    """

    limit: float = math.inf
    peak: int = 0
    _accepted: set[object] = attrs.field(factory=set)
    _asking: set[object] = attrs.field(factory=set)
    _closed_until: float = -math.inf
    _slow_start: bool = False
    _probe_at: float = math.inf
    _probe: object | None = None
    changed: Changed = attrs.field(factory=Changed)

    @property
    def accepted(self) -> int:
        """The number of renders that run."""
        return len(self._accepted)

    @property
    def in_use(self) -> int:
        """The number of slots in use: renders that run and POSTs on their way."""
        return len(self._accepted) + len(self._asking)

    @property
    def is_open(self) -> bool:
        """True if there is room for one more, without a try."""
        return anyio.current_time() >= self._closed_until and self.in_use < self.limit

    async def enter(self, ticket: object, start: float = math.inf) -> None:
        """Return when *ticket* may POST. *start* is the limit as long as nothing is known."""
        if self.limit == math.inf and start < math.inf and not self._accepted:
            self.limit = start
            self._slow_start = True
        while not self._let_in(ticket):
            await self.wait()
        self._asking.add(ticket)

    def succeeded(self, ticket: object) -> None:
        """HeyGen accepted the render of *ticket*."""
        self._asking.discard(ticket)
        self._accepted.add(ticket)
        self._count_peak()
        if self._slow_start:
            self.limit += 1
        elif ticket is self._probe:
            self.limit += 1
            self._probe, self._probe_at = None, anyio.current_time() + PROBE_AGAIN_SECONDS
        self.limit = max(self.limit, len(self._accepted))
        self.changed.notify()

    def refused(self, tickets: Sequence[object], wait: float | None, *, crowded: bool) -> None:
        """HeyGen refused one POST with a 429, for now.

        Args:
            tickets: Whose POST: of one render, or of many at once.
            wait: Seconds that HeyGen asked to wait.
            crowded: Whether requests in general are refused: then the pool is not what is full.
        """
        self._asking.difference_update(tickets)
        now = anyio.current_time()
        self._closed_until = max(self._closed_until, now + (WAIT_SECONDS if wait is None else wait))
        if not crowded:
            self.limit = max(1, len(self._accepted))
            # many at once say that there is no room for all of them: how much there is, is found out one by one
            self._slow_start = len(tickets) > 1
            self._probe, self._probe_at = None, math.inf if self._slow_start else now + PROBE_SECONDS
        self.changed.notify()

    def leave(self, ticket: object) -> None:
        """The render of *ticket* has ended, or was never accepted; it may leave twice."""
        if ticket in self._accepted:
            self._accepted.discard(ticket)
            self._closed_until = -math.inf  # a place is free for certain: no need to wait any longer
        self._asking.discard(ticket)
        if ticket is self._probe:
            self._probe = None
        self.changed.notify()

    def seen(self, *, waiting: int, running: int) -> None:
        """So many accepted renders wait at HeyGen: only so does a server show that it queues instead of refusing."""
        if waiting > running and waiting > 1 and self.limit < math.inf:
            self.limit = max(1, min(self.limit, len(self._accepted)))
            self._slow_start = False
            self._probe, self._probe_at = None, anyio.current_time() + PROBE_SECONDS

    def _count_peak(self) -> None:
        self.peak = max(self.peak, len(self._accepted))

    def _let_in(self, ticket: object) -> bool:
        if self.is_open:
            return True
        now = anyio.current_time()
        if now < self._closed_until:
            return False
        if self._probe is None and self._probe_at <= now and not self._asking:
            self._probe = ticket
            return True
        return False

    async def wait(self) -> None:
        """Return when something has changed or is due."""
        now, due = anyio.current_time(), math.inf
        for at in (self._closed_until, self._probe_at):
            if at > now:
                due = min(due, at)
        with anyio.CancelScope(deadline=due):  # move_on_at came after our floor
            await self.changed.wait()

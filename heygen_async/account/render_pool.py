"""The account's render slots: how many renders may run at once, learnt from refusals, shared by all runs of a client.

HeyGen does not publish the number of slots, and other programs may use them too. A 429 on a POST while k accepted
renders run shows that k slots exist now. The limit is set to k, and one more render is tried from time to time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import anyio
import attrs

from heygen_async.changed import Changed

InFlight = int | Literal["auto"] | Callable[[], int]

PROBE_SECONDS = 400.0  # between probes of one more render, after one was refused
PROBE_AGAIN_SECONDS = 15.0  # after a probe was accepted: the pool has grown, perhaps by more
WAIT_SECONDS = 5.0  # after a refusal without Retry-After


@attrs.define(eq=False)
class RenderPool:
    """The render slots of one account.

    Attributes:
        limit: Most renders at once, by past refusals; infinite before the first one.
        accepted: Number of running renders that HeyGen has accepted.
        peak: Most renders that ran at once.
        changed: Notified whenever a slot may have become free.
    """

    limit: float = math.inf
    peak: int = 0
    _accepted: set[object] = attrs.field(factory=set)
    _posting: set[object] = attrs.field(factory=set)
    _closed_until: float = -math.inf
    _slow_start: bool = False
    _probe_at: float = math.inf
    _probe: object | None = None
    changed: Changed = attrs.field(factory=Changed)

    @property
    def accepted(self) -> int:
        """The number of running renders."""
        return len(self._accepted)

    @property
    def in_use(self) -> int:
        """The number of slots in use, by running renders and by POSTs without an answer yet."""
        return len(self._accepted) + len(self._posting)

    @property
    def is_open(self) -> bool:
        """True if there is room for one more render below the limit."""
        return anyio.current_time() >= self._closed_until and self.in_use < self.limit

    async def enter(self, ticket: object, start: float = math.inf) -> None:
        """Wait until *ticket* may POST. *start* is the limit until the first answer."""
        if self.limit == math.inf and start < math.inf and not self._accepted:
            self.limit = start
            self._slow_start = True
        while not self._may_post(ticket):
            await self.wait()
        self._posting.add(ticket)

    def succeeded(self, ticket: object) -> None:
        """Record that HeyGen accepted the render of *ticket*."""
        self._posting.discard(ticket)
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
        """Record that HeyGen refused a POST with a 429.

        Args:
            tickets: The tickets of the POST: one, or several for a batch.
            wait: Seconds that HeyGen asked to wait.
            crowded: True if HeyGen refuses reads too: then requests are too many, and the pool may have room.
        """
        self._posting.difference_update(tickets)
        now = anyio.current_time()
        self._closed_until = max(self._closed_until, now + (WAIT_SECONDS if wait is None else wait))
        if not crowded:
            self.limit = max(1, len(self._accepted))
            # A refused batch shows that there is no room for all of it; the slow start finds the room for single ones.
            self._slow_start = len(tickets) > 1
            self._probe, self._probe_at = None, math.inf if self._slow_start else now + PROBE_SECONDS
        self.changed.notify()

    def pause(self, seconds: float) -> None:
        """Let no POST pass for so many seconds from now; the limit stays as it is."""
        self._closed_until = max(self._closed_until, anyio.current_time() + seconds)

    def leave(self, ticket: object) -> None:
        """Free the slot of *ticket*, if it has one: its render has ended, or was not accepted."""
        if ticket in self._accepted:
            self._accepted.discard(ticket)
            self._closed_until = -math.inf  # a slot is free for certain, so the pause can end
        self._posting.discard(ticket)
        if ticket is self._probe:
            self._probe = None
        self.changed.notify()

    def observe(self, *, waiting: int, running: int) -> None:
        """Stop growing if more accepted renders wait at HeyGen than run: it queues renders instead of refusing them."""
        if waiting > running and waiting > 1 and self.limit < math.inf:
            self.limit = max(1, min(self.limit, len(self._accepted)))
            self._slow_start = False
            self._probe, self._probe_at = None, anyio.current_time() + PROBE_SECONDS

    def _count_peak(self) -> None:
        self.peak = max(self.peak, len(self._accepted))

    def _may_post(self, ticket: object) -> bool:
        if self.is_open:
            return True
        now = anyio.current_time()
        if now < self._closed_until:
            return False
        if self._probe is None and self._probe_at <= now and not self._posting:
            self._probe = ticket
            return True
        return False

    async def wait(self) -> None:
        """Wait for the next change of the pool, or for the end of its pause, or for the time of its next probe."""
        now, due = anyio.current_time(), math.inf
        for at in (self._closed_until, self._probe_at):
            if at > now:
                due = min(due, at)
        with anyio.CancelScope(deadline=due):  # anyio.move_on_at is newer than the oldest anyio we support
            await self.changed.wait()

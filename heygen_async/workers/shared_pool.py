"""The render pool of one worker. The shared queue limits renders; here refused rows wait until they may try again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import anyio

from heygen_async.account.rate_limit import pause_after
from heygen_async.account.render_pool import WAIT_SECONDS, Cause, RenderPool


class SharedPool(RenderPool):
    """A pool without a limit of its own: a row that comes from the queue already has a render slot.

    Rows that HeyGen refuses keep their place in the pool and try again, one at a time: other programs use the account
    too and hold its slots then.
    """

    def __init__(self, report: Callable[[bool], None]) -> None:
        """Call *report* with False at each refusal, and with True when a refused row has been accepted."""
        super().__init__()
        self._report = report
        self._refused: set[object] = set()
        self._trying: object | None = None

    async def enter(self, ticket: object, start: float = math.inf) -> None:  # noqa: ARG002 - for one process
        """Return when *ticket* may POST."""
        while not self._may_post(ticket):
            await self.wait()
        if ticket in self._refused:
            self._trying = ticket
        self._posting.add(ticket)

    def succeeded(self, ticket: object) -> None:
        """Record that HeyGen accepted the render of *ticket*."""
        self._posting.discard(ticket)
        self._accepted.add(ticket)
        self._count_peak()
        if ticket in self._refused:
            self._forget_refusal(ticket)
            self._report(True)
        self.changed.notify()

    def refused(self, tickets: Sequence[object], wait: float | None, *, crowded: bool) -> Cause:
        """Make *tickets* wait: HeyGen refused their POST with a 429. Return the likely cause.

        Args:
            tickets: Renders of the refused POST.
            wait: Seconds that HeyGen asked to wait; None if it named none.
            crowded: True if HeyGen refuses requests in general; the render slots may then be free.
        """
        self._posting.difference_update(tickets)
        for ticket in tickets:
            self._forget_refusal(ticket)
        self._refused.update(tickets)
        pause = pause_after(1, WAIT_SECONDS if wait is None else wait)
        self._closed_until = max(self._closed_until, anyio.current_time() + pause)
        if not crowded:
            self._report(False)
        self.changed.notify()
        return "storm" if crowded else "slots"

    def leave(self, ticket: object) -> None:
        """Free the place of *ticket*, whose render has ended or was never accepted."""
        self._forget_refusal(ticket)
        super().leave(ticket)

    def observe(self, *, waiting: int, running: int) -> None:
        """Ignore the numbers: one worker's renders say little about the account."""

    def _may_post(self, ticket: object) -> bool:
        return anyio.current_time() >= self._closed_until and (ticket not in self._refused or self._trying is None)

    def _forget_refusal(self, ticket: object) -> None:
        self._refused.discard(ticket)
        if self._trying is ticket:
            self._trying = None

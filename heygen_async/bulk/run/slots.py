"""Slots: the places of one run in the account's pool of renders.

A slot is a render, not a request: it is taken before the POST and given back when the end of the render is noticed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from heygen_async.account.render_pool import Cause, InFlight, RenderPool
from heygen_async.changed import Changed

START = 4  # of "auto": then one more for each render that is accepted, until the first refusal
ASK_AGAIN_SECONDS = 10.0  # a function may tell another number at any time


class Slots:
    """The slots of one run: at most its own number of them, and no more than the account's pool has.

    Attributes:
        pool: The account's.
        changed: Notified when a slot has become free.
    """

    def __init__(self, in_flight: InFlight, pool: RenderPool) -> None:
        """Take *in_flight* slots at the most: a number, "auto", or a function that returns the number now."""
        self._told = callable(in_flight)
        if callable(in_flight):
            self._cap: Callable[[], float] = in_flight
        elif in_flight == "auto":
            self._cap = lambda: math.inf
        else:
            self._cap = lambda: in_flight
        self._start = START if in_flight == "auto" else math.inf
        self.pool = pool
        self._tickets: set[object] = set()
        self.changed: Changed = Changed()

    @property
    def total(self) -> float:
        """The number of slots now, by the setting and by what was learnt; 0 while a function says so."""
        return max(0, min(self._cap(), self.pool.limit))

    @property
    def in_use(self) -> int:
        """The number of slots that this run has taken."""
        return len(self._tickets)

    async def take(self) -> object:
        """Wait for a slot, take it, and return its ticket. With it a POST may go out."""
        ticket = object()
        while len(self._tickets) >= self._cap():
            with self.pool.clock.move_on_after(ASK_AGAIN_SECONDS if self._told else math.inf):
                await self.changed.wait()
        self._tickets.add(ticket)
        try:
            await self.pool.enter(ticket, self._start)
        except BaseException:
            self.give_back(ticket)
            raise
        return ticket

    def claim(self) -> object:
        """Take a slot for a row that is perhaps being rendered already, even if none is free."""
        ticket = object()
        self._tickets.add(ticket)
        return ticket

    def accepted(self, ticket: object) -> None:
        """Note that HeyGen has accepted the render."""
        self.pool.succeeded(ticket)

    def refused(self, tickets: Sequence[object], wait: float | None, *, crowded: bool) -> Cause:
        """Note that HeyGen has no slot for these, which came in one POST; see `RenderPool.refused`."""
        return self.pool.refused(tickets, wait, crowded=crowded)

    def pause(self, seconds: float) -> None:
        """Let no further row take a slot for so long; slots that are taken stay taken."""
        self.pool.pause(seconds)

    async def try_again(self, ticket: object, *mates: object) -> None:
        """Wait until a POST that was refused may go out once more, of *ticket* and the *mates* in its batch."""
        await self.pool.enter(ticket)
        self.pool.join(mates)

    def step_back(self, tickets: Iterable[object]) -> None:
        """Note that no POST of *tickets* is under way any more; they are kept, and need `try_again` before the next."""
        for ticket in tickets:
            self.pool.leave(ticket)

    def give_back(self, ticket: object) -> None:
        """Give a slot back; a second time does no harm."""
        self._tickets.discard(ticket)
        self.pool.leave(ticket)
        self.changed.notify()

    def give_all_back(self) -> None:
        """Give back every slot that this run still has: the pool is the account's, and outlives the run."""
        for ticket in list(self._tickets):
            self.give_back(ticket)

"""The places of one run in the account's pool.

A slot is a render, not a request: it is taken before the POST and given back when the end of the render is noticed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import anyio

from heygen_async.errors import InvalidInputError
from heygen_async.pool import InFlight, Pool

START = 4  # of "auto": then one more for each render that is accepted, until the first refusal


class Slots:
    """The places of one run: at most so many of its own, and all of the account's pool."""

    def __init__(self, in_flight: InFlight, pool: Pool) -> None:
        """Take *in_flight* places at the most: a number, "auto", or a function that tells the number now."""
        if callable(in_flight):
            self._cap: Callable[[], float] = in_flight
        elif in_flight == "auto":
            self._cap = lambda: math.inf
        elif type(in_flight) is int and in_flight >= 1:
            self._cap = lambda: in_flight
        else:
            raise InvalidInputError(f'max_in_flight {in_flight!r}: must be a whole number from 1, "auto" or a function')
        self._start = START if in_flight == "auto" else math.inf
        self.pool = pool
        self._mine: set[object] = set()
        self._changed = anyio.Event()

    @property
    def total(self) -> float:
        """How many there are now, by the setting and by what was learnt."""
        return min(self._cap(), self.pool.limit)

    @property
    def in_use(self) -> int:
        """How many of them this run has taken."""
        return len(self._mine)

    async def take(self, ticket: object) -> None:
        """Wait for a place and take it in the name of *ticket*, ready to POST."""
        while len(self._mine) >= max(1, self._cap()):
            changed = self._changed
            with anyio.move_on_after(1.0):  # a function may tell another number at any time
                await changed.wait()
        self._mine.add(ticket)
        try:
            await self.pool.enter(ticket, self._start)
        except BaseException:
            self.give_back(ticket)
            raise

    async def try_again(self, ticket: object) -> None:
        """Wait until *ticket*, which was refused, may POST once more."""
        await self.pool.enter(ticket)

    def give_all_back(self) -> None:
        """Give back whatever this run still has: the pool is the client's, and outlives it."""
        for ticket in list(self._mine):
            self.give_back(ticket)

    def give_back(self, ticket: object) -> None:
        """Give the place of *ticket* back."""
        self._mine.discard(ticket)
        self.pool.leave(ticket)
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

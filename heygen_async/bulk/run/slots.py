"""The places of one run in the account's pool.

A slot is a render, not a request: it is taken before the POST and given back when the end of the render is noticed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import anyio

from heygen_async.account.render_pool import InFlight, RenderPool
from heygen_async.errors import InvalidInputError

START = 4  # of "auto": then one more for each render that is accepted, until the first refusal


class Slots:
    """The places of one run: at most so many of its own, and all of the account's pool.

    A place is taken by a ticket before it is known for which row, and then held in the row's name.
    """

    def __init__(self, in_flight: InFlight, pool: RenderPool) -> None:
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
        self._by_row: dict[int, object] = {}
        self._changed = anyio.Event()
        self.freed: Callable[[int], None] = lambda _: None  # told the row whose place was given back

    @property
    def total(self) -> float:
        """How many there are now, by the setting and by what was learnt."""
        return min(self._cap(), self.pool.limit)

    @property
    def in_use(self) -> int:
        """How many of them this run has taken."""
        return len(self._mine)

    @property
    def is_free(self) -> bool:
        """Whether one can be taken without waiting."""
        return len(self._mine) < self._cap() and self.pool.is_open

    async def take(self) -> object:
        """Wait for a place, take it, and return its ticket, ready to POST."""
        ticket = object()
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
        return ticket

    def hold(self, ticket: object, row: int) -> None:
        """Hold the place of *ticket* for a row."""
        self._by_row[row] = ticket

    def claim(self, row: int) -> None:
        """Take a place for a row that is perhaps being rendered already, whether there is room or not."""
        ticket = object()
        self._mine.add(ticket)
        self._by_row[row] = ticket

    def accepted(self, row: int) -> None:
        """HeyGen has accepted the render of a row."""
        self.pool.succeeded(self._by_row[row])

    def refused(self, rows: Sequence[int], wait: float | None, *, crowded: bool) -> None:
        """HeyGen has no place for these rows, which came in one POST; see `RenderPool.refused`."""
        self.pool.refused([self._by_row[row] for row in rows], wait, crowded=crowded)

    async def try_again(self, row: int) -> None:
        """Wait until a row that was refused may POST once more."""
        await self.pool.enter(self._by_row[row])

    def free(self, row: int) -> None:
        """Give the place of a row back; it may be asked twice."""
        ticket = self._by_row.pop(row, None)
        if ticket is not None:
            self.give_back(ticket)
            self.freed(row)

    def give_back(self, ticket: object) -> None:
        """Give the place of *ticket* back."""
        self._mine.discard(ticket)
        self.pool.leave(ticket)
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    def give_all_back(self) -> None:
        """Give back whatever this run still has: the pool is the account's, and outlives it."""
        for ticket in list(self._mine):
            self.give_back(ticket)
        self._by_row.clear()

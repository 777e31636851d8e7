"""How many renders may run.

A slot is a render, not a request: it is taken before the POST and given back when the end of the render is noticed.
"""

from __future__ import annotations

import anyio

from heygen_async.errors import InvalidInputError


class Slots:
    """The places of a run in the account's pool."""

    def __init__(self, total: object) -> None:
        """Offer *total* places."""
        if isinstance(total, bool) or not isinstance(total, int) or total < 1:
            raise InvalidInputError(f"max_in_flight {total!r}: must be a whole number from 1")
        self._limiter = anyio.CapacityLimiter(total)
        self.peak = 0

    @property
    def total(self) -> int:
        """How many there are."""
        return int(self._limiter.total_tokens)

    @property
    def in_use(self) -> int:
        """How many are taken."""
        return self._limiter.borrowed_tokens

    async def take(self, holder: object) -> None:
        """Wait for a place and take it in the name of *holder*."""
        await self._limiter.acquire_on_behalf_of(holder)
        self.peak = max(self.peak, self.in_use)

    def give_back(self, holder: object) -> None:
        """Give the place of *holder* back."""
        self._limiter.release_on_behalf_of(holder)

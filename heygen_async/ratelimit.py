"""Pacing of requests, and the pause that a 429 asks for, shared by everything under one client."""

from __future__ import annotations

import math

import anyio
import attrs

FIRST_GAP_SECONDS = 0.2  # between requests after the first refusal
LEAST_GAP_SECONDS = 0.05  # a gap that has become so small is none
WIDER, NARROWER = 1.5, 0.95  # so that about eight requests pass for each one that is refused


@attrs.define
class Gate:
    """A pause for all, and a careful reopening.

    `Retry-After` is a statement about the account, not about one request: tasks that each sleep for themselves come
    back together and are refused together. So whoever comes while the gate is closed waits; when it opens, one goes
    as a probe, each success lets one more go at the same time, and they go with a gap between them that refusals
    widen and successes narrow: so the rate that HeyGen allows is found without being told.
    """

    _until: float = -math.inf
    _width: float = math.inf  # how many may be inside; unbounded until the first refusal
    _inside: int = 0
    _gap: float = 0.0  # seconds between entries
    _next: float = -math.inf  # the earliest time of the next entry
    _changed: anyio.Event = attrs.field(factory=anyio.Event)

    async def enter(self) -> None:
        """Return when the gate is open and has room. Every `enter` needs its `leave`."""
        while True:
            left = max(self._until, self._next) - anyio.current_time()
            if left > 0:
                await anyio.sleep(left)
            elif self._inside >= self._width:
                await self._changed.wait()
            else:
                self._inside += 1
                self._next = anyio.current_time() + self._gap
                return

    def leave(self, *, well: bool) -> None:
        """Make room; if it went *well*, for one more than before."""
        self._inside -= 1
        if well:
            self._width += 1
            self._gap = self._gap * NARROWER if self._gap > LEAST_GAP_SECONDS else 0.0
        self._tell()

    def close(self, seconds: float) -> None:
        """Keep everybody out for *seconds* from now; a longer pause that runs already stays."""
        now = anyio.current_time()
        if now >= self._until:  # refusals of one burst are one refusal
            self._gap = max(self._gap * WIDER, FIRST_GAP_SECONDS)
        self._until = max(self._until, now + seconds)
        self._width = 1

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()


@attrs.define
class Pacer:
    """At most *per_second* requests on average, and *burst* at once (the generic cell rate algorithm).

    Attributes:
        per_second: Requests a second.
        burst: Requests that may go together after a quiet time.
    """

    per_second: float = attrs.field(validator=attrs.validators.gt(0))
    burst: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    _expected: float = -1.0e9

    def reserve(self, now: float) -> float:
        """Take the next place and return the seconds until it is due. Pure but for the place taken."""
        interval = 1.0 / self.per_second
        expected = max(self._expected, now)
        self._expected = expected + interval
        return max(0.0, expected - (self.burst - 1) * interval - now)

    async def wait(self) -> None:
        """Return when the next request may go."""
        delay = self.reserve(anyio.current_time())
        if delay > 0:
            await anyio.sleep(delay)

"""Pacing of requests, and the pause that a 429 asks for, shared by everything under one client."""

from __future__ import annotations

import math

import anyio
import attrs

from heygen_async.changed import Changed

FIRST_GAP_SECONDS = 0.2  # between requests after the first refusal
LEAST_GAP_SECONDS = 0.05  # a gap that has become so small is none
WIDE_OPEN = 64  # so many at once without a refusal, and without a gap, need no counting any more
BUDGET_TOKENS, REPETITION_TOKENS = 500, 5
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
    _changed: Changed = attrs.field(factory=Changed)

    @property
    def per_second(self) -> float:
        """Entries a second that refusals have taught; infinite if there were none."""
        return 1.0 / self._gap if self._gap else math.inf

    async def enter(self) -> None:
        """Return when the gate is open and has room. Every `enter` needs its `leave`."""
        while self._width < math.inf:
            left = max(self._until, self._next) - anyio.current_time()
            if left > 0:
                await anyio.sleep(left)
            elif self._inside >= self._width:
                await self._changed.wait()
            else:
                self._next = anyio.current_time() + self._gap
                break
        self._inside += 1

    def leave(self, *, well: bool) -> None:
        """Make room; if it went *well*, for one more than before."""
        self._inside -= 1
        if self._width == math.inf:
            return
        if well:
            self._gap = self._gap * NARROWER if self._gap > LEAST_GAP_SECONDS else 0.0
            self._width = math.inf if self._width >= WIDE_OPEN and not self._gap else self._width + 1
        self._changed.notify()

    def close(self, seconds: float) -> None:
        """Keep everybody out for *seconds* from now; a longer pause that runs already stays."""
        now = anyio.current_time()
        if now >= self._until:  # refusals of one burst are one refusal
            self._gap = max(self._gap * WIDER, FIRST_GAP_SECONDS)
        self._until = max(self._until, now + seconds)
        self._width = 1


@attrs.define
class RetryBudget:
    """A budget for repetitions of reads: when nearly everything fails, repeating makes it worse.

    Attributes:
        tokens: What is left; a repetition takes five of them and each success brings one back.
    """

    tokens: float = BUDGET_TOKENS

    def take(self) -> bool:
        """Pay for one repetition, if there is enough."""
        if self.tokens < REPETITION_TOKENS:
            return False
        self.tokens -= REPETITION_TOKENS
        return True

    def earn(self) -> None:
        """Book one success."""
        if self.tokens < BUDGET_TOKENS:
            self.tokens += 1


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

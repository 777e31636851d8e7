"""Pacing of requests, and the pause after a 429, which all requests of an account share."""

from __future__ import annotations

import math

import anyio
import attrs

from heygen_async.changed import Changed

FIRST_GAP_SECONDS = 0.2  # between requests after the first refusal
LEAST_GAP_SECONDS = 0.05  # a smaller gap becomes 0
WIDE_OPEN = 64  # requests at once, without a refusal and without a gap, after which the limit is dropped
BUDGET_TOKENS, RETRY_TOKENS = 500, 5
WIDER, NARROWER = 1.5, 0.95  # factors of the gap: about eight requests pass for each refusal


@attrs.define
class Gate:
    """A gate for requests that closes for a pause after a 429 and opens step by step.

    `Retry-After` is about the account, not about one request: tasks that each sleep for themselves would return at the
    same time and be refused again. So all requests wait while the gate is closed. When it opens, one request passes as
    a probe; each success lets one more pass at the same time. Between them is a gap that refusals widen and successes
    narrow, until the rate is near the one that HeyGen allows.
    """

    _until: float = -math.inf  # end of the pause
    _width: float = math.inf  # most requests inside at once; unbounded until the first refusal
    _inside: int = 0
    _gap: float = 0.0  # seconds between entries
    _next: float = -math.inf  # earliest time of the next entry
    _changed: Changed = attrs.field(factory=Changed)

    @property
    def per_second(self) -> float:
        """Entries per second, by past refusals; infinite without any."""
        return 1.0 / self._gap if self._gap else math.inf

    async def enter(self) -> None:
        """Wait until the gate is open and has room. Every `enter` needs a `leave`."""
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

    def leave(self, *, succeeded: bool) -> None:
        """Make room for the next request, and if this one *succeeded*, for one more than before."""
        self._inside -= 1
        if self._width == math.inf:
            return
        if succeeded:
            self._gap = self._gap * NARROWER if self._gap > LEAST_GAP_SECONDS else 0.0
            self._width = math.inf if self._width >= WIDE_OPEN and not self._gap else self._width + 1
        self._changed.notify()

    def close(self, seconds: float) -> None:
        """Close the gate for *seconds* from now, or until a longer running pause ends."""
        now = anyio.current_time()
        if now >= self._until:  # several refusals of one burst count once
            self._gap = max(self._gap * WIDER, FIRST_GAP_SECONDS)
        self._until = max(self._until, now + seconds)
        self._width = 1


@attrs.define
class RetryBudget:
    """A budget for retries of reads, because retries make an overload worse.

    Attributes:
        tokens: Tokens left; a retry takes five, a success brings one back.
    """

    tokens: float = BUDGET_TOKENS

    def take(self) -> bool:
        """Take the tokens for one retry; return False if too few are left."""
        if self.tokens < RETRY_TOKENS:
            return False
        self.tokens -= RETRY_TOKENS
        return True

    def earn(self) -> None:
        """Add the token for one success."""
        if self.tokens < BUDGET_TOKENS:
            self.tokens += 1


@attrs.define
class Pacer:
    """A limit of *per_second* requests on average, and *burst* at once (the generic cell rate algorithm).

    Attributes:
        per_second: Requests per second.
        burst: Requests that may be sent together after an idle time.
    """

    per_second: float = attrs.field(validator=attrs.validators.gt(0))
    burst: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    _expected: float = -1.0e9

    def reserve(self, now: float) -> float:
        """Reserve the next place and return the seconds from *now* until it is due."""
        interval = 1.0 / self.per_second
        expected = max(self._expected, now)
        self._expected = expected + interval
        return max(0.0, expected - (self.burst - 1) * interval - now)

    async def wait(self) -> None:
        """Wait until the next request may be sent."""
        delay = self.reserve(anyio.current_time())
        if delay > 0:
            await anyio.sleep(delay)

"""Pacing of requests, and the pause after a 429, which all requests of an account share."""

from __future__ import annotations

import math

import anyio
import attrs

from heygen_async.account.server_clock import ServerClock
from heygen_async.changed import Changed
from heygen_async.errors import RateLimitError

LEAST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0  # between probes while HeyGen refuses
UNTOLD_PAUSE_SECONDS = 10.0  # to which the pause grows if `Retry-After` is absent or shorter
FIRST_GAP_SECONDS, LONGEST_GAP_SECONDS = 0.2, 5.0  # between requests, after one that was refused at speed
LEAST_GAP_SECONDS = 0.05  # a smaller gap becomes 0
WIDER, NARROWER = 1.5, 0.95  # factors of the gap: about eight requests pass for each refusal
FASTEST_RAMP = 64.0  # requests per second, at which the rate after a storm is no longer bounded
BUDGET_TOKENS, RETRY_TOKENS = 500, 5


@attrs.frozen(eq=False, kw_only=True)
class Turn:
    """One request at the gates.

    Attributes:
        costs: True if the request costs money.
        since: Time of the account's clock at which its call began.
        patience: Most seconds that the call waits while HeyGen refuses everything.
        slots_decide: True if the sender waits for render slots after a 429, as a bulk run does. Then the 429 may be
            about slots, and closes no gate by itself.
    """

    costs: bool = False
    since: float = -math.inf
    patience: float = math.inf
    slots_decide: bool = False


@attrs.define(eq=False)
class Gate:
    """A gate for requests, which closes when HeyGen refuses one with a 429 and paces those that follow.

    `Retry-After` is about the account, not about one request: tasks that each sleep for themselves would return at the
    same time and be refused again. So the gate has three states:

    - Open: requests pass, with a gap between them that refusals widen and successes narrow, until the rate is near the
      one that HeyGen allows.
    - Refused: one request at a time passes as a probe, when HeyGen says, but at least every half minute. Probes that
      are refused say that the storm goes on. They say nothing of the rate, so they leave the gap as it is.
    - Open again after a storm: the rate doubles each second, up to the one from before.

    Requests that cost money and others stand in two lines, which take turns: submitting never starves watching.
    """

    _gap: float = 0.0  # seconds between entries
    _next: float = -math.inf  # earliest time of the next entry
    _refusals: int = 0  # in a row, each of a new probe; 0 while the gate is open
    _refused_since: float = -math.inf
    _asked: float | None = None  # seconds that HeyGen asked to wait at the last refusal
    _until: float = -math.inf  # earliest time of the next probe
    _probe: Turn | None = None
    _probed_at: float = -math.inf
    _storm_ended_at: float = -math.inf
    _lines: tuple[anyio.Lock, anyio.Lock] = attrs.field(factory=lambda: (anyio.Lock(), anyio.Lock()))
    _first: list[bool] = attrs.field(factory=lambda: [False, False])  # for each line, True if a request waits
    _last_costs: bool = False  # the line of the last entry
    _changed: Changed = attrs.field(factory=Changed)
    clock: ServerClock = attrs.field(factory=ServerClock, kw_only=True)

    @property
    def per_second(self) -> float:
        """Entries per second, by past refusals; infinite without any."""
        return 1.0 / self._gap if self._gap else math.inf

    @property
    def refusal(self) -> str | None:
        """The refusal that closes the gate, in words; None if the gate is open."""
        if not self._refusals:
            return None
        seconds = self.clock.now() - self._refused_since
        asked = "" if self._asked is None else f", the last time with a Retry-After of {self._asked:g} s"
        return f"HeyGen has refused all such requests of the account for {seconds:.0f} s{asked}"

    async def enter(self, turn: Turn) -> None:
        """Wait until *turn* may pass. Every `enter` needs a `leave`.

        Raises:
            RateLimitError: HeyGen refused everything for as long as the call has patience.
        """
        while self._refusals or self._pace():
            patience = self._patience_of(turn)
            with self.clock.move_on_after(patience):
                await self._pass_in_line(turn)
                return
            if self._refusals and self._patience_of(turn) <= 0:
                raise self._still_refused()

    def is_probed_by(self, turn: Turn) -> bool:
        """Return True if *turn* is the probe that tells if HeyGen still refuses requests."""
        return turn is self._probe

    def widen(self) -> None:
        """Widen the gap between requests, because one was refused at speed."""
        self._gap = min(max(self._pace() * WIDER, FIRST_GAP_SECONDS), LONGEST_GAP_SECONDS)

    def refused(self, turn: Turn, asked: float | None) -> None:
        """Close the gate, because HeyGen refused *turn* with a 429 and *asked* to wait so many seconds."""
        now = self.clock.now()
        if turn is self._probe:
            self._refusals += 1
        elif not self._refusals:  # of several refusals of one burst, the first counts
            self.widen()
            self._refusals, self._refused_since = 1, now
        self._asked = asked
        self._until = max(self._until, now + pause_after(self._refusals, asked))
        self._changed.notify()

    def leave(self, turn: Turn, *, succeeded: bool) -> None:
        """Note that *turn* is over; *succeeded* is True if HeyGen answered and did not refuse it with a 429."""
        if turn is self._probe:
            self._probe = None
            if succeeded:
                self._reopen()
            self._changed.notify()
        elif succeeded and self._gap and not self._refusals and self._pace() == self._gap:
            self._gap = self._gap * NARROWER if self._gap > LEAST_GAP_SECONDS else 0.0

    def _reopen(self) -> None:
        if self._refusals > 1:
            self._storm_ended_at = self.clock.now()
        self._refusals, self._next = 0, self.clock.now() + self._pace()

    def _pace(self) -> float:
        """Return the seconds between entries now: the gap, or more in the first seconds after a storm."""
        if self._storm_ended_at == -math.inf:
            return self._gap
        ramp: float = 2.0 ** (self._storm_ended_at - self.clock.now())
        return max(self._gap, ramp if ramp > 1 / FASTEST_RAMP else 0.0)

    async def _pass_in_line(self, turn: Turn) -> None:
        async with self._lines[turn.costs]:
            self._first[turn.costs] = True
            try:
                while (due := self._due(turn)) > self.clock.now():
                    await self._changed.wait(self.clock.loop_time(due))
            finally:
                self._first[turn.costs] = False
                self._changed.notify()
            self._admit(turn)

    def _due(self, turn: Turn) -> float:
        """Return the time at which the first of a line may pass; infinite if it must wait for a change."""
        if self._refusals:
            if turn.costs and self._first[False]:
                return math.inf  # reads probe first
            if self._probe is not None:  # an answer may take long, or never come
                return self._probed_at + LONGEST_PAUSE_SECONDS
            return max(self._until, self._probed_at + LEAST_PAUSE_SECONDS)
        if self._first[not turn.costs] and self._last_costs == turn.costs:
            return math.inf
        return self._next

    def _admit(self, turn: Turn) -> None:
        now = self.clock.now()
        if self._refusals:
            self._probe, self._probed_at = turn, now
        self._last_costs, self._next = turn.costs, now + self._pace()

    def _patience_of(self, turn: Turn) -> float:
        """Return the seconds that *turn* waits on if HeyGen refuses everything meanwhile."""
        since = max(turn.since, self._refused_since) if self._refusals else self.clock.now()
        return since + turn.patience - self.clock.now()

    def _still_refused(self) -> RateLimitError:
        return RateLimitError(f"not sent: {self.refusal}", retry_after=self._asked)


def pause_after(refusals: int, asked: float | None) -> float:
    """Return the seconds until the next probe after so many *refusals* in a row.

    HeyGen's wish, *asked*, is granted up to half a minute: it may be absurd, and the storm may end before. Without a
    wish, or with a short one, the pause grows gently.
    """
    grown = min(LEAST_PAUSE_SECONDS * WIDER ** min(refusals - 1, 10), UNTOLD_PAUSE_SECONDS)
    return min(max(asked or 0.0, grown), LONGEST_PAUSE_SECONDS)


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

    async def wait(self, clock: ServerClock) -> None:
        """Wait by *clock* until the next request may be sent."""
        delay = self.reserve(clock.now())
        if delay > 0:
            await clock.sleep(delay)

"""State that all clients of one account share within an event loop: slots, pauses, the retry budget.

HeyGen counts by account, not by client object. Two clients with the same key that did not share this state would both
have to run into the same limits.
"""

from __future__ import annotations

import asyncio
import math
from weakref import WeakKeyDictionary, WeakValueDictionary

import attrs

from heygen_async.account.bearer_token import Bearer
from heygen_async.account.credentials import Credentials
from heygen_async.account.rate_limit import Gate, RetryBudget, Turn
from heygen_async.account.render_pool import RenderPool
from heygen_async.account.server_clock import ServerClock

CROWDED_SECONDS = 15.0  # three sweeps of a bulk run without a refused read: requests are no longer too many
UNASKED_SECONDS = 120.0  # in which reads would have probed a closed gate four times, if there were any


@attrs.define(eq=False)
class Account:
    """The state of an account in this process.

    Attributes:
        pool: Render slots.
        every: Gate for all requests.
        paid: Second gate for requests that cost money, so that a full pool does not hold back reads.
        budget: Budget for retries of reads.
        bearer: Bearer token, if a function gives it.
        clock: Counts all pauses, polls and deadlines.
    """

    clock: ServerClock = attrs.field(factory=ServerClock)
    pool: RenderPool = attrs.Factory(lambda self: RenderPool(clock=self.clock), takes_self=True)
    every: Gate = attrs.Factory(lambda self: Gate(clock=self.clock), takes_self=True)
    paid: Gate = attrs.Factory(lambda self: Gate(clock=self.clock), takes_self=True)
    budget: RetryBudget = attrs.field(factory=RetryBudget)
    bearer: Bearer | None = None
    _read_refused_at: float = -math.inf

    async def enter(self, turn: Turn) -> None:
        """Wait until the gates let *turn* pass. Every `enter` needs a `leave`.

        Raises:
            RateLimitError: HeyGen refused everything for as long as the call has patience.
        """
        if turn.costs:
            await self.paid.enter(turn)
        try:
            await self.every.enter(turn)
        except BaseException:
            if turn.costs:
                self.paid.leave(turn, succeeded=False)
            raise

    def refused(self, turn: Turn, asked: float | None) -> None:
        """Close a gate after a 429: for requests that cost money if such a one was refused, else for all requests."""
        if not turn.costs or self.every.is_probed_by(turn):
            self.every.refused(turn, asked)
        if not turn.costs:
            self._read_refused_at = self.clock.now()
        elif not turn.slots_decide:
            self.paid.refused(turn, asked)

    def refusal(self, *, costs: bool) -> str | None:
        """Return the refusal that holds back such requests, in words; None if the gates are open."""
        return (self.paid.refusal if costs else None) or self.every.refusal

    def slow_down(self) -> None:
        """Send requests that cost money more slowly, or all requests if reads are refused too."""
        (self.every if self.reads_are_refused else self.paid).widen()

    def leave(self, turn: Turn, *, succeeded: bool) -> None:
        """Note that *turn* is over; *succeeded* is True if HeyGen answered and did not refuse it with a 429."""
        self.every.leave(turn, succeeded=succeeded)
        if turn.costs:
            self.paid.leave(turn, succeeded=succeeded)

    @property
    def reads_are_refused(self) -> bool:
        """True if reads are refused with a 429, or were just now: then requests are too many, not renders.

        While nothing is to be read, only requests that cost money probe a closed gate, and what refuses them may be the
        render slots. So the gate says nothing about reads once none was refused for a while.
        """
        ago = self.clock.now() - self._read_refused_at
        return ago < CROWDED_SECONDS or (ago < UNASKED_SECONDS and self.every.refusal is not None)


_Accounts = WeakValueDictionary[tuple[object, ...], Account]
_accounts: WeakKeyDictionary[asyncio.AbstractEventLoop, _Accounts] = WeakKeyDictionary()


def account_of(origin: object, credentials: Credentials) -> Account:
    """Return the account of *credentials* at *origin*, which all clients in the running event loop share."""
    accounts = _accounts.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    bearer = None if credentials.function is None else Bearer(credentials.function)
    return accounts.setdefault((origin, credentials.identity), Account(bearer=bearer))

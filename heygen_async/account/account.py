"""State that all clients of one account share within an event loop: slots, pauses, the retry budget.

HeyGen counts by account, not by client object. Two clients with the same key that did not share this state would both
have to run into the same limits.
"""

from __future__ import annotations

import asyncio
import math
from weakref import WeakKeyDictionary, WeakValueDictionary

import anyio
import attrs

from heygen_async.account.bearer_token import Bearer
from heygen_async.account.credentials import Credentials
from heygen_async.account.rate_limit import Gate, RetryBudget
from heygen_async.account.render_pool import RenderPool

CROWDED_SECONDS = 15.0  # three sweeps of a bulk run without a refused read: requests are no longer too many


@attrs.define(eq=False)
class Account:
    """The state of an account in this process.

    Attributes:
        pool: Render slots.
        every: Gate for all requests.
        paid: Second gate for requests that cost money, so that a full pool does not hold back reads.
        budget: Budget for retries of reads.
        bearer: Bearer token, if a function gives it.
    """

    pool: RenderPool = attrs.field(factory=RenderPool)
    every: Gate = attrs.field(factory=Gate)
    paid: Gate = attrs.field(factory=Gate)
    budget: RetryBudget = attrs.field(factory=RetryBudget)
    bearer: Bearer | None = None
    _read_refused_at: float = -math.inf

    def close(self, seconds: float, *, costs: bool) -> None:
        """Close a gate after a 429: for requests that cost money if such a one was refused, else for all requests."""
        (self.paid if costs else self.every).close(seconds)
        if not costs:
            self._read_refused_at = anyio.current_time()

    @property
    def reads_are_refused(self) -> bool:
        """True if a read got a 429 in the last `CROWDED_SECONDS`: then requests are too many, not renders."""
        return anyio.current_time() - self._read_refused_at < CROWDED_SECONDS


_Accounts = WeakValueDictionary[tuple[object, ...], Account]
_accounts: WeakKeyDictionary[asyncio.AbstractEventLoop, _Accounts] = WeakKeyDictionary()


def account_of(origin: object, credentials: Credentials) -> Account:
    """Return the account of *credentials* at *origin*, which all clients in the running event loop share."""
    accounts = _accounts.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    bearer = None if credentials.function is None else Bearer(credentials.function)
    return accounts.setdefault((origin, credentials.identity), Account(bearer=bearer))

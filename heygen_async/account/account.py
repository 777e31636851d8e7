"""State that all clients of one account share within an event loop: slots, pauses, the budget for repetitions.

HeyGen counts by account, not by client object: two clients with the same key that knew nothing of each other would run
into the same limits twice.
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

CROWDED_SECONDS = 15.0  # three sweeps of a bulk run: if reads pass again for so long, requests are not too many


@attrs.define(eq=False)
class Account:
    """The state of an account as far as this process knows it.

    Attributes:
        pool: Its render slots.
        every: The gate before every request.
        paid: The gate before what costs money, too: a full pool must not blind the watching.
        budget: For repeating reads.
        bearer: Its token, if a function gives it.
    """

    pool: RenderPool = attrs.field(factory=RenderPool)
    every: Gate = attrs.field(factory=Gate)
    paid: Gate = attrs.field(factory=Gate)
    budget: RetryBudget = attrs.field(factory=RetryBudget)
    bearer: Bearer | None = None
    _read_refused_at: float = -math.inf

    def close(self, seconds: float, *, costs: bool) -> None:
        """Heed a 429: hold back what costs money if that was refused, else everything."""
        (self.paid if costs else self.every).close(seconds)
        if not costs:
            self._read_refused_at = anyio.current_time()

    @property
    def reads_are_refused(self) -> bool:
        """True if a read met a 429 in the last `CROWDED_SECONDS`: then requests are too many, not renders."""
        return anyio.current_time() - self._read_refused_at < CROWDED_SECONDS


_Known = WeakValueDictionary[tuple[object, ...], Account]
_known: WeakKeyDictionary[asyncio.AbstractEventLoop, _Known] = WeakKeyDictionary()


def account_of(origin: object, credentials: Credentials) -> Account:
    """Return the account behind these *credentials* at *origin*, as the running event loop knows it."""
    known = _known.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    bearer = None if credentials.function is None else Bearer(credentials.function)
    return known.setdefault((origin, credentials.identity), Account(bearer=bearer))

"""Admission of a request by the gates of the account and the client's pacer."""

from __future__ import annotations

import attrs

from heygen_async.account.account import Account
from heygen_async.account.rate_limit import Pacer, Turn


@attrs.define(eq=False)
class Admission:
    """One request that the gates have let pass. It makes room for others by `leave`."""

    _account: Account
    _turn: Turn
    _left: bool = False

    def refused(self, asked: float | None) -> None:
        """Note that HeyGen refused the request with a 429 and *asked* to wait so many seconds."""
        self._account.refused(self._turn, asked)

    def leave(self, *, succeeded: bool = False) -> None:
        """Make room for the next request. Later calls do nothing.

        *succeeded* is True if HeyGen answered and did not refuse the request with a 429.
        """
        if not self._left:
            self._left = True
            self._account.leave(self._turn, succeeded=succeeded)


async def admitted(account: Account, pacer: Pacer | None, turn: Turn) -> Admission:
    """Wait until the gates are open and the pace allows a request.

    Raises:
        RateLimitError: HeyGen refused everything for as long as *turn* has patience.
    """
    await account.enter(turn)
    admission = Admission(account, turn)
    if pacer is not None:
        try:
            await pacer.wait(account.clock)
        except BaseException:
            admission.leave()
            raise
    return admission

"""The turn of a request: gates of the account and the client's pacer."""

from __future__ import annotations

import attrs

from heygen_async.account.account import Account
from heygen_async.account.rate_limit import Pacer


@attrs.define(eq=False)
class Turn:
    """The turn of one request: it has passed the gates and the pacer, and makes room for others by `leave`."""

    _account: Account
    _costs: bool
    _left: bool = False

    def leave(self, *, succeeded: bool = False) -> None:
        """Make room for the next request; *succeeded* is True if this one had a good answer. Later calls do nothing."""
        if self._left:
            return
        self._left = True
        self._account.every.leave(succeeded=succeeded)
        if self._costs:
            self._account.paid.leave(succeeded=succeeded)


async def wait_for_turn(account: Account, pacer: Pacer | None, *, costs: bool) -> Turn:
    """Wait until the gates are open and the pace allows a request."""
    if costs:
        await account.paid.enter()
    try:
        await account.every.enter()
    except BaseException:
        if costs:
            account.paid.leave(succeeded=False)
        raise
    turn = Turn(account, costs)
    if pacer is not None:
        try:
            await pacer.wait()
        except BaseException:
            turn.leave()
            raise
    return turn

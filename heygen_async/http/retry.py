"""The decision to retry a request, and after how many seconds. Pure: no I/O, no waiting."""

from __future__ import annotations

import attrs
from attrs import validators as v

from heygen_async.errors import (
    AttemptTimeoutError,
    ConnectionFailedError,
    ConnectionLostError,
    ContractError,
    HeyGenError,
    RateLimitError,
    RequestInProgressError,
    ResourceNotReadyError,
    ServerError,
)

# After these any request may be sent again: it was not executed, or is being executed under the same key.
_REPEATABLE = (ConnectionFailedError, RateLimitError, RequestInProgressError, ResourceNotReadyError)
# After these the request was sent, and perhaps executed.
_PERHAPS_EXECUTED = (ConnectionLostError, AttemptTimeoutError, ContractError, ServerError)
_NOT_IMPLEMENTED = 501  # a server that cannot do this now cannot do it in a minute
KEY_SECONDS = 23 * 3600.0  # HeyGen replays an answer for 24 h; an hour less, for clocks that differ
# HeyGen asks to wait. These are no failures, so they use up no attempt.
_UNCOUNTED = (RateLimitError, RequestInProgressError)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """The policy for retries of a request: how many, and how long the pauses are.

    Attributes:
        attempts: Most attempts, the first included; waiting out a 429 uses none up.
        base: Upper bound of the first pause in seconds; it doubles with each further one.
        cap: Longest computed pause in seconds.
        patience: Most seconds that one call waits for 429s and for the first answer under its own key, over all
            attempts.
        longest: Longest `Retry-After` of any other error that is waited out, in seconds.
    """

    attempts: int = attrs.field(default=5, validator=v.ge(1))
    base: float = attrs.field(default=0.5, validator=v.gt(0))
    cap: float = attrs.field(default=30.0, validator=v.gt(0))
    patience: float = attrs.field(default=900.0, validator=v.ge(0))
    longest: float = attrs.field(default=900.0, validator=v.ge(0))

    def delay(self, error: HeyGenError, *, failures: int, waited: float, repeatable: bool, draw: float) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up.

        Args:
            error: The error of the last attempt.
            failures: Number of attempts that counted so far, the last one included if `counts(error)`.
            waited: Seconds waited so far after errors that do not count.
            repeatable: True if the request may be executed twice: a read, or a POST under a key.
            draw: A random number from 0 to 1, for full jitter.
        """
        if not self._may_repeat(error, repeatable=repeatable):
            return None
        pause = self._pause(failures, draw)
        if error.retry_after is not None:
            pause = error.retry_after + pause * 0.1  # never earlier; a little later, so that clients spread out
        elif isinstance(error, _UNCOUNTED):
            pause = max(pause, 1.0)
        if not counts(error):
            return pause if waited + pause <= self.patience else None
        return pause if failures < self.attempts and pause <= self.longest else None

    def _may_repeat(self, error: HeyGenError, *, repeatable: bool) -> bool:
        if not may_change(error):
            return False
        return isinstance(error, _REPEATABLE) or (repeatable and isinstance(error, _PERHAPS_EXECUTED))

    def _pause(self, failures: int, draw: float) -> float:
        doublings = min(max(failures - 1, 0), 32)  # 2**32 is past any cap; 2.0**1024 would overflow
        return min(self.cap, self.base * 2.0**doublings) * draw


def counts(error: HeyGenError) -> bool:
    """True if an attempt that ended in *error* is one of `RetryPolicy.attempts`."""
    return not isinstance(error, _UNCOUNTED)


def may_change(error: HeyGenError) -> bool:
    """True if the same request can get another answer later: not after a 501, nor without a trusted connection."""
    is_final = isinstance(error, ConnectionFailedError) and not error.retryable
    return error.http_status != _NOT_IMPLEMENTED and not is_final


def is_gateway_page(error: HeyGenError) -> bool:
    """True if *error* is the page of a gateway, proxy or firewall in place of HeyGen's own refusal."""
    return isinstance(error, ContractError) and error.http_status is not None and error.http_status >= 300  # noqa: PLR2004 - HTTP's own border


def perhaps_executed(error: HeyGenError) -> bool:
    """True if a request that ended in *error* may have been executed, or is being executed under its key."""
    return isinstance(error, (*_PERHAPS_EXECUTED, RequestInProgressError))

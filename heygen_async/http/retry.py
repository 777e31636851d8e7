"""When to try again: arithmetic, no waiting."""

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

# After these any request may be sent again: nothing was executed, or what is being executed is under the same key.
_REPEATABLE = (ConnectionFailedError, RateLimitError, RequestInProgressError, ResourceNotReadyError)
# Here the request was sent, and perhaps executed.
_PERHAPS_EXECUTED = (ConnectionLostError, AttemptTimeoutError, ContractError, ServerError)
# HeyGen asks for patience: waiting is not failing, so these use up no attempt.
_UNCOUNTED = (RateLimitError, RequestInProgressError)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """The policy of repeating a request: how often, and how patiently.

    Attributes:
        attempts: Tries in all, the first included; waiting out a 429 uses none up.
        base: Seconds; the upper bound of the first pause. It doubles with each further one.
        cap: Seconds; no computed pause is longer.
        patience: Seconds; the longest that a request waits in all for 429s and for its own key's first
            answer.
        longest: Seconds; the longest `Retry-After` of any other error that is waited out.
    """

    attempts: int = attrs.field(default=5, validator=v.ge(1))
    base: float = attrs.field(default=0.5, validator=v.gt(0))
    cap: float = attrs.field(default=30.0, validator=v.gt(0))
    patience: float = attrs.field(default=900.0, validator=v.ge(0))
    longest: float = attrs.field(default=900.0, validator=v.ge(0))

    def delay(self, error: HeyGenError, *, failures: int, waited: float, repeatable: bool, draw: float) -> float | None:
        """Return the seconds to wait before the next try, or None to give up.

        Args:
            error: What the last try ended in.
            failures: Tries that counted so far, the last one included if `counts(error)`.
            waited: Seconds waited so far for what does not count.
            repeatable: Whether executing the request twice is harmless: a read, or a POST under a key.
            draw: A random number from 0 to 1, for full jitter.
        """
        if not self._may_repeat(error, repeatable=repeatable):
            return None
        pause = self._pause(failures, draw)
        if error.retry_after is not None:
            pause = error.retry_after + pause * 0.1  # never earlier; a little later, so that not all come at once
        elif isinstance(error, _UNCOUNTED):
            pause = max(pause, 1.0)
        if not counts(error):
            return pause if waited + pause <= self.patience else None
        return pause if failures < self.attempts and pause <= self.longest else None

    def _may_repeat(self, error: HeyGenError, *, repeatable: bool) -> bool:
        return isinstance(error, _REPEATABLE) or (repeatable and isinstance(error, _PERHAPS_EXECUTED))

    def _pause(self, failures: int, draw: float) -> float:
        doublings = min(max(failures - 1, 0), 32)  # 2**32 is past any cap; more would overflow a float in the end
        return min(self.cap, self.base * 2.0**doublings) * draw


def counts(error: HeyGenError) -> bool:
    """True if a try that ended so uses up one of the attempts."""
    return not isinstance(error, _UNCOUNTED)


def perhaps_executed(error: HeyGenError) -> bool:
    """True if a request that ended so may have been executed all the same, or is being executed under its key."""
    return isinstance(error, (*_PERHAPS_EXECUTED, RequestInProgressError))

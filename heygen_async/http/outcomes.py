"""Outcomes of one try of a POST that costs money: values, decided once, in `outcome_of`.

Each outcome says what it proves about money. What comes next (send again, wait, look for it, give up) is decided from
the outcome and the history of the row in `bulk/jobs/next_step.py`.
"""

from __future__ import annotations

from typing import TypeAlias, cast

import attrs

from heygen_async.errors import (
    APIError,
    AuthenticationError,
    ConnectionFailedError,
    HeyGenError,
    InsufficientCreditError,
    InvalidInputError,
    OutcomeUnknownError,
    QuotaExceededError,
    RateLimitError,
    RequestInProgressError,
    ResourceNotReadyError,
)
from heygen_async.http.retry import perhaps_executed


@attrs.frozen
class Accepted:
    """HeyGen accepted it: it is made, and paid for.

    Attributes:
        resource_id: HeyGen's id of the video, session, job or batch.
    """

    resource_id: str


@attrs.frozen
class _Failure:
    error: HeyGenError

    @property
    def wait(self) -> float | None:
        """Seconds that HeyGen asked to wait; None if it named none."""
        return self.error.retry_after


class Refused(_Failure):
    """HeyGen's own refusal, or a mistake found before sending. This try made nothing."""


class AccountRefused(_Failure):
    """The account is refused: key, credit, quota. This try made nothing, and the next row would meet the same."""


class NoSlot(_Failure):
    """A 429: no render slot, or too many requests. This try made nothing."""


class InProgress(_Failure):
    """409 `request_in_progress`: the first request under this key is still being worked on."""


class NotSent(_Failure):
    """No connection, or an input that HeyGen is still making. This try made nothing, and it passes by itself."""


class Lost(_Failure):
    """Sent, and no answer that proves anything: cut off, timed out, 5xx, a gateway's page."""


Failure: TypeAlias = Refused | AccountRefused | NoSlot | InProgress | NotSent | Lost
Outcome: TypeAlias = Accepted | Failure


# The first that fits counts.
_PROVEN: tuple[tuple[tuple[type[HeyGenError], ...], type[_Failure]], ...] = (
    ((OutcomeUnknownError,), Lost),
    ((RequestInProgressError,), InProgress),
    ((RateLimitError,), NoSlot),
    ((AuthenticationError, InsufficientCreditError, QuotaExceededError), AccountRefused),
    ((ConnectionFailedError, ResourceNotReadyError), NotSent),
    ((InvalidInputError,), Refused),
)


def outcome_of(error: HeyGenError) -> Failure:
    """Return what a failed try of a POST proves."""
    for kinds, outcome in _PROVEN:
        if isinstance(error, kinds):
            return cast("Failure", outcome(error))
    return Refused(error) if isinstance(error, APIError) and not perhaps_executed(error) else Lost(error)

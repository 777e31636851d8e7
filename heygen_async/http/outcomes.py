"""Outcomes of one attempt of a POST that costs money, as values. `outcome_of` decides them.

The class of an outcome tells if money was spent. The next step (send again, wait, look at HeyGen, give up) is decided
in `bulk/jobs/next_step.py`, from the outcome and the history of the row.
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
    """HeyGen accepted the request: the render is started and paid for.

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
    """HeyGen refused the request, or a mistake was found before sending. This attempt started no render."""


class AccountRefused(_Failure):
    """HeyGen refused the account (key, credit, quota), as it would for any row. This attempt started no render."""


class NoSlot(_Failure):
    """A 429: no render slot is free, or too many requests. This attempt started no render."""


class InProgress(_Failure):
    """409 `request_in_progress`: HeyGen still works on the first request under this key."""


class NotSent(_Failure):
    """No connection, or an input that HeyGen still makes: a later attempt may succeed. This one started no render."""


class Lost(_Failure):
    """The request was sent and has no answer of HeyGen: cut off, timed out, 5xx, a gateway's page."""


Failure: TypeAlias = Refused | AccountRefused | NoSlot | InProgress | NotSent | Lost
Outcome: TypeAlias = Accepted | Failure


# The first match counts.
_BY_ERROR: tuple[tuple[tuple[type[HeyGenError], ...], type[_Failure]], ...] = (
    ((OutcomeUnknownError,), Lost),
    ((RequestInProgressError,), InProgress),
    ((RateLimitError,), NoSlot),
    ((AuthenticationError, InsufficientCreditError, QuotaExceededError), AccountRefused),
    ((ConnectionFailedError, ResourceNotReadyError), NotSent),
    ((InvalidInputError,), Refused),
)


def outcome_of(error: HeyGenError) -> Failure:
    """Return the outcome of an attempt of a POST that ended in *error*."""
    for kinds, outcome in _BY_ERROR:
        if isinstance(error, kinds):
            return cast("Failure", outcome(error))
    return Refused(error) if isinstance(error, APIError) and not perhaps_executed(error) else Lost(error)

"""Outcomes of a POST: the class of each failure."""

from __future__ import annotations

import pytest

from heygen_async import errors
from heygen_async.http import outcomes
from heygen_async.http.outcomes import outcome_of


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (errors.InvalidInputError("x"), outcomes.Refused),
        (errors.BadRequestError("x", http_status=400), outcomes.Refused),
        (errors.PermissionDeniedError("x", http_status=403), outcomes.Refused),
        (errors.NotFoundError("x", http_status=404), outcomes.Refused),
        (errors.PayloadTooLargeError("x", http_status=413), outcomes.Refused),
        (errors.AuthenticationError("x", http_status=401), outcomes.AccountRefused),
        (errors.InsufficientCreditError("x", http_status=402), outcomes.AccountRefused),
        (errors.QuotaExceededError("x", http_status=429), outcomes.AccountRefused),
        (errors.RateLimitError("x", http_status=429, retry_after=3), outcomes.NoSlot),
        (errors.RequestInProgressError("x", http_status=409), outcomes.InProgress),
        (errors.ResourceNotReadyError("x", http_status=409), outcomes.NotSent),
        (errors.ConnectionFailedError("x"), outcomes.NotSent),
        (errors.ConnectionLostError("x"), outcomes.Lost),
        (errors.AttemptTimeoutError("x"), outcomes.Lost),
        (errors.ContractError("x"), outcomes.Lost),
        (errors.ServerError("x", http_status=502), outcomes.Lost),
        (errors.OutcomeUnknownError("x"), outcomes.Lost),
    ],
)
def test_each_error_has_its_outcome(error: errors.HeyGenError, outcome: type[object]) -> None:
    """Only a refusal by HeyGen, or a request that was not sent, proves that no render was started."""
    found = outcome_of(error)
    assert type(found) is outcome
    assert found.error is error
    assert found.wait == error.retry_after

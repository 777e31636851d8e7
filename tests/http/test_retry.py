"""The retry decision: which errors are retried, after how many seconds, how many times."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from heygen_async import errors
from heygen_async.http.retry import RetryPolicy, counts, perhaps_executed

POLICY = RetryPolicy()
NEVER_EXECUTED = [
    errors.ConnectionFailedError,
    errors.RateLimitError,
    errors.RequestInProgressError,
    errors.ResourceNotReadyError,
]
PERHAPS = [errors.ConnectionLostError, errors.AttemptTimeoutError, errors.ContractError, errors.ServerError]
FINAL = [
    errors.BadRequestError,
    errors.AuthenticationError,
    errors.InsufficientCreditError,
    errors.PermissionDeniedError,
    errors.NotFoundError,
    errors.ConflictError,
    errors.PayloadTooLargeError,
    errors.QuotaExceededError,
]


def delay(
    error: errors.HeyGenError,
    failures: int = 1,
    waited: float = 0.0,
    *,
    repeatable: bool = True,
    draw: float = 1.0,
) -> float | None:
    return POLICY.delay(error, failures=failures, waited=waited, repeatable=repeatable, draw=draw)


@pytest.mark.parametrize("kind", NEVER_EXECUTED)
def test_a_request_that_was_not_executed_may_always_be_repeated(kind: type[errors.HeyGenError]) -> None:
    """After these errors even a POST without a key is repeated."""
    assert delay(kind("x"), repeatable=False) is not None
    assert perhaps_executed(kind("x")) == (kind is errors.RequestInProgressError)  # that one is under its key


@pytest.mark.parametrize("kind", PERHAPS)
def test_a_request_that_was_perhaps_executed_is_repeated_only_if_repeatable(
    kind: type[errors.HeyGenError],
) -> None:
    """After these errors a read or a POST under a key is repeated, a POST without a key is not."""
    assert delay(kind("x"), repeatable=True) is not None
    assert delay(kind("x"), repeatable=False) is None
    assert perhaps_executed(kind("x"))


@pytest.mark.parametrize("kind", FINAL)
def test_a_refusal_is_final(kind: type[errors.HeyGenError]) -> None:
    """A refusal is not retried, because it would be repeated."""
    assert delay(kind("x")) is None
    assert not perhaps_executed(kind("x"))


def test_attempts_run_out_but_waiting_out_a_429_uses_none_up() -> None:
    """Four failures leave one attempt, five leave none; a 429 is retried after any number of failures."""
    assert delay(errors.ServerError("x"), failures=4) is not None
    assert delay(errors.ServerError("x"), failures=5) is None
    assert delay(errors.RateLimitError("x"), failures=99) is not None
    assert counts(errors.ServerError("x"))
    assert not counts(errors.RateLimitError("x"))


def test_patience_with_429s_ends() -> None:
    """429s are waited out for 900 s in all, and a Retry-After of another error for 900 s at most."""
    assert delay(errors.RateLimitError("x", retry_after=60), waited=830) is not None
    assert delay(errors.RateLimitError("x", retry_after=60), waited=880) is None
    assert delay(errors.ServerError("x", retry_after=1000)) is None
    impatient = RetryPolicy(patience=0)
    assert impatient.delay(errors.RateLimitError("x"), failures=0, waited=0, repeatable=True, draw=1) is None
    assert impatient.delay(errors.ServerError("x"), failures=1, waited=0, repeatable=True, draw=1) == 0.5


@given(
    failures=st.integers(0, 10_000),
    draw=st.floats(0, 1),
    asked=st.none() | st.floats(0, 500),
    kind=st.sampled_from(NEVER_EXECUTED + PERHAPS),
)
def test_pauses_are_bounded_and_never_shorter_than_asked(
    failures: int, draw: float, asked: float | None, kind: type[errors.HeyGenError]
) -> None:
    """A pause is never shorter than Retry-After, and exceeds it by the cap at most."""
    pause = RetryPolicy(attempts=20_000).delay(
        kind("x", retry_after=asked), failures=failures, waited=0.0, repeatable=True, draw=draw
    )
    assert pause is not None
    assert (asked or 0.0) <= pause <= max((asked or 0.0) + POLICY.cap, 1.0)


def test_the_upper_bound_doubles() -> None:
    """The longest pauses are 0.5, 1, 2 and 4 s; full jitter goes down to 0."""
    error = errors.ServerError("x")
    assert [delay(error, failures=n) for n in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 4.0]
    assert delay(error, failures=3, draw=0.0) == 0.0

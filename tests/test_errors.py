"""The error tree: classes by code and status, an error's text, and pickling."""

from __future__ import annotations

import pickle

import pytest

from heygen_async import errors
from heygen_async.errors import APIError, HeyGenError, api_error_class

ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HeyGenError)]


@pytest.mark.parametrize(
    ("status", "code", "name"),
    [
        (400, "invalid_parameter", "BadRequestError"),
        (401, "unauthorized", "AuthenticationError"),
        (402, None, "InsufficientCreditError"),
        (400, "insufficient_credit", "InsufficientCreditError"),
        (403, "forbidden", "PermissionDeniedError"),
        (404, "AVATAR_NOT_FOUND", "NotFoundError"),
        (409, "conflict", "ConflictError"),
        (409, "request_in_progress", "RequestInProgressError"),
        (409, "REQUEST_IN_PROGRESS", "RequestInProgressError"),
        (409, "resource_not_ready", "ResourceNotReadyError"),
        (413, "payload_too_large", "PayloadTooLargeError"),
        (422, None, "BadRequestError"),
        (429, "rate_limit_exceeded", "RateLimitError"),
        (429, "quota_exceeded", "QuotaExceededError"),
        (429, None, "RateLimitError"),
        (500, "internal_error", "ServerError"),
        (599, None, "ServerError"),
        (418, "never_heard_of", "APIError"),
        (302, None, "APIError"),
    ],
)
def test_an_answer_becomes_a_class_by_code_then_by_status(status: int, code: str | None, name: str) -> None:
    """A known code decides, else the status; an unknown status becomes an APIError."""
    assert api_error_class(status, code).__name__ == name


@pytest.mark.parametrize("kind", ALL)
def test_errors_survive_a_pickle(kind: type[HeyGenError]) -> None:
    """An unpickled error has the class, attributes, notes and text of the original."""
    error = kind(
        "m",
        code="c",
        param="p",
        http_status=500,
        retry_after=2.0,
        spent="unknown",
        attempts=3,
        resource_id="v",
    )
    error.add_note("note")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


def test_an_error_reads_in_one_line() -> None:
    """The message comes first, then status, code, field, request id and attempts."""
    error = APIError("POST /v3/videos: no", code="x", param="script", http_status=400, request_id="r1", attempts=2)
    assert str(error) == "POST /v3/videos: no (HTTP 400, code x, field script, request id r1, tried 2 times)"
    assert str(HeyGenError("no", attempts=3)) == "no, tried 3 times"
    assert str(HeyGenError("no")) == "no"


def test_after_keeps_spent_unless_it_is_given() -> None:
    """`after` changes `spent` only if a value is passed."""
    assert errors.OutcomeUnknownError("x").after(4).spent == "unknown"
    assert errors.OutcomeUnknownError("x").after(4, "no").spent == "no"


def test_errors_are_caught_as_people_expect() -> None:
    """Timeouts are TimeoutErrors, bad input is a ValueError."""
    assert issubclass(errors.DeadlineExceededError, TimeoutError)
    assert issubclass(errors.AttemptTimeoutError, TimeoutError)
    assert issubclass(errors.InvalidInputError, ValueError)


def test_an_error_is_one_line_of_plain_text() -> None:
    """Texts of HeyGen cannot add lines to a log or a traceback, nor command the terminal that shows it."""
    error = errors.ServerError("no\nfake line\x1b[2J", code="x\x9b\u202e", http_status=500, request_id="r\r1")
    assert str(error) == "no fake line [2J (HTTP 500, code x  , request id r 1)"
    assert error.gist == "ServerError(500, x  , r 1)"

"""Everything that can go wrong, as one tree.

HeyGenError
├── InvalidInputError
├── DeadlineExceededError
├── ConnectionFailedError
├── ConnectionLostError
├── AttemptTimeoutError
├── OutcomeUnknownError
├── ContractError
├── DownloadError
├── UploadError
├── JournalError
├── RenderFailedError
├── RunPausedError
│   ├── BudgetReachedError
│   ├── CanaryFailedError
│   └── BreakerTrippedError
├── WebhookError
│   ├── WebhookSignatureError
│   ├── WebhookTimestampError
│   ├── WebhookMalformedError
│   └── WebhookTooLargeError
└── APIError
    ├── BadRequestError
    ├── AuthenticationError
    ├── InsufficientCreditError
    ├── PermissionDeniedError
    ├── NotFoundError
    ├── ConflictError
    │   ├── RequestInProgressError
    │   └── ResourceNotReadyError
    ├── PayloadTooLargeError
    ├── RateLimitError
    ├── QuotaExceededError
    └── ServerError

`error.spent` answers the question that costs money: "no" (nothing was made), "yes" (a render was
made and goes on or is paid for) or "unknown" (it was sent and the answer was lost: look before you
ask again).
"""

from __future__ import annotations

import copy
from typing import Any, Literal, Self

Spent = Literal["no", "yes", "unknown"]


class HeyGenError(Exception):
    """The root: catch it and you have caught whatever this package raises on purpose.

    Attributes:
        message: What happened, with the subject and the numbers.
        code: HeyGen's word for it (`invalid_parameter`), or None where there was no answer.
        param: The request field that HeyGen blames.
        errors: Further details as HeyGen sent them: mappings of code, message, path.
        doc_url: HeyGen's page on the code.
        request_id: `X-Request-Id` of the answer; name it to HeyGen's support.
        http_status: Status of the answer.
        retry_after: Seconds that HeyGen asked to wait.
        retryable: True if the same request may succeed later without a change.
        spent: True if money was spent: "no", "yes", "unknown".
        attempts: How often it was tried.
        resource_id: The video or session that it is about.
    """

    retryable: bool = False
    spent: Spent = "no"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        errors: tuple[Any, ...] = (),
        doc_url: str | None = None,
        request_id: str | None = None,
        http_status: int | None = None,
        retry_after: float | None = None,
        spent: Spent | None = None,
        attempts: int = 1,
        resource_id: str | None = None,
    ) -> None:
        """Keep *message* and the facts around it."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.errors = errors
        self.doc_url = doc_url
        self.request_id = request_id
        self.http_status = http_status
        self.retry_after = retry_after
        self.attempts: int = attempts
        self.resource_id = resource_id
        if spent is not None:
            self.spent = spent

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, because the facts are keyword arguments."""
        return _rebuild, (type(self), self.message), self.__dict__

    def __str__(self) -> str:
        """One line: what happened, and what helps to look it up."""
        facts = [
            f"{name} {value}"
            for name, value in (
                ("HTTP", self.http_status),
                ("code", self.code),
                ("field", self.param),
                ("request id", self.request_id),
            )
            if value is not None
        ]
        tried = f", tried {self.attempts} times" if self.attempts > 1 else ""
        return f"{self.message} ({', '.join(facts)}{tried})" if facts else f"{self.message}{tried}"

    @property
    def gist(self) -> str:
        """The part that may stand in a log: class, HTTP status, code and request id.

        The message is for whoever asked: in it HeyGen may quote what was sent.
        """
        facts = [str(fact) for fact in (self.http_status, self.code, self.request_id) if fact is not None]
        return f"{type(self).__name__}({', '.join(facts)})"

    def told(self, **facts: Any) -> Self:
        """Return a copy of this error with other *facts*, such as `spent`; this one stays as it is."""
        told = copy.copy(self)
        told.__dict__.update(facts)
        told.__cause__, told.__traceback__ = self.__cause__, self.__traceback__
        return told

    def after(self, attempts: int, spent: Spent | None = None) -> Self:
        """Return this error, told how often it was tried and what that cost."""
        self.attempts = attempts
        if spent is not None:
            self.spent = spent
        return self


def _rebuild(kind: type[HeyGenError], message: str) -> HeyGenError:
    return kind(message)


class InvalidInputError(HeyGenError, ValueError):
    """Something you gave cannot work; found here, before anything was sent."""


class DeadlineExceededError(HeyGenError, TimeoutError):
    """Your deadline passed. A render that was submitted goes on and is paid for: see `resource_id`."""


class ConnectionFailedError(HeyGenError):
    """No connection came about, so nothing was sent: name not found, refused, TLS."""

    retryable = True


class ConnectionLostError(HeyGenError):
    """The connection broke after the request was sent and before its answer was whole."""

    retryable = True


class AttemptTimeoutError(HeyGenError, TimeoutError):
    """One attempt got no whole answer in its time."""

    retryable = True


class OutcomeUnknownError(HeyGenError):
    """Sent, perhaps executed, and not safe to repeat: look before you ask again."""

    spent: Spent = "unknown"


class ContractError(HeyGenError):
    """An answer came that does not read as HeyGen's contract says (HTML, empty, not JSON, a field missing)."""

    retryable = True


class DownloadError(HeyGenError):
    """The video is rendered and paid for, but its file could not be stored."""

    spent: Spent = "yes"


class UploadError(HeyGenError):
    """A file could not be brought to HeyGen: its storage refused it, or HeyGen can do nothing with it."""


class JournalError(HeyGenError):
    """The journal cannot be used: missing, in use by another process, damaged, not writable. Nothing was submitted."""


class RenderFailedError(HeyGenError):
    """HeyGen tried to render and gave up; `code` says why where HeyGen tells. HeyGen does not bill these."""


class RunPausedError(HeyGenError):
    """A run sends nothing more, by a rule that you gave it. What was sent was followed to its end; it can go on."""


class BudgetReachedError(RunPausedError):
    """The next row could cost more than what is left of the budget."""


class CanaryFailedError(RunPausedError):
    """One of the first rows failed, or you did not approve of them."""


class BreakerTrippedError(RunPausedError):
    """Too many of the last rows failed with the same code."""


class WebhookError(HeyGenError):
    """A delivery that is not to be believed. Nothing came of it; whatever it is about can be read from HeyGen."""


class WebhookSignatureError(WebhookError):
    """The delivery is not signed, or not by a secret that you gave."""


class WebhookTimestampError(WebhookError):
    """The delivery is signed, but too old, from the future, or undated: perhaps a replay."""


class WebhookMalformedError(WebhookError):
    """The delivery is not the JSON that HeyGen promises."""


class WebhookTooLargeError(WebhookError):
    """The delivery is larger than any of HeyGen's."""


class APIError(HeyGenError):
    """HeyGen answered, and the answer was an error."""


class BadRequestError(APIError):
    """400 or 422: the request must change."""


class AuthenticationError(APIError):
    """401: the API key is missing or wrong."""


class InsufficientCreditError(APIError):
    """402: the account cannot pay for this."""


class PermissionDeniedError(APIError):
    """403: the account may not do this."""


class NotFoundError(APIError):
    """404: no such video, look, voice, asset."""


class ConflictError(APIError):
    """409: it contradicts the state of things."""


class RequestInProgressError(ConflictError):
    """409: the first request under this key is still being worked on; ask again under the same key."""

    retryable = True


class ResourceNotReadyError(ConflictError):
    """409: what the request names is still being made."""

    retryable = True


class PayloadTooLargeError(APIError):
    """413: upload it as an asset instead."""


class RateLimitError(APIError):
    """429: too many requests, or too many renders at once. It was not executed."""

    retryable = True


class QuotaExceededError(APIError):
    """429 `quota_exceeded`: the allowance of the day or plan is used up."""


class ServerError(APIError):
    """5xx: HeyGen's side broke, perhaps after it did the work."""

    retryable = True


_BY_CODE: dict[str, type[APIError]] = {
    "request_in_progress": RequestInProgressError,
    "resource_not_ready": ResourceNotReadyError,
    "brand_kit_not_ready": ResourceNotReadyError,
    "quota_exceeded": QuotaExceededError,
    "rate_limit_exceeded": RateLimitError,
    "insufficient_credit": InsufficientCreditError,
    "trial_limit_exceeded": InsufficientCreditError,
    "subscription_required": InsufficientCreditError,
    "plan_upgrade_required": InsufficientCreditError,
}

_BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientCreditError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: PayloadTooLargeError,
    422: BadRequestError,
    429: RateLimitError,
}


def api_error_class(status: int, code: str | None) -> type[APIError]:
    """Return the class for an error answer: by its code, else by its status.

    HeyGen's codes are compared without regard to case, because one of its pages prints them in
    capitals. An unknown code falls back on the status, an unknown status on `APIError`.
    """
    named = _BY_CODE.get(code.lower()) if code else None
    if named is not None:
        return named
    return ServerError if status >= 500 else _BY_STATUS.get(status, APIError)  # noqa: PLR2004 - HTTP's own border

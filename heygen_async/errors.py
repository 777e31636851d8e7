"""Exceptions of this package, as one tree.

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

`error.spent` tells if the request cost money: "no" (HeyGen made no video), "yes" (a render was started
and is paid for) or "unknown" (the request was sent and its answer was lost: look for the video at HeyGen
before you send the request again).
"""

from __future__ import annotations

import copy
from typing import Any, Literal, Self

from heygen_async.plain_text import clean

Spent = Literal["no", "yes", "unknown"]


class HeyGenError(Exception):
    """The base class of every error that this package raises on purpose.

    Attributes:
        message: The error in words, with the subject and the numbers.
        code: HeyGen's error code (`invalid_parameter`); None if there was no answer.
        param: The request field that HeyGen blames.
        errors: Further details as HeyGen sent them: mappings of code, message, path.
        doc_url: HeyGen's page on the code.
        request_id: `X-Request-Id` of the answer; name it to HeyGen's support.
        http_status: Status of the answer.
        retry_after: Seconds that HeyGen asked to wait.
        retryable: True if the same request may succeed later without a change.
        spent: Money that the request cost: "no", "yes" or "unknown".
        attempts: Number of times that the request was sent.
        resource_id: The video or session that the error concerns.
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
        """Store *message* and the facts around it. Halves of characters are escaped, so that it can be printed."""
        self.message: str = message.encode(errors="backslashreplace").decode()
        super().__init__(self.message)
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
        """Return one line without control characters: the message, then status, code, field and request id."""
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
        return clean(f"{self.message} ({', '.join(facts)}{tried})" if facts else f"{self.message}{tried}")

    @property
    def gist(self) -> str:
        """The part that is safe in a log: class, HTTP status, code and request id.

        The message is not, because HeyGen may quote the request in it.
        """
        facts = [str(fact) for fact in (self.http_status, self.code, self.request_id) if fact is not None]
        return clean(f"{type(self).__name__}({', '.join(facts)})")

    def told(self, **facts: Any) -> Self:
        """Return a copy of this error with other *facts*, such as `spent`; this error does not change."""
        changed = copy.copy(self)
        changed.__dict__.update(facts)
        changed.__cause__, changed.__traceback__ = self.__cause__, self.__traceback__
        return changed

    def after(self, attempts: int, spent: Spent | None = None) -> Self:
        """Set `attempts`, and `spent` unless it is None, and return this error."""
        self.attempts = attempts
        if spent is not None:
            self.spent = spent
        return self


def _rebuild(kind: type[HeyGenError], message: str) -> HeyGenError:
    return kind(message)


class InvalidInputError(HeyGenError, ValueError):
    """A value that you gave cannot work; found here, before a request was sent."""


class DeadlineExceededError(HeyGenError, TimeoutError):
    """Your deadline passed. A submitted render goes on and is paid for: see `resource_id`."""


class ConnectionFailedError(HeyGenError):
    """No connection could be opened (name not found, refused, TLS), so the request was not sent."""

    retryable = True


class ConnectionLostError(HeyGenError):
    """The connection broke after the request was sent and before its answer was complete."""

    retryable = True


class AttemptTimeoutError(HeyGenError, TimeoutError):
    """One attempt got no complete answer within its timeout."""

    retryable = True


class OutcomeUnknownError(HeyGenError):
    """The request was sent and perhaps executed, and is not safe to repeat: look at HeyGen before you send it again."""

    spent: Spent = "unknown"


class ContractError(HeyGenError):
    """The answer does not match HeyGen's contract: HTML, empty, not JSON, a field missing."""

    retryable = True


class DownloadError(HeyGenError):
    """The video is rendered and paid for, but its file could not be stored."""

    spent: Spent = "yes"


class UploadError(HeyGenError):
    """A file could not be uploaded: HeyGen's storage refused it, or HeyGen cannot use it."""


class JournalError(HeyGenError):
    """The journal cannot be used: missing, in use by another process, damaged, not writable. No row was submitted."""


class RenderFailedError(HeyGenError):
    """HeyGen could not render the video; `code` is the reason if HeyGen gives one. HeyGen does not bill these."""


class RunPausedError(HeyGenError):
    """A run stopped sending, by a rule that you set. It followed the rows sent before to their end, and can resume."""


class BudgetReachedError(RunPausedError):
    """The next row could cost more than the rest of the budget."""


class CanaryFailedError(RunPausedError):
    """One of the first rows failed, or you did not approve them."""


class BreakerTrippedError(RunPausedError):
    """Too many of the last rows failed with the same code."""


class WebhookError(HeyGenError):
    """A webhook delivery was refused. It had no effect; its resource can still be read from HeyGen."""


class WebhookSignatureError(WebhookError):
    """The delivery is not signed, or not with a secret that you gave."""


class WebhookTimestampError(WebhookError):
    """The delivery is signed, but too old, from the future, or undated: perhaps a replay."""


class WebhookMalformedError(WebhookError):
    """The delivery is not the JSON that HeyGen promises."""


class WebhookTooLargeError(WebhookError):
    """The delivery is larger than any that HeyGen sends."""


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
    """409: the request contradicts the present state of the resource."""


class RequestInProgressError(ConflictError):
    """409: HeyGen still works on the first request under this key; send it again under the same key."""

    retryable = True


class ResourceNotReadyError(ConflictError):
    """409: HeyGen is still making a resource that the request names."""

    retryable = True


class PayloadTooLargeError(APIError):
    """413: the request is too large; upload the file as an asset instead."""


class RateLimitError(APIError):
    """429: too many requests, or too many renders at once. The request was not executed."""

    retryable = True


class QuotaExceededError(APIError):
    """429 `quota_exceeded`: the quota of the day or of the plan is used up."""


class ServerError(APIError):
    """5xx: HeyGen's server failed, perhaps after it executed the request."""

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

    Case is ignored in codes, because one of HeyGen's pages prints them in capitals. An unknown code falls
    back to the status, an unknown status to `APIError`.
    """
    by_code = _BY_CODE.get(code.lower()) if code else None
    if by_code is not None:
        return by_code
    return ServerError if status >= 500 else _BY_STATUS.get(status, APIError)  # noqa: PLR2004 - HTTP's own border

"""Is a delivery HeyGen's? `verify` is pure, and compares in constant time.

HeyGen signs the body and nothing else: neither `Heygen-Timestamp` nor `Heygen-Event-Id` is covered. So whoever has
recorded one delivery can send it again with a fresh date and a new id. The date catches honest lateness only; it takes
the memory of a `Receiver`, which knows bodies again, to refuse a replay.

Source: `x-signature` and `x-headers` of `WebhookDelivery` in the contract.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Iterable, Mapping

from heygen_async.errors import InvalidInputError, WebhookSignatureError, WebhookTimestampError
from heygen_async.webhooks.events import WebhookEvent, read_event

TOLERANCE_SECONDS = 300.0  # HeyGen's advice

_SIGNATURE = "heygen-signature"
_OLDER_SIGNATURE = "signature"
_TIMESTAMP = "heygen-timestamp"
_EVENT_ID = "heygen-event-id"
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)

Headers = Mapping[str, str] | Iterable[tuple[str, str]]
Secrets = str | Iterable[str]


def verify(
    raw_body: bytes,
    headers: Headers,
    secrets: Secrets,
    *,
    now: float | None = None,
    tolerance: float = TOLERANCE_SECONDS,
) -> WebhookEvent:
    """Return what a signed delivery says, or raise why it is not to be believed.

    `Heygen-Signature` decides where it is given, and then a `Heygen-Timestamp` must be there too. The older header
    `Signature` is taken only where the newer is absent; it may come without a date, and is then accepted undated.

    Args:
        raw_body: The bytes as they came, not JSON that was read and written again.
        headers: A mapping, or pairs; names in any case.
        secrets: Of the endpoint (`whsec_...`). Give the old and the new one while you rotate.
        now: Unix time; the machine's clock when absent.
        tolerance: Seconds that the timestamp may lie in the past or in the future.

    Raises:
        WebhookSignatureError: No signature, several, or none of *secrets* made it.
        WebhookTimestampError: Too old, too new, or no date where one is due.
        WebhookMalformedError: Signed, but not an event.
        InvalidInputError: The body is not bytes, or a secret is blank.
    """
    if not isinstance(raw_body, bytes):
        raise InvalidInputError(f"raw_body: a {type(raw_body).__name__}; must be the bytes as they came")
    keys = check_secrets(secrets)
    found = _SignatureHeader(headers)
    _check_signature(raw_body, found.signature(), keys)
    sent_at = found.sent_at()
    _check_age(sent_at, time.time() if now is None else now, tolerance)
    return read_event(raw_body, event_id=found.event_id, sent_at=sent_at, signed=True)


def check_secrets(secrets: Secrets) -> tuple[str, ...]:
    """Return *secrets* as a tuple, refusing blank ones: an empty key is one that everybody knows."""
    keys = (secrets,) if isinstance(secrets, str) else tuple(secrets)
    if not all(map(_is_said, keys)):
        raise InvalidInputError("secrets: one is blank or no text; pass the `whsec_...` that create or rotate returned")
    return tuple(key.strip() for key in keys)


def _is_said(key: object) -> bool:
    return isinstance(key, str) and bool(key.strip())


class _SignatureHeader:
    """The headers that matter. One that is repeated is ambiguous, and so counts as a bad one."""

    def __init__(self, headers: Headers) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            self._values.setdefault(name.lower(), []).append(value)

    @property
    def _is_older(self) -> bool:
        return _SIGNATURE not in self._values

    @property
    def event_id(self) -> str | None:
        return self._values.get(_EVENT_ID, [""])[0] or None

    def signature(self) -> str:
        given = self._values.get(_OLDER_SIGNATURE if self._is_older else _SIGNATURE, [])
        if len(given) != 1:
            raise WebhookSignatureError(f"webhook: {len(given)} signatures where one is due")
        return given[0]

    def sent_at(self) -> float | None:
        given = self._values.get(_TIMESTAMP, [])
        if not given and self._is_older:
            return None
        if len(given) != 1 or not _SECONDS.fullmatch(given[0]):
            raise WebhookTimestampError("webhook: Heygen-Timestamp is missing, repeated or no Unix time in seconds")
        return float(given[0])


def _check_signature(body: bytes, signature: str, keys: tuple[str, ...]) -> None:
    """Compare with every key, so that the time taken does not tell which one was close."""
    given = signature.encode(errors="replace")  # bytes: hmac refuses to compare text that is not ASCII
    matches = [hmac.compare_digest(_sign(body, key), given) for key in keys]
    if not any(matches):
        raise WebhookSignatureError(f"webhook: the signature was made by none of the {len(keys)} secrets")


def _sign(body: bytes, key: str) -> bytes:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest().encode()


def _check_age(sent_at: float | None, now: float, tolerance: float) -> None:
    if sent_at is not None and not abs(now - sent_at) <= tolerance:
        raise WebhookTimestampError(
            f"webhook: dated {now - sent_at:+,.0f} s ago, must be within {tolerance:g} s; is the clock here right?"
        )

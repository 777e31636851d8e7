"""Verification of a delivery's signature. `verify` is pure, and compares in constant time.

HeyGen signs the body only: the signature covers neither `Heygen-Timestamp` nor `Heygen-Event-Id`. An attacker who has
recorded a delivery can send it again with a new date and a new id. The check of the date does not stop such a replay;
a `Receiver` does, because it remembers bodies.

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
    """Return the event of a signed delivery, or raise the reason to refuse it.

    With `Heygen-Signature` a `Heygen-Timestamp` is required. The older header `Signature` is used only if the newer one
    is absent, and may come without a timestamp.

    Args:
        raw_body: The bytes of the body as they arrived, not JSON that was parsed and written again.
        headers: A mapping, or pairs; names in any case.
        secrets: Secrets of the endpoint (`whsec_...`). Give the old and the new one during a rotation.
        now: Unix time; by default the system clock's.
        tolerance: Most seconds between the timestamp and *now*, in either direction.

    Raises:
        WebhookSignatureError: There is no signature, or several, or it was made with none of *secrets*.
        WebhookTimestampError: The timestamp is too old, too new, or missing where it is required.
        WebhookMalformedError: The signature is good, but the body is not an event.
        InvalidInputError: The body is not bytes, or a secret is blank.
    """
    if not isinstance(raw_body, bytes):
        raise InvalidInputError(f"raw_body: a {type(raw_body).__name__}; must be the bytes as they arrived")
    keys = check_secrets(secrets)
    relevant = _SignatureHeaders(headers)
    _check_signature(raw_body, relevant.signature(), keys)
    sent_at = relevant.sent_at()
    _check_age(sent_at, time.time() if now is None else now, tolerance)
    return read_event(raw_body, event_id=relevant.event_id, sent_at=sent_at, signed=True)


def check_secrets(secrets: Secrets) -> tuple[str, ...]:
    """Return *secrets* as a tuple. Blank ones are refused, because anyone could sign with an empty key."""
    keys = (secrets,) if isinstance(secrets, str) else tuple(secrets)
    if not all(map(_is_filled, keys)):
        raise InvalidInputError(
            "secrets: one is blank or not text; pass the `whsec_...` that create or rotate returned"
        )
    return tuple(key.strip() for key in keys)


def _is_filled(key: object) -> bool:
    return isinstance(key, str) and bool(key.strip())


class _SignatureHeaders:
    """The headers for signature, timestamp and event id. A repeated header is ambiguous, so it is refused."""

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
            raise WebhookSignatureError(f"webhook: {len(given)} signatures, must be one")
        return given[0]

    def sent_at(self) -> float | None:
        given = self._values.get(_TIMESTAMP, [])
        if not given and self._is_older:
            return None
        if len(given) != 1 or not _SECONDS.fullmatch(given[0]):
            raise WebhookTimestampError("webhook: Heygen-Timestamp is missing, repeated or not a Unix time in seconds")
        return float(given[0])


def _check_signature(body: bytes, signature: str, keys: tuple[str, ...]) -> None:
    """Compare with every key, so that the time does not depend on which one matches."""
    given = signature.encode(errors="replace")  # bytes, because hmac refuses to compare text that is not ASCII
    matches = [hmac.compare_digest(_sign(body, key), given) for key in keys]
    if not any(matches):
        raise WebhookSignatureError(f"webhook: the signature was made by none of the {len(keys)} secrets")


def _sign(body: bytes, key: str) -> bytes:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest().encode()


def _check_age(sent_at: float | None, now: float, tolerance: float) -> None:
    if sent_at is not None and not abs(now - sent_at) <= tolerance:
        raise WebhookTimestampError(
            f"webhook: dated {now - sent_at:+,.0f} s ago, must be within {tolerance:g} s; check this machine's clock"
        )

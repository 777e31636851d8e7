"""Events of deliveries: `{"event_type": ..., "event_data": {...}}`, read into a value. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NoReturn

import attrs

from heygen_async.errors import WebhookMalformedError

_NOT_RESOURCES = frozenset({"callback_id", "folder_id"})


@attrs.frozen(kw_only=True)
class WebhookEvent:
    """Something happened at HeyGen, or so a delivery says: read the resource before you act on it.

    HeyGen documents few of its payloads, so everything but the type may be absent.

    Attributes:
        event_type: Such as `avatar_video.success`; HeyGen adds types.
        data: `event_data` as it came.
        event_id: The same for every attempt to deliver one event. It is not covered by the signature.
        sent_at: Unix seconds, as the delivery claims.
        signed: True if HeyGen's signature was checked; deliveries to a `callback_url` have none.

    Source: `WebhookDelivery` of the contract; `WebhookEvent` of `GET /v3/webhooks/events`.
    """

    event_type: str
    data: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)
    event_id: str | None = None
    sent_at: float | None = None
    signed: bool = True

    @property
    def ended(self) -> Literal["success", "fail"] | None:
        """The end that the last word of the type tells; None if the type does not tell."""
        last = self.event_type.rpartition(".")[2]
        if last == "success":
            return "success"
        return "fail" if last == "fail" or last.endswith("_failed") else None

    @property
    def video_id(self) -> str | None:
        """The video that it is about; an agent's failed session may have none."""
        return self._text("video_id")

    @property
    def session_id(self) -> str | None:
        """The agent session that it is about."""
        return self._text("session_id")

    @property
    def batch_id(self) -> str | None:
        """The batch that it is about."""
        return self._text("batch_id")

    @property
    def callback_id(self) -> str | None:
        """The `callback_id` that you sent with the request."""
        return self._text("callback_id")

    @property
    def resource_ids(self) -> tuple[str, ...]:
        """Every id of a resource in it, whatever HeyGen calls the field: `video_id`, `session_id`, ..."""
        names = (name for name in self.data if name.endswith("_id") and name not in _NOT_RESOURCES)
        return tuple(filter(None, map(self._text, names)))

    @property
    def failure_code(self) -> str | None:
        """HeyGen's word for why it failed."""
        return self._text("failure_code") or self._in_error("code")

    @property
    def failure_message(self) -> str | None:
        """Why it failed, in words. Sources differ on the field, so each of its known names is tried."""
        return self._text("failure_message") or self._text("msg") or self._text("error") or self._in_error("message")

    def _text(self, name: str) -> str | None:
        return _text(self.data.get(name))

    def _in_error(self, name: str) -> str | None:
        error = self.data.get("error")
        return _text(error.get(name)) if isinstance(error, Mapping) else None


def read_event(
    body: bytes, *, event_id: str | None = None, sent_at: float | None = None, signed: bool = False
) -> WebhookEvent:
    """Return what *body* says; fields that are not known yet stay in `data`.

    Raises:
        WebhookMalformedError: Not UTF-8, not JSON, not an object, or without a type or data.
    """
    payload = _parse(body)
    if not isinstance(payload, dict):
        raise WebhookMalformedError("webhook: the body is JSON, but not an object")
    event_type, data = payload.get("event_type"), payload.get("event_data")
    if not isinstance(event_type, str) or not event_type:
        raise WebhookMalformedError("webhook: $.event_type is missing or no text")
    if not isinstance(data, dict):
        raise WebhookMalformedError("webhook: $.event_data is missing or not an object")
    return WebhookEvent(event_type=event_type, data=data, event_id=event_id, sent_at=sent_at, signed=signed)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        # `from None`: the cause holds the body, and the body holds people's names.
        raise WebhookMalformedError(f"webhook: the body of {len(body):,} bytes is not JSON in UTF-8") from None


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None

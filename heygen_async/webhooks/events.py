"""Events of deliveries: `{"event_type": ..., "event_data": {...}}` as a value. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NoReturn

import attrs

from heygen_async.errors import WebhookMalformedError

_NOT_RESOURCES = frozenset({"callback_id", "folder_id"})


@attrs.frozen(kw_only=True)
class WebhookEvent:
    """An event at HeyGen, by its delivery. Read the resource from HeyGen before you act on it.

    HeyGen documents few of its payloads, so any field but the type may be absent.

    Attributes:
        event_type: Type, such as `avatar_video.success`. HeyGen adds types over time.
        data: `event_data` of the delivery, unchanged; empty where HeyGen sends null.
        event_id: Id of the event, equal for all attempts to deliver it. The signature does not cover it.
        sent_at: Time of the delivery in Unix seconds, by its own header.
        signed: True if HeyGen's signature was verified; deliveries to a `callback_url` have none.

    Source: `WebhookDelivery` of the contract; `WebhookEvent` of `GET /v3/webhooks/events`.
    """

    event_type: str
    data: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)
    event_id: str | None = None
    sent_at: float | None = None
    signed: bool = True

    @property
    def ended(self) -> Literal["success", "fail"] | None:
        """The outcome of the resource, by the last word of the type; None if the type names none."""
        last = self.event_type.strip().lower().rpartition(".")[2]
        if last == "success":
            return "success"
        return "fail" if last == "fail" or last.endswith("_failed") else None

    @property
    def video_id(self) -> str | None:
        """Id of the video; None for an agent's failed session, for example."""
        return self._text("video_id")

    @property
    def session_id(self) -> str | None:
        """Id of the agent session."""
        return self._text("session_id")

    @property
    def batch_id(self) -> str | None:
        """Id of the batch."""
        return self._text("batch_id")

    @property
    def callback_id(self) -> str | None:
        """The `callback_id` that you sent with the request."""
        return self._text("callback_id")

    @property
    def resource_ids(self) -> tuple[str, ...]:
        """Ids of all resources in the data: every text field `..._id` but `callback_id` and `folder_id`."""
        names = (name for name in self.data if name.endswith("_id") and name not in _NOT_RESOURCES)
        return tuple(filter(None, map(self._text, names)))

    @property
    def failure_code(self) -> str | None:
        """HeyGen's code for the failure."""
        return self._text("failure_code") or self._error_text("code")

    @property
    def failure_message(self) -> str | None:
        """HeyGen's message for the failure. Sources differ on the name of the field, so each known name is tried."""
        return self._text("failure_message") or self._text("msg") or self._text("error") or self._error_text("message")

    def _text(self, name: str) -> str | None:
        return _text(self.data.get(name))

    def _error_text(self, name: str) -> str | None:
        error = self.data.get("error")
        return _text(error.get(name)) if isinstance(error, Mapping) else None


def read_event(
    body: bytes, *, event_id: str | None = None, sent_at: float | None = None, signed: bool = False
) -> WebhookEvent:
    """Return the event of *body*.

    Raises:
        WebhookMalformedError: The body is not UTF-8, not JSON, not an object, or has no type or no data.
    """
    payload = _parse(body)
    if not isinstance(payload, dict):
        raise WebhookMalformedError("webhook: the body is JSON, but not an object")
    event_type, data = payload.get("event_type"), payload.get("event_data", False)
    if not isinstance(event_type, str) or not event_type:
        raise WebhookMalformedError("webhook: $.event_type is missing or not text")
    if not isinstance(data, dict | None):
        raise WebhookMalformedError("webhook: $.event_data is missing or not an object")
    return WebhookEvent(event_type=event_type, data=data or {}, event_id=event_id, sent_at=sent_at, signed=signed)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        # `from None`: the cause contains the body, and the body contains people's names.
        raise WebhookMalformedError(f"webhook: the body of {len(body):,} bytes is not JSON in UTF-8") from None


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None

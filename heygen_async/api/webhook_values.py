"""Values of `heygen.webhooks`: endpoints, their secrets, types of events, and the log of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import attrs

from heygen_async.value import Value
from heygen_async.webhooks.events import WebhookEvent


@attrs.frozen(kw_only=True, repr=False)
class WebhookEndpoint(Value):
    """An address that HeyGen delivers to.

    Attributes:
        endpoint_id: Id of the endpoint.
        url: Address.
        status: enabled or disabled.
        created_at: Time of creation, ISO 8601.
        events: Types of events that are delivered; None for all.
        secret: Secret that signs the deliveries (`whsec_...`). HeyGen returns it on creation only.

    Source: `WebhookEndpoint` of `/v3/webhooks/endpoints`.
    """

    endpoint_id: str
    url: str
    status: str
    created_at: str | None = None
    events: tuple[str, ...] | None = None
    secret: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, repr=False)
class RotatedSecret(Value):
    """A new secret of an endpoint. Source: `POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret`."""

    endpoint_id: str
    secret: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True, repr=False)
class WebhookEventType(Value):
    """A type of events that HeyGen delivers. Source: `GET /v3/webhooks/event-types`."""

    event_type: str
    description: str


EventTypes: TypeAlias = list[WebhookEventType]


@attrs.frozen(kw_only=True, repr=False)
class LoggedEvent(Value):
    """An entry of HeyGen's log of delivered events.

    Attributes:
        event_id: Id, as in the header `Heygen-Event-Id` of its deliveries.
        event_type: Type, such as `avatar_video.success`.
        created_at: Time of creation, ISO 8601.
        event_data: Data of the event, as delivered; empty where HeyGen sends null.

    Source: `GET /v3/webhooks/events`.
    """

    event_id: str
    event_type: str
    created_at: str
    event_data: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)

    @property
    def event(self) -> WebhookEvent:
        """The event as a receiver would have passed it on. It was read from HeyGen, so it counts as signed."""
        return WebhookEvent(event_type=self.event_type, event_id=self.event_id, data=self.event_data)

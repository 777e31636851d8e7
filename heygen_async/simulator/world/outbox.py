"""Webhooks: who wants to be told, what there is to tell, and what waits to be sent."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import attrs

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


@attrs.frozen(kw_only=True)
class OutgoingEvent:
    """Something that has happened.

    Attributes:
        event_id: The same in each delivery of it.
        number: Rises with each event of the world.
        event_type: Like "avatar_video.success".
        data: ``event_data`` of the delivery.
        entity_id: What it happened to: a video, a session, a batch.
        at: Loop time.
    """

    event_id: str
    number: int
    event_type: str
    data: dict[str, Any]
    entity_id: str
    at: float

    def body(self) -> dict[str, Any]:
        """Return what is delivered, ``WebhookDelivery`` of the contract."""
        return {"event_type": self.event_type, "event_data": self.data}


@attrs.frozen(kw_only=True)
class Notice:
    """What is to be told of something that is neither render nor session nor batch.

    Attributes:
        event_type: Like "proofread_creation.success".
        data: ``event_data`` of the delivery.
        entity_id: What it happened to.
    """

    event_type: str
    data: dict[str, Any]
    entity_id: str


@attrs.define(kw_only=True, eq=False)
class Endpoint:
    """A registered receiver.

    Attributes:
        endpoint_id: Of the endpoint.
        number: Rises with each endpoint of the world.
        url: Where deliveries go.
        events: Types that it wants; None is all.
        entity_id: Only events of this entity; None is all. The contract names the field without a word on it.
        secret: Signs; told only when it is new.
        created_at: Loop time.
        deleted: True if DELETE took it away.
    """

    endpoint_id: str
    number: int
    url: str
    events: list[str] | None
    entity_id: str | None
    secret: str
    created_at: float
    deleted: bool = False

    def wants(self, event: OutgoingEvent) -> bool:
        """Whether *event* is to be delivered to it."""
        return (self.events is None or event.event_type in self.events) and self.entity_id in (None, event.entity_id)

    def sign(self, body: bytes) -> str:
        """Return ``Heygen-Signature`` of a delivery: of its body alone, the timestamp is not part of it."""
        return hmac.digest(self.secret.encode(), body, "sha256").hex()


@attrs.frozen(kw_only=True)
class QueuedDelivery:
    """An event on its way to one receiver.

    Attributes:
        event: What is delivered.
        url: Where to.
        endpoint: The registered one, which signs; None for the ``callback_url`` of a request, which is unsigned.
    """

    event: OutgoingEvent
    url: str
    endpoint: Endpoint | None = None


@attrs.frozen(kw_only=True)
class Delivery:
    """One attempt to deliver.

    Attributes:
        url: Where to.
        event_type: Of the event.
        event_id: Of the event.
        attempt: 1, 2, 3, ...; 0 for what was lost or goes to a host that is not spoken to.
        status: Of the answer; None without one.
        forged: True if somebody else has sent it.
        at: Loop time of the end of the attempt.
    """

    url: str
    event_type: str
    event_id: str
    attempt: int
    status: int | None
    forged: bool = False
    at: float


def _nobody() -> None:
    """Nobody waits for parcels."""


@attrs.define(kw_only=True)
class Outbox:
    """Receivers, events and parcels of a world.

    Attributes:
        allowed_hosts: Asked anew each time: which hosts are spoken to.
        endpoints: By id, in order of creation.
        events: Events in order of time.
        deliveries: Attempts in order of time.
        has_receivers: True if somebody is to be told of what will happen. Until then nobody has to watch the clock.
        wake: Called when there is a parcel, or a reason to watch the clock.
    """

    allowed_hosts: Callable[[], tuple[str, ...]]
    endpoints: dict[str, Endpoint] = attrs.field(factory=dict)
    events: list[OutgoingEvent] = attrs.field(factory=list)
    deliveries: list[Delivery] = attrs.field(factory=list)
    has_receivers: bool = False
    wake: Callable[[], None] = _nobody
    _queue: list[QueuedDelivery] = attrs.field(factory=list)

    def delivers_to(self, url: str) -> bool:
        """Whether *url* is on a host that is spoken to."""
        return host_of(url) in self.allowed_hosts()

    def expect_delivery(self, url: str | None) -> None:
        """Note that *url* will have to be told of something."""
        if url is not None and self.delivers_to(url):
            self.has_receivers = True
            self.wake()

    def publish(self, event: OutgoingEvent, callback_url: str | None, *, listed: bool = True) -> None:
        """Tell everybody of *event*.

        Args:
            event: What has happened.
            callback_url: Of the request that led to it.
            listed: Whether its type is in the contract's list; if not, only `callback_url` is told.
        """
        if listed:
            self.events.append(event)
            self._queue += [
                QueuedDelivery(event=event, url=endpoint.url, endpoint=endpoint)
                for endpoint in self.endpoints.values()
                if endpoint.wants(event)
            ]
        if callback_url:
            self._queue.append(QueuedDelivery(event=event, url=callback_url))
        if self._queue:
            self.wake()

    def take_queued(self) -> list[QueuedDelivery]:
        """Return what waits to be sent, once."""
        taken, self._queue = self._queue, []
        return taken


def host_of(url: str) -> str | None:
    """Return the host of *url*; None if it has none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None

"""Webhooks: registered endpoints, events, and deliveries that wait to be sent."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import attrs

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


@attrs.frozen(kw_only=True)
class OutgoingEvent:
    """An event that webhooks are notified of.

    Attributes:
        event_id: Id of the event, equal in all of its deliveries.
        number: Rises with each event of the world.
        event_type: Type, such as "avatar_video.success".
        data: ``event_data`` of the delivery.
        entity_id: Id of the video, session or batch that the event is about.
        at: Loop time.
    """

    event_id: str
    number: int
    event_type: str
    data: dict[str, Any]
    entity_id: str
    at: float

    def body(self) -> dict[str, Any]:
        """Return the body of a delivery, ``WebhookDelivery`` of the contract."""
        return {"event_type": self.event_type, "event_data": self.data}


@attrs.frozen(kw_only=True)
class Notice:
    """An event about an object that is not a render, a session or a batch.

    Attributes:
        event_type: Type, such as "proofread_creation.success".
        data: ``event_data`` of the delivery.
        entity_id: Id of the object that the event is about.
    """

    event_type: str
    data: dict[str, Any]
    entity_id: str


@attrs.define(kw_only=True, eq=False)
class Endpoint:
    """A registered receiver of events.

    Attributes:
        endpoint_id: Id of the endpoint.
        number: Rises with each endpoint of the world.
        url: Address of the deliveries.
        events: Event types to deliver; None means all.
        entity_id: Delivers only events of this entity; None means all. The contract names the field and does not
            explain it.
        secret: Key of the signatures. The API returns it only when it is created or rotated.
        created_at: Loop time.
        deleted: True after DELETE.
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
        """Return True if *event* is to be delivered to this endpoint."""
        return (self.events is None or event.event_type in self.events) and self.entity_id in (None, event.entity_id)

    def sign(self, body: bytes) -> str:
        """Return ``Heygen-Signature`` of a delivery. Only the body is signed, without the timestamp."""
        return hmac.digest(self.secret.encode(), body, "sha256").hex()


@attrs.frozen(kw_only=True)
class QueuedDelivery:
    """An event that waits to be sent to one receiver.

    Attributes:
        event: The event.
        url: Address of the receiver.
        endpoint: Endpoint that signs the delivery; None for the ``callback_url`` of a request, which is unsigned.
    """

    event: OutgoingEvent
    url: str
    endpoint: Endpoint | None = None


@attrs.frozen(kw_only=True)
class Delivery:
    """One attempt to deliver an event.

    Attributes:
        url: Address of the receiver.
        event_type: Type of the event.
        event_id: Id of the event.
        attempt: 1, 2, 3, ...; 0 for a delivery that was lost, or that was not sent because of its host.
        status: HTTP status of the answer; None without an answer.
        forged: True if the delivery was forged by `ForgedDelivery`.
        at: Loop time at the end of the attempt.
    """

    url: str
    event_type: str
    event_id: str
    attempt: int
    status: int | None
    forged: bool = False
    at: float


def _ignore() -> None: ...


@attrs.define(kw_only=True)
class Outbox:
    """Endpoints, events and deliveries of a world.

    Attributes:
        allowed_hosts: Returns the hosts that deliveries may be sent to. Called for each delivery, so they may change.
        endpoints: Registered endpoints by id, in order of creation.
        events: All events in order of time.
        deliveries: Attempts to deliver, in order of time.
        has_receivers: True once an event may have to be delivered. Until then, the sender need not follow the clock.
        wake: Called when a delivery is queued, and when the sender has to look at the clock again.
    """

    allowed_hosts: Callable[[], tuple[str, ...]]
    endpoints: dict[str, Endpoint] = attrs.field(factory=dict)
    events: list[OutgoingEvent] = attrs.field(factory=list)
    deliveries: list[Delivery] = attrs.field(factory=list)
    has_receivers: bool = False
    wake: Callable[[], None] = _ignore
    _queue: list[QueuedDelivery] = attrs.field(factory=list)

    def delivers_to(self, url: str) -> bool:
        """Return True if deliveries may be sent to the host of *url*."""
        return host_of(url) in self.allowed_hosts()

    def expect_delivery(self, url: str | None) -> None:
        """Note that an event may have to be delivered to *url*; None is ignored."""
        if url is not None and self.delivers_to(url):
            self.has_receivers = True
            self.wake()

    def publish(self, event: OutgoingEvent, callback_url: str | None, *, listed: bool = True) -> None:
        """Record *event* and queue a delivery for each receiver.

        Args:
            event: The event.
            callback_url: ``callback_url`` of the request that led to the event.
            listed: True if the event's type is in the contract's list. Otherwise the event goes to `callback_url` only,
                and is not recorded.
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
        """Remove and return the queued deliveries."""
        taken, self._queue = self._queue, []
        return taken


def host_of(url: str) -> str | None:
    """Return the host of *url*; None if it has none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None

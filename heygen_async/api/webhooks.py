"""Webhooks: `/v3/webhooks`, where HeyGen is told which address to call when something ends.

What it then delivers is received by `heygen_async.webhooks.receiver.Receiver`.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, TypeAlias

import anyio
import attrs

from heygen_async.api.fields.rules import instance_of, list_of, refuse, text, url as web_address
from heygen_async.errors import HeyGenError, InvalidInputError, NotFoundError
from heygen_async.http import pages, wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.webhooks.events import WebhookEvent

logger: logging.Logger = logging.getLogger("heygen_async")

REGISTER_SECONDS = 60.0
REMOVE_SECONDS = 10.0  # on the way out, for each of at most two requests

_ENDPOINTS = "/v3/webhooks/endpoints"
_ENDPOINT = "/v3/webhooks/endpoints/{endpoint_id}"
_MOST_EVENTS = 1000  # far above HeyGen's number of types, so that no list of them is refused here


@attrs.frozen(kw_only=True)
class WebhookEndpoint:
    """An address that HeyGen delivers to.

    Attributes:
        endpoint_id: Its id.
        url: https.
        status: enabled or disabled.
        created_at: ISO 8601.
        events: Types that are delivered; None for all of them.
        secret: What deliveries are signed with (`whsec_...`). HeyGen tells it on creation and never again.

    Source: `WebhookEndpoint` of `/v3/webhooks/endpoints`.
    """

    endpoint_id: str
    url: str
    status: str
    created_at: str
    events: tuple[str, ...] | None = None
    secret: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class RotatedSecret:
    """A new secret; the old one is void. Source: `POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret`."""

    endpoint_id: str
    secret: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class WebhookEventType:
    """Something that HeyGen tells about. Source: `GET /v3/webhooks/event-types`."""

    event_type: str
    description: str


EventTypes: TypeAlias = list[WebhookEventType]


@attrs.frozen(kw_only=True)
class LoggedEvent:
    """An entry of HeyGen's log of what it has delivered.

    Attributes:
        event_id: As in the header `Heygen-Event-Id` of its deliveries.
        event_type: Such as `avatar_video.success`.
        created_at: ISO 8601.
        event_data: As delivered.

    Source: `GET /v3/webhooks/events`.
    """

    event_id: str
    event_type: str
    created_at: str
    event_data: Mapping[str, Any] = attrs.field(repr=False, hash=False)

    @property
    def event(self) -> WebhookEvent:
        """The event as a receiver would have handed it on. It came from HeyGen itself, so it counts as signed."""
        return WebhookEvent(event_type=self.event_type, event_id=self.event_id, data=self.event_data)


def _https(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    web_address()(owner, attribute, value)
    if value is not None and not value.startswith("https://"):
        refuse(owner, attribute.name, value, "must begin with https://: HeyGen delivers to nothing else")


def _listed(events: Any) -> Any:
    """Take any iterable but text, which would be taken apart."""
    return tuple(events) if isinstance(events, Iterable) and not isinstance(events, str) else events


@attrs.frozen(kw_only=True)
class _EndpointRequest:
    """The body of a request for an endpoint. Source: `CreateWebhookEndpointRequest`, `UpdateWebhookEndpointRequest`."""

    url: str | None = attrs.field(default=None, validator=_https)
    events: tuple[str, ...] | None = attrs.field(
        default=None, converter=_listed, validator=list_of(text(required=True), 1, _MOST_EVENTS)
    )
    entity_id: str | None = attrs.field(default=None, validator=[instance_of(str), text()])


class Webhooks:
    """`heygen.webhooks`. Nothing here costs money."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    @contextlib.asynccontextmanager
    async def registered(
        self, url: str, *, events: Iterable[str] | None = None, entity_id: str | None = None
    ) -> AsyncIterator[WebhookEndpoint]:
        """Have deliveries come to *url* while the block lasts.

            async with heygen.webhooks.registered(url, events=["avatar_video.success"]) as endpoint:
                receiver.trust(endpoint.secret)

        The address must answer already, because HeyGen probes it. However the block is left, what was registered here
        is removed, and nothing else. Cancelling waits for that, 20 s at the most. If it cannot be removed, a warning is
        logged that names it.

        Args:
            url: https.
            events: Types; None for all.
            entity_id: Deliver only what is about this.
        """
        wanted = _EndpointRequest(url=url, events=events, entity_id=entity_id)
        endpoint = await self._register(wanted)
        try:
            yield endpoint
        finally:
            with anyio.CancelScope(shield=True):
                await self._remove(endpoint.endpoint_id)

    async def create(
        self,
        url: str,
        *,
        events: Iterable[str] | None = None,
        entity_id: str | None = None,
        options: Options | None = None,
    ) -> WebhookEndpoint:
        """Register *url* and return it with its secret, which HeyGen never tells again.

        Args:
            url: https; it must answer already, because HeyGen probes it.
            events: Types; None for all.
            entity_id: Deliver only what is about this.
            options: As for every call.

        Source: `POST /v3/webhooks/endpoints`.
        """
        return await self._caller.send(_create(_EndpointRequest(url=url, events=events, entity_id=entity_id)), options)

    def list(self, *, limit: int = 100) -> pages.Listing[WebhookEndpoint]:
        """Yield the endpoints, without secrets, page after page of *limit* (1 to 100).

        Source: `GET /v3/webhooks/endpoints`.
        """
        return pages.Listing(self._caller, _ENDPOINTS, WebhookEndpoint, {"limit": limit})

    async def update(
        self,
        endpoint_id: str,
        *,
        url: str | None = None,
        events: Iterable[str] | None = None,
        options: Options | None = None,
    ) -> WebhookEndpoint:
        """Change an endpoint's address, or the whole list of its event types; None leaves it as it is.

        It is not repeated after a lost answer; doing it again yourself is harmless.

        Source: `PATCH /v3/webhooks/endpoints/{endpoint_id}`.
        """
        body = wire.encode(_EndpointRequest(url=url, events=events))
        if not body:
            raise InvalidInputError("update: neither url nor events; pass what is to change")
        call = Call(
            method="PATCH",
            path=f"{_ENDPOINTS}/{path_id(endpoint_id)}",
            route=_ENDPOINT,
            body=body,
            read=data_reader(WebhookEndpoint),
        )
        return await self._caller.send(call, options)

    async def delete(self, endpoint_id: str, options: Options | None = None) -> None:
        """Remove an endpoint; nothing more is delivered to it.

        Raises:
            NotFoundError: There is none, or an earlier try whose answer was lost has removed it.

        Source: `DELETE /v3/webhooks/endpoints/{endpoint_id}`.
        """
        call = Call(
            method="DELETE",
            path=f"{_ENDPOINTS}/{path_id(endpoint_id)}",
            route=_ENDPOINT,
            read=wire.read_json_or_none,
        )
        await self._caller.send(call, options)

    async def rotate_secret(self, endpoint_id: str, options: Options | None = None) -> RotatedSecret:
        """Replace an endpoint's secret. The old one is void at once, but deliveries signed with it may be under way.

        Source: `POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret`.
        """
        call = Call(
            method="POST",
            path=f"{_ENDPOINTS}/{path_id(endpoint_id)}/rotate-secret",
            route=f"{_ENDPOINT}/rotate-secret",
            read=data_reader(RotatedSecret),
            takes_key=True,
        )
        return await self._caller.send(call, options)

    async def event_types(self, options: Options | None = None) -> EventTypes:
        """Return what HeyGen tells about. Source: `GET /v3/webhooks/event-types`."""
        path = "/v3/webhooks/event-types"
        return await self._caller.send(Call(method="GET", path=path, route=path, read=data_reader(EventTypes)), options)

    def events(
        self, *, event_type: str | None = None, entity_id: str | None = None, limit: int = 100
    ) -> pages.Listing[LoggedEvent]:
        """Yield what HeyGen has delivered, page after page of *limit* (1 to 100): a way to catch up.

        Source: `GET /v3/webhooks/events`.
        """
        query = {"event_type": event_type, "entity_id": entity_id, "limit": limit}
        return pages.Listing(self._caller, "/v3/webhooks/events", LoggedEvent, query)

    async def _register(self, wanted: _EndpointRequest) -> WebhookEndpoint:
        key = uuid.uuid4().hex
        try:
            return await self._caller.send(_create(wanted), Options(deadline=REGISTER_SECONDS, idempotency_key=key))
        except HeyGenError as exc:
            exc.add_note("if HeyGen registered it all the same, heygen.webhooks.list() shows it")
            raise
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._unregister(wanted, key)
            raise

    async def _unregister(self, wanted: _EndpointRequest, key: str) -> None:
        """Remove what was perhaps registered under *key*: asking again under it tells the id that got lost."""
        try:
            options = Options(deadline=REMOVE_SECONDS, idempotency_key=key)
            endpoint = await self._caller.send(_create(wanted), options)
        except HeyGenError as exc:
            logger.warning("a webhook endpoint is perhaps registered, see heygen.webhooks.list(): %s", exc)
        else:
            await self._remove(endpoint.endpoint_id)

    async def _remove(self, endpoint_id: str) -> None:
        try:
            await self.delete(endpoint_id, Options(deadline=REMOVE_SECONDS))
        except NotFoundError:
            pass  # gone is what it should be
        except HeyGenError as exc:
            logger.warning("the webhook endpoint %s is still registered: %s", endpoint_id, exc)


def _create(wanted: _EndpointRequest) -> Call[WebhookEndpoint]:
    if wanted.url is None:
        raise InvalidInputError("url: None; pass the https address that deliveries go to")
    return Call(
        method="POST",
        path=_ENDPOINTS,
        route=_ENDPOINTS,
        body=wire.encode(wanted),
        read=data_reader(WebhookEndpoint),
        takes_key=True,
    )

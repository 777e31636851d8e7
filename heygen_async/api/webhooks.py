"""`heygen.webhooks`: registers addresses that HeyGen calls when a render ends. `/v3/webhooks`.

`heygen_async.webhooks.receiver.Receiver` receives the deliveries.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Iterable
from os import PathLike
from typing import Any

import anyio
import attrs
import yarl

from heygen_async.account.base_url import is_loopback
from heygen_async.api.endpoint_ensurer import ENSURE_SECONDS, EndpointEnsurer
from heygen_async.api.fields.rules import instance_of, list_of, refuse, text, url as web_address
from heygen_async.api.fields.unset import UNSET, Unset
from heygen_async.api.webhook_values import EventTypes, LoggedEvent, RotatedSecret, WebhookEndpoint
from heygen_async.errors import HeyGenError, InvalidInputError, NotFoundError
from heygen_async.http import pages, wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller

logger: logging.Logger = logging.getLogger("heygen_async")

REGISTER_SECONDS = 60.0
REMOVE_SECONDS = 10.0  # for each of at most two requests when a block is left

_ENDPOINTS = "/v3/webhooks/endpoints"
_ENDPOINT = "/v3/webhooks/endpoints/{endpoint_id}"
_MOST_EVENTS = 1000  # far above the number of HeyGen's event types


def _https(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse http, but for this machine, on which only a simulator can deliver."""
    web_address()(owner, attribute, value)
    if value is not None and not value.startswith("https://") and not is_loopback(yarl.URL(value)):
        refuse(owner, attribute.name, value, "must begin with https://: HeyGen delivers to no other addresses")


def _as_tuple(events: Any) -> Any:
    """Turn any iterable but text into a tuple; return other values unchanged."""
    return tuple(events) if isinstance(events, Iterable) and not isinstance(events, str) else events


@attrs.frozen(kw_only=True)
class _EndpointRequest:
    """The body of a POST or PATCH. Source: `CreateWebhookEndpointRequest`, `UpdateWebhookEndpointRequest`."""

    url: str | None = attrs.field(default=None, validator=_https)
    events: tuple[str, ...] | None = attrs.field(
        default=None, converter=_as_tuple, validator=list_of(text(required=True), 1, _MOST_EVENTS)
    )
    entity_id: str | None = attrs.field(default=None, validator=[instance_of(str), text()])


class Webhooks:
    """`heygen.webhooks`: register, change and remove endpoints, read the log of events. Free of charge."""

    def __init__(self, caller: Caller) -> None:
        """Send requests by *caller*."""
        self._caller = caller

    @contextlib.asynccontextmanager
    async def registered(
        self, url: str, *, events: Iterable[str] | None = None, entity_id: str | None = None
    ) -> AsyncIterator[WebhookEndpoint]:
        """Register *url* for the duration of the block.

            async with heygen.webhooks.registered(url, events=["avatar_video.success"]) as endpoint:
                receiver.trust(endpoint.secret)

        The address must answer already, because HeyGen probes it. The endpoint is removed when the block is left, also
        by an error or a cancellation, which waits for the removal for 20 s at most. If the endpoint cannot be removed,
        a warning with its id is logged.

        Args:
            url: Address: https, or http on this machine.
            events: Types of events; None for all.
            entity_id: Deliver events of this entity only.
        """
        request = _EndpointRequest(url=url, events=events, entity_id=entity_id)
        endpoint = await self._register(request)
        try:
            yield endpoint
        finally:
            with anyio.CancelScope(shield=True):
                await self._remove(endpoint.endpoint_id)

    async def ensure(
        self,
        url: str,
        *,
        events: Iterable[str] | None = None,
        secret: str | None = None,
        secret_file: str | PathLike[str] | None = None,
        within: float = ENSURE_SECONDS,
    ) -> WebhookEndpoint:
        """Return the endpoint of *url* with its secret; register it if there is none. For every start of a server.

            endpoint = await heygen.webhooks.ensure(url, secret_file="heygen-webhook.json")
            receiver.trust(endpoint.secret)

        HeyGen probes a new address. If your server does not answer yet, so that the registration is refused, it is
        tried again for *within* seconds; so let the server start meanwhile, and call this in a task of its own.

        HeyGen tells a secret once. Where neither *secret* nor *secret_file* has that of an endpoint which exists, it is
        rotated, and the old one is worth nothing from then on. Processes that serve one address must therefore share
        it: on one machine by a file, else by a setting.

        Args:
            url: Address: https, or http on this machine.
            events: Types of events; None for all. An endpoint with others is changed.
            secret: The endpoint's secret, if you know it.
            secret_file: File that keeps the secret, readable by you alone; it is made if it is missing. Processes that
                start together take turns.
            within: Most seconds for which a refused registration is tried again.

        Source: `GET`, `POST /v3/webhooks/endpoints`, `PATCH /v3/webhooks/endpoints/{endpoint_id}` and
            `POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret`.
        """
        request = _EndpointRequest(url=url, events=events)
        return await EndpointEnsurer(self, url, request.events, secret).ensure(secret_file, within)

    async def create(
        self,
        url: str,
        *,
        events: Iterable[str] | None = None,
        entity_id: str | None = None,
        options: Options | None = None,
    ) -> WebhookEndpoint:
        """Register *url* and return the endpoint with its secret. Keep the secret: HeyGen does not return it again.

        Args:
            url: Address: https, or http on this machine. It must answer already, because HeyGen probes it.
            events: Types of events; None for all.
            entity_id: Deliver events of this entity only.
            options: Options of the call.

        Source: `POST /v3/webhooks/endpoints`.
        """
        return await self._caller.send(_create(_EndpointRequest(url=url, events=events, entity_id=entity_id)), options)

    def list(self, *, limit: int = 100) -> pages.Listing[WebhookEndpoint]:
        """List the endpoints, without secrets, in pages of *limit* (1 to 100).

        Source: `GET /v3/webhooks/endpoints`.
        """
        return pages.Listing(self._caller, _ENDPOINTS, WebhookEndpoint, {"limit": limit})

    async def update(
        self,
        endpoint_id: str,
        *,
        url: str | None = None,
        events: Iterable[str] | Unset | None = UNSET,
        options: Options | None = None,
    ) -> WebhookEndpoint:
        """Change an endpoint's address, or the whole list of its event types.

        What is left out stays as it is. None as events is sent as null, which stands for all types when an endpoint is
        registered; HeyGen does not document it for a change. The call is not retried after a lost answer: you may
        repeat it.

        Source: `PATCH /v3/webhooks/endpoints/{endpoint_id}`.
        """
        request = _EndpointRequest(url=url, events=None if isinstance(events, Unset) else events)
        body = {**wire.encode(request), **({"events": None} if events is None else {})}
        if not body:
            raise InvalidInputError("update: neither url nor events; give at least one of them")
        call = Call(
            method="PATCH",
            path=f"{_ENDPOINTS}/{path_id(endpoint_id)}",
            route=_ENDPOINT,
            body=body,
            read=data_reader(WebhookEndpoint),
        )
        return await self._caller.send(call, options)

    async def delete(self, endpoint_id: str, options: Options | None = None) -> None:
        """Remove an endpoint, which gets no further deliveries.

        Raises:
            NotFoundError: There is no such endpoint, or an earlier attempt whose answer was lost has removed it.

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
        """Replace an endpoint's secret at once. Deliveries signed with the old one may still be under way.

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
        """Return the types of events that HeyGen delivers. Source: `GET /v3/webhooks/event-types`."""
        path = "/v3/webhooks/event-types"
        return await self._caller.send(Call(method="GET", path=path, route=path, read=data_reader(EventTypes)), options)

    def events(
        self, *, event_type: str | None = None, entity_id: str | None = None, limit: int = 100
    ) -> pages.Listing[LoggedEvent]:
        """List delivered events in pages of *limit* (1 to 100), to catch up on missed deliveries.

        Source: `GET /v3/webhooks/events`.
        """
        query = {"event_type": event_type, "entity_id": entity_id, "limit": limit}
        return pages.Listing(self._caller, "/v3/webhooks/events", LoggedEvent, query)

    async def _register(self, request: _EndpointRequest) -> WebhookEndpoint:
        key = uuid.uuid4().hex
        try:
            return await self._caller.send(_create(request), Options(deadline=REGISTER_SECONDS, idempotency_key=key))
        except HeyGenError as exc:
            exc.add_note("if HeyGen has registered the endpoint, heygen.webhooks.list() shows it")
            raise
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._unregister(request, key)
            raise

    async def _unregister(self, request: _EndpointRequest, key: str) -> None:
        """Remove an endpoint that may have been registered under *key*. A POST under this key returns the lost id."""
        try:
            options = Options(deadline=REMOVE_SECONDS, idempotency_key=key)
            endpoint = await self._caller.send(_create(request), options)
        except HeyGenError as exc:
            logger.warning("a webhook endpoint may be registered, see heygen.webhooks.list(): %s", exc)
        else:
            await self._remove(endpoint.endpoint_id)

    async def _remove(self, endpoint_id: str) -> None:
        try:
            await self.delete(endpoint_id, Options(deadline=REMOVE_SECONDS))
        except NotFoundError:
            pass  # removed already
        except HeyGenError as exc:
            logger.warning("the webhook endpoint %s is still registered: %s", endpoint_id, exc)


def _create(request: _EndpointRequest) -> Call[WebhookEndpoint]:
    if request.url is None:
        raise InvalidInputError("url: None; pass the https address that deliveries go to")
    return Call(
        method="POST",
        path=_ENDPOINTS,
        route=_ENDPOINTS,
        body=wire.encode(request),
        read=data_reader(WebhookEndpoint),
        takes_key=True,
    )

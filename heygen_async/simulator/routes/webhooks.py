"""/v3/webhooks: endpoints, their secrets, and the log of events."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, page_reply
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world.outbox import Endpoint, OutgoingEvent

PATH = "/v3/webhooks/endpoints"


def create(call: RouteCall) -> Reply:
    """POST /v3/webhooks/endpoints. Unlike HeyGen according to some sources, the simulator does not try the URL."""
    world = call.world
    number = world.next_number("endpoint")
    endpoint = Endpoint(
        endpoint_id=world.make_id("endpoint", number),
        number=number,
        url=call.body["url"],
        events=call.body.get("events"),
        entity_id=call.body.get("entity_id"),
        secret=_new_secret(call),
        created_at=world.now(),
    )
    world.outbox.endpoints[endpoint.endpoint_id] = endpoint
    world.outbox.expect_delivery(endpoint.url)
    return data_reply({**_view(call, endpoint), "secret": endpoint.secret})


def list_(call: RouteCall) -> Reply:
    """GET /v3/webhooks/endpoints, newest first."""
    found = [(-endpoint.number, endpoint) for endpoint in reversed(call.world.outbox.endpoints.values())]
    return call.page_reply(found, functools.partial(_view, call))


def update(call: RouteCall) -> Reply:
    """PATCH /v3/webhooks/endpoints/{endpoint_id}. The list of events is replaced."""
    endpoint = _find(call)
    if call.body.get("url"):
        endpoint.url = call.body["url"]
    if "events" in call.body:
        endpoint.events = call.body["events"]
    call.world.outbox.expect_delivery(endpoint.url)
    return data_reply(_view(call, endpoint))


def delete(call: RouteCall) -> Reply:
    """DELETE /v3/webhooks/endpoints/{endpoint_id}. Deliveries that are not sent yet are dropped."""
    endpoint = _find(call)
    endpoint.deleted = True
    del call.world.outbox.endpoints[endpoint.endpoint_id]
    return data_reply({})


def rotate(call: RouteCall) -> Reply:
    """POST /v3/webhooks/endpoints/{endpoint_id}/rotate-secret. The old secret is invalid at once."""
    endpoint = _find(call)
    endpoint.secret = _new_secret(call)
    return data_reply({"endpoint_id": endpoint.endpoint_id, "secret": endpoint.secret})


def event_types(call: RouteCall) -> Reply:
    """GET /v3/webhooks/event-types."""
    schemas = call.operation.validator.document["components"]["schemas"]
    names = schemas["WebhookEventType"]["enum"]
    return page_reply([{"event_type": name, "description": _description(name)} for name in names], None)


def events(call: RouteCall) -> Reply:
    """GET /v3/webhooks/events, newest first: all events, with or without a receiver."""
    query = call.query
    found = [
        (-event.number, event)
        for event in reversed(call.world.outbox.events)
        if query.get("event_type") in (None, event.event_type) and query.get("entity_id") in (None, event.entity_id)
    ]
    return call.page_reply(found, functools.partial(_event, call))


def _description(event_type: str) -> str:
    return event_type.replace(".", ": ").replace("_", " ").capitalize() + "."


def _new_secret(call: RouteCall) -> str:
    return f"whsec_{call.world.make_id('secret', call.world.next_number('secret'))}"


def _find(call: RouteCall) -> Endpoint:
    endpoint = call.world.outbox.endpoints.get(call.names["endpoint_id"])
    if endpoint is None:
        raise RefusalError(404, "webhook_not_found", "There is no such endpoint.")
    return endpoint


def _view(call: RouteCall, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "endpoint_id": endpoint.endpoint_id,
        "url": endpoint.url,
        "events": endpoint.events,
        "status": "enabled",
        "created_at": _iso_time(call, endpoint.created_at),
    }


def _event(call: RouteCall, event: OutgoingEvent) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "event_type": event.event_type,
        "event_data": event.data,
        "created_at": _iso_time(call, event.at),
    }


def _iso_time(call: RouteCall, at: float) -> str:
    return dt.datetime.fromtimestamp(call.world.unix_time(at), dt.UTC).isoformat()


ROUTES: Routes = {
    ("POST", PATH): create,
    ("GET", PATH): list_,
    ("PATCH", f"{PATH}/{{endpoint_id}}"): update,
    ("DELETE", f"{PATH}/{{endpoint_id}}"): delete,
    ("POST", f"{PATH}/{{endpoint_id}}/rotate-secret"): rotate,
    ("GET", "/v3/webhooks/event-types"): event_types,
    ("GET", "/v3/webhooks/events"): events,
}

"""Endpoints for batches and for statuses of many items: of videos, lipsyncs, translations and assets."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import attrs

from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid, json_reply
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world.batches import BatchState, Item

MOST_IDS = 100
NOT_FOUND = Item(status="not_found", resource_id=None)


@attrs.frozen(kw_only=True)
class BatchRoutes:
    """The batch endpoints of one kind of item.

    Attributes:
        item_kind: Kind of the items, as in `BatchState.item_kind`.
        ids_name: Query parameter with ids of items.
        find_item: Returns the status of the item with an id; None if it does not exist.
    """

    item_kind: str
    ids_name: str
    find_item: Callable[[RouteCall, str], Item | None]


def get_batch(endpoints: BatchRoutes, call: RouteCall) -> Reply:
    """GET .../batches/{batch_id}. The page of items is inside ``data``."""
    batch = _find(endpoints, call, call.names["batch_id"])
    if batch is None:
        raise RefusalError(404, "not_found", "There is no such batch.")
    now = call.world.now()
    shown, token = call.page(list(enumerate(_entries(batch, now))))
    return data_reply(
        {
            "batch_id": batch.batch_id,
            "title": batch.title,
            "status": batch.status(now),
            "total_items": len(batch.members),
            "counts_by_status": batch.counts(now),
            "created_at": int(call.world.unix_time(batch.created_at)),
            "items": shown,
            "has_more": token is not None,
            "next_token": token,
        }
    )


def statuses(endpoints: BatchRoutes, call: RouteCall) -> Reply:
    """GET .../statuses."""
    ids, batch_ids = call.ids(endpoints.ids_name), call.ids("batch_ids")
    if not ids and not batch_ids:
        raise invalid(endpoints.ids_name, f"Give {endpoints.ids_name} or batch_ids.")
    if len(ids) + len(batch_ids) > MOST_IDS:
        raise invalid(endpoints.ids_name, f"At most {MOST_IDS} ids per request.")
    entries = [_entry(endpoints.find_item(call, resource_id) or NOT_FOUND, resource_id) for resource_id in ids]
    for batch_id in batch_ids:
        entries += _statuses_of_batch(endpoints, call, batch_id)
    return json_reply({"data": entries, "has_more": False, "next_token": None})


def routes(endpoints: BatchRoutes, path: str) -> Routes:
    """Return the routes below *path*."""
    return {
        ("GET", f"{path}/statuses"): functools.partial(statuses, endpoints),
        ("GET", f"{path}/batches/{{batch_id}}"): functools.partial(get_batch, endpoints),
    }


def _find(endpoints: BatchRoutes, call: RouteCall, batch_id: str) -> BatchState | None:
    batch = call.world.batches.get(batch_id)
    return batch if batch and batch.item_kind == endpoints.item_kind else None


def _statuses_of_batch(endpoints: BatchRoutes, call: RouteCall, batch_id: str) -> list[dict[str, Any]]:
    batch = _find(endpoints, call, batch_id)
    if batch is None:
        return [{**_entry(NOT_FOUND, None), "batch_id": batch_id}]
    return [{**entry, "batch_id": batch_id} for entry in _entries(batch, call.world.now())]


def _entries(batch: BatchState, now: float) -> list[dict[str, Any]]:
    return [
        {"item_index": index, "status": item.status, "video_id": item.resource_id, "error": item.error}
        for index, item in enumerate(batch.items(now))
    ]


def _entry(item: Item, resource_id: str | None) -> dict[str, Any]:
    # The id of an item is called video_id for all kinds of items.
    return {
        "status": item.status,
        "video_id": resource_id,
        "batch_id": None,
        "item_index": None,
        "error": item.error,
    }

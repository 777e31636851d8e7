"""Endpoints of jobs that are not videos: lipsyncs, clips, background and filler word removals, model videos.

Translations share the handlers of this module; their routes are in `translations`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import attrs

from heygen_async.simulator.account.job_kinds import BACKGROUND, CLIPPING, FILLER, LIPSYNC, MODEL_VIDEO, JobKind
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply
from heygen_async.simulator.routes import batches
from heygen_async.simulator.routes.batches import BatchRoutes
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.views.job_status import status_of
from heygen_async.simulator.views.job_views import view
from heygen_async.simulator.world import acceptance
from heygen_async.simulator.world.acceptance import RenderOrder
from heygen_async.simulator.world.batches import Item, error
from heygen_async.simulator.world.known_ids import failures_of_items, require_declared
from heygen_async.simulator.world.renders import Render

Body = dict[str, Any]


def order(kind: JobKind, body: Body) -> RenderOrder:
    """Return the order of a job of *kind* for *body*."""
    return RenderOrder(job_kind=kind.name, kind=kind.name, body=body)


def create(kind: JobKind, id_name: str, status: int, call: RouteCall) -> Reply:
    """POST: creates a job. The answer holds the id and, for model videos, a status."""
    require_declared(call.world, call.body)
    (render,) = acceptance.accept(call.world, [order(kind, call.body)], call.key)
    answer = {id_name: render.video_id, "status": "pending"} if kind is MODEL_VIDEO else {id_name: render.video_id}
    return data_reply(answer, status=status)


def remove_background(call: RouteCall) -> Reply:
    """POST /v3/background-removals. A repeated `request_id` gets the first job; Idempotency-Keys are ignored."""
    request_id = call.body.get("request_id")
    for render in call.world.jobs[BACKGROUND.name].values():
        if request_id is not None and render.body.get("request_id") == request_id:
            return data_reply(view(call, render))
    require_declared(call.world, call.body)
    (render,) = acceptance.accept(call.world, [order(BACKGROUND, call.body)], None)
    return data_reply(view(call, render))


def create_batch(name: str, expand: Callable[[Body], list[RenderOrder]], call: RouteCall) -> Reply:
    """POST .../batches.

    Args:
        name: Field of the items.
        expand: Returns the orders for an item.
        call: Call to answer.
    """
    failures = failures_of_items(call.world, name, call.body[name])
    orders = [
        attrs.evolve(one, failure=failure)
        for item, failure in zip(call.body[name], failures, strict=True)
        for one in expand(item)
    ]
    batch = acceptance.accept_batch(call.world, orders, call.body, call.key)
    return data_reply({"batch_id": batch.batch_id}, status=202)


def list_(kind: JobKind, call: RouteCall) -> Reply:
    """GET: lists the jobs, newest first."""
    jobs = sorted(call.world.jobs[kind.name].values(), key=lambda render: -render.number)
    return call.page_reply([(-job.number, job) for job in jobs if not job.deleted], functools.partial(view, call))


def get(kind: JobKind, call: RouteCall) -> Reply:
    """GET: returns one job. Background removals have a status for deleted jobs, so these can still be read."""
    return data_reply(view(call, _find(kind, call, deleted=kind is BACKGROUND), polled=True))


def delete(kind: JobKind, call: RouteCall) -> Reply:
    """DELETE: deletes one job."""
    render = _find(kind, call)
    call.world.render_farm.delete(render)
    more = {"deleted": True} if kind is BACKGROUND else {}
    return data_reply({"id": render.video_id, **more})


def rename(kind: JobKind, call: RouteCall) -> Reply:
    """PATCH: changes the title of one job."""
    render = _find(kind, call)
    render.title = call.body["title"]
    return data_reply(view(call, render))


def batch_routes(kind: JobKind) -> Routes:
    """Return the routes for batches and statuses of *kind*."""
    endpoints = BatchRoutes(
        item_kind=kind.name, ids_name=f"{kind.name}_ids", find_item=functools.partial(_find_item, kind)
    )
    return batches.routes(endpoints, kind.path)


def job_routes(kind: JobKind, *handlers: Callable[[JobKind, RouteCall], Reply]) -> Routes:
    """Return the routes of *kind* to *handlers*: `list_`, `get`, `delete` or `rename`."""
    return {
        (_METHODS[handler], kind.path if handler is list_ else kind.item_path): functools.partial(handler, kind)
        for handler in handlers
    }


def _find(kind: JobKind, call: RouteCall, *, deleted: bool = False) -> Render:
    render = call.world.jobs[kind.name].get(call.names[kind.id_name])
    if render is None or (render.deleted and not deleted):
        raise RefusalError(404, kind.not_found, "There is no such job.")
    return render


def _find_item(kind: JobKind, call: RouteCall, job_id: str) -> Item | None:
    render = call.world.jobs[kind.name].get(job_id)
    if render is None or render.deleted:
        return None
    status = status_of(call, render, polled=True)
    return Item(status=status.status, resource_id=job_id, error=error(render) if status.failure else None)


_METHODS: dict[Callable[[JobKind, RouteCall], Reply], str] = {
    list_: "GET",
    get: "GET",
    delete: "DELETE",
    rename: "PATCH",
}

ROUTES: Routes = {
    ("POST", "/v3/lipsyncs"): functools.partial(create, LIPSYNC, "lipsync_id", 200),
    ("POST", "/v3/lipsyncs/batches"): functools.partial(create_batch, "lipsyncs", lambda item: [order(LIPSYNC, item)]),
    **batch_routes(LIPSYNC),
    **job_routes(LIPSYNC, list_, get, delete, rename),
    ("POST", "/v3/ai-clipping"): functools.partial(create, CLIPPING, "ai_clipping_id", 202),
    **job_routes(CLIPPING, list_, get, delete),
    ("POST", "/v3/background-removals"): remove_background,
    **job_routes(BACKGROUND, list_, get, delete),
    ("POST", "/v3/filler-word-removals"): functools.partial(create, FILLER, "filler_word_removal_id", 202),
    **job_routes(FILLER, get),
    ("POST", "/v3/models/videos"): functools.partial(create, MODEL_VIDEO, "video_id", 202),
    **job_routes(MODEL_VIDEO, get),
}

"""Jobs that are no videos: lipsyncs, clips, layers, cuts, model videos. One table, one way for all of them.

Translations share the ways and have a file of their own, `translation_routes`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from heygen_async.simulator.account.job_kinds import BACKGROUND, CLIPPING, FILLER, LIPSYNC, MODEL_VIDEO, JobKind
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply
from heygen_async.simulator.routes import batches
from heygen_async.simulator.routes.batches import BatchRoutes
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.views.job_status import glance
from heygen_async.simulator.views.job_views import view
from heygen_async.simulator.views.known_ids import require_declared, require_known_items
from heygen_async.simulator.world import acceptance
from heygen_async.simulator.world.acceptance import RenderOrder
from heygen_async.simulator.world.batches import Item, error
from heygen_async.simulator.world.renders import Render

Body = dict[str, Any]


def order(family: JobKind, body: Body) -> RenderOrder:
    """Return *body* as one order of *family*."""
    return RenderOrder(family=family.name, kind=family.name, body=body)


def create(family: JobKind, id_name: str, status: int, call: RouteCall) -> Reply:
    """POST of a family; the answer holds the id and little else."""
    require_declared(call.world, call.body)
    (render,) = acceptance.accept(call.world, [order(family, call.body)], call.key)
    made = {id_name: render.video_id, "status": "pending"} if family is MODEL_VIDEO else {id_name: render.video_id}
    return data_reply(made, status=status)


def remove_background(call: RouteCall) -> Reply:
    """POST /v3/background-removals: a `request_id` that was there before finds the first job; keys are ignored."""
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
        expand: Returns the orders that an item asks for.
        call: What is asked.
    """
    require_known_items(call.world, name, call.body[name])
    orders = [one for item in call.body[name] for one in expand(item)]
    batch = acceptance.accept_batch(call.world, orders, call.body, call.key)
    return data_reply({"batch_id": batch.batch_id}, status=202)


def list_(family: JobKind, call: RouteCall) -> Reply:
    """GET of all, newest first."""
    jobs = sorted(call.world.jobs[family.name].values(), key=lambda render: -render.number)
    return call.page_reply([(-job.number, job) for job in jobs if not job.deleted], functools.partial(view, call))


def get(family: JobKind, call: RouteCall) -> Reply:
    """GET of one. A background removal has a status for being deleted, so it can be read afterwards."""
    return data_reply(view(call, _find(family, call, deleted=family is BACKGROUND), looked_at=True))


def delete(family: JobKind, call: RouteCall) -> Reply:
    """DELETE of one."""
    render = _find(family, call)
    call.world.render_farm.delete(render)
    more = {"deleted": True} if family is BACKGROUND else {}
    return data_reply({"id": render.video_id, **more})


def rename(family: JobKind, call: RouteCall) -> Reply:
    """PATCH of one: it has a title and nothing else to change."""
    render = _find(family, call)
    render.title = call.body["title"]
    return data_reply(view(call, render))


def bulk(family: JobKind) -> Routes:
    """Return the routes for many of *family* at a time."""
    asked = BatchRoutes(family=family.name, ids_name=f"{family.name}_ids", look=functools.partial(_look, family))
    return batches.routes(asked, family.path)


def ways(family: JobKind, *verbs: Callable[[JobKind, RouteCall], Reply]) -> Routes:
    """Return the routes of *family* that lead to *verbs*: `list_`, `get`, `delete` or `rename`."""
    return {
        (_METHODS[verb], family.path if verb is list_ else family.one): functools.partial(verb, family)
        for verb in verbs
    }


def _find(family: JobKind, call: RouteCall, *, deleted: bool = False) -> Render:
    render = call.world.jobs[family.name].get(call.names[family.id_name])
    if render is None or (render.deleted and not deleted):
        raise RefusalError(404, family.missing, "There is no such job.")
    return render


def _look(family: JobKind, call: RouteCall, job_id: str) -> Item | None:
    render = call.world.jobs[family.name].get(job_id)
    if render is None or render.deleted:
        return None
    seen = glance(call, render, counts=True)
    return Item(status=seen.status, resource_id=job_id, error=error(render) if seen.failure else None)


_METHODS: dict[Callable[[JobKind, RouteCall], Reply], str] = {
    list_: "GET",
    get: "GET",
    delete: "DELETE",
    rename: "PATCH",
}

ROUTES: Routes = {
    ("POST", "/v3/lipsyncs"): functools.partial(create, LIPSYNC, "lipsync_id", 200),
    ("POST", "/v3/lipsyncs/batches"): functools.partial(create_batch, "lipsyncs", lambda item: [order(LIPSYNC, item)]),
    **bulk(LIPSYNC),
    **ways(LIPSYNC, list_, get, delete, rename),
    ("POST", "/v3/ai-clipping"): functools.partial(create, CLIPPING, "ai_clipping_id", 202),
    **ways(CLIPPING, list_, get, delete),
    ("POST", "/v3/background-removals"): remove_background,
    **ways(BACKGROUND, list_, get, delete),
    ("POST", "/v3/filler-word-removals"): functools.partial(create, FILLER, "filler_word_removal_id", 202),
    **ways(FILLER, get),
    ("POST", "/v3/models/videos"): functools.partial(create, MODEL_VIDEO, "video_id", 202),
    **ways(MODEL_VIDEO, get),
}

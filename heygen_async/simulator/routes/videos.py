"""/v3/videos: videos, their batches and statuses."""

from __future__ import annotations

import functools
import operator
from typing import Any

from heygen_async.simulator.account.job_kinds import MODEL_VIDEO, VIDEO
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply
from heygen_async.simulator.routes import batches
from heygen_async.simulator.routes.batches import BatchRoutes
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.views.job_status import JobStatus, addresses, status_of
from heygen_async.simulator.world import acceptance
from heygen_async.simulator.world.acceptance import RenderOrder
from heygen_async.simulator.world.batches import Item, error
from heygen_async.simulator.world.known_ids import failures_of_items, require_declared, require_known
from heygen_async.simulator.world.renders import Render

_NUMBER = operator.attrgetter("number")


def create(call: RouteCall) -> Reply:
    """POST /v3/videos."""
    require_known(call.world, call.body)
    (render,) = acceptance.accept(call.world, [RenderOrder(kind=call.body["type"], body=call.body)], call.key)
    output_format = call.body.get("output_format", "mp4")
    return data_reply({"video_id": render.video_id, "status": "waiting", "output_format": output_format})


def list_(call: RouteCall) -> Reply:
    """GET /v3/videos, newest first.

    `title` matches parts of titles. The contract does not state if it must match the whole title.
    """
    title = call.query.get("title", "").lower()
    folder = call.query.get("folder_id")
    found = [render for render in call.world.videos.values() if not render.deleted]
    if title or folder:
        found = [
            render
            for render in found
            if title in (render.title or "").lower() and folder in (None, "", render.folder_id)
        ]
    found.sort(key=_NUMBER, reverse=True)
    return call.page_reply(
        [(-render.number, render) for render in found], functools.partial(view, call, lag=call.world.list_lag_seconds)
    )


def get(call: RouteCall) -> Reply:
    """GET /v3/videos/{video_id}. Videos of models can be read here too, as they were on 2026-09-25."""
    render = call.world.jobs[MODEL_VIDEO.name].get(call.names["video_id"]) or _find(call)
    return data_reply(view(call, render, polled=True))


def voice_capabilities(call: RouteCall) -> Reply:
    """GET /v3/videos/{video_id}/voice-capabilities. The fields are a guess: no source describes them."""
    render = _find(call)
    voice_id = render.body.get("voice_id")
    return data_reply({"video_id": render.video_id, "capabilities": {"voice_id": voice_id, "replaceable": True}})


def delete(call: RouteCall) -> Reply:
    """DELETE /v3/videos/{video_id}."""
    render = _find(call)
    call.world.render_farm.delete(render)
    if render.session_id:
        call.world.agent_farm.video_deleted(call.world.sessions[render.session_id])
    return data_reply({"id": render.video_id, "deleted": True})


def create_batch(call: RouteCall) -> Reply:
    """POST /v3/videos/batches."""
    videos, folder_id = call.body["videos"], call.body.get("folder_id")
    require_declared(call.world, {"folder_id": folder_id})
    failures = failures_of_items(call.world, "videos", videos)
    orders = [
        RenderOrder(kind=item["type"], body=item, folder_id=folder_id, failure=failure)
        for item, failure in zip(videos, failures, strict=True)
    ]
    return data_reply(
        {"batch_id": acceptance.accept_batch(call.world, orders, call.body, call.key).batch_id}, status=202
    )


def scenes(call: RouteCall) -> Reply:
    """GET /v3/videos/{video_id}/scenes. The contract does not describe the scenes, so their fields are a guess."""
    render = _find(call)
    scenes = render.body.get("scenes") or [render.body]
    described = [
        {
            "background": scene.get("background"),
            "elements": [{"type": str(scene.get("type", "video"))}],
            "script": scene.get("input", scene).get("script"),
        }
        for scene in scenes
    ]
    video = {"id": render.video_id, "title": render.title, "duration": render.duration}
    return data_reply({"video_id": render.video_id, "video": video, "scenes": described})


def view(call: RouteCall, render: Render, *, polled: bool = False, lag: float = 0.0) -> dict[str, Any]:
    """Return *render* as ``VideoDetail`` of the contract.

    Args:
        call: Call that is answered.
        render: The video.
        polled: True if the call counts as a poll for faults that affect the first polls.
        lag: Seconds by which the view is behind: an end is shown so much later.
    """
    world = call.world
    status = status_of(call, render, polled=polled)
    if status.ended_at is not None and world.now() < status.ended_at + lag:
        status = JobStatus(status="processing", done=False, ended_at=None, failure=None)
    return {
        "id": render.video_id,
        "status": status.status,
        "title": render.title,
        "created_at": int(world.unix_time(render.accepted_at)),
        "completed_at": int(world.unix_time(status.ended_at)) if status.ended_at is not None else None,
        "duration": render.duration if status.done else None,
        **addresses(call, render, status, _endings(render.body)),
        "video_page_url": f"{call.origin}/videos/{render.video_id}",
        "folder_id": render.folder_id,
        "output_language": None,
        "failure_code": status.failure and status.failure.code,
        "failure_message": status.failure and status.failure.message,
    }


def _find(call: RouteCall) -> Render:
    render = call.world.videos.get(call.names["video_id"])
    if render is None or render.deleted:
        raise RefusalError(404, "video_not_found", "There is no such video.")
    return render


def _endings(body: dict[str, Any]) -> dict[str, str | None]:
    caption, subtitles = body.get("caption"), body.get("subtitles")
    settings = caption if isinstance(caption, dict) else {}  # templates take true or false
    burnt_in = bool(settings.get("style") or subtitles)
    return {
        "video_url": "." + body.get("output_format", "mp4"),
        "captioned_video_url": "-captioned.mp4" if burnt_in else None,
        "subtitle_url": ".srt" if isinstance(caption, dict) or caption or subtitles else None,
        "thumbnail_url": ".jpg",
        "gif_url": ".gif" if body.get("include_gif") else None,
    }


def _find_item(call: RouteCall, video_id: str) -> Item | None:
    render = call.world.videos.get(video_id)
    if render is None or render.deleted:
        return None
    status = render.faults.undocumented_status() or render.status(call.world.now())
    return Item(status=status, resource_id=video_id, error=error(render) if status == "failed" else None)


BATCH_ROUTES = BatchRoutes(item_kind=VIDEO.name, ids_name="video_ids", find_item=_find_item)

ROUTES: Routes = {
    ("POST", "/v3/videos"): create,
    ("GET", "/v3/videos"): list_,
    ("POST", "/v3/videos/batches"): create_batch,
    **batches.routes(BATCH_ROUTES, VIDEO.path),
    ("GET", "/v3/videos/{video_id}"): get,
    ("DELETE", "/v3/videos/{video_id}"): delete,
    ("GET", "/v3/videos/{video_id}/scenes"): scenes,
    ("GET", "/v3/videos/{video_id}/voice-capabilities"): voice_capabilities,
}

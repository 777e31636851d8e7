"""/v3/videos: direct renders, their batches and statuses."""

from __future__ import annotations

import functools
from typing import Any

from heygen_async.simulator import bulk_routes, desk, files
from heygen_async.simulator.batches import Item, error
from heygen_async.simulator.bulk_routes import Bulk
from heygen_async.simulator.calls import Call, Routes
from heygen_async.simulator.catalog import LOOKS, VOICES
from heygen_async.simulator.families import VIDEO
from heygen_async.simulator.renders import Render
from heygen_async.simulator.replies import (
    Problem,
    RefusalError,
    Reply,
    data_reply,
    invalid_items,
)
from heygen_async.simulator.rules import look_problems


def create(call: Call) -> Reply:
    """POST /v3/videos."""
    if call.world.strict_catalog:
        require_known(call.body)
    render = desk.accept_video(call.world, call.body, call.key)
    output_format = call.body.get("output_format", "mp4")
    return data_reply({"video_id": render.video_id, "status": "waiting", "output_format": output_format})


def list_(call: Call) -> Reply:
    """GET /v3/videos, newest first.

    `title` finds parts of titles: the contract does not say whether it must be the whole.
    """
    title = call.query.get("title", "").lower()
    folder = call.query.get("folder_id")
    found = [
        (-render.number, render)
        for render in sorted(call.world.videos.values(), key=lambda render: -render.number)
        if not render.deleted and title in (render.title or "").lower() and folder in (None, "", render.folder_id)
    ]
    return call.page_reply(found, functools.partial(view, call))


def get(call: Call) -> Reply:
    """GET /v3/videos/{video_id}."""
    return data_reply(view(call, _find(call), looked_at=True))


def delete(call: Call) -> Reply:
    """DELETE /v3/videos/{video_id}."""
    render = _find(call)
    call.world.studio.delete(render)
    if render.session_id:
        call.world.agency.deleted(call.world.sessions[render.session_id])
    return data_reply({"id": render.video_id, "deleted": True})


def create_batch(call: Call) -> Reply:
    """POST /v3/videos/batches."""
    if call.world.strict_catalog:
        _require_known_items(call.body["videos"])
    return data_reply({"batch_id": desk.accept_batch(call.world, call.body, call.key).batch_id}, status=202)


def view(call: Call, render: Render, *, looked_at: bool = False) -> dict[str, Any]:
    """Return *render* as ``VideoDetail``.

    Args:
        call: Of whoever looks.
        render: What is looked at.
        looked_at: Whether this uses up one of the looks that a fault spoils.
    """
    world = call.world
    status = render.status(world.now())
    odd = render.trouble.odd_status() if looked_at else None
    shown = odd or status
    failure = render.trouble.failure if shown == "failed" else None
    return {
        "id": render.video_id,
        "status": shown,
        "title": render.title,
        "created_at": int(world.wall(render.accepted_at)),
        "completed_at": int(world.wall(render.ended_at)) if render.ended_at is not None and not odd else None,
        "duration": render.duration if shown == "completed" else None,
        **_addresses(call, render, done=shown == "completed"),
        "video_page_url": f"{call.origin}/videos/{render.video_id}",
        "folder_id": render.folder_id,
        "output_language": None,
        "failure_code": failure.code if failure else None,
        "failure_message": failure.message if failure else None,
    }


def require_known(body: dict[str, Any]) -> None:
    """Refuse looks and voices that are not in the catalog, and what the look cannot do.

    Raises:
        RefusalError: 404 or 400.
    """
    looks = {look.id: look for look in LOOKS}
    asked = body.get("avatar_id") or []
    for look_id in [asked] if isinstance(asked, str) else asked:
        if look_id not in looks:
            raise RefusalError(404, "avatar_not_found", f"There is no look {look_id}.", param="avatar_id")
    if (voice_id := body.get("voice_id")) and voice_id not in {voice.id for voice in VOICES}:
        raise RefusalError(404, "voice_not_found", f"There is no voice {voice_id}.", param="voice_id")
    if body.get("type") == "avatar":
        _refuse(list(look_problems(body, looks[body["avatar_id"]])))


def _require_known_items(items: list[dict[str, Any]]) -> None:
    for index, item in enumerate(items):
        try:
            require_known(item)
        except RefusalError as refusal:  # the contract declares no 404 for batches
            problem = Problem(path=f"videos[{index}].{refusal.param}", message=str(refusal))
            raise invalid_items([index], [problem]) from None


def _refuse(problems: list[Problem]) -> None:
    if problems:
        first = problems[0]
        raise RefusalError(400, "invalid_parameter", first.message, param=first.path, problems=problems)


def _find(call: Call) -> Render:
    render = call.world.videos.get(call.names["video_id"])
    if render is None or render.deleted:
        raise RefusalError(404, "video_not_found", "There is no such video.")
    return render


def _addresses(call: Call, render: Render, *, done: bool) -> dict[str, str | None]:
    names = ("video_url", "captioned_video_url", "subtitle_url", "thumbnail_url", "gif_url")
    if not done or render.trouble.hides_address():
        return dict.fromkeys(names)
    caption = render.body.get("caption")
    burnt_in = bool(caption and caption.get("style"))
    endings = {
        "video_url": "." + render.body.get("output_format", "mp4"),
        "captioned_video_url": "-captioned.mp4" if burnt_in else None,
        "subtitle_url": ".srt" if caption is not None else None,
        "thumbnail_url": ".jpg",
    }
    expired = render.trouble.expires_at_once()
    return dict.fromkeys(names) | {
        name: files.address(call.world, call.origin, render, ending, expired=expired)
        for name, ending in endings.items()
        if ending
    }


def _look(call: Call, video_id: str) -> Item | None:
    render = call.world.videos.get(video_id)
    if render is None or render.deleted:
        return None
    status = render.trouble.odd_status() or render.status(call.world.now())
    return Item(status=status, resource_id=video_id, error=error(render) if status == "failed" else None)


BULK = Bulk(family=VIDEO.name, ids_name="video_ids", look=_look)

ROUTES: Routes = {
    ("POST", "/v3/videos"): create,
    ("GET", "/v3/videos"): list_,
    ("POST", "/v3/videos/batches"): create_batch,
    **bulk_routes.routes(BULK, VIDEO.path),
    ("GET", "/v3/videos/{video_id}"): get,
    ("DELETE", "/v3/videos/{video_id}"): delete,
}

"""/v3/video-agents: sessions, their messages and videos."""

from __future__ import annotations

from typing import Any

from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid, page_reply
from heygen_async.simulator.routes.videos import view as video_view
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world import acceptance
from heygen_async.simulator.world.known_ids import require_known
from heygen_async.simulator.world.sessions import MOST_MESSAGES, AgentSession, Message
from heygen_async.simulator.world.world import World


def create(call: RouteCall) -> Reply:
    """POST /v3/video-agents. Idempotency-Keys are ignored."""
    require_known(call.world, call.body)
    session = acceptance.accept_session(call.world, call.body)
    created_at = int(call.world.unix_time(session.created_at))
    return data_reply(
        {
            "session_id": session.session_id,
            "status": "thinking",
            "created_at": created_at,
            "video_id": session.render.video_id if session.render.video_id in call.world.videos else None,
        }
    )


def list_(call: RouteCall) -> Reply:
    """GET /v3/video-agents, newest first."""
    found = [(-session.number, session) for session in reversed(call.world.sessions.values())]
    return call.page_reply(
        found,
        lambda session: {
            "session_id": session.session_id,
            "created_at": int(call.world.unix_time(session.created_at)),
            "title": session.title,
        },
    )


def get(call: RouteCall) -> Reply:
    """GET /v3/video-agents/{session_id}."""
    return data_reply(_view(call.world, _find(call)))


def follow_up(call: RouteCall) -> Reply:
    """POST /v3/video-agents/{session_id}.

    The contract declares no 409, so a session that takes no message at this time answers with a 400.
    """
    session = _find(call)
    require_known(call.world, call.body)
    if not session.chat:
        raise invalid("session_id", "Only sessions in chat mode take messages.")
    if not session.waiting:
        raise invalid("session_id", f"The session is {session.status} and takes no message.")
    call.world.agent_farm.follow_up(session, call.body)
    run_id = call.world.make_id("run", call.world.next_number("run"))
    return data_reply({"run_id": run_id, "session_id": session.session_id, "title": session.title})


def stop(call: RouteCall) -> Reply:
    """POST /v3/video-agents/{session_id}/stop."""
    session = _find(call)
    call.world.agent_farm.stop(session)
    return data_reply({"session_id": session.session_id})


def resource(call: RouteCall) -> Reply:
    """GET /v3/video-agents/{session_id}/resources/{resource_id}."""
    session = _find(call)
    found = session.resources.get(call.names["resource_id"])
    if found is None:
        raise RefusalError(404, "resource_not_found", "There is no such resource.")
    video = video_view(call, session.render) if found.kind == "video" else {}
    return data_reply(
        {
            "resource_id": found.resource_id,
            "resource_type": found.kind,
            "source_type": "generated" if found.generated else "user_uploaded",
            "url": video.get("video_url", found.url),
            "preview_url": None,
            "thumbnail_url": video.get("thumbnail_url"),
            "metadata": {"title": session.title} if found.generated else None,
            "created_at": int(call.world.unix_time(found.at)),
        }
    )


def videos(call: RouteCall) -> Reply:
    """GET /v3/video-agents/{session_id}/videos."""
    video = _find(call).video
    shown = [video_view(call, video)] if video and not video.deleted else []
    return page_reply(shown, None)


def _find(call: RouteCall) -> AgentSession:
    session = call.world.sessions.get(call.names["session_id"])
    if session is None:
        raise RefusalError(404, "not_found", "There is no such session.")
    return session


def _view(world: World, session: AgentSession) -> dict[str, Any]:
    video = session.render if session.render.video_id in world.videos else None
    return {
        "session_id": session.session_id,
        "status": session.faults.undocumented_status() or session.status,
        "created_at": int(world.unix_time(session.created_at)),
        "progress": session.progress(world.now(), world.thinking_seconds),
        "title": session.title,
        "video_id": video.video_id if video else None,
        "messages": [_message(world, message) for message in reversed(session.messages[-MOST_MESSAGES:])],
    }


def _message(world: World, message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "type": message.kind,
        "content": message.content,
        "resource_ids": list(message.resource_ids) or None,
        "created_at": int(world.unix_time(message.at)),
    }


ROUTES: Routes = {
    ("POST", "/v3/video-agents"): create,
    ("GET", "/v3/video-agents"): list_,
    ("GET", "/v3/video-agents/{session_id}"): get,
    ("POST", "/v3/video-agents/{session_id}"): follow_up,
    ("POST", "/v3/video-agents/{session_id}/stop"): stop,
    ("GET", "/v3/video-agents/{session_id}/videos"): videos,
    ("GET", "/v3/video-agents/{session_id}/resources/{resource_id}"): resource,
}

"""A small HeyGen that keeps counts only: the end of a render stands in its id, so a million videos take no memory.

For a run in virtual time it runs in the process of the client, and what grows there is the client's. Used by
bench_memory.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator

import attrs
from aiohttp import web

RENDER_SECONDS = 60.0
NEWEST = 200  # videos that the list of videos shows
FILE = b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + (8 + 64).to_bytes(4, "big") + b"mdat" + bytes(64)
FACTS: dict[str, object] = {
    "/v3/users/me": {"username": "ada", "wallet": {"currency": "usd", "remaining_balance": 1e9, "auto_reload": None}},
    "/v3/avatars/looks/look_anna": {
        "id": "look_anna",
        "name": "Anna",
        "group_id": "group_anna",
        "avatar_type": "digital_twin",
        "status": "completed",
        "supported_api_engines": ["avatar_iv"],
        "default_voice_id": "voice_warm",
        "preferred_orientation": "landscape",
    },
    "/v3/voices/voice_warm": {
        "voice_id": "voice_warm",
        "name": "Warm",
        "language": "English",
        "gender": "female",
        "type": "public",
        "support_pause": True,
        "support_locale": True,
        "status": "complete",
    },
}


@attrs.define
class CountingServer:
    """The account: counts of POSTs and of files, and the newest ids.

    Attributes:
        posts: Number of videos that were made.
        files: Number of files that were fetched.
        unknown: Path of a request that it has no answer for; empty if there was none.
    """

    posts: int = 0
    files: int = 0
    unknown: str = ""
    _newest: deque[str] = attrs.field(factory=lambda: deque(maxlen=NEWEST))

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        if request.path.startswith("/files/"):
            self.files += 1
            return web.Response(body=FILE, content_type="video/mp4")
        if request.method == "POST" and request.path == "/v3/videos":
            await request.read()
            data: object = {"video_id": self._make(), "status": "waiting"}
        else:
            data = self._data(request)
        if data is None:
            self.unknown = f"{request.method} {request.path}"
            return web.json_response({"error": {"code": "not_found", "message": "not here"}}, status=404)
        headers = {"X-Request-Id": "req_00000000000000000000000000000001"}
        return web.Response(body=json.dumps({"data": data}).encode(), content_type="application/json", headers=headers)

    def _data(self, request: web.BaseRequest) -> object:
        """Return what a GET asks for; None if it is not known."""
        path = request.path
        if path == "/v3/videos/statuses":
            return [_status(video_id) for video_id in request.query["video_ids"].split(",")]
        if path == "/v3/videos":
            newest = list(self._newest)[: -int(request.query["limit"]) - 1 : -1]
            return [_detail(request, video_id) for video_id in newest]
        if path.startswith("/v3/videos/"):
            return _detail(request, path.rpartition("/")[2])
        return FACTS.get(path)

    def _make(self) -> str:
        self.posts += 1
        ends = asyncio.get_running_loop().time() + RENDER_SECONDS
        video_id = f"{self.posts:016x}{int(1000 * ends):016x}"
        self._newest.append(video_id)
        return video_id


@contextlib.asynccontextmanager
async def serve_counts() -> AsyncIterator[tuple[CountingServer, str]]:
    """Serve on 127.0.0.1, and yield the counts and the address."""
    counts = CountingServer()
    runner = web.ServerRunner(web.Server(counts.answer, access_log=None))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield counts, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _is_done(video_id: str) -> bool:
    return 1000 * asyncio.get_running_loop().time() >= int(video_id[16:], 16)


def _status(video_id: str) -> dict[str, object]:
    status = "completed" if _is_done(video_id) else "processing"
    return {"video_id": video_id, "status": status, "batch_id": None, "item_index": None, "error": None}


def _detail(request: web.BaseRequest, video_id: str) -> dict[str, object]:
    done = _is_done(video_id)
    return {
        "id": video_id,
        "title": None,
        "status": "completed" if done else "processing",
        "created_at": 1_700_000_000,
        "completed_at": 1_700_000_150 if done else None,
        "duration": 12.5 if done else None,
        "video_url": f"{request.url.origin()}/files/{video_id}.mp4?Expires=1700600000" if done else None,
        "video_page_url": f"https://app.heygen.com/videos/{video_id}",
        "failure_code": None,
        "failure_message": None,
    }

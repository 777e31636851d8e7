"""A small HeyGen for the peers: answers have the real size, and a video ends after a fixed number of GETs.

So every peer does equal work on every machine, fast or slow: one POST and 30 GETs a video. Started by bench_peers.py in
a process of its own; prints the port.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web

LOOKS = int(sys.argv[1])
looks: dict[str, int] = {}


def answer(data: object) -> web.Response:
    return web.Response(
        body=json.dumps({"data": data}).encode(),
        content_type="application/json",
        headers={"X-Request-Id": "req_00000000000000000000000000000001"},
    )


def looked_at(video_id: str) -> str:
    looks[video_id] = looks.get(video_id, 0) + 1
    return "completed" if looks[video_id] >= LOOKS else "processing"


async def create(request: web.Request) -> web.Response:
    await request.read()
    video_id = f"video_{len(looks):026d}"
    looks[video_id] = 0
    return answer({"video_id": video_id, "status": "waiting"})


async def get(request: web.Request) -> web.Response:
    video_id = request.match_info["video_id"]
    status = looked_at(video_id)
    done = status == "completed"
    return answer(
        {
            "id": video_id,
            "title": None,
            "status": status,
            "created_at": 1700000000,
            "completed_at": 1700000150 if done else None,
            "duration": 12.5 if done else None,
            "video_url": f"https://files.example/{video_id}.mp4?Expires=1700600000" if done else None,
            "thumbnail_url": None,
            "gif_url": None,
            "captioned_video_url": None,
            "subtitle_url": None,
            "video_page_url": f"https://app.heygen.com/videos/{video_id}",
            "folder_id": None,
            "output_language": None,
            "failure_code": None,
            "failure_message": None,
        }
    )


async def statuses(request: web.Request) -> web.Response:
    ids = request.query["video_ids"].split(",")
    return answer(
        [
            {"video_id": video_id, "status": looked_at(video_id), "batch_id": None, "item_index": None, "error": None}
            for video_id in ids
        ]
    )


async def main() -> None:
    app = web.Application()
    app.router.add_post("/v3/videos", create)
    app.router.add_get("/v3/videos/statuses", statuses)
    app.router.add_get("/v3/videos/{video_id}", get)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it is gone


asyncio.run(main())

"""A small HeyGen for the peers: answers have the real size, and a video ends after a fixed number of GETs.

So every peer does equal work on every machine, fast or slow: one POST and 30 GETs a video. With a second argument, a
speed, videos end by that clock instead, by the render law of bench_scheduler.py, and have files. Started by
bench_peers.py and bench_idle.py in a process of its own; prints the port.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import sys
import time

from aiohttp import web

LOOKS = int(sys.argv[1])
SPEED = float(sys.argv[2]) if len(sys.argv) > 2 else None
looks: dict[str, int] = {}
ends: dict[str, float] = {}
chance = random.Random(11)
FILE = b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + (8 + 65_536).to_bytes(4, "big") + b"mdat" + bytes(65_536)


def answer(data: object) -> web.Response:
    return web.Response(
        body=json.dumps({"data": data}).encode(),
        content_type="application/json",
        headers={"X-Request-Id": "req_00000000000000000000000000000001"},
    )


def looked_at(video_id: str) -> str:
    if SPEED is not None:
        return "completed" if time.monotonic() >= ends.get(video_id, math.inf) else "processing"
    looks[video_id] = looks.get(video_id, 0) + 1
    return "completed" if looks[video_id] >= LOOKS else "processing"


async def create(request: web.Request) -> web.Response:
    await request.read()
    video_id = f"video_{len(looks):026d}"
    looks[video_id] = 0
    seconds = chance.lognormvariate(math.log(120), math.log(400 / 120) / 1.645)
    ends[video_id] = time.monotonic() + seconds / (SPEED or 1.0)
    return answer({"video_id": video_id, "status": "waiting"})


def detail(request: web.Request, video_id: str) -> dict[str, object]:
    status = looked_at(video_id)
    done = status == "completed"
    return {
        "id": video_id,
        "title": None,
        "status": status,
        "created_at": 1700000000,
        "completed_at": 1700000150 if done else None,
        "duration": 12.5 if done else None,
        "video_url": f"{request.url.origin()}/files/{video_id}.mp4?Expires=1700600000" if done else None,
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


async def get(request: web.Request) -> web.Response:
    return answer(detail(request, request.match_info["video_id"]))


async def list_(request: web.Request) -> web.Response:
    newest = list(looks)[: -int(request.query["limit"]) - 1 : -1]
    return answer([detail(request, video_id) for video_id in newest])


async def file(_: web.Request) -> web.Response:
    return web.Response(body=FILE, content_type="video/mp4")


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
    app.router.add_get("/v3/videos", list_)
    app.router.add_get("/v3/videos/{video_id}", get)
    app.router.add_get("/files/{name}", file)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it is gone


asyncio.run(main())

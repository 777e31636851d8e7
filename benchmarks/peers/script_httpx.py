"""A simple script with httpx: a semaphore, and a GET every five seconds. Prints seconds of CPU a job."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import httpx

ORIGIN, JOBS, SLOTS, SPEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])


async def render(client: httpx.AsyncClient, slots: asyncio.Semaphore, number: int) -> dict[str, object]:
    body = {
        "type": "avatar",
        "avatar_id": "look_anna",
        "voice_id": "voice_warm",
        "script": f"Hi number {number}, " + "x" * 150,
    }
    async with slots:
        answer = await client.post("/v3/videos", json=body)
        video_id = answer.raise_for_status().json()["data"]["video_id"]
        while True:
            await asyncio.sleep(5 / SPEED)
            answer = await client.get(f"/v3/videos/{video_id}")
            video: dict[str, object] = answer.raise_for_status().json()["data"]
            if video["status"] in {"completed", "failed"}:
                return video


async def main() -> None:
    slots = asyncio.Semaphore(SLOTS)
    began = time.process_time()
    limits = httpx.Limits(max_connections=SLOTS, max_keepalive_connections=SLOTS)
    async with httpx.AsyncClient(base_url=ORIGIN, headers={"x-api-key": "key"}, timeout=60, limits=limits) as client:
        videos = await asyncio.gather(*(render(client, slots, number) for number in range(JOBS)))
    seconds = time.process_time() - began
    assert len([video for video in videos if video["status"] == "completed"]) == JOBS
    print(json.dumps({"cpu": seconds / JOBS}))


asyncio.run(main())

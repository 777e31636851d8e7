"""A simple script with aiohttp: a semaphore, and a GET every five seconds. Prints seconds of CPU a job.

With `--growing` the pauses between GETs grow from 2 to 30 seconds. Else a fifth argument is a folder for the files.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from pathlib import Path

import aiohttp

ORIGIN, JOBS, SLOTS, SPEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
GROWING = "--growing" in sys.argv
FOLDER = sys.argv[5] if len(sys.argv) > 5 and not GROWING else None  # for the files; without it none is fetched


async def render(session: aiohttp.ClientSession, slots: asyncio.Semaphore, number: int) -> dict[str, object]:
    body = {
        "type": "avatar",
        "avatar_id": "look_anna",
        "voice_id": "voice_warm",
        "script": f"Hi number {number}, " + "x" * 150,
    }
    async with slots:
        async with session.post(f"{ORIGIN}/v3/videos", json=body) as answer:
            answer.raise_for_status()
            video_id = (await answer.json())["data"]["video_id"]
        for look in itertools.count():
            await asyncio.sleep((min(30.0, 2 * 1.5**look) if GROWING else 5) / SPEED)
            async with session.get(f"{ORIGIN}/v3/videos/{video_id}") as answer:
                answer.raise_for_status()
                video: dict[str, object] = (await answer.json())["data"]
            if video["status"] in {"completed", "failed"}:
                if FOLDER is not None:
                    await store(session, video)
                return video
    raise AssertionError("counting never ends")


async def store(session: aiohttp.ClientSession, video: dict[str, object]) -> None:
    async with session.get(str(video["video_url"])) as answer:
        answer.raise_for_status()
        with Path(f"{FOLDER}/{video['id']}.mp4").open("wb") as file:
            async for chunk in answer.content.iter_chunked(65_536):
                file.write(chunk)


async def main() -> None:
    slots = asyncio.Semaphore(SLOTS)
    began = time.process_time()
    async with aiohttp.ClientSession(headers={"x-api-key": "key"}) as session:
        videos = await asyncio.gather(*(render(session, slots, number) for number in range(JOBS)))
    seconds = time.process_time() - began
    assert len([video for video in videos if video["status"] == "completed"]) == JOBS
    print(json.dumps({"cpu": seconds / JOBS}))


asyncio.run(main())

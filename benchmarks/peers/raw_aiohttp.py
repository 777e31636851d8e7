"""The lower bound: GETs of one video with aiohttp alone and with a typed call. Prints seconds of CPU a call.

Both take turns in short rounds, so that a machine that becomes slower slows both; the medians are compared.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp

from heygen_async import HeyGen

ORIGIN, ROUNDS, CALLS = sys.argv[1], 15, 200
VIDEO = "video_" + "0" * 26


async def cost(call: Callable[[], Awaitable[object]], at_once: int) -> float:
    began = time.process_time()
    for _ in range(CALLS // at_once):
        await asyncio.gather(*(call() for _ in range(at_once)))
    return (time.process_time() - began) / CALLS


async def main() -> None:
    async with (
        aiohttp.ClientSession(headers={"x-api-key": "key"}) as session,
        HeyGen("key", base_url=ORIGIN) as heygen,
    ):

        async def raw() -> object:
            async with session.get(f"{ORIGIN}/v3/videos/{VIDEO}") as answer:
                answer.raise_for_status()
                return json.loads(await answer.read())["data"]

        async def typed() -> object:
            return await heygen.videos.get(VIDEO)

        found = {}
        for at_once in (1, 20):
            rounds = [(await cost(raw, at_once), await cost(typed, at_once)) for _ in range(ROUNDS)][2:]
            found[f"raw, {at_once} at once"] = statistics.median(r for r, _ in rounds)
            found[f"typed, {at_once} at once"] = statistics.median(t for _, t in rounds)
            found[f"typed / raw, {at_once} at once"] = statistics.median(t / r for r, t in rounds)
        print(json.dumps(found))


asyncio.run(main())

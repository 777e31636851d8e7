"""The peer that uses `render_many` with a durable journal: renders the first *jobs* of *rows* queued rows.

Prints seconds of CPU for each job of the run and for each planned row, and the growth of memory.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator

from heygen_async import DirectVideo, HeyGen
from heygen_async.simulator import run

ORIGIN, JOBS, SLOTS, SPEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
ROWS = int(sys.argv[5]) if len(sys.argv) > 5 else JOBS
FOLDER = sys.argv[6] if len(sys.argv) > 6 else None  # for the files; without it none is fetched


def requests() -> Iterator[DirectVideo]:
    for number in range(ROWS):
        yield DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {number}, " + "x" * 150)


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main(folder: str) -> None:
    async with HeyGen("key", base_url=ORIGIN) as heygen:
        await heygen.videos.get("video_" + "0" * 26)  # everything is imported and the connection is made
        memory, began = megabytes(), time.process_time()
        async with heygen.render_many(
            requests(), max_in_flight=SLOTS, journal=f"{folder}/campaign.db", download_to=FOLDER
        ) as results:
            planned, ended = time.process_time(), 0
            async for _ in results:
                ended += 1
                if ended == JOBS:
                    break
            assert results.summary.completed >= JOBS
            seconds = time.process_time() - planned
        found = {"cpu": seconds / JOBS, "cpu_to_plan_a_row": (planned - began) / ROWS}
        print(json.dumps({**found, "memory_mb": megabytes() - memory}))


with tempfile.TemporaryDirectory() as name:
    run(lambda: main(name), speed=SPEED)

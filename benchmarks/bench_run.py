"""Counts of a bulk run in virtual time, and the time of an import. Prints JSON and compares it with the baseline.

Asserts that the counts are the recorded ones, since they are equal on every machine, and that every row is charged
once.

    python benchmarks/bench_run.py            compare with benchmarks/baseline.json
    python benchmarks/bench_run.py --record   record the baseline again
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from heygen_async import Completed, DirectVideo, HeyGen
from heygen_async.simulator import DropAfterAccept, ErrorAnswer, Fault, World, run, serve

BASELINE = Path(__file__).parent / "baseline.json"


async def campaign(rows: int, slots: int, *, world: World) -> dict[str, Any]:
    """Render *rows* on *slots* and count."""
    random.seed(1)  # the client's jitter
    requests = (DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {n}") for n in range(rows))
    async with (
        serve(world) as server,
        HeyGen("simulator-key", base_url=server.base_url) as heygen,
        heygen.render_many(requests, max_in_flight=slots) as results,
    ):
        ended = [result async for result in results]
    counts = world.request_counts()
    assert world.charged_once_per("script")
    assert len(world.ledger) == rows
    looks = sum(counts[f"GET /v3/videos{path}"] for path in ("", "/statuses", "/{video_id}"))
    return {
        "rows": rows,
        "completed": sum(isinstance(result, Completed) for result in ended),
        "charges": len(world.ledger),
        "looks_per_job": round(looks / rows, 2),
        "rejected_posts_per_100_rows": round(100 * sum(seen.status == 429 for seen in world.requests) / rows, 1),
        "peak_rendering": world.peak_rendering,
    }


def import_milliseconds(statement: str) -> float:
    """Return the median time that a fresh interpreter takes for *statement* beyond starting up."""

    def once(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return 1000 * (time.perf_counter() - began)

    return statistics.median(once(statement) - once("pass") for _ in range(7))


def main() -> int:
    """Measure, print, compare."""
    trouble: list[Fault] = [
        DropAfterAccept(probability=0.05),
        ErrorAnswer(status=503, code="service_unavailable", probability=0.05),
    ]
    found = {
        "500 rows, 20 slots": run(lambda: campaign(500, 20, world=World(slots=20))),
        "300 rows with faults, told 20 slots of 10": run(lambda: campaign(300, 20, world=World(faults=trouble))),
    }
    print(json.dumps(found, indent=2))
    print(f"import heygen_async: {import_milliseconds('import heygen_async'):.0f} ms")
    print(f"import of the client: {import_milliseconds('from heygen_async import HeyGen'):.0f} ms")
    if "--record" in sys.argv or not BASELINE.exists():
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
        return 0
    same = json.loads(BASELINE.read_text()) == found
    print("as recorded" if same else "NOT as recorded in benchmarks/baseline.json")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

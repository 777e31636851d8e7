"""Cost of the journal: writes, time and bytes a job, and the time to open and resume a large journal.

A job takes four transactions. Asserts that a journal of 100,000 ended and 1,000 open rows is resumed, and that each
open row is completed and charged once. Times depend on the machine.

    python benchmarks/bench_journal.py              everything
    python benchmarks/bench_journal.py --together   a job's share with 200 at once, for bench_peers.py
"""

from __future__ import annotations

import functools
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import anyio

from heygen_async import Completed, HeyGen, Journal, Merge, Video
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.records import Entry, SavedFile
from heygen_async.bulk.journal.journal_store import JournalStore
from heygen_async.simulator import World, run, serve

ENDED, LIVE = 100_000, 1_000


def entry(n: int) -> Entry:
    """Return a row as a contact list would give it."""
    row = {"first_name": f"Name {n}", "email": f"contact{n}@example.com", "company": "Acme, Inc.", "city": "Zürich"}
    body = {
        "type": "avatar",
        "avatar_id": "look_anna",
        "voice_id": "voice_warm",
        "script": f"Hi Name {n}, " + "x" * 150,
    }
    return Entry(
        identity=f"{n:040}",
        row=row,
        row_hash=keys.row_hash(row),
        kind="avatar",
        body=body,
        body_hash=keys.body_hash("avatar", body),
    )


def filled(path: Path, rows: int) -> Journal:
    """Return a journal of *rows* planned rows."""
    journal = Journal(path, create=True)
    journal.merge([entry(n) for n in range(rows)], journal.begin_list(), Merge())
    return journal


def per_job(folder: Path, rows: int = 2_000) -> dict[str, float]:
    """Measure rows that go through all their states, one transaction a step."""
    journal = filled(folder / "jobs.db", rows)
    wall, cpu = time.perf_counter(), time.process_time()
    for job_id in range(1, rows + 1):
        journal.intend(job_id)
        journal.submitted(job_id, video_id=f"video{job_id:032}")
        journal.completed(job_id, video_id=f"video{job_id:032}", duration=12.5)
        journal.stored(job_id, "video", SavedFile(file=f"videos/{job_id:04}.mp4", size_bytes=1))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    journal.close()
    return {
        "writes_per_job": 4,
        "microseconds_per_write": round(1e6 * wall / rows / 4, 1),
        "cpu_microseconds_per_write": round(1e6 * cpu / rows / 4, 1),
        "bytes_per_job": round((folder / "jobs.db").stat().st_size / rows),
    }


async def together(folder: Path, rows: int = 4_000, slots: int = 200) -> dict[str, float]:
    """Measure rows that go through all their states, 200 at once; as in a run, they share commits."""
    folder.mkdir(exist_ok=True)
    journal = filled(folder / "together.db", rows)
    store = JournalStore(journal)
    video = Video(id="v" * 32, status="completed", duration=12.5)

    async def slot() -> None:
        while (job := await store.next()) is not None:
            await store.sending([job])
            await store.accepted(job, video_id=f"video{job.index:032}")
            await store.completed(job, video)
            await store.stored(job, "video", SavedFile(file=f"videos/{job.index:04}.mp4", size_bytes=1))

    wall, cpu = time.perf_counter(), time.process_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(slots):
            tasks.start_soon(slot)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert journal.counts() == {"completed": rows}
    journal.close()
    return {
        "microseconds_per_job": round(1e6 * wall / rows, 1),
        "cpu_microseconds_per_job": round(1e6 * cpu / rows, 1),
    }


async def resumed(path: Path) -> dict[str, Any]:
    """Resume the large journal with the simulator, and measure."""
    world = World(slots=200, render_seconds=lambda _: 30.0)
    began = time.perf_counter()
    async with (
        serve(world) as server,
        HeyGen("simulator-key", base_url=server.base_url) as heygen,
        heygen.resume(path) as results,
    ):
        first = time.perf_counter() - began
        ended = [result async for result in results]
    assert len(ended) == LIVE == len(world.ledger)
    assert all(isinstance(result, Completed) for result in ended)
    return {"seconds_to_open": round(first, 3), "seconds_to_end_of_resume": round(time.perf_counter() - began, 1)}


def large(folder: Path) -> dict[str, Any]:
    """Create, open and resume a journal of 100,000 ended and 1,000 open rows."""
    path = folder / "large.db"
    journal = filled(path, ENDED + LIVE)
    query = "UPDATE jobs SET state = 'completed', video_id = 'v' || id, duration = 12.5, ended_at = 0 WHERE id <= ?"
    journal.together(lambda: journal._db.execute(query, (ENDED,)))
    journal.close()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = run(lambda: resumed(path))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**found, "peak_memory_mb": round(after / 1024), "of_which_resuming_mb": round((after - before) / 1024)}


def main() -> int:
    """Measure and print."""
    if "--together" in sys.argv:
        with tempfile.TemporaryDirectory() as name:
            folders = [Path(name) / str(n) for n in range(5)]
            costs = [run(functools.partial(together, folder)) for folder in folders]
        print(json.dumps({"cpu": min(cost["cpu_microseconds_per_job"] for cost in costs) / 1e6}))
        return 0
    with tempfile.TemporaryDirectory() as name:
        found = {
            "one job": per_job(Path(name)),
            "200 jobs at once": run(lambda: together(Path(name))),
            f"{ENDED} ended, {LIVE} live": large(Path(name)),
        }
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())

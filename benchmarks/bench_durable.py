"""Workers on one PostgreSQL: faults that they survive, their speed, and the cost of a job compared with one process.

Uses a real PostgreSQL, worker processes of the command line, and the simulator in a thread of this process. All run in
compressed time, except the database and its queue, whose pauses are real. The campaign has 1,000 direct and 100 agent
rows on three workers. One worker is killed with SIGKILL at 40 %, PostgreSQL crashes at 60 %, and answers are lost,
delayed and replaced by errors. Asserts:

- every row ends within 30 s of the last render without a person's help, and is charged once
- with a cap of 20 and 60 slots, at most 21 renders run at once
- with a cap of 40 and 20 slots, at most 21 renders run at once, with at most 20 refusals per 100 rows

    python benchmarks/bench_durable.py            everything: half an hour
    python benchmarks/bench_durable.py --quick    a tenth of the rows
    python benchmarks/bench_durable.py chaos      only one part: chaos, pace, cost or enqueue

Times depend on the machine. Linux only: processor times are read from /proc.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs

from heygen_async import DirectVideo, Job, enqueue as queue_rows
from heygen_async.bulk.jobs.next_step import GRACE_SECONDS
from heygen_async.simulator import World

sys.path.append(str(Path(__file__).parents[1]))  # for tests.helpers

from tests.helpers.fleet import COMMAND, Account, Fleet, chaos_faults, charged_texts, environment, fleet, people
from tests.helpers.postgres import Postgres, postgres

QUICK = "--quick" in sys.argv
DIRECT, AGENTS = (100, 10) if QUICK else (1_000, 100)
WORKERS, CAP = 3, 20
KILLED_AT, RESTARTED_AT = 0.4, 0.6
FROZEN_SECONDS = 40.0
MOST_CPU, MOST_STATEMENTS = 1.6, 3.0  # of a job in a worker: times that of a run in one process, and statements
MOST_BYTES = 700  # of a row that waits
SPEED = 10.0
# A render whose answer was lost is looked for after a time of grace, even if it is the last one and has ended before.
STUCK_SECONDS, END_SECONDS = 30.0, 10.0 + GRACE_SECONDS / SPEED
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def chaos(server: Postgres, folder: Path, *, told: int, slots: int) -> dict[str, Any]:
    """Run the campaign with a killed worker, a crashed database and other faults, and count."""
    rows = DIRECT + AGENTS
    world = World(slots=slots, render_seconds=lambda _: 20.0, thinking_seconds=10.0, faults=chaos_faults())
    with fleet(world, server.make(f"chaos{told}"), folder, speed=SPEED) as crew:
        crew.files = folder / "files"
        crew.enqueue(people(DIRECT, AGENTS), max_in_flight=told)
        began = time.monotonic()
        crew.start(WORKERS)
        assert crew.until(lambda: crew.account.charges >= KILLED_AT * rows, 1200), crew.logs()
        crew.kill()
        crew.freeze(FROZEN_SECONDS)
        assert crew.until(lambda: crew.account.charges >= RESTARTED_AT * rows, 1200), crew.logs()
        server.restart("immediate")
        assert crew.until(lambda: crew.is_over() or crew.account.ask(_is_rendered(rows)), 1200), crew.logs()
        rendered = time.monotonic()
        crew.until(crew.is_over, STUCK_SECONDS)
        over = time.monotonic()
        counts, unsettled = crew.counts(), crew.unsettled()
        codes = crew.stop()
        texts = crew.account.ask(charged_texts)
        refused = crew.account.ask(lambda seen: sum(request.status == 429 for request in seen.requests))
        return {
            "rows": rows,
            "states": dict(counts),
            "not completed": unsettled,
            "files": len(list((folder / "files").glob("*.mp4"))),
            "charges": len(texts),
            "charged twice": len(texts) - len(set(texts)),
            "most renders at once": crew.account.ask(lambda seen: seen.peak_rendering),
            "refused for want of a slot, per 100 rows": round(100 * refused / rows, 1),
            "seconds": round(over - began, 1),
            "seconds after the last render": round(over - rendered, 1),
            "exit codes of those that lived": codes,
        }


def _is_rendered(rows: int) -> Callable[[World], bool]:
    return lambda world: len(world.ledger) >= rows and not world.rendering


@attrs.define
class Sample:
    """Resources used between two moments of a campaign: seconds, seconds of processor time, ended jobs."""

    seconds: float
    cpu: float
    database_cpu: float
    jobs: int

    def __str__(self) -> str:
        return f"{self.jobs / self.seconds:.1f} jobs/s"


def sampled(account: Account, rows: int, pids: list[int], postmaster: int | None) -> Sample:
    """Measure from a tenth of the rows to nine tenths, without the start and the end of the campaign."""

    def at(share: float) -> tuple[float, float, float, int]:
        while (charges := account.charges) < share * rows:
            time.sleep(0.05)
        processes = [] if postmaster is None else [postmaster, *children(postmaster)]
        return time.monotonic(), sum(map(used, pids)), sum(map(used_with_children, processes)), charges

    first, last = at(0.1), at(0.9)
    return Sample(*(b - a for a, b in zip(first, last, strict=True)))  # type: ignore[arg-type]  # floats and an int


def used(pid: int) -> float:
    """Return the seconds of processor time of a process."""
    return _times(pid, 2)


def used_with_children(pid: int) -> float:
    """Return the seconds of processor time of a process and of its ended children."""
    return _times(pid, 4)


def _times(pid: int, count: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11 : 11 + count]) / TICKS_PER_SECOND


def children(pid: int) -> list[int]:
    """Return the processes that *pid* has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in found.split()]


def pace(server: Postgres, folder: Path, *, workers: int) -> dict[str, Any]:
    """Measure workers with jobs that take almost no time to render."""
    rows = 300 if QUICK else 3_000
    world = World(slots=10_000, render_seconds=lambda _: 0.5)
    with fleet(world, server.make(f"pace{workers}"), folder, speed=50.0) as crew:
        crew.enqueue(people(rows, 0), max_in_flight=500)
        crew.start(workers)
        sample = sampled(crew.account, rows, crew.pids, postmaster_of(server))
        crew.stop()
    return shown(sample)


def cost(server: Postgres, folder: Path) -> dict[str, Any]:
    """Measure the cost of a job for one worker and for a run in one process."""
    rows, speed = (300, 30.0) if QUICK else (2_000, 30.0)
    world = World(slots=200)
    with fleet(world, server.make("cost"), folder, speed=speed) as crew:
        crew.enqueue(people(rows, 0), max_in_flight=200)
        crew.start()
        before = statements(server, "cost")
        durable = sampled(crew.account, rows, crew.pids, postmaster_of(server))
        asked = statements(server, "cost") - before
        crew.stop()
    alone = folder / "alone"
    alone.mkdir()
    with fleet(World(slots=200), "", alone, speed=speed) as crew, in_one_process(crew, rows) as pid:
        one = sampled(crew.account, rows, [pid], None)
    ratio = (durable.cpu / durable.jobs) / (one.cpu / one.jobs)
    return {
        "a worker": shown(durable),
        "a run in one process": shown(one),
        "CPU of a job, times that of one process": round(ratio, 2),
        "statements a job": round(asked / (0.9 * rows), 1),
    }


def statements(server: Postgres, database: str) -> int:
    """Return the number of statements that a database has executed."""
    return count(server, database, "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE toplevel")


@contextlib.contextmanager
def in_one_process(crew: Fleet, rows: int) -> Iterator[int]:
    """Run the campaign with `heygen-async run` and yield the process id."""
    campaign, leads = crew.write(people(rows, 0), max_in_flight=200)
    words = ["run", str(campaign), str(leads), "--journal", str(crew.folder / "campaign.db"), *crew.where]
    with subprocess.Popen([*COMMAND, *words], env=environment(), stdout=subprocess.DEVNULL) as process:
        yield process.pid
        assert process.wait() == 0


def shown(sample: Sample) -> dict[str, Any]:
    """Return a sample as rates and costs a job."""
    return {
        "jobs per second": round(sample.jobs / sample.seconds, 1),
        "CPU ms a job": round(1000 * sample.cpu / sample.jobs, 2),
        "PostgreSQL CPU ms a job": round(1000 * sample.database_cpu / sample.jobs, 2),
    }


def postmaster_of(server: Postgres) -> int:
    """Return the id of the main process of a PostgreSQL server."""
    return int((server.folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])


def enqueue(server: Postgres, folder: Path) -> dict[str, Any]:
    """Measure how fast a long list is queued, and extrapolate to a million rows."""
    rows = 5_000 if QUICK else 100_000
    with fleet(World(), server.make("enqueue"), folder, speed=1.0) as crew:
        began = time.monotonic()
        crew.enqueue(people(rows, 0), max_in_flight=CAP)
        seconds = time.monotonic() - began
        size = size_of(server, "enqueue")
        request = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="One more")
        began = time.monotonic()
        asyncio.run(queue_rows(crew.database, [Job(request=request)], campaign="another"))
        more = time.monotonic() - began
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "one row more, seconds": round(more, 2),
        "rows per second": round(rows / seconds),
        "bytes a row": round(size / rows),
        "a million rows, minutes": round(1e6 * seconds / rows / 60, 1),
        "a million rows, GB": round(1e6 * size / rows / 1e9, 2),
    }


def size_of(server: Postgres, database: str) -> int:
    """Return the size of all tables of a database in bytes, with their indexes."""
    query = "SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables"
    return count(server, database, query)


def count(server: Postgres, database: str, query: str) -> int:
    """Return the number that a query finds."""
    import psycopg  # noqa: PLC0415 - an extra

    with psycopg.connect(server.address(database), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        found = connection.execute(query.encode()).fetchone()
    assert found is not None
    return int(found[0])


def check(found: dict[str, Any]) -> list[str]:
    """Return the bars that are missed."""
    missed = []
    for name in ("told 20, room for 60", "told 40 of 20"):
        case = found.get(name)
        if case is None:
            continue
        bars = {
            "all rows completed": case["states"] == {"completed": case["rows"]},
            "one file a row": case["files"] == case["rows"],
            f"the last row ends within {END_SECONDS:g} s": case["seconds after the last render"] <= END_SECONDS,
            "charges = rows": (case["charges"], case["charged twice"]) == (case["rows"], 0),
            "cap": case["most renders at once"] <= CAP + 1,
            "workers end in peace": set(case["exit codes of those that lived"]) == {0},
            "refused <= 20 per 100 rows": case["refused for want of a slot, per 100 rows"] <= 20,
        }
        missed += [f"{name}: {bar}" for bar, met in bars.items() if not met]
    if "2,000 jobs, 200 slots" in found:
        case = found["2,000 jobs, 200 slots"]
        missed += [] if case["CPU of a job, times that of one process"] <= MOST_CPU else ["CPU of a job"]
        missed += [] if case["statements a job"] <= MOST_STATEMENTS else ["statements a job"]
    if "a long list" in found and found["a long list"]["bytes a row"] > MOST_BYTES:
        missed.append("bytes a row")
    return missed


def main() -> int:
    """Measure, print, compare."""
    parts: dict[str, dict[str, Callable[[Postgres, Path], dict[str, Any]]]] = {
        "chaos": {
            "told 20, room for 60": lambda server, folder: chaos(server, folder, told=CAP, slots=3 * CAP),
            "told 40 of 20": lambda server, folder: chaos(server, folder, told=2 * CAP, slots=CAP),
        },
        "pace": {
            f"trivial jobs, {n} workers": lambda server, folder, n=n: pace(server, folder, workers=n)  # type: ignore[misc]  # mypy and defaults of lambdas
            for n in (1, 2, 4)
        },
        "cost": {"2,000 jobs, 200 slots": cost},
        "enqueue": {"a long list": enqueue},
    }
    wanted = [name for name in parts if name in sys.argv] or list(parts)
    found: dict[str, Any] = {}
    with postgres("-c shared_preload_libraries=pg_stat_statements") as server:
        for part in wanted:
            for name, measure in parts[part].items():
                with tempfile.TemporaryDirectory() as folder:
                    found[name] = measure(server, Path(folder))
                print(json.dumps({name: found[name]}, indent=2), flush=True)
    missed = check(found)
    print("all bars met" if not missed else f"MISSED: {'; '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""CPU and memory of a job in the client's process, compared with scripts that a user might write. In real time.

Every peer does the same work in a process of its own against the same small server: one POST a video and 30 requests
for its status. Asserts ratios of one run, since seconds depend on the machine:

- one typed call <= 1.35 raw aiohttp calls
- a job with its durable journal <= 8 raw aiohttp GETs
- a semaphore and a GET every five seconds, with aiohttp: >= 4 times our CPU a job; with httpx: >= 40 times
- 100,000 queued rows: memory grows by <= 60 MB, and by <= 10 MB over 10,000 rows; a job costs at
  most 15 % more than with 1,200 rows
- the journal's share of a job <= 0.53 raw GETs: 80 microseconds on a machine where a raw GET takes 151
- `import heygen_async` <= 80 ms and <= 1.5 times attrs with the needed parts of the standard library;
  `heygen-async --help` <= 300 ms
- `from heygen_async import HeyGen` <= 1.25 times the processor time of `import aiohttp`

    python benchmarks/bench_peers.py         under two minutes
    python benchmarks/bench_peers.py --full  also 100,000 jobs to their ends: half an hour
"""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
LOOKS, SLOTS, SPEED = 30, 200, 300.0
OURS, AIOHTTP, HTTPX = 5_000, 500, 60  # jobs: enough to measure the cost of one


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run the small server and yield its origin."""
    command = [sys.executable, str(PEERS / "server.py"), str(LOOKS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def peer(name: str, *arguments: object) -> dict[str, float]:
    """Run one peer against a server of its own and return the printed figures."""
    with server() as origin:
        return printed(PEERS / f"{name}.py", origin, *map(str, arguments))


def printed(script: Path, *arguments: str) -> dict[str, float]:
    """Run a script and return the figures that it prints as JSON."""
    done = subprocess.run([sys.executable, str(script), *arguments], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def milliseconds(*command: str) -> float:
    """Return the median time of nine runs of a Python process."""

    def once() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
        return 1000 * (time.perf_counter() - began)

    return statistics.median(once() for _ in range(9))


def cpu_milliseconds(*statements: str) -> list[float]:
    """Return the least processor time of ten Python processes for each statement; the statements take turns."""

    def once(statement: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", statement], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    rounds = [[once(statement) for statement in statements] for _ in range(10)]
    return [min(times) for times in zip(*rounds, strict=True)]


def start_up() -> dict[str, float]:
    """Measure the time of imports, without the start of the interpreter, and of the command line's help."""
    bare = milliseconds("-c", "pass")
    needed = "import attrs, collections.abc, importlib, typing"
    client, aiohttp = cpu_milliseconds("from heygen_async import HeyGen", "import aiohttp")
    return {
        "import HeyGen, CPU ms": client,
        "import HeyGen / import aiohttp": client / aiohttp,
        "import heygen_async, ms": milliseconds("-c", "import heygen_async") - bare,
        "import attrs and what is needed, ms": milliseconds("-c", needed) - bare,
        "heygen-async --help, ms": milliseconds("-m", "heygen_async.cli", "--help"),
    }


def queued(jobs: int = 1_000) -> dict[str, float]:
    """Measure the first jobs of lists of three lengths, with all slots in use."""
    found = {}
    for rows in (1_000 + SLOTS, 10_000, 100_000):
        one = peer("ours", jobs, SLOTS, SPEED, rows)
        found[f"{rows:,} rows, memory MB"] = one["memory_mb"]
        found[f"{rows:,} rows, CPU ms a job"] = 1000 * one["cpu"]
        found[f"{rows:,} rows, CPU ms to plan a row"] = 1000 * one["cpu_to_plan_a_row"]
    return found


def measured() -> dict[str, float]:
    """Run all peers."""
    raw = peer("raw_aiohttp")
    journal = printed(PEERS.parent / "bench_journal.py", "--together")["cpu"]
    ours = peer("ours", OURS, SLOTS, SPEED)["cpu"]
    scripts = {
        "aiohttp script": peer("script_aiohttp", AIOHTTP, SLOTS, SPEED)["cpu"],
        "httpx script": peer("script_httpx", HTTPX, SLOTS, SPEED)["cpu"],
    }
    found = {
        "raw GET, CPU ms": 1000 * raw["raw, 1 at once"],
        "raw GET, 20 at once, CPU ms": 1000 * raw["raw, 20 at once"],
        "typed call / raw call": raw["typed / raw, 1 at once"],
        "typed call / raw call, 20 at once": raw["typed / raw, 20 at once"],
        "our job, CPU ms": 1000 * ours,
        "our job / raw GET": ours / raw["raw, 1 at once"],
        "our job / raw GET of 20 at once": ours / raw["raw, 20 at once"],
    }
    found["journal, CPU microseconds a job"] = 1e6 * journal
    found["journal / raw GET of 20 at once"] = journal / raw["raw, 20 at once"]
    for name, cpu in scripts.items():
        found[f"{name}, CPU ms"] = 1000 * cpu
        found[f"{name} / our job"] = cpu / ours
    return {**found, **queued(), **start_up()}


def check(found: dict[str, float]) -> dict[str, bool]:
    """Return every bar, with True if it is met."""
    flat = found["100,000 rows, CPU ms a job"] / found["1,200 rows, CPU ms a job"]
    return {
        "typed call / raw call <= 1.35": found["typed call / raw call"] <= 1.35,
        "our job / raw GET <= 8": found["our job / raw GET"] <= 8,
        "journal / raw GET of 20 at once <= 0.53": found["journal / raw GET of 20 at once"] <= 0.53,
        "aiohttp script / our job >= 4": found["aiohttp script / our job"] >= 4,
        "httpx script / our job >= 40": found["httpx script / our job"] >= 40,
        "100,000 rows, memory <= 60 MB": found["100,000 rows, memory MB"] <= 60,
        "10,000 to 100,000 rows <= 10 MB": found["100,000 rows, memory MB"] - found["10,000 rows, memory MB"] <= 10,
        "a job of 100,000 rows / of 1,200 <= 1.15": flat <= 1.15,
        "import <= 80 ms": found["import heygen_async, ms"] <= 80,
        "import <= 1.5 x attrs and needs": found["import heygen_async, ms"]
        <= 1.5 * found["import attrs and what is needed, ms"],
        "import HeyGen / import aiohttp <= 1.25": found["import HeyGen / import aiohttp"] <= 1.25,
        "--help <= 300 ms": found["heygen-async --help, ms"] <= 300,
    }


def main() -> int:
    """Measure, print, check."""
    found = measured()
    if "--full" in sys.argv:
        full = peer("ours", 100_000, SLOTS, SPEED)
        found |= {"100,000 jobs, CPU ms a job": 1000 * full["cpu"], "100,000 jobs, memory MB": full["memory_mb"]}
    for name, value in found.items():
        print(f"{value:10.2f}  {name}")
    bars = check(found)
    for bar, met in bars.items():
        print("met    " if met else "MISSED ", bar)
    print(json.dumps({name: round(value, 3) for name, value in found.items()}))
    return 0 if all(bars.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Time and memory of a long contact list up to its first video, and a plan's price compared with the charges.

The simulator runs in a process of its own, and both run 500 times faster than real time, so that rendering takes
little time. Asserts that the memory of the process grows by at most 32 MB after the imports, for a list of any length,
and that the charges of 1,000 rows of three modes lie within the plan's price. Times depend on the machine.

    python benchmarks/bench_campaign.py          10,000 rows
    python benchmarks/bench_campaign.py --full   100,000 rows
"""

from __future__ import annotations

import itertools
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from heygen_async import HeyGen, Job, Plan, Template
from heygen_async.simulator import World, run, serve

SPEED = 500.0
GROWTH_MB = 32.0
PRICED_ROWS = 1_000
RESULTS = 100  # after which the run is left
FIELDS = {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi {{ name }} of {{ company }}"}


def peak_mb() -> float:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


async def begin(folder: Path, address: str, rows: int) -> dict[str, float]:
    """Plan a list and run it until the first results have arrived."""
    path = folder / "leads.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("name,company\n")
        file.writelines(f"Ada {n},Acme\n" for n in range(rows))
    before, began, ended = peak_mb(), time.perf_counter(), 0
    found: dict[str, float] = {"rows": rows}

    def note(step: str) -> None:
        found[step] = round(time.perf_counter() - began, 2)

    async with HeyGen("simulator-key", base_url=address) as heygen:
        plan = await heygen.plan(path, Template("direct", FIELDS), budget_usd=50.0, filename=None)
        assert (plan.rows, plan.errors) == (rows, [])
        note("seconds to the plan")
        async with heygen.run(plan, journal=folder / "campaign.db", max_in_flight=10) as results:
            note("seconds until all rows are in the journal")
            async for _ in results:
                ended += 1
                if ended == 1:
                    note("seconds to the first result")
                if ended == RESULTS:
                    break
    found["memory grown by, MB"] = round(peak_mb() - before, 1)
    return found


async def priced(folder: Path) -> dict[str, object]:
    """Plan and render 1,000 rows in virtual time, and compare the price with the charges."""
    path = folder / "mixed.csv"
    modes = itertools.cycle(["direct", "direct", "direct", "agent", "cinematic"])
    with path.open("w", encoding="utf-8") as file:
        file.write("name,mode,seconds\n")
        file.writelines(f"Ada {'and so on ' * (n % 40)}{n},{next(modes)},{10 + n % 50}\n" for n in range(PRICED_ROWS))
    fields = {
        "avatar_id": "look_anna",
        "voice_id": "voice_warm",
        "script": "Hi {{ name }}, how are you?",
        "prompt": "A welcome for {{ name }}, {{ seconds }} seconds",
    }
    world = World(slots=20)
    async with serve(world) as server, HeyGen("simulator-key", base_url=server.base_url) as heygen:
        plan = await heygen.plan(path, Template("direct", fields, columns={"mode": "mode"}), filename=None)
        assert not [problem for problem in plan.errors if problem.field != "wallet.remaining_balance"]
        async with heygen.render_many(_jobs(plan), max_in_flight=20) as results:
            ended = [result async for result in results]
    assert len(ended) == PRICED_ROWS
    assert plan.price.low <= world.charged_usd <= plan.price.high
    return {"rows": PRICED_ROWS, "planned, USD": str(plan.price), "charged, USD": round(world.charged_usd, 2)}


def _jobs(plan: Plan) -> Iterator[Job]:
    return (Job(request=plan.template.render(row), row=row) for row in plan.table)


def main() -> None:
    """Start the simulator and measure."""
    rows = 100_000 if "--full" in sys.argv else 10_000
    command = [sys.executable, "-m", "heygen_async.cli", "simulate", "--port", "0", "--speed", f"{SPEED:g}"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        address = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        assert address is not None
        try:
            found = run(lambda: begin(Path(folder), address[0], rows), speed=SPEED)
        finally:
            server.terminate()
    print(json.dumps(found, indent=2))
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(lambda: priced(Path(folder))), indent=2))
    assert found["memory grown by, MB"] <= GROWTH_MB


if __name__ == "__main__":
    main()

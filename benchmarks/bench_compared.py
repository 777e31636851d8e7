"""The picture of the README: requests, delay and CPU of a video, beside two scripts that a user might write.

All render videos of equal lengths on 20 slots. A script has a semaphore, a POST, and a GET every five seconds, or
after pauses that grow from 2 to 30 seconds. Requests and delays are counts in virtual time, equal on every machine.
CPU is measured in processes of their own, one after the other, five times; the least counts, as a share of the first
script's.

    python benchmarks/bench_compared.py            two minutes: prints the figures, and compares the counts
    python benchmarks/bench_compared.py --record   also writes compared.json, from which the README's table is made
    python benchmarks/bench_compared.py --plot     also draws plots/compared.png, from the figures of this run
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

from heygen_async.simulator import run

sys.path.append(str(Path(__file__).parents[1]))  # for the peers

from benchmarks.peers.run_peer import run_peer

HERE = Path(__file__).parent
RECORDED = HERE / "compared.json"
SLOTS, MEASURED, SPEED, ROUNDS = 20, 200, 400.0, 5
OURS, STEADY, GROWING = "heygen_async", "script, GET every 5 s", "script, growing pauses"


def counted() -> dict[str, dict[str, float]]:
    """Return requests and delays of a video, in virtual time."""
    scheduler = runpy.run_path(str(HERE / "bench_scheduler.py"))
    found: dict[str, Any] = {
        OURS: run(lambda: scheduler["known_pool"](500, SLOTS)),
        STEADY: run(lambda: scheduler["script"](200, SLOTS, lambda _: 5.0)),
        GROWING: run(lambda: scheduler["script"](200, SLOTS, lambda n: min(30.0, 2 * 1.5**n))),
    }
    return {
        name: {
            "requests": round(1 + row["looks_per_job"], 2),  # with the POST
            "seconds until noticed": row["lag_mean"],
        }
        for name, row in found.items()
    }


def milliseconds(name: str, *arguments: str) -> float:
    """Return the milliseconds of CPU that a peer takes for a video."""
    return 1000 * run_peer(name, MEASURED, SLOTS, SPEED, *arguments, speed=SPEED)["cpu"]


def main() -> int:
    """Measure, print, compare."""
    found = counted()
    peers = {OURS: ("ours",), STEADY: ("script_aiohttp",), GROWING: ("script_aiohttp", "--growing")}
    cpu = [{name: milliseconds(*peer) for name, peer in peers.items()} for _ in range(ROUNDS)]
    least = {name: min(once[name] for once in cpu) for name in peers}
    for name, row in found.items():
        row["CPU, share of a script's"] = round(least[name] / least[STEADY], 2)
    print(json.dumps(found, indent=2))
    print("CPU, ms a video:", {name: round(value, 2) for name, value in least.items()})
    if "--record" in sys.argv:
        RECORDED.write_text(json.dumps(found, indent=2) + "\n")
    if "--plot" in sys.argv:
        subprocess.run([sys.executable, HERE / "plots.py"], input=json.dumps(found), text=True, check=True)
    recorded = json.loads(RECORDED.read_text())
    counts = ("requests", "seconds until noticed")
    same = all(recorded[name][count] == row[count] for name, row in found.items() for count in counts)
    print("counts as recorded" if same else f"counts NOT as recorded in {RECORDED.name}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

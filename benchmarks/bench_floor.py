"""CPU of a job on two hundred slots with its durable journal, beside the least that its requests and changes cost.

Both run in processes of their own, one after the other, three times; the least counts. The floor (peers/floor.py) sends
as many requests with raw aiohttp, commits the same changes, and does nothing else. Checked is the level that is
reached, with a margin; the level that is aimed at is printed beside it.

    python benchmarks/bench_floor.py  two minutes
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
JOBS, SLOTS, SPEED, ROUNDS = 1000, 200, 100.0, 3
TICK = 6.0  # seconds between looks of the floor, which sends as many requests as a run so
REACHED, AIMED_AT = 2.3, 1.5


def peer(name: str, *arguments: object) -> dict[str, float]:
    """Run one peer against a server of its own and return what it prints."""
    server = [sys.executable, str(PEERS / "server.py"), "1", str(SPEED)]
    with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        command = [sys.executable, str(PEERS / f"{name}.py"), f"http://127.0.0.1:{int(process.stdout.readline())}"]
        command += map(str, (JOBS, SLOTS, SPEED, *arguments))
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        process.stdin.close()
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    """Measure, print, check."""
    pairs = [(peer("ours"), peer("floor", TICK)) for _ in range(ROUNDS)]
    ours, floor = (min(found["cpu"] for found in column) for column in zip(*pairs, strict=True))
    ratio = ours / floor
    print(f"ours {1000 * ours:.2f} ms, floor {1000 * floor:.2f} ms with {1 + pairs[0][1]['gets']:.2f} requests a job")
    aim = f"aimed at {AIMED_AT}: {'reached' if ratio <= AIMED_AT else 'NOT reached'}"
    print("met    " if ratio <= REACHED else "MISSED ", f"ours / floor {ratio:.2f} <= {REACHED} ({aim})")
    return 0 if ratio <= REACHED else 1


if __name__ == "__main__":
    sys.exit(main())

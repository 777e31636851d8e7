"""CPU of a job on two hundred slots with its durable journal, beside the least that its requests and changes cost.

Both run in processes of their own, one after the other, three times; the least counts. The floor (peers/floor.py) sends
as many requests with raw aiohttp, commits the same changes, and does nothing else. Checked is the level that is
reached, with a margin; the level that is aimed at is printed beside it.

    python benchmarks/bench_floor.py  two minutes
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))  # for the peers

from benchmarks.peers.run_peer import run_peer

JOBS, SLOTS, SPEED, ROUNDS = 1000, 200, 100.0, 3
TICK = 6.0  # seconds between looks of the floor, at which it sends as many requests as a run
REACHED, AIMED_AT = 2.3, 1.5


def main() -> int:
    """Measure, print, check."""
    size = (JOBS, SLOTS, SPEED)
    pairs = [(run_peer("ours", *size, speed=SPEED), run_peer("floor", *size, TICK, speed=SPEED)) for _ in range(ROUNDS)]
    ours, floor = (min(found["cpu"] for found in column) for column in zip(*pairs, strict=True))
    ratio = ours / floor
    print(f"ours {1000 * ours:.2f} ms, floor {1000 * floor:.2f} ms with {1 + pairs[0][1]['gets']:.2f} requests a job")
    aim = f"aimed at {AIMED_AT}: {'reached' if ratio <= AIMED_AT else 'NOT reached'}"
    print("met    " if ratio <= REACHED else "MISSED ", f"ours / floor {ratio:.2f} <= {REACHED} ({aim})")
    return 0 if ratio <= REACHED else 1


if __name__ == "__main__":
    sys.exit(main())

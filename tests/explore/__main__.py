"""The command line of the explorer: `python -m tests.explore --nights 1000 --seed 1 --processes 2`."""

from __future__ import annotations

import argparse
import os
import sys

from tests.explore.choosing import choose
from tests.explore.drawing import draw_night
from tests.explore.explorer import play
from tests.explore.shrinking import command, only, shrink
from tests.explore.tally import explore

SHOWN = 3  # kinds of faults of which a story is shown


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.explore", description=__doc__)
    parser.add_argument("--nights", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1, help="seed of the first night")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--night", type=int, help="replay the night with this seed and print its story")
    parser.add_argument("--only", help="pieces of that night; the others are left out")
    parser.add_argument("--shrink", action="store_true", help="leave out of that night what is not needed")
    parser.add_argument("--choose", action="store_true", help="print seeds of few nights that meet all kinds")
    options = parser.parse_args()
    if options.choose:
        sys.stdout.write(f"{choose(options.seed, options.nights, options.processes)}\n")
        return 0
    if options.night is not None:
        return _replay(options.night, options.only, is_shrunken=options.shrink)
    tally = explore(options.seed, options.nights, options.processes)
    for kind, founds in tally.faults.items():
        sys.stdout.write(f"\n=== {len(founds)} nights: {kind}\n  seeds {[found.seed for found in founds[:20]]}\n")
    for founds in list(tally.faults.values())[:SHOWN]:
        _replay(min(founds, key=lambda found: len(found.story)).seed, None, is_shrunken=True)
    sys.stdout.write(f"\n{tally.summary()}\n")
    return 1 if tally.faults else 0


def _replay(seed: int, pieces: str | None, *, is_shrunken: bool) -> int:
    night = draw_night(seed)
    kept = night.pieces if pieces is None else pieces.split(",")
    if is_shrunken:
        kept, found = shrink(seed)
    else:
        found = play(only(night, kept))
    sys.stdout.write(
        f"\n{found.story}\n\n{found.fault or 'all invariants hold'}\nTo replay it:\n  {command(seed, kept)}\n"
    )
    return 1 if found.fault else 0


if __name__ == "__main__":
    sys.exit(main())

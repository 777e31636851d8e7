"""The command line of the mutants: `python -m tests.explore.mutants` hunts all of them."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.explore.mutants.hunt import MOST_NIGHTS, MUTANTS, hunt_all


def main() -> int:
    """Run the command; it fails if a mutant is not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.explore.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="hunt only the mutants whose names have one of these words")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first night")
    parser.add_argument("--nights", type=int, default=MOST_NIGHTS, help="most nights for each mutant")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    names = [name for name in MUTANTS if not options.words or any(word in name for word in options.words)]
    began, missed = time.perf_counter(), 0
    for caught in hunt_all(names, options.seed, options.nights, options.processes):
        missed += caught.seed is None
        sys.stdout.write(f"{caught}\n")
        sys.stdout.flush()
    seconds = time.perf_counter() - began
    sys.stdout.write(f"{len(names) - missed} of {len(names)} mutants found in {seconds:.0f} s\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

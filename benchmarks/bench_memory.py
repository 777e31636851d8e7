"""Memory of a campaign with a journal and files: lists of 10,000 rows and of 100,000, and of a million on request.

Each campaign runs in virtual time and in a process of its own: a CSV file with an id column is planned with all
look-ups, taken into a journal, rendered, and its files are stored under their numbers. HeyGen's part is a server in the
same process that keeps counts only, so that what grows is the client's. Prints the processor time and the peak memory
of the process (ru_maxrss) after the plan, after the list was taken in, and at the end. Asserts that a campaign of any
length stays within 150 MB, and that it grows by at most 60 MB from 100,000 rows to a million.

    python benchmarks/bench_memory.py                             10,000 and 100,000 rows: a quarter of an hour
    python benchmarks/bench_memory.py --million                   also 1,000,000 rows: hours, with notes on the way
    python benchmarks/bench_memory.py --rows 100000 --first 2000  one list, of which only the first rows are rendered
    python benchmarks/bench_memory.py --filename "{first_name}"   names of files that must be remembered
    python benchmarks/bench_memory.py --unnamed                   rows that are recognised by their requests
"""

from __future__ import annotations

import csv
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from heygen_async import Completed, HeyGen, Template
from heygen_async.simulator import run

sys.path.append(str(Path(__file__).parents[1]))  # for the peers

from benchmarks.peers.counting_server import serve_counts

FEW, MANY, MILLION = 10_000, 100_000, 1_000_000
MOST_MB, MOST_GROWTH_MB = 150.0, 60.0
SLOTS = 200
FIELDS = {
    "avatar_id": "look_anna",
    "voice_id": "voice_warm",
    "script": "Hi {{ first_name }} of {{ company }}, we look forward to meeting you soon.",
}


def write(path: Path, rows: int) -> None:
    """Write a contact list."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "first_name", "company"])
        writer.writerows((f"zoe{n}@example.com", f"Zoë {n}", f"Acme {n % 997}") for n in range(rows))


async def campaign(folder: Path, rows: int, first: int, filename: str, *, named: bool) -> dict[str, float]:
    """Plan a list of *rows*, run it until the *first* of them have ended, and measure."""
    path = folder / "leads.csv"
    write(path, rows)
    found: dict[str, float] = {"rows": rows}

    def note(step: str) -> None:
        found[f"{step}, CPU s"] = round(time.process_time(), 1)
        found[f"{step}, peak MB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        if tracemalloc.is_tracing():
            gc.collect()
            found[f"{step}, kept MB"] = round(tracemalloc.get_traced_memory()[0] / 1e6, 2)
        print(step, found[f"{step}, CPU s"], "s", found[f"{step}, peak MB"], "MB", file=sys.stderr, flush=True)

    note("begun")
    async with serve_counts() as (counts, address), HeyGen("simulator-key", base_url=address) as heygen:
        plan = await heygen.plan(
            path, Template("direct", FIELDS), filename=filename, id_column="email" if named else None
        )
        assert (plan.rows, plan.errors) == (rows, [])
        note("planned")
        async with heygen.run(
            plan, journal=folder / "campaign.db", download_to=folder / "videos", max_in_flight=SLOTS, submit="each"
        ) as results:
            note("taken in")
            ended = 0
            async for result in results:
                assert isinstance(result, Completed)
                result.files["video"].unlink()  # a disk need not hold a million files
                ended += 1
                if (ended == FEW or ended % MANY == 0) and ended < first:
                    note(f"{ended:,} ended")
                if ended == first:
                    break
            note("ended")
        assert first < rows or results.summary.completed == counts.posts == counts.files == rows
        assert not counts.unknown, counts.unknown
    return found


def in_a_process(rows: int, *options: str) -> dict[str, float]:
    """Run a campaign in a new process, and return what it measured."""
    command = [sys.executable, __file__, "--rows", str(rows), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    print(json.dumps(figures, indent=2), flush=True)
    return figures


def main() -> None:
    """Run one campaign in this process, or compare the peaks of several lengths."""
    options = sys.argv[1:]
    filename = options[options.index("--filename") + 1] if "--filename" in options else "{number}"
    if "--rows" in options:
        if "--trace" in options:
            tracemalloc.start()
        with tempfile.TemporaryDirectory() as folder:
            rows, named = int(options[options.index("--rows") + 1]), "--unnamed" not in options
            first = int(options[options.index("--first") + 1]) if "--first" in options else rows
            print(json.dumps(run(lambda: campaign(Path(folder), rows, first, filename, named=named))))
        return
    peaks = {rows: in_a_process(rows, *options)["ended, peak MB"] for rows in (FEW, MANY)}
    if "--million" in options:
        peaks[MILLION] = in_a_process(MILLION, *options)["ended, peak MB"]
    print(f"100,000 rows take {peaks[MANY] - peaks[FEW]:.1f} MB more than 10,000")
    assert max(peaks.values()) <= MOST_MB, peaks
    assert peaks.get(MILLION, 0.0) - peaks[MANY] <= MOST_GROWTH_MB, peaks


if __name__ == "__main__":
    main()

"""Processor time of `heygen-async plan` for each row of a list, with all look-ups at HeyGen.

The command and the simulator run in processes of their own, and only the command's time counts. The floor of the same
run reads the list by `csv.DictReader`, fills a text with `str.format` and builds the request of each row, which checks
its fields. The two take turns, and the best of three counts. Asserts that the plan takes at most 25 times the floor: a
quarter of a millisecond where the floor is a hundredth. Milliseconds depend on the machine.

    python benchmarks/bench_plan.py             20,000 rows
    python benchmarks/bench_plan.py --rows 500  another number of rows
"""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from heygen_async import DirectVideo

ROWS, ROUNDS = 20_000, 3
MOST_FLOORS = 25.0
SCRIPT = "Hi {first_name} of {company} in {city}! We look forward to meeting you soon, and have a new offer for you."
CAMPAIGN = (
    """
mode = "direct"
[request]
avatar_id = "look_anna"
voice_id = "voice_warm"
title = "{{ company }}"
script = """
    + repr(SCRIPT.replace("{", "{{").replace("}", "}}"))
    + """
[downloads]
folder = "videos"
filename = "{number}-{first_name}"
[rows]
file = "leads.csv"
id = "email"
"""
)


def write(folder: Path, rows: int) -> None:
    """Write a campaign file and its list."""
    (folder / "campaign.toml").write_text(CAMPAIGN, encoding="utf-8")
    with (folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "first_name", "last_name", "company", "city", "note"])
        for n in range(rows):
            writer.writerow([f"zoe{n}@example.com", "Zoë", "O'Neil", f"Acme {n % 997}", "Łódź", "call" * (n % 10 == 0)])


def floor_seconds(path: Path) -> float:
    """Return the processor time of reading a list and of building a request for each row."""
    began = time.process_time()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            script = SCRIPT.format_map(row)
            DirectVideo(avatar_id="look_anna", voice_id="voice_warm", title=row["company"], script=script)
    return time.process_time() - began


def plan_seconds(folder: Path, address: str, rows: int) -> float:
    """Return the processor time of the command with its start."""
    command = [sys.executable, "-m", "heygen_async.cli", "plan", "campaign.toml", "--base-url", address, "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "HEYGEN_API_KEY": "simulator-key"}
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert json.loads(done.stdout)["rows"] == rows
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Start the simulator, measure and compare."""
    rows = int(sys.argv[sys.argv.index("--rows") + 1]) if "--rows" in sys.argv else ROWS
    command = [sys.executable, "-m", "heygen_async.cli", "simulate", "--port", "0"]
    plans, floors = [], []
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        address = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        assert address is not None
        folder = Path(name)
        write(folder, rows)
        try:
            for _ in range(ROUNDS):
                plans.append(plan_seconds(folder, address[0], rows))
                floors.append(floor_seconds(folder / "leads.csv"))
        finally:
            server.terminate()
    ratio = min(plans) / min(floors)
    figures = {
        "rows": rows,
        "plan, ms a row with the start": round(1e3 * min(plans) / rows, 3),
        "reading and building alone, ms a row": round(1e3 * min(floors) / rows, 4),
        "ratio": round(ratio, 1),
    }
    print(json.dumps(figures, indent=2))
    assert ratio <= MOST_FLOORS, f"the plan takes {ratio:.1f} times the floor"


if __name__ == "__main__":
    main()

"""Cost of reading a contact list: time to the first row, rows a second, and memory.

Asserts that the peak memory of 100,000 rows is at most 10 MB above the peak of 10,000 rows, with and without a check
of every row by a template. Times depend on the machine. Peaks are measured for Python's objects (tracemalloc) and for
the process (ru_maxrss), each in a process of its own.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from heygen_async import Row, Table, Template, read_rows

FEW, MANY = 10_000, 100_000
GROWTH_MB = 10.0
FIELDS = {
    "avatar_id": "look_anna",
    "voice_id": "voice_warm",
    "script": "Hi {{ first_name | title_name }} of {{ company }} in {{ city }}! {% if note %}{{ note }}{% endif %}",
    "voice_settings.speed": '{{ speed | default("1") }}',
}


def write(path: Path, rows: int) -> None:
    """Write a contact list as a spreadsheet program does."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["first_name", "company", "city", "email", "speed", "note"])
        for n in range(rows):
            note = 'said "hi";\nwants a call' if n % 10 == 0 else ""
            writer.writerow([f"Zoë {n}", f"Acme; {n % 997}", "Łódź", f"zoe{n}@example.com", "1.1", note])


def read(table: Table, *, checked: bool) -> Iterator[Row]:
    """Yield the rows; with *checked*, each is checked by a template."""
    template = Template("direct", FIELDS)
    for row in table:
        assert not checked or not template.problems(row)
        yield row


def measure(path: Path, *, checked: bool, traced: bool) -> dict[str, float]:
    """Read a file once, and measure."""
    if traced:
        tracemalloc.start()
    began = time.perf_counter()
    rows = read(read_rows(path), checked=checked)
    next(rows)
    first = time.perf_counter() - began
    count = 1 + sum(1 for _ in rows)
    seconds = time.perf_counter() - began
    figures = {"rows": count, "first_row_ms": round(1e3 * first, 2), "rows_per_second": round(count / seconds)}
    if traced:
        return {"rows": count, "traced_peak_mb": round(tracemalloc.get_traced_memory()[1] / 1e6, 2)}
    return figures | {"process_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}


def in_a_process(path: Path, *, checked: bool, traced: bool) -> dict[str, float]:
    """Measure in a new process, whose memory no other work has used."""
    command = [sys.executable, __file__, str(path), *(["checked"] if checked else []), *(["traced"] if traced else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def compare(folder: Path, *, checked: bool) -> None:
    """Read few and many rows, print the figures, and assert that memory does not grow."""
    peaks = []
    for rows in (FEW, MANY):
        path = folder / f"{rows}.csv"
        if not path.exists():
            write(path, rows)
        figures = in_a_process(path, checked=checked, traced=False) | in_a_process(path, checked=checked, traced=True)
        assert figures["rows"] == rows
        print("read and checked" if checked else "read", json.dumps(figures))
        peaks.append(figures)
    for name in ("traced_peak_mb", "process_peak_mb"):
        growth = peaks[1][name] - peaks[0][name]
        print(f"  {name} grows by {growth:.2f}")
        assert growth <= GROWTH_MB, f"{name} grew by {growth:.1f} MB"


def main() -> None:
    """Measure the file of the command line, or compare few and many rows without one."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(Path(sys.argv[1]), checked="checked" in sys.argv, traced="traced" in sys.argv)))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), checked=False)
        compare(Path(folder), checked=True)


if __name__ == "__main__":
    main()

"""Results as files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from heygen_async.bulk.jobs.outcomes import Completed, Ended, Failed, Unfinished
from heygen_async.bulk.rows.readers.read_rows import cells_of
from heygen_async.bulk.rows.spreadsheet import RESULT_COLUMNS, harmless


class ResultsCsv:
    """`results.csv`: your columns, then what became of the row. Written row by row, so a crash loses none.

    A column of yours that has one of our names gets `input_` before its name. A cell that a spreadsheet would run gets
    an apostrophe.
    """

    def __init__(self, path: str | PathLike[str], columns: Sequence[str]) -> None:
        """Write to *path*; *columns* are those of the rows."""
        self.path: Path = Path(path)
        self._columns = tuple(columns)
        self._file = self.path.open("w", encoding="utf-8-sig", newline="")  # the mark tells Excel that it is UTF-8
        self._writer = csv.writer(self._file)
        own = (f"input_{name}" if name in RESULT_COLUMNS else harmless(name) for name in columns)
        self._writer.writerow([*own, *RESULT_COLUMNS])

    def add(self, ended: Ended) -> None:
        """Write one row."""
        cells = cells_of(ended.row)
        self._writer.writerow(map(harmless, [*(cells.get(name) for name in self._columns), *_facts(ended)]))
        self._file.flush()

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()


def _facts(ended: Ended) -> tuple[object, ...]:
    """Return the values of `RESULT_COLUMNS`."""
    seconds = round(ended.seconds, 1)
    if isinstance(ended, Completed):
        error = ended.error
        return (
            "completed",
            ended.resource_id,
            ended.file or "",
            ended.video.duration,
            seconds,
            "" if error is None else error.code or type(error).__name__,
            "" if error is None else error.message,
        )
    if isinstance(ended, Failed):
        return ("failed", ended.resource_id, "", None, seconds, ended.code, ended.error.message)
    spent = ended.spent if isinstance(ended, Unfinished) else "unknown"
    note = "still rendering at HeyGen" if spent == "yes" else "its submission was cut off: look before you repeat it"
    return ("unfinished", ended.resource_id, "", None, seconds, "", note)

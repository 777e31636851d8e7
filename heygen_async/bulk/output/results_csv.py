"""Results as files."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.jobs.outcomes import Ended
from heygen_async.bulk.output.columns import FACTS, facts_of_result, headers, style_of
from heygen_async.bulk.rows.readers.read_rows import cells_of
from heygen_async.bulk.rows.spreadsheet import PREFIX, harmless


class ResultsCsv:
    """`results.csv`: your columns, then what became of the row. Written row by row, so a crash loses none.

    A cell that a spreadsheet would run gets an apostrophe.
    """

    def __init__(self, path: str | PathLike[str], columns: Sequence[str], source: str | None = None) -> None:
        """Write to *path*; *columns* are those of the rows, which come from the file *source*."""
        self.path: Path = Path(path)
        self._columns = tuple(name for name in columns if not name.startswith(PREFIX))
        separator, encoding = style_of(source)
        self._file = self.path.open("w", encoding=encoding, errors="replace", newline="")
        self._writer = csv.writer(self._file, delimiter=separator)
        self._writer.writerow([*map(harmless, self._columns), *headers(FACTS)])

    def add(self, ended: Ended) -> None:
        """Write one row."""
        cells = cells_of(ended.row)
        known = facts_of_result(ended, body_of(ended.request), time.time())
        own, ours = (cells.get(name) for name in self._columns), (known.get(name) for name in FACTS)
        self._writer.writerow(map(harmless, [*own, *ours]))
        self._file.flush()

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

"""Numbers of rows as their list has them: the line of a file, the row of a sheet."""

from __future__ import annotations

from pathlib import Path

from heygen_async.bulk.jobs.outcomes import Ended
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.rows.table import Row


class ListNumbers:
    """Tells the number of a row in its list, also if it comes from a journal."""

    def __init__(self, journal: Path | str | None = None) -> None:
        """Look rows without a number of their own up in *journal*."""
        self._journal = journal
        self._lines: dict[int, int | None] = {}

    def of(self, ended: Ended) -> int | None:
        """Return the number of a row; None if it comes from no list."""
        if isinstance(ended.row, Row) and ended.row.line:
            return ended.row.line
        if self._journal is None:
            return None
        number = ended.index + 1  # the row's number in the journal
        if number not in self._lines:
            with Journal(self._journal, read_only=True) as opened:
                self._lines = {number: None, **self._lines, **opened.lines()}
        return self._lines[number]

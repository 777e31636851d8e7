"""Where a campaign's files are, seen from the report."""

from __future__ import annotations

import os
import platform
import urllib.parse
from pathlib import Path

import attrs

from heygen_async.bulk.journal.stored_files import here


@attrs.frozen
class ReportPaths:
    """The folders that names of files are relative to.

    Attributes:
        journal: The journal's.
        report: The report's.
    """

    journal: Path
    report: Path

    def find(self, file: str) -> Path | None:
        """Return where a file is: relative to here, as the run wrote it, else to the journal; None if it is gone."""
        named = Path(here(file))
        places = (named, self.journal / named)
        return next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113 - Path's raises for odd names

    def is_elsewhere(self, file: str) -> bool:
        """Return True if a worker has stored a file on another machine."""
        machine, colon, path = file.partition(":")
        return bool(colon) and path.startswith("/") and machine != platform.node()

    def address(self, row: int, kind: str, file: str) -> str | None:  # noqa: ARG002 - a live page needs the row and kind
        """Return the address by which the page reaches a stored *file* of *row*; None if it is gone."""
        found = self.find(file)
        return None if found is None else self.link(found)

    def link(self, file: Path) -> str:
        """Return the address of *file* as the report names it: relative, so that both can be moved together."""
        try:
            relative = os.path.relpath(file.resolve(), self.report.resolve())
        except ValueError:  # pragma: no cover - Windows: on another drive there is no way from here to there
            return file.resolve().as_uri()
        return urllib.parse.quote(Path(relative).as_posix())

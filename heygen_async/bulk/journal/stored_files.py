"""Which files of completed rows are still as they were when they were stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from heygen_async.bulk.jobs.records import SavedFile
from heygen_async.bulk.journal.queries import JournalReader

Stored = Mapping[str, SavedFile]


def unstored(journal: JournalReader, kinds: Iterable[str]) -> Iterator[tuple[int, Stored]]:
    """Return the completed rows that lack a file of *kinds*, each with what was stored of it, as of now."""
    wanted = set(kinds)
    rows = journal.files() if wanted else ()
    return iter([(job_id, stored) for job_id, stored in rows if not wanted <= set(still_there(stored))])


def still_there(stored: Stored) -> dict[str, SavedFile]:
    """Return those that are there and have the size that they had."""
    return {kind: one for kind, one in stored.items() if one.file is None or _size(one.file) == one.size_bytes}


def _size(file: str) -> int | None:
    path = Path(file)
    return path.stat().st_size if path.is_file() else None

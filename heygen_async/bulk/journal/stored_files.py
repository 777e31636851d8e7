"""The stored files of completed rows, compared with the files on the disk."""

from __future__ import annotations

import platform
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from heygen_async.bulk.jobs.records import SavedFile
from heygen_async.bulk.journal.queries import JournalReader

Stored = Mapping[str, SavedFile]


def unstored(journal: JournalReader, kinds: Iterable[str]) -> Iterator[tuple[int, Stored]]:
    """Return the completed rows that now lack a file of *kinds*, each with its stored files."""
    wanted = set(kinds)
    rows = journal.files() if wanted else ()
    lacking = array("q", (job_id for job_id, stored in rows if not wanted <= set(still_there(stored))))
    return ((job_id, journal.files_of([job_id])[job_id]) for job_id in lacking)


def still_there(stored: Stored) -> dict[str, SavedFile]:
    """Return the files that exist and have the size that they had when they were stored.

    Files of another machine cannot be seen from here, and are taken to be there.
    """
    return {
        kind: file
        for kind, file in stored.items()
        if file.file is None or file.is_elsewhere or _size(file.file) == file.size_bytes
    }


def on_machine(machine: str, file: str) -> str:
    """Return the name of a file with its machine, as `scp` takes it."""
    return f"{machine}:{file}"


def here(file: str) -> str:
    """Return the path of a file that may be named with its machine; that of another machine is returned as it is."""
    return file.removeprefix(f"{platform.node()}:")


def _size(file: str) -> int | None:
    path = Path(file)
    return path.stat().st_size if path.is_file() else None

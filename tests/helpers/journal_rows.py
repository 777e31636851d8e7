"""Rows for a journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from heygen_async import Journal, Merge
from heygen_async.bulk.jobs.records import Entry

BODY = {"type": "avatar", "avatar_id": "a", "voice_id": "v", "script": "Hi Ada"}


def entry(name: str = "ada", **changes: Any) -> Entry:
    return Entry(row_key=name, row={"name": name}, kind="avatar", body={**BODY, **changes})


def take_in(journal: Journal, *entries: Entry) -> Merge:
    result, mark = Merge(), journal.begin_merge()
    journal.merge(entries, mark, result)
    result.removed = journal.unseen(mark)
    return result


def prepared(path: Path) -> Path:
    """Make a journal with a row in each state, and return its path."""
    with Journal(path, create=True) as journal:
        take_in(journal, *(entry(name) for name in ("done", "failed", "other", "unknown", "planned", "open")))
        for job_id in (1, 4, 6):
            journal.intend(job_id)
        journal.submitted(1, video_id="v1")
        journal.completed(1, video_id="v1", duration=2.0)
        journal.failed(2, code="rendering_failed", error="=no face", spent="no")
        journal.failed(3, code="invalid_parameter", error="bad", spent="no")
        journal.unknown(4, code="outcome_unknown", error="lost")
    return path

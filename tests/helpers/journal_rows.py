"""Rows for a journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from heygen_async import Journal, Merge
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.records import Entry

BODY = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi Ada"}


def entry(name: str = "ada", **changes: Any) -> Entry:
    """Return a row with a name, so that a change of its request is a change of the row."""
    return entry_of("avatar", {**BODY, **changes}, name)


def entry_of(kind: str, body: dict[str, Any], name: str = "ada") -> Entry:
    """Return a row with a name and any request."""
    row = {"name": name}
    return Entry(
        identity=keys.named(name),
        is_named=True,
        row=row,
        row_hash=keys.row_hash(row),
        kind=kind,
        body=body,
        body_hash=keys.body_hash(kind, body),
    )


def take_in(journal: Journal, *entries: Entry, again: bool = False) -> Merge:
    """Take a list in whole, and return its counts."""
    result, mark = Merge(again=again), journal.begin_list()
    journal.merge(entries, mark, result)
    journal.end_list(mark, result)
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

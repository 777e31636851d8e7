"""Decisions of a person about rows whose POST lost its answer and that HeyGen does not list."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.rows.problems import counted
from heygen_async.errors import InvalidInputError

Choice = Literal["resubmit", "skip", "adopt"]


def decide(journal: Journal, choice: Choice, *, adopted: str | None = None, rows: Collection[int] = ()) -> int:
    """Decide about the rows of *journal* that wait for it, and return their number. Sends no request.

    Args:
        journal: The journal.
        choice: "resubmit" plans them again, under new keys: whatever they made before is paid for, too. "skip" gives
            them up. "adopt" takes the render *adopted* for the one row that waits, or that is named.
        adopted: Id of the video or, for a Video Agent, of the session.
        rows: Numbers of the rows; all that wait if none are given.

    Raises:
        InvalidInputError: A row does not wait for a decision, or several could have the adopted render.
    """
    waiting = [record for record in journal.records("unknown") if not rows or record.id in rows]
    missing = set(rows) - {record.id for record in waiting}
    if missing:
        first = journal.number_of(min(missing))
        raise InvalidInputError(f"row {first}: it does not wait for a decision; see heygen-async status")
    if choice == "adopt" and len(waiting) != 1:
        raise InvalidInputError(
            f"adopt {adopted}: {counted(len(waiting), 'row')} to decide about; name the one that it is of"
        )
    for record in waiting:
        _apply(journal, record, choice, adopted)
    return len(waiting)


def _apply(journal: Journal, record: Record, choice: Choice, adopted: str | None) -> None:
    if choice == "resubmit":
        journal.begin_again(record.id)
    elif choice == "skip":
        error = f"row {journal.number_of(record.id)}: given up by a person; it may have been paid for"
        journal.failed(record.id, code="outcome_unknown", error=error, spent="unknown")
    else:
        ids: dict[str, Any] = {"session_id" if record.kind == "video_agent" else "video_id": adopted}
        journal.submitted(record.id, **ids)

"""The journal: the durable record of every row of a campaign.

States of a row: planned -> intended (the POST may be under way) -> submitted (HeyGen's id is known) -> completed or
failed; and unknown (the POST was sent, and its outcome is not known). Every method that changes something returns
when the change is on disk, so a record survives a crash of the process and a power loss.

The journal makes no decisions: `jobs/next_step.py` does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import attrs

from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.records import Entry, Lesson, Merge, SavedFile, State
from heygen_async.bulk.journal.database import atomic
from heygen_async.bulk.journal.queries import PAGE_ROWS, JournalReader, placeholders
from heygen_async.bulk.journal.uploaded_assets import UploadedAssets
from heygen_async.errors import JournalError, Spent


class WrongStateError(JournalError):
    """A change does not fit the state of its row: a mistake in this package, or another process was first."""


class Journal(JournalReader, UploadedAssets):
    """The durable record of a campaign, in an SQLite file or a PostgreSQL database.

    A file has one writer at a time and any number of readers; a database takes any number of both.
    """

    # The rows of a source

    @atomic
    def begin_merge(self) -> int:
        """Begin to merge a source; return the mark of its rows."""
        mark = int(self.meta("mark") or 0) + 1
        self.set_meta(mark=str(mark))
        return mark

    def merge(self, entries: Sequence[Entry], mark: int, result: Merge) -> None:
        """Merge rows of a source: plan new rows, plan changed rows again, leave the others as they are.

        Args:
            entries: The rows; a source may be merged in several calls.
            mark: The mark of the source, from `begin_merge`.
            result: The counts of these rows are added to it.
        """
        result.add(self._merged(entries, mark))

    @atomic
    def _merged(self, entries: Sequence[Entry], mark: int) -> Merge:
        result = Merge()
        for begin in range(0, len(entries), PAGE_ROWS):
            self._merge_page(entries[begin : begin + PAGE_ROWS], mark, result)
        return result

    def _merge_page(self, entries: Sequence[Entry], mark: int, result: Merge) -> None:
        marks = placeholders(len(entries))
        query = f"SELECT row_key, id, body_hash, state, seen FROM jobs WHERE row_key IN ({marks})"  # noqa: S608 - marks
        stored = {row_key: found for row_key, *found in self._execute(query, [entry.row_key for entry in entries])}
        new: dict[str, Entry] = {}
        known: dict[str, tuple[Entry, Any]] = {}
        for entry in entries:
            found = stored.get(entry.row_key)
            if entry.row_key in new or entry.row_key in known or (found is not None and found[-1] == mark):
                result.repeated += 1
            elif found is None:
                new[entry.row_key] = entry
            else:
                known[entry.row_key] = entry, found
        self._plan_new(new.values(), mark)
        result.new += len(new)
        self._update_known(known.values(), mark, result)

    def _plan_new(self, entries: Collection[Entry], mark: int) -> None:
        hashed = [(entry, keys.body_hash(entry.kind, entry.body)) for entry in entries]
        self._db.executemany(
            "INSERT INTO jobs (row_key, kind, body_hash, seen) VALUES (?, ?, ?, ?)",
            [(entry.row_key, entry.kind, body_hash, mark) for entry, body_hash in hashed],
        )
        self._db.executemany(
            "INSERT INTO requests SELECT id, ?, ? FROM jobs WHERE row_key = ?",
            [(_json(entry.row), _json(entry.body), entry.row_key) for entry in entries],
        )

    def _update_known(self, known: Collection[tuple[Entry, Any]], mark: int, result: Merge) -> None:
        """Store the new cells of known rows, and plan the rows with a changed request again."""
        self._db.executemany("UPDATE jobs SET seen = ? WHERE id = ?", [(mark, found[0]) for _, found in known])
        rows = [(_json(entry.row), found[0]) for entry, found in known]
        self._db.executemany("UPDATE requests SET row = ? WHERE id = ?", rows)
        for entry, (job_id, former_hash, state, _) in known:
            body_hash = keys.body_hash(entry.kind, entry.body)
            if former_hash == body_hash:
                result.unchanged += 1
            elif state in {"intended", "submitted", "unknown"}:
                result.busy += 1
            else:
                self._plan_again(job_id, generation=0)
                self._execute("UPDATE jobs SET kind = ?, body_hash = ? WHERE id = ?", (entry.kind, body_hash, job_id))
                self._execute("UPDATE requests SET body = ? WHERE id = ?", (_json(entry.body), job_id))
                result.changed += 1

    # One row

    @atomic
    def intend(self, job_id: int) -> None:
        """Record that the POST is about to be sent: from here on it may have been executed.

        The time of the first intent under a key is kept.
        """
        self._change(
            job_id,
            ("planned", "intended", "unknown"),
            "state = 'intended', intended_at = coalesce(intended_at, ?), error_code = NULL, error = NULL",
            time.time(),
        )

    @atomic
    def submitted(self, job_id: int, *, video_id: str | None = None, session_id: str | None = None) -> None:
        """Record HeyGen's id of the render; for an agent first its session's, later its video's."""
        self._change(
            job_id,
            ("intended", "submitted", "unknown"),
            "state = 'submitted', submitted_at = coalesce(submitted_at, ?), video_id = coalesce(?, video_id), "
            "session_id = coalesce(?, session_id), error_code = NULL, error = NULL",
            time.time(),
            video_id,
            session_id,
        )

    @atomic
    def completed(self, job_id: int, *, video_id: str, duration: float | None) -> None:
        """Record that the video is rendered. `stored` follows if its file is wanted."""
        self._change(
            job_id,
            ("submitted", "completed"),
            "state = 'completed', ended_at = ?, video_id = ?, duration = ?, spent = 'yes', "
            "error_code = NULL, error = NULL",
            time.time(),
            video_id,
            duration,
        )

    @atomic
    def corrected(self, job_id: int, *, video_id: str, duration: float | None) -> None:
        """Record that a row which was taken for failed has its video at HeyGen."""
        self._change(
            job_id,
            ("failed",),
            "state = 'completed', video_id = ?, duration = ?, spent = 'yes', error_code = NULL, error = NULL",
            video_id,
            duration,
        )

    @atomic
    def stored(self, job_id: int, kind: str, stored: SavedFile) -> None:
        """Record that a file of the row is on the disk, or that HeyGen has none of this kind."""
        name = ("file = ?, ", (stored.file,)) if kind == "video" else ("", ())
        self._change(job_id, ("completed",), f"{name[0]}error_code = NULL, error = NULL", *name[1])
        self._execute(
            "INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT (job_id, kind) "
            "DO UPDATE SET file = excluded.file, size_bytes = excluded.size_bytes",
            (job_id, kind, stored.file, stored.size_bytes),
        )

    @atomic
    def not_stored(self, job_id: int, *, code: str, error: str) -> None:
        """Record that a file could not be stored. The row stays completed: its file can be fetched later."""
        self._change(job_id, ("completed",), "error_code = ?, error = ?", code, error)

    @atomic
    def failed(self, job_id: int, *, code: str, error: str, spent: Spent) -> None:
        """Record that a row ended without a video."""
        self._change(
            job_id,
            ("planned", "intended", "submitted", "unknown"),
            "state = 'failed', ended_at = ?, error_code = ?, error = ?, spent = ?",
            time.time(),
            code,
            error,
            spent,
        )

    @atomic
    def unknown(self, job_id: int, *, code: str, error: str) -> None:
        """Record that the POST was sent and its outcome is not known."""
        self._change(
            job_id,
            ("intended", "unknown"),
            "state = 'unknown', error_code = ?, error = ?, spent = 'unknown'",
            code,
            error,
        )

    @atomic
    def not_sent(self, job_id: int) -> None:
        """Plan a row again whose POST was refused for a reason that is not its own, such as lack of credit."""
        self._change(job_id, ("intended",), "state = 'planned', intended_at = NULL, batch = NULL, item = NULL")

    @atomic
    def begin_again(self, job_id: int) -> None:
        """Plan a failed, unknown or intended row again, under a new key.

        Raises:
            JournalError: The row is in another state; a completed row is never rendered again.
        """
        found = self.get(job_id)
        if found.state not in {"failed", "unknown", "intended"}:
            raise JournalError(f"{self.name}: row {job_id} is {found.state}, so it is not asked for again")
        self._plan_again(job_id, generation=found.generation + 1)

    def _plan_again(self, job_id: int, *, generation: int) -> None:
        """Move the ids and the end of a row to `former`, so that no id is forgotten, and plan the row."""
        self._execute(
            "INSERT INTO former SELECT id, generation, body_hash, state, video_id, session_id, error_code, error, "
            "spent FROM jobs WHERE id = ? AND state != 'planned'",
            (job_id,),
        )
        self._execute("DELETE FROM files WHERE job_id = ?", (job_id,))
        self._execute(
            "UPDATE jobs SET generation = ?, state = 'planned', intended_at = NULL, submitted_at = NULL, "
            "ended_at = NULL, batch = NULL, item = NULL, video_id = NULL, session_id = NULL, duration = NULL, "
            "file = NULL, error_code = NULL, error = NULL, spent = NULL WHERE id = ?",
            (generation, job_id),
        )

    # Batches

    @atomic
    def intend_together(self, job_ids: Sequence[int], key: str) -> int:
        """Record that rows are about to be sent in one POST under *key*, in this order; return the batch's number."""
        batch = self._db.insert("INSERT INTO batches (key, size) VALUES (?, ?)", (key, len(job_ids)))
        changes = "state = 'intended', intended_at = ?, batch = ?, item = ?"
        for item, job_id in enumerate(job_ids):
            self._change(job_id, ("planned",), changes, time.time(), batch, item)
        return batch

    @atomic
    def submitted_together(self, batch: int, batch_id: str) -> None:
        """Record HeyGen's id of a batch."""
        self._execute("UPDATE batches SET batch_id = ? WHERE id = ?", (batch_id, batch))
        self._execute(
            "UPDATE jobs SET state = 'submitted', submitted_at = ?, error_code = NULL, error = NULL "
            "WHERE batch = ? AND state IN ('intended', 'unknown')",
            (time.time(), batch),
        )

    # Render times

    def learn(self, lessons: Iterable[Lesson]) -> None:
        """Store statistics of render times, in place of the former ones of the same kind and size."""
        self._learn([attrs.astuple(lesson) for lesson in lessons])

    @atomic
    def _learn(self, rows: Sequence[tuple[Any, ...]]) -> None:
        query = (
            "INSERT INTO lessons VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, size) "
            "DO UPDATE SET count = excluded.count, mean = excluded.mean, squares = excluded.squares"
        )
        self._db.executemany(query, rows)

    def _change(self, job_id: int, states: tuple[State, ...], changes: str, *values: object) -> None:
        """Change a row that is in one of *states*.

        Raises:
            WrongStateError: The row is in another state.
        """
        done = self._execute(
            f"UPDATE jobs SET {changes} WHERE id = ? AND state IN ({placeholders(len(states))})",  # noqa: S608 - our own words
            (*values, job_id, *states),
        )
        if done.rowcount != 1:
            found = self.get(job_id).state
            raise WrongStateError(f"{self.name}: row {job_id} is {found}, not {' or '.join(states)}")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)

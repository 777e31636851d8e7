"""The journal of a worker: it changes only rows on which the worker has a lease, many of them in one statement.

A worker that was frozen or cut off may come back after others have gone on with its rows. Every change asks in its own
statement if the lease is still there, so such a worker finds out at its first change and writes nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from heygen_async.bulk.jobs.records import Record, SavedFile, State
from heygen_async.bulk.journal.database import atomic
from heygen_async.bulk.journal.journal import Journal, WrongStateError
from heygen_async.bulk.journal.postgres import PostgresBackend
from heygen_async.bulk.journal.queries import placeholders
from heygen_async.bulk.journal.stored_files import on_machine

_MINE = "(SELECT job_id FROM leases WHERE job_id = ANY(?) AND owner = ? FOR SHARE)"  # others wait to take it over
_INTEND = """
UPDATE jobs SET state = 'intended', intended_at = coalesce(intended_at, now.at),
server_at = CASE WHEN intended_at IS NULL THEN new.server_at ELSE jobs.server_at END, run = coalesce(jobs.run, now.run),
low_usd = coalesce(jobs.low_usd, new.low), high_usd = coalesce(jobs.high_usd, new.high), error_code = NULL, error = NULL
FROM unnest(?::bigint[], ?::text[], ?::int[], ?::float8[], ?::float8[], ?::float8[])
AS new (id, body_hash, generation, low, high, server_at),
(VALUES (?::float8, ?::int)) AS now (at, run)
WHERE jobs.id = new.id AND jobs.body_hash = new.body_hash AND jobs.generation = new.generation
AND state IN ('planned', 'intended', 'unknown') AND jobs.id IN {mine} RETURNING jobs.id
"""
_SUBMITTED = """
UPDATE jobs SET state = 'submitted', submitted_at = coalesce(submitted_at, ?),
video_id = coalesce(new.video_id, jobs.video_id), session_id = coalesce(new.session_id, jobs.session_id),
error_code = NULL, error = NULL
FROM unnest(?::bigint[], ?::text[], ?::text[]) AS new (id, video_id, session_id)
WHERE jobs.id = new.id AND state IN ('intended', 'submitted', 'unknown') AND jobs.id IN {mine} RETURNING jobs.id
"""
_LINKED = (
    "INSERT INTO links SELECT * FROM unnest(CAST(? AS int[]), CAST(? AS text[]), CAST(? AS text[]), CAST(? AS text[])) "
    "ON CONFLICT (job_id) DO UPDATE SET page = excluded.page, thumbnail = excluded.thumbnail, gif = excluded.gif"
)
_COMPLETED = """
UPDATE jobs SET state = 'completed', ended_at = coalesce(ended_at, ?), video_id = new.video_id,
duration = new.duration, spent = 'yes', low_usd = coalesce(new.low, jobs.low_usd),
high_usd = coalesce(new.high, jobs.high_usd), error_code = NULL, error = NULL
FROM unnest(?::bigint[], ?::text[], ?::float8[], ?::float8[], ?::float8[]) AS new (id, video_id, duration, low, high)
WHERE jobs.id = new.id AND state IN ('submitted', 'completed') AND jobs.id IN {mine} RETURNING jobs.id
"""

Rows = Sequence[tuple[Any, ...]]


class NotMineError(WrongStateError):
    """The lease on a row is gone: others have taken this worker for dead, or the row has changed."""


class LeasedJournal(Journal):
    """A journal whose rows may be changed only by the worker that has a lease on them.

    Attributes:
        owner: Name of the worker.
        machine: Name of its machine, for the files that it stores.
    """

    def __init__(self, address: str, machine: str) -> None:
        """Open the journal at *address*; calls wait for a database that is away as long as it takes."""
        super().__init__(address)
        self.owner: str = ""
        self.machine = machine
        self._backend.patience = math.inf

    @property
    def _backend(self) -> PostgresBackend:
        return cast("PostgresBackend", self._db)

    def give_up(self) -> None:
        """End all waiting for a database that is away."""
        self._backend.give_up()

    # Leases

    def leased(self, campaign: str, job_ids: Sequence[int] | None = None) -> list[Record]:
        """Return the rows of *campaign* on which this worker has leases, among *job_ids* if they are given."""
        query = (
            "SELECT job_id FROM leases WHERE owner = ? AND campaign = ? AND (?::bigint[] IS NULL OR job_id = ANY(?))"
        )
        ids = None if job_ids is None else list(job_ids)
        return self.records_of([job_id for (job_id,) in self._rows(query, self.owner, campaign, ids, ids)])

    @atomic
    def let_go(self, job_ids: Sequence[int]) -> None:
        """End the leases on rows that lack nothing more, or that are left as they are."""
        self._execute("DELETE FROM leases WHERE job_id = ANY(?) AND owner = ?", (list(job_ids), self.owner))

    @atomic
    def hand_on(self, job_ids: Sequence[int]) -> None:
        """Leave rendered rows to a worker that stores files."""
        query = "UPDATE leases SET owner = NULL, holds_slot = false WHERE job_id = ANY(?) AND owner = ?"
        self._execute(query, (list(job_ids), self.owner))

    @atomic
    def free_slots(self, job_ids: Sequence[int]) -> None:
        """Free the render slots of rows that keep their leases, because their files are still to be stored."""
        query = "UPDATE leases SET holds_slot = false WHERE job_id = ANY(?) AND owner = ?"
        self._execute(query, (list(job_ids), self.owner))

    # Changes of many rows in one statement; each returns the rows that it has changed

    @atomic
    def intend_all(self, rows: Rows) -> set[int]:
        """Record that POSTs are about to be sent; rows are (id, body hash, generation, least price, most, time)."""
        return self._change_all(_INTEND, rows, after=(time.time(), self.number))

    @atomic
    def submitted_all(self, rows: Rows) -> set[int]:
        """Record HeyGen's ids; rows are (id, video id, session id)."""
        return self._change_all(_SUBMITTED, rows, before=(time.time(),))

    @atomic
    def completed_all(self, rows: Rows) -> set[int]:
        """Record that videos are rendered; rows are (id, video id, seconds, least price, most, page, still, GIF)."""
        changed = self._change_all(_COMPLETED, [row[:5] for row in rows], before=(time.time(),))
        if linked := [(row[0], *row[5:]) for row in rows if row[0] in changed and any(row[5:])]:
            self._execute(_LINKED, tuple(list(column) for column in zip(*linked, strict=True)))
        return changed

    def _change_all(
        self, query: str, rows: Rows, before: Sequence[object] = (), after: Sequence[object] = ()
    ) -> set[int]:
        columns = [list(column) for column in zip(*rows, strict=True)]
        values = (*before, *columns, *after, columns[0], self.owner)
        return {job_id for (job_id,) in self._execute(query.format(mine=_MINE), values).fetchall()}

    def why_not(self, job_id: int) -> NotMineError:
        """Return the error of a change that was not made."""
        mine = self._rows("SELECT 1 FROM leases WHERE job_id = ? AND owner = ?", job_id, self.owner)
        if not mine:
            return NotMineError(f"{self.name}: row {job_id} is not this worker's any more")
        return NotMineError(f"{self.name}: row {job_id} has changed since it was handed out")

    # Changes of one row

    @atomic
    def stored(self, job_id: int, kind: str, stored: SavedFile) -> None:
        """Record that a file of the row is on this machine, or that HeyGen has none of this kind."""
        file = None if stored.file is None else str(Path(stored.file).absolute())
        if kind == "video" and file is not None:
            self._change(
                job_id, ("completed",), "file = ?, error_code = NULL, error = NULL", on_machine(self.machine, file)
            )
        else:
            self._change(job_id, ("completed",), "error_code = NULL, error = NULL")
        self._execute(
            "INSERT INTO files (job_id, kind, file, size_bytes, machine) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
            "(job_id, kind) DO UPDATE SET file = excluded.file, size_bytes = excluded.size_bytes, "
            "machine = excluded.machine",
            (job_id, kind, file, stored.size_bytes, self.machine),
        )

    @atomic
    def begin_again(self, job_id: int) -> None:
        """Plan a row again, under a new key."""
        query = "SELECT 1 FROM leases WHERE job_id = ? AND owner = ? FOR SHARE"
        if not self._execute(query, (job_id, self.owner)).fetchall():
            raise self.why_not(job_id)
        super().begin_again(job_id)

    def _change(self, job_id: int, states: tuple[State, ...], changes: str, *values: object) -> None:
        done = self._execute(
            f"UPDATE jobs SET {changes} WHERE id = ? AND state IN ({placeholders(len(states))}) AND id IN {_MINE}",  # noqa: S608 - our own words
            (*values, job_id, *states, [job_id], self.owner),
        )
        if done.rowcount != 1:
            error = self.why_not(job_id)
            found = self.get(job_id).state
            raise error if found in states else WrongStateError(f"{error}; it is {found}, not {' or '.join(states)}")

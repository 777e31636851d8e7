"""What remembers: every row of a campaign and how far it is, in one SQLite file.

States: planned -> intended (its POST may be on the way) -> submitted (its id is known) -> completed | failed; and
unknown (its POST went out, and whether it was executed is not known). Every method that changes something returns
when the change is on disk (WAL, synchronous=FULL), so what is written here survives a power loss. Nothing is ever
loaded whole: a million rows are read a page at a time.

The journal decides nothing: `decisions.py` does.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import attrs

from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.records import BatchRecord, Entry, Lesson, Merge, Record, SavedFile, State
from heygen_async.bulk.journal.database import whole
from heygen_async.bulk.journal.uploaded_assets import UploadedAssets
from heygen_async.errors import JournalError, Spent

_PAGE_ROWS = 500
_MARKS = ("", "?", "?, ?", "?, ?, ?", "?, ?, ?, ?")


class WrongStateError(JournalError):
    """A change does not fit the state that a row is in: a mistake in this package."""


_FIELDS = tuple(field.name for field in attrs.fields(Record))
_COLUMNS = ", ".join("body" if name == "text" else name for name in _FIELDS)
_SELECT = f"SELECT {_COLUMNS} FROM jobs JOIN requests USING (id)"  # noqa: S608 - our own names


class Journal(UploadedAssets):
    """A campaign's memory. One process writes; any number may read."""

    # The campaign

    @whole
    def begin_merge(self) -> int:
        """Begin to take in the rows of a source, and return the mark by which they are known."""
        mark = int(self.meta("mark") or 0) + 1
        self.set_meta(mark=str(mark))
        return mark

    def merge(self, entries: Sequence[Entry], mark: int, result: Merge) -> None:
        """Take some rows in: new ones are planned, changed ones planned again, the others left alone."""
        result.add(self.together(lambda: self._taken_in(entries, mark)))

    def _taken_in(self, entries: Sequence[Entry], mark: int) -> Merge:
        result = Merge()
        for begin in range(0, len(entries), _PAGE_ROWS):
            self._take_in(entries[begin : begin + _PAGE_ROWS], mark, result)
        return result

    def unseen(self, mark: int) -> int:
        """Count the rows that the source with that mark did not have."""
        return int(self._rows("SELECT count(*) FROM jobs WHERE seen < ?", mark)[0][0])

    def _take_in(self, entries: Sequence[Entry], mark: int, result: Merge) -> None:
        query = f"SELECT row_key, id, body_hash, state, seen FROM jobs WHERE row_key IN ({_some(entries)})"  # noqa: S608 - marks
        known = {row_key: found for row_key, *found in self._execute(query, [entry.row_key for entry in entries])}
        new: dict[str, Entry] = {}
        met: dict[str, tuple[Entry, Any]] = {}
        for entry in entries:
            found = known.get(entry.row_key)
            if entry.row_key in new or entry.row_key in met or (found is not None and found[-1] == mark):
                result.repeated += 1
            elif found is None:
                new[entry.row_key] = entry
            else:
                met[entry.row_key] = entry, found
        self._add(new.values(), mark)
        result.new += len(new)
        self._meet(met.values(), mark, result)

    def _add(self, entries: Collection[Entry], mark: int) -> None:
        """Plan rows that were not there."""
        hashed = [(entry, keys.body_hash(entry.kind, entry.body)) for entry in entries]
        self._db.executemany(
            "INSERT INTO jobs (row_key, kind, body_hash, seen) VALUES (?, ?, ?, ?)",
            [(entry.row_key, entry.kind, body_hash, mark) for entry, body_hash in hashed],
        )
        self._db.executemany(
            "INSERT INTO requests SELECT id, ?, ? FROM jobs WHERE row_key = ?",
            [(_json(entry.row), _json(entry.body), entry.row_key) for entry in entries],
        )

    def _meet(self, met: Collection[tuple[Entry, Any]], mark: int, result: Merge) -> None:
        """Keep the rows of this source's cells; plan those anew that are asked for with another request."""
        self._db.executemany("UPDATE jobs SET seen = ? WHERE id = ?", [(mark, found[0]) for _, found in met])
        rows = [(_json(entry.row), found[0]) for entry, found in met]
        self._db.executemany("UPDATE requests SET row = ? WHERE id = ?", rows)
        for entry, (job_id, known, state, _) in met:
            hashed = keys.body_hash(entry.kind, entry.body)
            if known == hashed:
                result.unchanged += 1
            elif state in {"intended", "submitted", "unknown"}:
                result.busy += 1
            else:
                self._begin_again(job_id, generation=0)
                self._execute("UPDATE jobs SET kind = ?, body_hash = ? WHERE id = ?", (entry.kind, hashed, job_id))
                self._execute("UPDATE requests SET body = ? WHERE id = ?", (_json(entry.body), job_id))
                result.changed += 1

    # One row

    def key(self, record: Record) -> str:
        """Return the `Idempotency-Key` of a row's POST."""
        return keys.idempotency_key(self.run, record.row_key, record.body_hash, record.generation)

    def intend(self, job_id: int) -> None:
        """Its POST is about to go out: from here on it may have been executed. The first time under a key counts."""
        self._change(
            job_id,
            ("planned", "intended", "unknown"),
            "state = 'intended', intended_at = coalesce(intended_at, ?), error_code = NULL, error = NULL",
            time.time(),
        )

    def submitted(self, job_id: int, *, video_id: str | None = None, session_id: str | None = None) -> None:
        """Its id has come."""
        self._change(
            job_id,
            ("intended", "submitted", "unknown"),
            "state = 'submitted', submitted_at = coalesce(submitted_at, ?), video_id = coalesce(?, video_id), "
            "session_id = coalesce(?, session_id), error_code = NULL, error = NULL",
            time.time(),
            video_id,
            session_id,
        )

    def completed(self, job_id: int, *, video_id: str, duration: float | None) -> None:
        """Its video is there. `stored` follows if it is wanted as a file."""
        self._change(
            job_id,
            ("submitted", "completed"),
            "state = 'completed', ended_at = ?, video_id = ?, duration = ?, spent = 'yes', "
            "error_code = NULL, error = NULL",
            time.time(),
            video_id,
            duration,
        )

    def corrected(self, job_id: int, *, video_id: str, duration: float | None) -> None:
        """HeyGen shows that a row which was taken for failed has its video."""
        self._change(
            job_id,
            ("failed",),
            "state = 'completed', video_id = ?, duration = ?, spent = 'yes', error_code = NULL, error = NULL",
            video_id,
            duration,
        )

    @whole
    def stored(self, job_id: int, kind: str, stored: SavedFile) -> None:
        """One of its files is on the disk, or there is none of this kind."""
        name = ("file = ?, ", (stored.file,)) if kind == "video" else ("", ())
        self._change(job_id, ("completed",), f"{name[0]}error_code = NULL, error = NULL", *name[1])
        self._execute(
            "INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT (job_id, kind) "
            "DO UPDATE SET file = excluded.file, size_bytes = excluded.size_bytes",
            (job_id, kind, stored.file, stored.size_bytes),
        )

    def not_stored(self, job_id: int, *, code: str, error: str) -> None:
        """A file of it could not be stored. It stays completed: it is paid for, and its file can be fetched later."""
        self._change(job_id, ("completed",), "error_code = ?, error = ?", code, error)

    def failed(self, job_id: int, *, code: str, error: str, spent: Spent) -> None:
        """It ended without a video; what is known to have ended stays ended."""
        self._change(
            job_id,
            ("planned", "intended", "submitted", "unknown"),
            "state = 'failed', ended_at = ?, error_code = ?, error = ?, spent = ?",
            time.time(),
            code,
            error,
            spent,
        )

    def unknown(self, job_id: int, *, code: str, error: str) -> None:
        """Its POST went out, and whether it was executed is not known."""
        self._change(
            job_id,
            ("intended", "unknown"),
            "state = 'unknown', error_code = ?, error = ?, spent = 'unknown'",
            code,
            error,
        )

    def not_sent(self, job_id: int) -> None:
        """Its POST was refused for a reason that is not its own (no credit): it is planned again."""
        self._change(job_id, ("intended",), "state = 'planned', intended_at = NULL, batch = NULL, item = NULL")

    @whole
    def begin_again(self, job_id: int) -> None:
        """Plan a row again that failed or is unknown, under a new key. A completed one never."""
        found = self.get(job_id)
        if found.state not in {"failed", "unknown", "intended"}:
            raise JournalError(f"{self.name}: row {job_id} is {found.state}, so it is not asked for again")
        self._begin_again(job_id, generation=found.generation + 1)

    def _begin_again(self, job_id: int, *, generation: int) -> None:
        """Keep what was, and plan the row anew. No id is ever forgotten."""
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

    # Rows that are asked for together

    @whole
    def intend_together(self, job_ids: Sequence[int], key: str) -> int:
        """They are about to go out in one POST under *key*, in this order. Returns the number of the batch."""
        batch = self._db.insert("INSERT INTO batches (key, size) VALUES (?, ?)", (key, len(job_ids)))
        changes = "state = 'intended', intended_at = ?, batch = ?, item = ?"
        for item, job_id in enumerate(job_ids):
            self._change(job_id, ("planned",), changes, time.time(), batch, item)
        return batch

    @whole
    def submitted_together(self, batch: int, batch_id: str) -> None:
        """The id of the batch has come."""
        self._execute("UPDATE batches SET batch_id = ? WHERE id = ?", (batch_id, batch))
        self._execute(
            "UPDATE jobs SET state = 'submitted', submitted_at = ?, error_code = NULL, error = NULL "
            "WHERE batch = ? AND state IN ('intended', 'unknown')",
            (time.time(), batch),
        )

    def batch(self, number: int) -> BatchRecord:
        """Return what is known of a batch."""
        ((key, size, batch_id),) = self._rows("SELECT key, size, batch_id FROM batches WHERE id = ?", number)
        return BatchRecord(key=key, size=size, batch_id=batch_id)

    def members(self, batch: int) -> list[Record]:
        """Return the rows of a batch whose POST has no answer yet, in its order."""
        query = f"{_SELECT} WHERE batch = ? AND state IN ('intended', 'unknown') ORDER BY item"
        return [_record(row) for row in self._rows(query, batch)]

    # What was learnt

    def lessons(self) -> list[Lesson]:
        """Return what was learnt about render times."""
        return [Lesson(*row) for row in self._rows("SELECT kind, size, count, mean, squares FROM lessons")]

    def learn(self, lessons: Iterable[Lesson]) -> None:
        """Keep what was learnt about render times, in place of what was known."""
        query = (
            "INSERT INTO lessons VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, size) "
            "DO UPDATE SET count = excluded.count, mean = excluded.mean, squares = excluded.squares"
        )
        rows = [attrs.astuple(lesson) for lesson in lessons]
        self.together(lambda: self._db.executemany(query, rows))

    # Looking

    def get(self, job_id: int) -> Record:
        """Return a row."""
        found = self._rows(f"{_SELECT} WHERE id = ?", job_id)
        if not found:
            raise JournalError(f"{self.name}: there is no row {job_id}")
        return _record(found[0])

    def records(self, *states: State, code: str | None = None) -> Iterator[Record]:
        """Yield the rows in *states* (all if none), a page at a time; they may change meanwhile."""
        last = 0
        while page := self._page(last, states, code):
            yield from page
            last = page[-1].id

    def _page(self, after: int, states: tuple[State, ...], code: str | None) -> list[Record]:
        wanted = ["id > ?"]
        values: list[Any] = [after]
        if states:
            wanted.append(f"state IN ({_some(states)})")
            values += states
        if code is not None:
            wanted.append("error_code = ?")
            values.append(code)
        query = f"{_SELECT} WHERE {' AND '.join(wanted)} ORDER BY id LIMIT {_PAGE_ROWS}"
        return [_record(row) for row in self._rows(query, *values)]

    def counts(self) -> Counter[str]:
        """Count the rows by state."""
        return Counter(dict(self._rows("SELECT state, count(*) FROM jobs GROUP BY state")))

    def failures(self) -> Counter[str]:
        """Count the failed rows by code."""
        query = "SELECT error_code, count(*) FROM jobs WHERE state = 'failed' GROUP BY error_code"
        return Counter(dict(self._rows(query)))

    def rendered(self) -> dict[str, tuple[int, float]]:
        """Return the number of completed videos, and their seconds, by kind of request."""
        query = "SELECT kind, count(*), coalesce(sum(duration), 0) FROM jobs WHERE state = 'completed' GROUP BY kind"
        return {kind: (count, seconds) for kind, count, seconds in self._rows(query)}

    def former_at_stake(self) -> list[int]:
        """Return the rows of earlier requests that were paid for, or may have been; a row as often as that happened."""
        query = "SELECT job_id FROM former WHERE state NOT IN ('planned', 'failed') OR coalesce(spent, 'no') != 'no'"
        return [job_id for (job_id,) in self._rows(query)]

    def files(self) -> Iterator[tuple[int, dict[str, SavedFile]]]:
        """Yield the completed rows' ids with what was stored of them, by kind."""
        last = 0
        query = f"SELECT id FROM jobs WHERE state = 'completed' AND id > ? ORDER BY id LIMIT {_PAGE_ROWS}"  # noqa: S608 - a number
        while page := [job_id for (job_id,) in self._rows(query, last)]:
            stored: dict[int, dict[str, SavedFile]] = {job_id: {} for job_id in page}
            for job_id, kind, file, size in self._rows(
                "SELECT job_id, kind, file, size_bytes FROM files WHERE job_id BETWEEN ? AND ?", page[0], page[-1]
            ):
                stored.get(job_id, {})[kind] = SavedFile(file=file, size_bytes=size)
            yield from stored.items()
            last = page[-1]

    def first_intent(self) -> float | None:
        """Return the Unix time at which the first POST was about to go out."""
        found: float | None = self._rows("SELECT min(intended_at) FROM jobs")[0][0]
        return found

    def knows_session(self, session_id: str) -> bool:
        """Whether a session belongs to a row already."""
        query = "SELECT 1 FROM jobs WHERE session_id = ? UNION SELECT 1 FROM former WHERE session_id = ?"
        return bool(self._rows(query, session_id, session_id))

    def knows_video(self, video_id: str) -> bool:
        """Whether a video belongs to a row already."""
        query = "SELECT 1 FROM jobs WHERE video_id = ? UNION SELECT 1 FROM former WHERE video_id = ?"
        return bool(self._rows(query, video_id, video_id))

    def _change(self, job_id: int, states: tuple[State, ...], changes: str, *values: object) -> None:
        """Change a row that is in one of *states*; anything else is a mistake that must not pass in silence."""
        self.together(lambda: self._apply(job_id, states, changes, values))

    def _apply(self, job_id: int, states: tuple[State, ...], changes: str, values: tuple[object, ...]) -> None:
        marks = _MARKS[len(states)]
        done = self._execute(
            f"UPDATE jobs SET {changes} WHERE id = ? AND state IN ({marks})",  # noqa: S608 - our own words
            (*values, job_id, *states),
        )
        if done.rowcount != 1:
            wrong = self.get(job_id).state
            raise WrongStateError(f"{self.name}: row {job_id} is {wrong}, not {' or '.join(states)}")


def _some(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _record(row: tuple[Any, ...]) -> Record:
    values = dict(zip(_FIELDS, row, strict=True))
    values["row"] = json.loads(values["row"])
    return Record(**values)

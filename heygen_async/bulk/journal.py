"""What remembers: every row of a campaign and how far it is, in one SQLite file.

States: planned -> intended (its POST may be on the way) -> submitted (its id is known) -> completed | failed; and
unknown (its POST went out, and whether it was executed is not known). Every method that changes something returns
when the change is on disk (WAL, synchronous=FULL), so what is written here survives a power loss. Nothing is ever
loaded whole: a million rows are read through indexes, a page at a time.

The journal decides nothing: `decisions.py` does.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any, Self

import attrs

from heygen_async.bulk import keys
from heygen_async.bulk.lock import Lock
from heygen_async.bulk.records import Entry, Merge, Record, State
from heygen_async.errors import JournalError, Spent

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x48474A31  # "HGJ1": tells a journal from any other SQLite file
_PAGE_ROWS = 500

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    row_key TEXT NOT NULL UNIQUE,
    row TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'planned',
    seen INTEGER NOT NULL DEFAULT 0,
    intended_at REAL,
    submitted_at REAL,
    ended_at REAL,
    video_id TEXT,
    session_id TEXT,
    duration REAL,
    file TEXT,
    error_code TEXT,
    error TEXT,
    spent TEXT
);
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_session ON jobs (session_id) WHERE session_id IS NOT NULL;
CREATE TABLE former (
    job_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    body_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    video_id TEXT,
    session_id TEXT,
    error_code TEXT,
    error TEXT,
    spent TEXT
);
"""


class WrongStateError(JournalError):
    """A change does not fit the state that a row is in: a mistake in this package."""


_FIELDS = tuple(field.name for field in attrs.fields(Record))
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM jobs"  # noqa: S608 - our own names


class Journal:
    """A campaign's memory. One process writes; any number may read."""

    def __init__(self, path: str | PathLike[str], *, create: bool = False, read_only: bool = False) -> None:
        """Open the journal at *path*.

        Args:
            path: The file.
            create: Make it if it is not there.
            read_only: Look only; takes no lock.

        Raises:
            JournalError: Not there, in use, no journal, damaged, of a newer version, or not writable.
        """
        self.path = Path(path)
        self._lock: Lock | None = None
        self._grouping = False
        if not create and not self.path.exists():
            raise JournalError(f"{self.path}: there is no such journal")
        with self._explained():
            self._lock = None if read_only else Lock(self.path)
        try:
            with self._explained():
                self._db = self._opened(read_only=read_only)
                self._check(fresh=create and not read_only)
            self.run: str = self.meta("run") or ""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and let others write."""
        db = getattr(self, "_db", None)
        if db is not None:
            db.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        """Nothing to do: it is open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    # The campaign

    def meta(self, name: str) -> str | None:
        """Return a setting of the campaign."""
        found = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return str(found[0][0]) if found else None

    def set_meta(self, **settings: str) -> None:
        """Keep settings of the campaign."""
        with self._transaction():
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(settings.items()))

    def begin_merge(self) -> int:
        """Begin to take in the rows of a source, and return the mark by which they are known."""
        mark = int(self.meta("mark") or 0) + 1
        self.set_meta(mark=str(mark))
        return mark

    def merge(self, entries: Iterable[Entry], mark: int, result: Merge) -> None:
        """Take some rows in: new ones are planned, changed ones planned again, the others left alone."""
        with self._transaction():
            for entry in entries:
                self._take_in(entry, mark, result)

    def unseen(self, mark: int) -> int:
        """Count the rows that the source with that mark did not have."""
        return int(self._rows("SELECT count(*) FROM jobs WHERE seen < ?", mark)[0][0])

    def _take_in(self, entry: Entry, mark: int, result: Merge) -> None:
        body = json.dumps(entry.body, ensure_ascii=False)
        hashed = keys.body_hash(entry.kind, entry.body)
        found = self._db.execute(
            "SELECT id, body_hash, state, seen FROM jobs WHERE row_key = ?", (entry.row_key,)
        ).fetchone()
        row = json.dumps(entry.row, ensure_ascii=False, default=str)
        if found is None:
            self._db.execute(
                "INSERT INTO jobs (row_key, row, kind, body, body_hash, seen) VALUES (?, ?, ?, ?, ?, ?)",
                (entry.row_key, row, entry.kind, body, hashed, mark),
            )
            result.new += 1
            return
        job_id, known, state, seen = found
        if seen == mark:
            result.repeated += 1
            return
        self._db.execute("UPDATE jobs SET seen = ?, row = ? WHERE id = ?", (mark, row, job_id))
        if known == hashed:
            result.unchanged += 1
        elif state in {"intended", "submitted", "unknown"}:
            result.busy += 1
        else:
            self._begin_again(job_id, generation=0)
            self._db.execute(
                "UPDATE jobs SET kind = ?, body = ?, body_hash = ? WHERE id = ?", (entry.kind, body, hashed, job_id)
            )
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

    def stored(self, job_id: int, file: str) -> None:
        """Its video is a file."""
        self._change(job_id, ("completed",), "file = ?", file)

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
        self._change(job_id, ("intended",), "state = 'planned', intended_at = NULL")

    def begin_again(self, job_id: int) -> None:
        """Plan a row again that failed or is unknown, under a new key. A completed one never."""
        with self._transaction():
            found = self.get(job_id)
            if found.state not in {"failed", "unknown", "intended"}:
                raise JournalError(f"{self.path}: row {job_id} is {found.state}, so it is not asked for again")
            self._begin_again(job_id, generation=found.generation + 1)

    def _begin_again(self, job_id: int, *, generation: int) -> None:
        """Keep what was, and plan the row anew. No id is ever forgotten."""
        self._db.execute(
            "INSERT INTO former SELECT id, generation, body_hash, state, video_id, session_id, error_code, error, "
            "spent FROM jobs WHERE id = ? AND state != 'planned'",
            (job_id,),
        )
        self._db.execute(
            "UPDATE jobs SET generation = ?, state = 'planned', intended_at = NULL, submitted_at = NULL, "
            "ended_at = NULL, video_id = NULL, session_id = NULL, duration = NULL, file = NULL, error_code = NULL, "
            "error = NULL, spent = NULL WHERE id = ?",
            (generation, job_id),
        )

    # Looking

    def get(self, job_id: int) -> Record:
        """Return a row."""
        found = self._rows(f"{_SELECT} WHERE id = ?", job_id)
        if not found:
            raise JournalError(f"{self.path}: there is no row {job_id}")
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
            wanted.append(f"state IN ({', '.join('?' * len(states))})")
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

    def seconds_of_video(self) -> dict[str, float]:
        """Return the seconds of completed video by kind of request."""
        query = "SELECT kind, coalesce(sum(duration), 0) FROM jobs WHERE state = 'completed' GROUP BY kind"
        return dict(self._rows(query))

    def files(self) -> Iterator[tuple[int, str | None]]:
        """Yield the completed rows' ids with the names of their files; None where there is none."""
        last = 0
        query = f"SELECT id, file FROM jobs WHERE state = 'completed' AND id > ? ORDER BY id LIMIT {_PAGE_ROWS}"  # noqa: S608 - a number
        while page := self._rows(query, last):
            yield from page
            last = page[-1][0]

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

    # The file

    def _rows(self, query: str, *values: object) -> list[Any]:
        """Return what a question finds."""
        with self._explained():
            return self._db.execute(query, values).fetchall()

    def _opened(self, *, read_only: bool) -> sqlite3.Connection:
        if read_only:
            db = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        else:
            db = sqlite3.connect(self.path, isolation_level=None)
            db.execute("PRAGMA journal_mode = WAL").fetchone()
            db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA busy_timeout = 5000")
        return db

    def _check(self, *, fresh: bool) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if fresh and not tables:
            self._make()
        elif not tables:
            raise JournalError(f"{self.path}: empty; no campaign has been begun in it yet")
        elif application != _APPLICATION_ID:
            raise JournalError(f"{self.path}: this is not a journal of heygen-async; choose another file")
        elif version > SCHEMA_VERSION:
            raise JournalError(
                f"{self.path}: written by a newer heygen-async (format {version}, known here up to {SCHEMA_VERSION}); "
                "upgrade it: pip install --upgrade heygen-async"
            )

    def _make(self) -> None:
        with self._transaction():
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute("INSERT INTO meta VALUES ('run', ?)", (uuid.uuid4().hex,))
            self._db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _change(self, job_id: int, states: tuple[State, ...], changes: str, *values: object) -> None:
        """Change a row that is in one of *states*; anything else is a mistake that must not pass in silence."""
        marks = ", ".join("?" * len(states))
        with self._transaction():
            done = self._db.execute(
                f"UPDATE jobs SET {changes} WHERE id = ? AND state IN ({marks})",  # noqa: S608 - our own words
                (*values, job_id, *states),
            )
            if done.rowcount != 1:
                wrong = self.get(job_id).state
                raise WrongStateError(f"{self.path}: row {job_id} is {wrong}, not {' or '.join(states)}")

    @contextlib.contextmanager
    def grouped(self) -> Iterator[None]:
        """Put all changes of the block into one transaction: on disk when it ends, or none done at all."""
        with self._transaction():
            self._grouping = True
            try:
                yield
            finally:
                self._grouping = False

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """On disk when the block ends, or not done at all; inside `grouped`, when that ends."""
        if self._grouping:
            with self._explained():
                yield
            return
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in plain words what is wrong with the file."""
        try:
            yield
        except (sqlite3.Error, OSError) as exc:
            raise JournalError(f"{self.path}: {_reason(exc)}") from exc


def _reason(exc: sqlite3.Error | OSError) -> str:
    text = str(exc)
    if isinstance(exc, OSError):
        return f"cannot be opened: {exc.strerror or text}"
    known = {
        "database or disk is full": "the disk is full; nothing further was submitted. Make room and resume",
        "attempt to write a readonly database": "the file or its folder is read-only; make it writable and resume",
        "unable to open database file": "cannot be opened; the folder must exist and be writable",
        "file is not a database": "this is not a journal of heygen-async; choose another file",
        "database disk image is malformed": "the file is damaged; restore it from a copy",
    }
    return known.get(text, text)


def _record(row: tuple[Any, ...]) -> Record:
    values = dict(zip(_FIELDS, row, strict=True))
    values["row"] = json.loads(values["row"])
    values["body"] = json.loads(values["body"])
    return Record(**values)

"""One SQLite file that holds what must not be lost: opened, locked, changed in transactions.

WAL with synchronous=FULL: what a transaction wrote survives a power loss once the transaction has ended.
"""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any, Self

from heygen_async.bulk.lock import Lock
from heygen_async.errors import JournalError

SCHEMA_VERSION = 3
_APPLICATION_ID = 0x48474A31  # "HGJ1": tells a journal from any other SQLite file

# What changes often is kept apart from what is long and never changes: a change of state rewrites 150 bytes, not the
# script, and finds its neighbours on the same page. There is no index on `state`: keeping one costs every change more
# than it saves the few questions that read the whole small table.
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE requests (id INTEGER PRIMARY KEY, row TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    row_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'planned',
    seen INTEGER NOT NULL DEFAULT 0,
    intended_at REAL,
    submitted_at REAL,
    ended_at REAL,
    batch INTEGER,
    item INTEGER,
    video_id TEXT,
    session_id TEXT,
    duration REAL,
    file TEXT,
    error_code TEXT,
    error TEXT,
    spent TEXT
);
CREATE INDEX jobs_by_session ON jobs (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX jobs_by_batch ON jobs (batch) WHERE batch IS NOT NULL;
CREATE TABLE batches (id INTEGER PRIMARY KEY, key TEXT NOT NULL, size INTEGER NOT NULL, batch_id TEXT);
CREATE TABLE files (
    job_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    file TEXT,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (job_id, kind)
) WITHOUT ROWID;
CREATE TABLE lessons (
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    count REAL NOT NULL,
    mean REAL NOT NULL,
    squares REAL NOT NULL,
    PRIMARY KEY (kind, size)
) WITHOUT ROWID;
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
# Younger than format 3, and nothing that an older program would miss: so it is added to a journal that lacks it.
_ADDED = "CREATE TABLE IF NOT EXISTS assets (mark TEXT PRIMARY KEY, asset_id TEXT NOT NULL) WITHOUT ROWID"


class Database:
    """The file. One process writes; any number may read."""

    def __init__(self, path: str | PathLike[str], *, create: bool = False, read_only: bool = False) -> None:
        """Open the journal at *path*.

        Args:
            path: The file.
            create: Make it if it is not there.
            read_only: Look only; takes no lock.

        Raises:
            JournalError: Not there, in use, no journal, damaged, of a newer version, or not writable.
        """
        self.path: Path = Path(path)
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
                if not read_only:
                    self._db.execute(_ADDED)
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

    def meta(self, name: str) -> str | None:
        """Return a setting of the campaign."""
        found = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return str(found[0][0]) if found else None

    def set_meta(self, **settings: str) -> None:
        """Keep settings of the campaign."""
        with self._transaction():
            self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(settings.items()))

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
        elif version < SCHEMA_VERSION:
            raise JournalError(
                f"{self.path}: written by a heygen-async from before its first release (format {version}); finish it "
                "with that one, or begin a new journal"
            )
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

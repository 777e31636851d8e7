"""SQLite backend of the journal: one file, locked by its writer.

With WAL and synchronous=FULL, a transaction that has ended survives a power loss.
"""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from heygen_async.bulk.journal.file_lock import FileLock
from heygen_async.bulk.journal.schema import SCHEMA_VERSION, added, schema
from heygen_async.errors import HeyGenError, JournalError

T = TypeVar("T")

_APPLICATION_ID = 0x48474A31  # "HGJ1": distinguishes a journal from other SQLite files
_WORDS = {
    "integer": "INTEGER",
    "number": "INTEGER PRIMARY KEY",
    "real": "REAL",
    "rowless": " WITHOUT ROWID",
    "hashed": "",
}


class SqliteBackend:
    """The tables in one file. One process writes; any number may read.

    Attributes:
        connection: The connection to the file.
    """

    commits_inline = True
    machine = "NULL"
    server_at = "server_at"

    def __init__(self, path: Path, *, create: bool, read_only: bool, beside: bool = False) -> None:
        """Open the journal at *path*; *beside* a run, which has the lock, only short changes may be made.

        Raises:
            JournalError: The file does not exist, is in use, no journal, damaged, of a newer version or not writable.
        """
        self.where: str = str(path)
        self.folder: Path = path.parent
        self._path = path
        self._lock: FileLock | None = None
        self._inside = False
        if not create and not path.exists():
            raise JournalError(f"{path}: there is no such journal")
        with self._errors_explained():
            self._lock = None if read_only or beside else FileLock(path)
        try:
            with self._errors_explained():
                self.connection: sqlite3.Connection = self._connect(read_only=read_only)
                self._check(fresh=create and not read_only)
                if not read_only:
                    for statement in added(_WORDS):
                        self.execute(statement)
                self._add_column(read_only=read_only)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and let others write."""
        connection = getattr(self, "connection", None)
        if connection is not None:
            connection.close()
        if self._lock is not None:
            self._lock.release()

    def execute(self, query: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Execute a statement; `rows` and `atomically` turn its errors into `JournalError`."""
        return self.connection.execute(query, values)

    def insert(self, query: str, values: Sequence[object]) -> int:
        """Insert one row and return its id."""
        return int(self.execute(query, values).lastrowid or 0)

    def add_rows(self, jobs: Sequence[tuple[object, ...]], requests: Sequence[tuple[str, str]]) -> None:
        """Insert new rows, each with its request."""
        self.executemany("INSERT INTO jobs (identity, row_hash, kind, body_hash, seen) VALUES (?, ?, ?, ?, ?)", jobs)
        self.executemany(
            "INSERT INTO requests SELECT id, ?, ? FROM jobs WHERE identity = ?",
            [(*request, job[0]) for job, request in zip(jobs, requests, strict=True)],
        )

    def place(self, lines: Mapping[str, int], mark: int) -> None:
        """Note the number that each row of a list has in it."""
        self.executemany(
            "INSERT INTO places SELECT id, CAST(? AS INTEGER) FROM jobs WHERE identity = ? AND seen = ? "
            "ON CONFLICT (job_id) DO UPDATE SET line = excluded.line",
            [(line, identity, mark) for identity, line in lines.items()],
        )

    def among(self, column: str, values: Sequence[object]) -> tuple[str, Sequence[object]]:
        """Return the condition that a column has one of *values*, and the values for its placeholders."""
        return f"{column} IN ({', '.join('?' * len(values))})", values

    def executemany(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute a statement for each of many rows."""
        self.connection.executemany(query, rows)

    def rows(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return the rows that a query finds."""
        with self._errors_explained():
            return self.execute(query, values).fetchall()

    def atomically(self, change: Callable[[], T]) -> T:
        """Run *change* in one transaction, which is on disk when it ends, or as a part of the present one."""
        if self._inside:
            return change()
        with self._errors_explained():
            self.execute("BEGIN IMMEDIATE")
            self._inside = True
            try:
                result = change()
                self.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.execute("ROLLBACK")
                raise
            finally:
                self._inside = False
            return result

    @contextlib.contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Run a block whose queries all see the rows in the same states."""
        with self._errors_explained():
            self.execute("BEGIN")
        try:
            yield
        finally:
            self.execute("ROLLBACK")  # the block only reads

    def _connect(self, *, read_only: bool) -> sqlite3.Connection:
        if read_only:
            connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        else:
            connection = sqlite3.connect(self._path, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 5000")
        return connection

    def _check(self, *, fresh: bool) -> None:
        (application,) = self.execute("PRAGMA application_id").fetchone()
        (version,) = self.execute("PRAGMA user_version").fetchone()
        (tables,) = self.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if fresh and not tables:
            self.atomically(self._create_tables)
        elif not tables:
            raise JournalError(f"{self.where}: empty; no campaign has been begun in it yet")
        elif application != _APPLICATION_ID:
            raise JournalError(f"{self.where}: this is not a journal of heygen-async; choose another file")
        elif version < SCHEMA_VERSION:
            raise JournalError(
                f"{self.where}: written by a heygen-async from before its first release (format {version}); finish it "
                "with that one: a new journal does not know its videos, and pays for its rows again"
            )
        elif version > SCHEMA_VERSION:
            raise JournalError(
                f"{self.where}: written by a newer heygen-async (format {version}, known here up to {SCHEMA_VERSION}); "
                "upgrade it: pip install --upgrade heygen-async"
            )

    def _add_column(self, *, read_only: bool) -> None:
        """Give a journal of an older version the column that it lacks, unless it is only read."""
        if "server_at" in [name for _, name, *_ in self.execute("PRAGMA table_info(jobs)")]:
            return
        if read_only:
            self.server_at = "NULL"
        else:
            self.execute("ALTER TABLE jobs ADD COLUMN server_at REAL")

    def _create_tables(self) -> None:
        for statement in schema(_WORDS):
            self.execute(statement)
        self.execute("INSERT INTO meta VALUES ('run', ?)", (uuid.uuid4().hex,))
        self.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextlib.contextmanager
    def _errors_explained(self) -> Iterator[None]:
        """Raise errors of the file as `JournalError`, in plain words."""
        try:
            yield
        except HeyGenError:
            raise
        except (sqlite3.Error, OSError, ValueError) as exc:  # ValueError: a path or text with NUL or half a character
            raise JournalError(f"{self.where}: {_reason(exc)}") from exc


def _reason(exc: sqlite3.Error | OSError | ValueError) -> str:
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

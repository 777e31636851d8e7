"""The tables of a journal, and the interface of their backends: an SQLite file or a PostgreSQL database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

SCHEMA_VERSION = 4

# Long texts that rarely change (requests) are apart from values that change often (jobs): a change of state rewrites
# 150 bytes, not the script. There is no index on `state`: it would cost each change more than it would save the few
# queries that read the whole small table. The words in braces differ between the backends.
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL){rowless};
CREATE TABLE requests (id {integer} PRIMARY KEY, row TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE jobs (
    id {number},
    identity TEXT NOT NULL UNIQUE,
    row_hash TEXT,
    kind TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'planned',
    seen INTEGER NOT NULL DEFAULT 0,
    intended_at {real},
    server_at {real},
    submitted_at {real},
    ended_at {real},
    batch INTEGER,
    item INTEGER,
    video_id TEXT,
    session_id TEXT,
    duration {real},
    file TEXT,
    error_code TEXT,
    error TEXT,
    spent TEXT,
    run INTEGER,
    low_usd {real},
    high_usd {real}
);
CREATE TABLE lists (
    id {number},
    name TEXT NOT NULL,
    source TEXT,
    begun {real} NOT NULL,
    whole INTEGER NOT NULL DEFAULT 0,
    row_count INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_by_row ON jobs {hashed}(row_hash);
CREATE INDEX jobs_by_request ON jobs {hashed}(body_hash);
CREATE INDEX jobs_by_session ON jobs (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX jobs_by_batch ON jobs (batch) WHERE batch IS NOT NULL;
CREATE TABLE batches (id {number}, key TEXT NOT NULL, size INTEGER NOT NULL, batch_id TEXT);
CREATE TABLE files (
    job_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    file TEXT,
    size_bytes {integer} NOT NULL,
    PRIMARY KEY (job_id, kind)
){rowless};
CREATE TABLE lessons (
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    count {real} NOT NULL,
    mean {real} NOT NULL,
    squares {real} NOT NULL,
    PRIMARY KEY (kind, size)
){rowless};
CREATE TABLE former (
    job_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    body_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    video_id TEXT,
    session_id TEXT,
    error_code TEXT,
    error TEXT,
    spent TEXT,
    run INTEGER,
    low_usd {real},
    high_usd {real}
)
"""
# Tables of later versions, which are added where they are missing.
_ADDED = (
    "CREATE TABLE IF NOT EXISTS assets (mark TEXT PRIMARY KEY, asset_id TEXT NOT NULL){rowless}",
    "CREATE TABLE IF NOT EXISTS links (job_id INTEGER PRIMARY KEY, page TEXT, thumbnail TEXT, gif TEXT)",
    "CREATE TABLE IF NOT EXISTS places (job_id INTEGER PRIMARY KEY, line INTEGER NOT NULL)",
    # The cells and bodies of former videos, so that a row can have such a video back.
    (
        "CREATE TABLE IF NOT EXISTS former_requests (job_id INTEGER NOT NULL, generation INTEGER NOT NULL, "
        "row TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (job_id, generation)){rowless}"
    ),
    (
        "CREATE TABLE IF NOT EXISTS wishes "
        "(id {number}, at {real} NOT NULL, kind TEXT NOT NULL, details TEXT NOT NULL, answer TEXT)"
    ),
)


def schema(words: Mapping[str, str]) -> list[str]:
    """Return the statements that create the tables, with the *words* of a backend."""
    return _SCHEMA.format(**words).split(";")


def added(words: Mapping[str, str]) -> list[str]:
    """Return the statements that add the later tables to a journal that lacks them."""
    return [statement.format(**words) for statement in _ADDED]


class Backend(Protocol):
    """A file or database with the tables of a journal. Its failures are raised as `JournalError`.

    Attributes:
        where: The path, or the address without user and password; for messages and commands.
        folder: The folder that relative file names start from.
        commits_inline: True if a commit is quick enough to be made on the event loop.
        server_at: The column of `jobs` with HeyGen's time of the intent, or NULL if an old journal is only read.
        machine: The column of `files` that names the machine which has a file, or NULL where there is one machine.
    """

    where: str
    folder: Path
    commits_inline: bool
    machine: str
    server_at: str

    def execute(self, query: str, values: Sequence[object] = ()) -> Any:
        """Execute a statement and return its cursor. Outside of a transaction it is durable at once."""

    def insert(self, query: str, values: Sequence[object]) -> int:
        """Insert one row and return its id."""

    def add_rows(self, jobs: Sequence[tuple[object, ...]], requests: Sequence[tuple[str, str]]) -> None:
        """Insert new rows, each with its request.

        Args:
            jobs: Identity, hash of the cells, kind, hash of the request, and list of each row.
            requests: Cells and body of each row, as JSON.
        """

    def place(self, lines: Mapping[str, int], mark: int) -> None:
        """Note the number that each row of the list *mark* has in it, by identity."""

    def among(self, column: str, values: Sequence[object]) -> tuple[str, Sequence[object]]:
        """Return the condition that *column* has one of *values*, and the values for its placeholders."""

    def executemany(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute a statement for each of many rows."""

    def rows(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return the rows that a query finds."""

    def atomically(self, change: Callable[[], T]) -> T:
        """Run *change* in one transaction, or as a part of the present one.

        It may run twice: a transaction that was certainly not committed may be repeated.
        """

    def at_one_moment(self) -> contextlib.AbstractContextManager[None]:
        """Run a block whose queries all see the rows in the same states."""

    def close(self) -> None:
        """Close the connection and let others write."""

"""The tables of a journal, and what a place for them must do: a file of this machine, or a database of many."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

SCHEMA_VERSION = 3

# What changes often is kept apart from what is long and never changes: a change of state rewrites 150 bytes, not the
# script, and finds its neighbours on the same page. There is no index on `state`: keeping one costs every change more
# than it saves the few questions that read the whole small table. Words in braces differ from place to place.
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL){rowless};
CREATE TABLE requests (id {integer} PRIMARY KEY, row TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE jobs (
    id {number},
    row_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'planned',
    seen INTEGER NOT NULL DEFAULT 0,
    intended_at {real},
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
    spent TEXT
);
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
    spent TEXT
)
"""
# Younger than format 3, and nothing that an older program would miss: so it is added to a journal that lacks it.
_ADDED = "CREATE TABLE IF NOT EXISTS assets (mark TEXT PRIMARY KEY, asset_id TEXT NOT NULL){rowless}"


def schema(words: Mapping[str, str]) -> list[str]:
    """Return the statements that make the tables, with the words of a place."""
    return _SCHEMA.format(**words).split(";")


def added(words: Mapping[str, str]) -> str:
    """Return the statement that makes what came later, where it lacks."""
    return _ADDED.format(**words)


class Backend(Protocol):
    """A place for the tables. Whatever is wrong with it is a `JournalError` in plain words.

    Attributes:
        where: For messages and commands; never holds a password.
        folder: What names of files are relative to.
        commits_inline: Whether a commit is quick enough to be made on the event loop.
    """

    where: str
    folder: Path
    commits_inline: bool

    def execute(self, query: str, values: Sequence[object] = ()) -> Any:
        """Do one statement and return a cursor; durable at once, or with the change that it is part of."""

    def insert(self, query: str, values: Sequence[object]) -> int:
        """Insert one row and return its id."""

    def executemany(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Do one statement for many rows."""

    def rows(self, query: str, values: Sequence[object]) -> list[Any]:
        """Return what a question finds."""

    def atomically(self, change: Callable[[], T]) -> T:
        """Make all of *change* durable, or none of it; inside another change, with that.

        It may be called again where it is certain that nothing of it was done.
        """

    def at_one_moment(self) -> contextlib.AbstractContextManager[None]:
        """Let all questions of the block see the same rows in the same states."""

    def close(self) -> None:
        """Let go of it, and let others write."""

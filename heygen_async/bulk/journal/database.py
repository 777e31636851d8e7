"""Where a journal lies: opened by its place, changed in whole changes, with settings of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from heygen_async.bulk.journal.schema import Backend
from heygen_async.bulk.journal.sqlite import SqliteBackend

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

ADDRESSES = ("postgresql://", "postgres://")


def atomic(change: F) -> F:
    """Make all that a method does durable, or nothing of it."""

    @functools.wraps(change)
    def changed(self: Database, *args: Any, **options: Any) -> Any:
        return self.together(lambda: change(self, *args, **options))

    return cast("F", changed)


class Database:
    """The tables, wherever they lie.

    Attributes:
        place: As it was given: what opens the same journal again.
        name: For messages and commands: the file, or the database without its password.
        run: The campaign's own name, part of every key.
    """

    def __init__(self, place: str | PathLike[str], *, create: bool = False, read_only: bool = False) -> None:
        """Open the journal at *place*.

        Args:
            place: A file, or the address of a PostgreSQL database: `postgresql://user@host/name`.
            create: Make it if it is not there.
            read_only: Look only; takes no lock.

        Raises:
            JournalError: Not there, in use, no journal, damaged, of a newer version, not writable, or out of reach.
        """
        self.place: str | PathLike[str] = place
        self._db: Backend = _opened(place, create=create, read_only=read_only)
        self.name: str = self._db.where
        try:
            self.run: str = self.meta("run") or ""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it and let others write."""
        self._db.close()

    def __enter__(self) -> Self:
        """Nothing to do: it is open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def folder(self) -> Path:
        """What names of files in it are relative to."""
        return self._db.folder

    @property
    def commits_inline(self) -> bool:
        """Whether a commit is quick enough to be made on the event loop."""
        return self._db.commits_inline

    def meta(self, name: str) -> str | None:
        """Return a setting of the campaign."""
        found = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return str(found[0][0]) if found else None

    @atomic
    def set_meta(self, **settings: str) -> None:
        """Keep settings of the campaign."""
        query = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        self._db.executemany(query, list(settings.items()))

    def together(self, change: Callable[[], T]) -> T:
        """Make all changes of *change* durable at once, or none of them; where none were made it may be called again.

        Raises:
            JournalError: The file or the database is in trouble; nothing was changed.
        """
        return self._db.atomically(change)

    def _rows(self, query: str, *values: object) -> list[Any]:
        """Return what a question finds."""
        return self._db.rows(query, values)

    def _execute(self, query: str, values: Sequence[object] = ()) -> Any:
        """Do one statement of a whole change."""
        return self._db.execute(query, values)


def _opened(place: str | PathLike[str], *, create: bool, read_only: bool) -> Backend:
    if not str(place).startswith(ADDRESSES):
        return SqliteBackend(Path(place), create=create, read_only=read_only)
    from heygen_async.bulk.journal.postgres import PostgresBackend  # noqa: PLC0415 - its driver is an extra

    return PostgresBackend(str(place), create=create, read_only=read_only)

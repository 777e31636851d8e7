"""A journal's database: opened by path or address, changed in transactions, with the campaign's settings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import anyio.to_thread

from heygen_async.bulk.journal.schema import Backend
from heygen_async.bulk.journal.sqlite import SqliteBackend

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

ADDRESSES = ("postgresql://", "postgres://")


def atomic(change: F) -> F:
    """Run a method in one transaction; see `Database.together`."""

    @functools.wraps(change)
    def in_transaction(self: Database, *args: Any, **options: Any) -> Any:
        return self.together(lambda: change(self, *args, **options))

    return cast("F", in_transaction)


class Database:
    """The tables of a journal, in a file or in a database server.

    Attributes:
        place: Path or address as it was given; opens the same journal again.
        campaign: Campaign of workers whose rows alone are seen; None for all rows.
        name: The path, or the address without user and password; for messages and commands.
        run: Random id of the campaign, a part of every idempotency key.
    """

    def __init__(
        self,
        place: str | PathLike[str],
        *,
        create: bool = False,
        read_only: bool = False,
        campaign: str | None = None,
        beside: bool = False,
    ) -> None:
        """Open the journal at *place*.

        Args:
            place: Path of a file, or address of a PostgreSQL database: `postgresql://user@host/name`.
            create: Create the journal if there is none.
            read_only: Only read; takes no lock, so a run may write meanwhile.
            campaign: Name of a campaign of workers: only its rows are seen. Without it, all rows of the database.
            beside: Write beside a run, without the lock that it has: only for changes that no run makes.

        Raises:
            JournalError: The journal does not exist, is in use, damaged, of a newer version, not writable or out of
                reach, or the file is something else.
        """
        self.place: str | PathLike[str] = place
        self.campaign: str | None = campaign
        self._db: Backend = _open_backend(place, create=create, read_only=read_only, beside=beside, campaign=campaign)
        self.name: str = self._db.where
        try:
            self.run: str = self.meta("run") or ""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the journal and let others write."""
        self._db.close()

    def __enter__(self) -> Self:
        """Return the open journal."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the journal."""
        self.close()

    @property
    def folder(self) -> Path:
        """The folder that relative file names in the journal start from."""
        return self._db.folder

    @property
    def commits_inline(self) -> bool:
        """True if a commit is quick enough to be made on the event loop."""
        return self._db.commits_inline

    def meta(self, name: str) -> str | None:
        """Return a setting of the campaign; None if it is not set."""
        found = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return str(found[0][0]) if found else None

    @atomic
    def set_meta(self, **settings: str) -> None:
        """Store settings of the campaign."""
        query = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        self._db.executemany(query, list(settings.items()))

    def together(self, change: Callable[[], T]) -> T:
        """Run *change* in one transaction, and return its result: all of its changes become durable, or none.

        Within another transaction it becomes part of that one. It may run twice: a transaction that was certainly
        not committed is repeated after a lost connection.

        Raises:
            JournalError: The file or the database failed; no change was made.
        """
        return self._db.atomically(change)

    async def off_loop(self, function: Callable[[], T]) -> T:
        """Call *function*, on a thread if the journal is in a database server: the event loop does not wait for it."""
        return function() if self.commits_inline else await anyio.to_thread.run_sync(function, abandon_on_cancel=True)

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._db.rows(query, values)

    def _execute(self, query: str, values: Sequence[object] = ()) -> Any:
        return self._db.execute(query, values)


def _open_backend(
    place: str | PathLike[str], *, create: bool, read_only: bool, beside: bool, campaign: str | None
) -> Backend:
    if not str(place).startswith(ADDRESSES):
        return SqliteBackend(Path(place), create=create, read_only=read_only, beside=beside)
    from heygen_async.bulk.journal.postgres import PostgresBackend  # noqa: PLC0415 - its driver is an extra

    return PostgresBackend(str(place), create=create, read_only=read_only, campaign=campaign)

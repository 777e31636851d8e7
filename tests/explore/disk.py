"""The disk of a client process: times at which it is full, and what a loss of power takes from it.

A file keeps the bytes that were synced. A journal keeps the commits that SQLite syncs: all of them, if it is told to.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import anyio
import attrs
import pytest

from heygen_async.bulk.download import part_file
from heygen_async.bulk.download.part_file import PartFile
from heygen_async.bulk.journal.sqlite import SqliteBackend
from heygen_async.errors import JournalError

T = TypeVar("T")

JOURNAL = "campaign.db"
_EVERY_COMMIT = 2  # the level of SQLite's `synchronous` that syncs each commit: FULL
_OF_SQLITE = ("", "-wal")


@attrs.define(kw_only=True, eq=False)
class Disk:
    """The disk.

    Attributes:
        folder: Working folder.
        may_lose_power: True if it has to remember what is synced.
        full_until: Loop time until which it is full.
        on_full: Called when something could not be written.
        point: Called with the name of each point that a write passes.
    """

    folder: Path
    may_lose_power: bool
    point: Callable[[str], None]
    on_full: Callable[[], None]
    full_until: float = 0.0
    _synced: dict[int, int] = attrs.field(factory=dict)  # bytes by number of the file
    _durable: dict[str, bytes] | None = None  # files of the journal before the first commit that was not synced

    @property
    def is_full(self) -> bool:
        """True if nothing can be written now."""
        full = anyio.current_time() < self.full_until
        if full:
            self.on_full()
        return full

    def commit(self, backend: SqliteBackend, change: Callable[[], T], original: Callable[..., T]) -> T:
        """Do what `SqliteBackend.atomically` does."""
        if backend._inside:
            return change()
        self.point("commit begins")
        if self.is_full:
            raise JournalError(f"{backend.where}: the disk is full")
        if self.may_lose_power and self._durable is None:
            ((level,),) = backend.execute("PRAGMA synchronous").fetchall()
            if level != _EVERY_COMMIT:
                self._durable = self._journal_files()
        result = original(backend, change)
        self.point("commit ended")
        return result

    def synced(self, opened: int) -> None:
        """Note that a file is synced."""
        found = os.fstat(opened)
        self._synced[found.st_ino] = found.st_size

    def lose(self, kept: Path) -> None:
        """Take from *kept*, a copy of the folder, what a loss of power takes."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.name.startswith(JOURNAL):
                copy = kept / path.relative_to(self.folder)
                os.truncate(copy, min(path.stat().st_size, self._synced.get(path.stat().st_ino, 0)))
        for ending in _OF_SQLITE if self._durable is not None else ():
            (kept / (JOURNAL + ending)).unlink(missing_ok=True)
        for name, content in (self._durable or {}).items():
            (kept / name).write_bytes(content)

    def _journal_files(self) -> dict[str, bytes]:
        paths = [self.folder / (JOURNAL + ending) for ending in _OF_SQLITE]
        return {path.name: path.read_bytes() for path in paths if path.exists()}


@contextlib.contextmanager
def watched_writes(present: Callable[[], Disk | None], boot: Callable[[], str]) -> Iterator[None]:
    """Let every write of a journal or a film pass through the disk of the present process."""
    commit: Any = SqliteBackend.atomically
    append, begin, sync = PartFile.append, PartFile.begin, os.fsync

    def atomically(backend: SqliteBackend, change: Callable[[], T]) -> T:
        disk = present()
        return commit(backend, change) if disk is None else disk.commit(backend, change, commit)  # type: ignore[no-any-return]  # of the original

    def fsync(opened: Any) -> None:
        sync(opened)
        if (disk := present()) is not None:
            disk.synced(opened)

    def unless_full(write: Any) -> Any:
        def written(*args: Any) -> None:
            disk = present()
            if disk is not None and disk.is_full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write(*args)

        return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteBackend, "atomically", atomically)
        patch.setattr(PartFile, "append", unless_full(append))
        patch.setattr(PartFile, "begin", unless_full(begin))
        patch.setattr(part_file, "boot_id", boot)
        patch.setattr(os, "fsync", fsync)
        yield

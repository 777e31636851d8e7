"""The life of one client process: it can be cut off at any request or commit, and leaves what is on the disk."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import anyio
import attrs
import pytest

from heygen_async.bulk.journal.sqlite import SqliteBackend
from heygen_async.errors import JournalError
from tests.explore.habits import Interruption
from tests.explore.wire import Wire

T = TypeVar("T")

_POINTS = {
    "crash before a commit": "commit begins",
    "crash after a commit": "commit ended",
    "crash at a request": "request",
    "crash at an answer": "answer",
}


@attrs.define(kw_only=True, eq=False)
class Life:
    """One client process.

    Attributes:
        folder: Its working folder.
        wire: Its way to the simulator.
        scope: Cancels it.
        limit: Bounds its time.
        deaths: Points at which it dies.
        full_until: Loop time until which its disk is full.
    """

    folder: Path
    wire: Wire
    scope: anyio.CancelScope
    deaths: tuple[Interruption, ...]
    limit: anyio.CancelScope = attrs.field(factory=anyio.CancelScope)
    full_until: float = 0.0
    on_full: Callable[[], None] = lambda: None
    _passed: Counter[str] = attrs.field(factory=Counter)

    def passes(self, point: str) -> None:
        """Note a point; the process may die at it."""
        self._passed[point] += 1
        for death in self.deaths:
            if _POINTS.get(death.kind) == point and death.at == self._passed[point]:
                self.die(death.kind)

    def die(self, kind: str) -> None:
        """Keep what is on the disk now, and stop."""
        if self.wire.is_dead:
            return
        self.wire.is_dead = True
        self.wire.died_by = kind
        shutil.copytree(self.folder, self._kept, ignore=shutil.ignore_patterns("*-shm", "*.lock"))
        self.scope.cancel()

    def bury(self) -> None:
        """Put the folder back as it was at the moment of death."""
        shutil.rmtree(self.folder)
        self._kept.rename(self.folder)

    @property
    def _kept(self) -> Path:
        return self.folder.with_name("kept")

    def write(self, backend: SqliteBackend, change: Callable[[], T], original: Callable[..., T]) -> T:
        """Do what `SqliteBackend.atomically` does, with its points of death and a disk that may be full."""
        if backend._inside:
            return change()
        self.passes("commit begins")
        if anyio.current_time() < self.full_until:
            self.on_full()
            raise JournalError(f"{backend.where}: the disk is full")
        result = original(backend, change)
        self.passes("commit ended")
        return result


@contextlib.contextmanager
def watched_writes(life: Callable[[], Life | None]) -> Iterator[None]:
    """Let every commit of a journal pass through the present life."""
    original: Any = SqliteBackend.atomically

    def atomically(backend: SqliteBackend, change: Callable[[], T]) -> T:
        present = life()
        return original(backend, change) if present is None else present.write(backend, change, original)  # type: ignore[no-any-return]  # of the original

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteBackend, "atomically", atomically)
        yield

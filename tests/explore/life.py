"""The life of one client process: it can be cut off at any request, commit or step, and leaves what is on the disk."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import anyio
import attrs

from tests.explore.disk import Disk
from tests.explore.habits import Interruption
from tests.explore.wire import Wire

_POINTS = {
    "crash before a commit": "commit begins",
    "crash after a commit": "commit ended",
    "power cut after a commit": "commit ended",
    "crash at a request": "request",
    "crash at an answer": "answer",
    "crash at a step": "step",
}


@attrs.define(kw_only=True, eq=False)
class Life:
    """One client process.

    Attributes:
        folder: Its working folder.
        wire: Its way to the simulator.
        scope: Cancels it.
        deaths: Points at which it dies.
        disk: Its disk.
        limit: Bounds its time.
    """

    folder: Path
    wire: Wire
    scope: anyio.CancelScope
    deaths: tuple[Interruption, ...]
    disk: Disk = attrs.field(init=False)
    limit: anyio.CancelScope = attrs.field(factory=anyio.CancelScope)
    full: Counter[str] = attrs.field(factory=Counter)
    _passed: Counter[str] = attrs.field(factory=Counter)

    def __attrs_post_init__(self) -> None:
        self.disk = Disk(
            folder=self.folder,
            may_lose_power=any(_takes_power(death.kind) for death in self.deaths),
            point=self.passes,
            on_full=lambda: self.full.update(["disk full"]),
        )

    @property
    def counts_steps(self) -> bool:
        """True if it may die at a step of its event loop."""
        return any(_POINTS.get(death.kind) == "step" for death in self.deaths)

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
        if _takes_power(kind):
            self.disk.lose(self._kept)
        self.scope.cancel()

    def bury(self) -> None:
        """Put the folder back as it was at the moment of death."""
        shutil.rmtree(self.folder)
        self._kept.rename(self.folder)

    @property
    def _kept(self) -> Path:
        return self.folder.with_name("kept")


def _takes_power(kind: str) -> bool:
    return kind.startswith("power cut")

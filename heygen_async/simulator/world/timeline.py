"""Scheduled actions of the simulated world: a heap, without tasks or timers.

The world is only visible to requests, so it is enough to run all due actions before each request is answered.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

import attrs

Action = Callable[[], None]


def _ignore() -> None: ...


@attrs.define
class Timeline:
    """Actions in the order of their times.

    Attributes:
        now: Loop time up to which actions have run. While an action runs, the time for which it was scheduled.
        on_earlier: Called when an action was scheduled before all others.
    """

    now: float = 0.0
    on_earlier: Action = _ignore
    _scheduled: list[tuple[float, int, Action]] = attrs.field(factory=list)
    _numbers: itertools.count[int] = attrs.field(factory=itertools.count)

    def schedule(self, when: float, action: Action) -> None:
        """Run *action* at loop time *when*. Actions of the same time run in the order of their scheduling."""
        heapq.heappush(self._scheduled, (when, next(self._numbers), action))
        if self._scheduled[0][2] is action:
            self.on_earlier()

    @property
    def next_at(self) -> float | None:
        """Loop time of the next action; None if no action is scheduled."""
        return self._scheduled[0][0] if self._scheduled else None

    def advance(self, to: float) -> None:
        """Run all actions that are due by loop time *to*."""
        while self._scheduled and self._scheduled[0][0] <= to:
            self.now, _, action = heapq.heappop(self._scheduled)
            action()
        self.now = max(self.now, to)

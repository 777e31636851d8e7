"""What will happen in the simulated world, and when: a heap of actions, no tasks and no timers.

Nobody can see the world between two requests, so it is enough to catch up before each look.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

import attrs

Action = Callable[[], None]


def _nobody() -> None:
    """Nobody watches the clock."""


@attrs.define
class Timeline:
    """Actions in order of time.

    Attributes:
        now: Loop time that the world has reached. While an action runs it is the action's own moment.
        on_earlier: Called when something will happen sooner than all else.
    """

    now: float = 0.0
    on_earlier: Action = _nobody
    _ahead: list[tuple[float, int, Action]] = attrs.field(factory=list)
    _order: itertools.count[int] = attrs.field(factory=itertools.count)

    def schedule(self, when: float, action: Action) -> None:
        """Let *action* happen at loop time *when*."""
        heapq.heappush(self._ahead, (when, next(self._order), action))
        if self._ahead[0][2] is action:
            self.on_earlier()

    @property
    def next_at(self) -> float | None:
        """Loop time of what happens next; None if nothing will."""
        return self._ahead[0][0] if self._ahead else None

    def advance(self, to: float) -> None:
        """Catch up: let everything happen that is due until loop time *to*."""
        while self._ahead and self._ahead[0][0] <= to:
            self.now, _, action = heapq.heappop(self._ahead)
            action()
        self.now = max(self.now, to)

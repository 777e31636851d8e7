"""The account's pool of render slots, shared by videos, agent sessions and other jobs.

Source: "10 concurrent jobs, one pool for videos + agent sessions + translations" of the usage limits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import attrs

from heygen_async.simulator.world.timeline import Action, Timeline


@attrs.define(kw_only=True)
class SlotPool:
    """Slots in use, and the jobs that wait for one.

    Attributes:
        limit: Returns the number of slots. Called before each decision, so the number may change.
        timeline: Gives the times of the log.
        rendering: Slots in use.
        peak: Highest number of slots in use at once.
        log: Loop time and slots in use, at each change.
    """

    limit: Callable[[], int]
    timeline: Timeline
    rendering: int = 0
    peak: int = 0
    log: list[tuple[float, int]] = attrs.field(factory=list)
    _waiting: deque[Action] = attrs.field(factory=deque)

    def lacks(self, count: int) -> bool:
        """Return True if *count* more jobs would have to wait."""
        return self.rendering + len(self._waiting) + count > self.limit()

    def acquire(self, start: Action) -> None:
        """Call *start* as soon as there is a slot, in order of arrival."""
        self._waiting.append(start)
        self.start_waiting()

    def cancel(self, start: Action) -> None:
        """Remove *start* from the queue."""
        self._waiting.remove(start)

    def release(self) -> None:
        """Free a slot and start the next waiting job."""
        self._change(-1)
        self.start_waiting()

    def start_waiting(self) -> None:
        """Start waiting jobs while there are slots: after a release, or after the limit has grown."""
        while self._waiting and self.rendering < self.limit():
            self._change(+1)
            self._waiting.popleft()()

    def _change(self, by: int) -> None:
        self.rendering += by
        self.peak = max(self.peak, self.rendering)
        self.log.append((self.timeline.now, self.rendering))

"""The account's pool of render slots: videos and agent sessions share it.

Source: "10 concurrent jobs, one pool for videos + agent sessions + translations" of the usage limits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import attrs

from heygen_async.simulator.world.timeline import Action, Timeline


@attrs.define(kw_only=True)
class SlotPool:
    """Who renders and who waits.

    Attributes:
        limit: How many may render at once; asked anew each time, so it may change.
        timeline: Tells the moment for the log.
        rendering: Slots taken.
        peak: The most slots ever taken at once.
        log: Loop time and slots taken, at each change.
    """

    limit: Callable[[], int]
    timeline: Timeline
    rendering: int = 0
    peak: int = 0
    log: list[tuple[float, int]] = attrs.field(factory=list)
    _waiting: deque[Action] = attrs.field(factory=deque)

    def lacks(self, places: int) -> bool:
        """True if so many more jobs would have to wait."""
        return self.rendering + len(self._waiting) + places > self.limit()

    def acquire(self, start: Action) -> None:
        """Call *start* as soon as there is a slot, in order of arrival."""
        self._waiting.append(start)
        self.start_waiting()

    def cancel(self, start: Action) -> None:
        """Give up waiting."""
        self._waiting.remove(start)

    def release(self) -> None:
        """Free a slot for the next."""
        self._change(-1)
        self.start_waiting()

    def start_waiting(self) -> None:
        """Start those who wait, as far as there are slots: after a job has left, or the limit has grown."""
        while self._waiting and self.rendering < self.limit():
            self._change(+1)
            self._waiting.popleft()()

    def _change(self, by: int) -> None:
        self.rendering += by
        self.peak = max(self.peak, self.rendering)
        self.log.append((self.timeline.now, self.rendering))

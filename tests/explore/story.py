"""The story of a night: events in words, with their times."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import attrs


@attrs.define
class Story:
    """The events of a night.

    Attributes:
        events: Seconds and words, in order.
        met: The kinds of trouble and habits that took effect.
        faults: The invariants that were broken, in words.
    """

    events: list[tuple[float, str]] = attrs.field(factory=list)
    met: Counter[str] = attrs.field(factory=Counter)
    faults: list[str] = attrs.field(factory=list)

    def tell(self, at: float, words: str) -> None:
        """Add an event; the story ends with the first broken invariant."""
        if not self.faults:
            self.events.append((at, words))

    def break_off(self, at: float, words: str) -> None:
        """Add a broken invariant; the first of a night counts, others follow from it."""
        self.tell(at, f"!!! {words}")
        self.faults.append(words)

    def __str__(self) -> str:
        """Return the story, an event a line."""
        return "\n".join(f"  {dt.timedelta(seconds=round(at, 2))!s:<22.22} {words}" for at, words in self.events)

"""A way to hear that renders have ended, besides asking: a run that is told looks at once, not at its next tick."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol


class HasSignals(Protocol):
    """Something that hears of ends, such as a `Receiver`."""

    @property
    def signals(self) -> Signals:
        """The ids that it hears of."""


class Signals(Protocol):
    """Ids of videos and sessions that are said to have ended. `Receiver.signals` is one.

    A signal is a reason to look and nothing else: it may be late, twice, out of order, about a render of somebody
    else, untrue, or missing.
    """

    def __aiter__(self) -> AsyncIterator[str]:
        """Begin to listen; every iteration hears everything from then on. It ends when no more can come."""


def signals_of(watch: str | HasSignals | Signals) -> Signals | None:
    """Return what a run listens to, if *watch* is more than a word."""
    return None if isinstance(watch, str) else source_of(watch)


def source_of(heard: HasSignals | Signals) -> Signals:
    """Return the ids that a receiver hears of, or *heard* itself if it is such a source."""
    given: Any = heard
    found: Signals = getattr(given, "signals", given)
    return found

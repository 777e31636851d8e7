"""A way to hear that renders have ended, besides asking: a run that is told looks at once, not at its next tick."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class Signals(Protocol):
    """Ids of videos and sessions that are said to have ended. `Receiver.signals` is one.

    A signal is a reason to look and nothing else: it may be late, twice, out of order, about a render of somebody
    else, untrue, or missing.
    """

    def __aiter__(self) -> AsyncIterator[str]:
        """Begin to listen; every iteration hears everything from then on. It ends when no more can come."""

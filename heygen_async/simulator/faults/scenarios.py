"""Faults as a bad evening has them: a share of renders that fail, and an outage at a time of day."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import attrs

from heygen_async.simulator.faults.request_faults import DropBefore, ErrorAnswer, FailedRender, Fault, RequestFault

# Codes and messages of failed renders, with their shares; HeyGen gives many none at all.
_FAILURES: tuple[tuple[float, str | None, str | None], ...] = (
    (0.4, "rendering_failed", "The avatar could not be animated."),
    (0.3, "content_policy_violation", "The script was flagged by content moderation."),
    (0.2, "voice_provider_error", "The voice did not answer in time."),
    (0.1, None, None),
)
DAY_SECONDS = 86_400.0


def failing_renders(share: float) -> list[Fault]:
    """Return faults by which a *share* of all renders fails, 0 to 1; which ones depends only on the world's seed."""
    # Each fault is drawn for itself: the renders that none of them hits are the product, 1 - share.
    return [
        FailedRender(probability=1 - (1 - share) ** part, code=code, message=message)
        for part, code, message in _FAILURES
    ]


@attrs.frozen(kw_only=True)
class Outage:
    """A time in which every request fails.

    Attributes:
        begins: Time of day of the simulated clock, or seconds after the start of the world.
        seconds: How long it lasts.
        kind: "503" answers with an error, "drop" closes each connection; neither executes a request.
    """

    begins: dt.time | float
    seconds: float
    kind: Literal["503", "drop"] = "503"

    def between(self, start: dt.datetime) -> tuple[float, float]:
        """Return its first and last second in a world that starts at *start*: the next one of that time of day."""
        if not isinstance(self.begins, dt.time):
            return self.begins, self.begins + self.seconds
        at = dt.datetime.combine(start.date(), self.begins, tzinfo=start.tzinfo)
        first = (at - start).total_seconds()
        if first + self.seconds <= 0:  # it was over when the world started
            first += DAY_SECONDS
        return max(0.0, first), first + self.seconds

    def fault(self, start: dt.datetime) -> RequestFault:
        """Return the fault of a world that starts at *start*."""
        if self.kind == "drop":
            return DropBefore(between=self.between(start))
        return ErrorAnswer(status=503, between=self.between(start), message="HeyGen is down on purpose.")

"""The state of a sweep, as the followers share it: whether it is wanted, whether it works."""

from __future__ import annotations

import attrs

from heygen_async.bulk.jobs.in_flight import InFlight

UNSWEPT_SECONDS = 60.0  # failing sweeps, before their renders are asked for one by one meanwhile


@attrs.define(eq=False, kw_only=True)
class SweepState:
    """The state of one sweep.

    Attributes:
        name: What it tells of, as in `InFlight.swept_as`.
        in_bulk: True while renders are asked for by the hundred; set to False for good if HeyGen refuses that.
        is_faithful: True if it goes on even where HeyGen refuses it.
        woken: Renders that a webhook has named since the last look: they are looked at at once.
        idles: True while the sweep has no row: a further row wakes it.
        begun: Number of renders of its kind that this run has begun to watch.
        peak: Most renders that were under way at a look.
        failing_since: Time of the server since which all sweeps have failed; None if the last one did not.
    """

    name: str
    in_bulk: bool = True
    is_faithful: bool = False
    woken: list[InFlight] = attrs.field(factory=list)
    idles: bool = False
    begun: int = 0
    peak: int = 0
    failing_since: float | None = None

    def tells(self, now: float) -> bool:
        """Return True while sweeps tell of renders; False where they are refused, or have failed for a while."""
        failing = self.failing_since is not None and now - self.failing_since >= UNSWEPT_SECONDS
        return self.in_bulk and (self.is_faithful or not failing)

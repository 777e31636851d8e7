"""Decisions about a row: from what is known of it and the time, what may be done next without paying twice.

Pure, and apart from what remembers: another store can use the same decisions.
"""

from __future__ import annotations

from typing import Literal, Protocol

from heygen_async.api.requests.kinds import known

OnUnknown = Literal["hold", "resubmit", "skip"]
Step = Literal["submit", "follow", "reconcile", "download", "nothing"]

KEY_SECONDS = 23 * 3600.0  # HeyGen replays an answer for 24 h; an hour less, for clocks that differ
GRACE_SECONDS = 150.0  # HeyGen may work on a POST for 120 s; before that, its lists may lack the new video
CLOCK_SKEW_SECONDS = 300.0  # between this machine and HeyGen


class RowHistory(Protocol):
    """The facts about a row that decide its next step."""

    @property
    def kind(self) -> str:
        """Kind of the request."""

    @property
    def state(self) -> str:
        """State of the row; see `records.State`."""

    @property
    def intended_at(self) -> float | None:
        """Unix time of the first intent to POST under the present key."""

    @property
    def file(self) -> str | None:
        """Path of the stored video."""


def next_step(row: RowHistory, now: float, *, wants_file: bool) -> Step:
    """Return the next step of a row.

    A POST of unknown outcome is repeated only where that cannot make a second render: on an endpoint that honours
    a key, under the same key, while HeyGen remembers it. Otherwise its render is searched for in HeyGen's lists.
    """
    match row.state:
        case "planned":
            return "submit"
        case "intended" | "unknown":
            return "submit" if key_holds(row, now) else "reconcile"
        case "submitted":
            return "follow"
        case "completed" if wants_file and row.file is None:
            return "download"
        case _:
            return "nothing"


def key_holds(row: RowHistory, now: float) -> bool:
    """Return True if HeyGen would answer a repeated POST of this row with its first answer."""
    kind = known(row.kind)
    if kind is None:
        return False
    if kind.once_by is not None:
        return True  # the key stands in the request body, and HeyGen remembers it for good
    return kind.takes_key and row.intended_at is not None and 0 <= now - row.intended_at < KEY_SECONDS


def grace_left(row: RowHistory, now: float) -> float:
    """Return the seconds until HeyGen's lists must show a render that the row's POST has made."""
    began = now if row.intended_at is None else min(row.intended_at, now)
    return max(0.0, began + GRACE_SECONDS - now)


def verdict(matches: int, on_unknown: OnUnknown) -> Literal["adopt", "hold", "resubmit", "skip"]:
    """Return the action after a search for a row's render: adopt a single match, hold the row if there are several."""
    if matches == 1:
        return "adopt"
    return "hold" if matches else on_unknown

"""What decides: given what is remembered about a row and the time, what may be done next without paying twice.

Pure, and apart from what remembers: another store can use the same decisions.
"""

from __future__ import annotations

from typing import Literal, Protocol

from heygen_async.api.requests.kinds import known

OnUnknown = Literal["hold", "resubmit", "skip"]
Step = Literal["submit", "follow", "reconcile", "download", "nothing"]

KEY_SECONDS = 23 * 3600.0  # HeyGen replays an answer for 24 h; an hour less, for clocks that differ
GRACE_SECONDS = 150.0  # a POST may be worked on for 120 s; who looks sooner may not see what is being made
CLOCK_SKEW_SECONDS = 300.0  # between this machine and HeyGen


class RowHistory(Protocol):
    """What must be known about a row."""

    @property
    def kind(self) -> str:
        """The mode of its request."""

    @property
    def state(self) -> str:
        """How far it is."""

    @property
    def intended_at(self) -> float | None:
        """Unix time at which its POST first went out under its present key."""

    @property
    def file(self) -> str | None:
        """Where its video was stored."""


def next_step(row: RowHistory, now: float, *, wants_file: bool) -> Step:
    """Return what is due for a row.

    A POST whose outcome is not known goes out again only where that cannot make a second render: on an endpoint that
    honours a key, under the same key, while HeyGen remembers it. Otherwise it is looked for.
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
    """Whether HeyGen would answer a repeated POST of this row with its first answer."""
    kind = known(row.kind)
    if kind is None:
        return False
    if kind.once_by is not None:
        return True  # its key stands in the request itself, and is remembered for good
    return kind.takes_key and row.intended_at is not None and 0 <= now - row.intended_at < KEY_SECONDS


def grace_left(row: RowHistory, now: float) -> float:
    """Return the seconds until a look for what the row's POST made can be trusted."""
    began = now if row.intended_at is None else min(row.intended_at, now)
    return max(0.0, began + GRACE_SECONDS - now)


def verdict(matches: int, on_unknown: OnUnknown) -> Literal["adopt", "hold", "resubmit", "skip"]:
    """Return what a look for a row's render amounts to: one match is it, several are for a person to judge."""
    if matches == 1:
        return "adopt"
    return "hold" if matches else on_unknown

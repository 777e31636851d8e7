"""Shrinking: the pieces of a night that an invariant needs to be broken, found by leaving out the others."""

from __future__ import annotations

import re
from collections.abc import Collection

from tests.explore.drawing import draw_night
from tests.explore.explorer import Found, play
from tests.explore.night import Night

MOST_PLAYS = 250


def kind_of(fault: str | None) -> str:
    """Return a broken invariant without its names and numbers."""
    return re.sub(r"'[^']*'|[\d.]+", "#", fault or "")[:100]


def only(night: Night, pieces: Collection[str]) -> Night:
    """Return a whole night with no other pieces than these."""
    return night.leave_out(set(night.pieces) - set(pieces))


def shrink(seed: int) -> tuple[list[str], Found]:
    """Return the pieces of a night that are needed to break the same invariant, and how it went with them."""
    night = draw_night(seed)
    found, plays = play(night), 1
    wanted, kept = kind_of(found.fault), night.pieces
    size = max(1, len(kept) // 2)
    while plays < MOST_PLAYS:
        begin, shorter = 0, False
        while begin < len(kept) and plays < MOST_PLAYS:
            fewer = [*kept[:begin], *kept[begin + size :]]
            tried, plays = play(only(night, fewer)), plays + 1
            if kind_of(tried.fault) == wanted:
                kept, found, shorter = fewer, tried, True
            else:
                begin += size
        if size == 1 and not shorter:
            break
        size = max(1, size // 2)
    return kept, found


def command(seed: int, kept: Collection[str]) -> str:
    """Return the command that replays a shrunken night."""
    return f"python -m tests.explore --night {seed} --only {','.join(kept) or 'nothing'}"

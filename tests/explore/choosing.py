"""The choice of few nights that together meet every kind of trouble and habit: those that `make test` plays."""

from __future__ import annotations

from collections.abc import Iterable

from tests.explore.explorer import Found
from tests.explore.habits import HABITS, INTERRUPTIONS
from tests.explore.tally import founds
from tests.explore.trouble import FORGOTTEN, KINDS, POOL

EVERY_KIND = frozenset({*KINDS, POOL, FORGOTTEN, *HABITS, *INTERRUPTIONS})


def choose(first: int, nights: int, processes: int) -> list[int]:
    """Return seeds of nights that meet all kinds, in the order in which they were chosen."""
    return [found.seed for found in _chosen(list(founds(range(first, first + nights), processes)))]


def _chosen(played: Iterable[Found]) -> Iterable[Found]:
    left, possible = set(EVERY_KIND), [found for found in played if found.fault is None]
    while possible:
        best = max(possible, key=lambda found: len(left & set(+found.met)) / (found.requests + 50))
        if not left & set(+best.met):
            return
        left -= set(+best.met)
        possible.remove(best)
        yield best

"""Many nights at once, in several processes, and their tally by kind of trouble and habit."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import attrs

from tests.explore.drawing import draw_night
from tests.explore.explorer import Found, play
from tests.explore.habits import HABITS, INTERRUPTIONS
from tests.explore.shrinking import kind_of
from tests.explore.trouble import FORGOTTEN, KINDS, POOL

AT_ONCE = 4  # nights that a process plays before it reports


@attrs.define
class Tally:
    """The tally of many nights."""

    nights: int = 0
    charges: int = 0
    requests: int = 0
    met: Counter[str] = attrs.field(factory=Counter)
    faults: dict[str, list[Found]] = attrs.field(factory=dict)
    began: float = attrs.field(factory=time.perf_counter)

    def add(self, found: Found) -> None:
        """Count a night."""
        self.nights += 1
        self.charges += found.charges
        self.requests += found.requests
        self.met.update(set(+found.met))
        if found.fault is not None:
            self.faults.setdefault(kind_of(found.fault), []).append(found)

    @property
    def line(self) -> str:
        """The tally in one line."""
        seconds = time.perf_counter() - self.began
        faults = sum(map(len, self.faults.values()))
        return (
            f"{self.nights:,} nights, {self.nights / max(seconds, 0.001):.1f} a second, {self.requests:,} requests, "
            f"{self.charges:,} charges, {faults} nights with a fault"
        )

    def summary(self) -> str:
        """Return the number of nights in which each kind of trouble and habit took effect."""
        lines = [self.line]
        for title, kinds in (("trouble", [*KINDS, POOL, FORGOTTEN]), ("habits", [*HABITS, *INTERRUPTIONS])):
            lines.append(f"{title}:")
            lines += [f"  {self.met[kind]:>9,}  {kind}{'' if self.met[kind] else '  <- never met'}" for kind in kinds]
        return "\n".join(lines)


def play_some(seeds: Sequence[int]) -> list[Found]:
    """Play nights in a process of their own; a fault of the explorer is told as one."""
    return [_played(seed) for seed in seeds]


def _played(seed: int) -> Found:
    try:
        found = play(draw_night(seed))
    except Exception as exc:  # noqa: BLE001 - the explorer failed
        words = f"the explorer failed: {exc!r}"
        return Found(seed=seed, fault=words, story="", met=Counter(), seconds=0, requests=0, charges=0)
    return found if found.fault else attrs.evolve(found, story="")


def explore(first: int, nights: int, processes: int) -> Tally:
    """Play many nights; Ctrl-C ends them early. A fault is told as soon as it is found."""
    tally, told = Tally(), 0.0
    with contextlib.suppress(KeyboardInterrupt):
        for found in founds(range(first, first + nights), processes):
            tally.add(found)
            if found.fault is not None:
                sys.stderr.write(f"\nnight {found.seed}: {found.fault}\n")
            if time.perf_counter() - told > 1:
                told = time.perf_counter()
                sys.stderr.write(f"\r{tally.line}  ")
    sys.stderr.write("\n")
    return tally


def founds(seeds: Sequence[int], processes: int) -> Iterator[Found]:
    """Yield the outcomes of many nights, those of each part together."""
    parts = [seeds[begin : begin + AT_ONCE] for begin in range(0, len(seeds), AT_ONCE)]
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=200) as pool:
        for some in pool.imap_unordered(play_some, parts):
            yield from some

"""The hunt: nights are played with a mutant until one of them finds it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

import attrs

from tests.explore.drawing import draw_night
from tests.explore.explorer import play
from tests.explore.mutants import of_money, of_posts, of_renders, of_rows
from tests.explore.mutants.mutant import Mutant

MOST_NIGHTS = 2_000
MUTANTS: dict[str, Mutant] = {
    one.name: one for module in (of_posts, of_money, of_rows, of_renders) for one in module.MUTANTS
}


@attrs.frozen(kw_only=True)
class Caught:
    """How the hunt of a mutant ended.

    Attributes:
        name: Mutant.
        nights: Nights that were drawn.
        played: Nights of these that were played; the others have nothing that could show the fault.
        seed: Seed of the night that found it; None if none did.
        fault: Broken invariant, in words.
    """

    name: str
    nights: int
    played: int
    seed: int | None = None
    fault: str | None = None

    def __str__(self) -> str:
        """Return the outcome in words."""
        if self.seed is None:
            return f"  NOT FOUND in {self.nights:,} nights: {self.name}"
        return f"  {self.nights:>5,}  {self.name}  ({self.played} played; seed {self.seed}: {self.fault:.100})"


def hunt(name: str, first: int, most: int = MOST_NIGHTS) -> Caught:
    """Play nights from seed *first* on with a mutant until one finds it."""
    played = 0
    for seed in range(first, first + most):
        if not MUTANTS[name].can_be_seen(draw_night(seed)):
            continue
        played += 1
        if (fault := meets(name, seed)) is not None:
            return Caught(name=name, nights=seed - first + 1, played=played, seed=seed, fault=fault)
    return Caught(name=name, nights=most, played=played)


def meets(name: str, seed: int) -> str | None:
    """Return the invariant that a night finds broken with a mutant, and not without it."""
    night = draw_night(seed)
    with MUTANTS[name].alive():
        try:
            fault = play(night).fault
        except Exception as exc:  # noqa: BLE001 - a mutant may break the explorer's own steps
            fault = f"{type(exc).__name__}: {exc}"
    return None if fault is None or play(night).fault is not None else fault


def hunt_all(names: list[str], first: int, most: int, processes: int) -> Iterator[Caught]:
    """Hunt several mutants, each in one of several processes."""
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=4) as pool:
        jobs = [pool.apply_async(hunt, (name, first, most)) for name in names]
        for job in jobs:
            yield job.get()

"""The explorer: plays nights, and tells what it found.

It sees the client from `HeyGen.render_many`, `resume`, `retry` and `audit` down to the exchange of requests. It does
not see sockets, TLS and aiohttp (`tests/http` does), the command line, PostgreSQL and workers (`tests/chaos` does),
threads, and a clock that is wrong by hours for a day: by it nobody could tell the age of a key.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from tests.explore.account import account_lives
from tests.explore.books import Books
from tests.explore.clock import EPOCH, NightLoop, NightWorld, Wall, night_time
from tests.explore.deliveries import deliveries
from tests.explore.disk import watched_writes
from tests.explore.faults import Network, OnTheWay
from tests.explore.invariants import Invariants
from tests.explore.machine import Machine
from tests.explore.night import Night
from tests.explore.story import Story
from tests.explore.user import User

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there, where fsync costs nothing


@attrs.frozen(kw_only=True)
class Found:
    """The outcome of a night.

    Attributes:
        seed: Seed.
        fault: The first invariant that was broken, in words; None if all held.
        story: The events.
        met: Kinds of trouble and habits that took effect.
        seconds: Real seconds that it took.
        requests: Requests that HeyGen got.
        charges: Charges.
    """

    seed: int
    fault: str | None
    story: str
    met: Counter[str]
    seconds: float
    requests: int
    charges: int


def play(night: Night) -> Found:
    """Play a night."""
    began = time.perf_counter()
    story, faults = Story(), [fault for one in night.troubles for fault in one.faults]
    world = NightWorld(
        seed=night.seed,
        epoch=EPOCH,
        faults=[fault for fault in faults if not isinstance(fault, OnTheWay)],
        **night.account,
    )
    network = Network(
        faults=[fault for fault in faults if isinstance(fault, OnTheWay)],
        rng=random.Random(f"network {night.seed}"),
    )
    wall, books = Wall(world), Books(night)
    machines: list[Machine] = []

    async def main() -> None:
        world.now()
        invariants = Invariants(world, books, story)
        machine = Machine(
            folder=Path(folder) / "work",
            loop=loop,
            world=world,
            wall=wall,
            network=network,
            books=books,
            invariants=invariants,
            story=story,
        )
        machines.append(machine)
        machine.folder.mkdir()
        accuse = functools.partial(invariants.require, False)
        async with account_lives(night, world), deliveries(night, world, lambda: machine.receiver, accuse):
            await User(night=night, machine=machine, books=books, invariants=invariants).live()

    with (
        _without_collector(),
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        asyncio.Runner(loop_factory=NightLoop) as runner,
        night_time(wall, str(night.seed)),
        watched_writes(
            lambda: machines[0].life.disk if machines and machines[0].life else None,
            lambda: f"boot {machines[0].boots}",
        ),
    ):
        loop: Any = runner.get_loop()
        try:
            runner.run(main())
        except AssertionError as exc:
            if not story.faults:
                raise
            story.tell(0.0, repr(exc))
    for one in night.troubles:
        counters = (world.fault_counter, network.counter)
        uses = sum(count.uses for each in counters for count in each._counts.values() if count.fault in one.faults)
        if uses or one.slots:
            story.met[one.kind] += 1
    return Found(
        seed=night.seed,
        fault=story.faults[0].replace(folder, "~") if story.faults else None,
        story=f"{_plan(night)}\n{story}".replace(folder, "~"),  # it has another name each time
        met=story.met,
        seconds=time.perf_counter() - began,
        requests=len(world.requests),
        charges=len(world.accounting.charges),
    )


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Collect garbage once a night: the collector would walk through all that was ever imported, again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect(1)


def _plan(night: Night) -> str:
    lists = [" ".join(f"{row}.{version}" for row, version in one.lines) for one in night.lists]
    first = f"night {night.seed}: {', '.join(dict.fromkeys(night.kinds))}; rows are known by: {night.identity}"
    return "\n".join(
        [
            f"{first}; titles: {night.titled}; journal: {night.has_journal}",
            f"account: {night.account}",
            f"options: {dict(night.options)}",
            *(f"list {number}: {text}" for number, text in enumerate(lists)),
            *(f"trouble {one}" for one in night.troubles),
        ]
    )

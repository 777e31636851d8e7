"""The time of a night: one clock for the event loop, the wall and the simulated HeyGen, without sockets and threads.

Memory addresses decide in which order sets are walked, also sets of tasks. Numbers in their place make a seed give the
same night each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import math
import random
import time
import uuid
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any, TypeVar

import anyio.lowlevel
import anyio.to_thread
import attrs
import pytest
from anyio._backends import _asyncio as anyio_backend

from heygen_async.simulator import VirtualTimeLoop, World

T = TypeVar("T")

EPOCH = 1_790_000_000.0
_LONGEST_SELECT = 24 * 3600.0  # asyncio waits no longer at once
MOST_STEPS = 200_000  # of the loop at one moment; more is a loop without an end


class Task(asyncio.Task[Any]):
    """A task that is hashed by its number."""

    numbers: Iterator[int] = itertools.count()

    def __init__(self, coro: Coroutine[Any, Any, Any], **options: Any) -> None:
        self.number = next(Task.numbers)
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self.number


class Scope(anyio_backend.CancelScope):
    """A scope that is hashed by its number."""

    numbers: Iterator[int] = itertools.count()
    number = -1

    def __hash__(self) -> int:
        if self.number < 0:
            self.number = next(Scope.numbers)
        return self.number


class NightLoop(VirtualTimeLoop):
    """An event loop in virtual time that never asks the system for anything.

    Attributes:
        on_stall: Called when nothing can happen any more, or no time passes.
        on_step: Called at each step.
    """

    def __init__(self) -> None:
        self.on_stall: Callable[[], None] | None = None
        self.on_step: Callable[[], None] | None = None
        self._steps = 0
        super().__init__()
        self.set_task_factory(lambda loop, coro, **options: Task(coro, loop=loop, **options))

    def _select(self, poll: Callable[[float | None], list[Any]], timeout: float | None) -> list[Any]:
        self._steps += 1
        if self._forget_rounding():
            timeout = 0
        if self.on_step is not None:
            self.on_step()
        if timeout is None or self._steps > MOST_STEPS or (timeout >= _LONGEST_SELECT and self._waits_for_ever()):
            self._steps = 0
            if self.on_stall is None:
                raise AssertionError("the loop waits for an event that never comes")
            self.on_stall()
        elif timeout > 0:
            self._now += timeout
            self._steps = 0
        return []

    def _waits_for_ever(self) -> bool:
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]  # of asyncio's base class
        return all(timer.cancelled() or timer.when() == math.inf for timer in timers)


@attrs.define(kw_only=True, eq=False)
class NightWorld(World):
    """A simulated account whose time can be ahead of the machine's, which has slept.

    Attributes:
        ahead: Seconds.
    """

    ahead: float = 0.0

    def now(self) -> float:
        """Run all actions that are due and return the world's time."""
        now = asyncio.get_running_loop().time() + self.ahead
        self._start(now)
        self._timeline.advance(now)
        self.slot_pool.start_waiting()
        return now


@attrs.define
class Wall:
    """The wall clock of the machine.

    Attributes:
        world: The true time.
        wrong: Seconds by which the clock is wrong.
    """

    world: NightWorld
    wrong: float = 0.0

    def time(self) -> float:
        """Return the Unix time that the machine believes in."""
        return EPOCH + asyncio.get_running_loop().time() + self.world.ahead + self.wrong


async def _inline(func: Callable[..., T], *args: Any, **_: Any) -> T:
    """Run in place what would run in a thread."""
    await anyio.lowlevel.checkpoint()
    return func(*args)


@contextlib.contextmanager
def night_time(wall: Wall, seed: str) -> Generator[None]:
    """Give the process the wall clock of a night, no threads, and random numbers that its seed decides."""
    draws = random.Random(f"{seed}:uuid")
    state = random.getstate()
    logger = logging.getLogger("heygen_async")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", wall.time)
        patch.setattr(anyio.to_thread, "run_sync", _inline)
        patch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=draws.getrandbits(128), version=4))
        patch.setattr(anyio_backend, "CancelScope", Scope)
        patch.setattr(logger, "disabled", True)
        Task.numbers, Scope.numbers = itertools.count(), itertools.count()
        random.seed(f"{seed}:client")
        try:
            yield
        finally:
            random.setstate(state)

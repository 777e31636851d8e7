"""Event loops whose clock is not the wall's: virtual (hours in a moment) and compressed (faster by a factor).

Everything that asks the loop for the time follows along: `anyio.sleep`, `asyncio.timeout`, aiohttp's timeouts.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import selectors
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from typing import Any, Protocol, TypeVar, TypeVarTuple

from anyio.to_thread import current_default_thread_limiter

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# What one end of a loopback socket sends, the other end can read only after a trip through the kernel, so a single
# empty look at the sockets does not mean that nothing is under way.
LOOKS_BEFORE_A_JUMP = 8
# Real seconds. A thread that ends wakes the loop at once; this is for what ends without a sound.
LOOK_WHILE_BUSY = 0.02

Ready = list[tuple[selectors.SelectorKey, int]]


class ThreadLimiter(Protocol):
    """What the loop wants to know of anyio's `CapacityLimiter`."""

    @property
    def borrowed_tokens(self) -> int:
        """How many threads are at work."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop that never waits for a timer: with nothing else to do, its clock jumps to the next one.

    The clock starts at 0 and stands still while callbacks run, while sockets have data, and while threads work:
    those of `run_in_executor`, those of anyio's default limiter, those of a limiter given to `watch_threads`, and
    whatever happens under `hold`. Without any timer it blocks until a socket is ready, as usual.

    A process outside is not seen: a client there is out of time before it has sent its request.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._holds = 0
        self._limiters: list[ThreadLimiter] = []
        self._watching: asyncio.Task[None] | None = None
        super().__init__(_Selector(self._select))

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._now

    def watch_threads(self, limiter: ThreadLimiter) -> None:
        """Let no time pass while *limiter* has lent tokens, in addition to anyio's default one."""
        self._limiters.append(limiter)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Let no virtual time pass inside: something that the loop cannot see is at work."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1

    def run_forever(self) -> None:
        """Run until `stop` is called."""
        if self._watching is None:
            self._watching = self.create_task(self._watch_default_threads())
        super().run_forever()

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run *func* in a thread; until it ends, no virtual time passes."""
        future: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        self._holds += 1
        future.add_done_callback(self._thread_ended)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Wait for the executor's threads, in real time: since Python 3.12 there is a timeout around this."""
        with self.hold():
            await super().shutdown_default_executor(*args)

    async def _watch_default_threads(self) -> None:
        # A task, because anyio has to see which library runs; its first step comes before any wait for sockets.
        self.watch_threads(current_default_thread_limiter())

    def _thread_ended(self, _: asyncio.Future[Any]) -> None:
        self._holds -= 1

    def _select(self, look: Callable[[float | None], Ready], timeout: float | None) -> Ready:
        if timeout is None or timeout <= 0:
            return look(timeout)
        for _ in range(LOOKS_BEFORE_A_JUMP):
            if ready := look(0):
                return ready
            _let_others_run()
        if self._holds or any(limiter.borrowed_tokens for limiter in self._limiters):
            return look(min(timeout, LOOK_WHILE_BUSY))
        self._now += timeout
        return []


class CompressedTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose clock runs *speed* times as fast as the wall's. Its timers fire so much earlier.

    Args:
        speed: Seconds of the loop in a real second.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        super().__init__(_Selector(self._select))

    def time(self) -> float:
        """Return the loop's seconds; like the wall's monotonic clock, they count from no moment in particular."""
        return time.monotonic() * self.speed

    def _select(self, look: Callable[[float | None], Ready], timeout: float | None) -> Ready:
        return look(timeout if timeout is None else timeout / self.speed)


def run(main: Callable[[], Awaitable[T]], *, speed: float | None = None) -> T:
    """Run *main* in virtual time, or *speed* times as fast as life, and return what it returns."""
    factory = VirtualTimeLoop if speed is None else functools.partial(CompressedTimeLoop, speed)
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_awaited(main))


async def _awaited(main: Callable[[], Awaitable[T]]) -> T:
    return await main()


def _let_others_run() -> None:
    # sleep(0) takes fifty times as long as sched_yield(), which Windows does not have.
    getattr(os, "sched_yield", functools.partial(time.sleep, 0))()


class _Selector(selectors.DefaultSelector):
    """The platform's selector; how long to wait is the loop's decision."""

    def __init__(self, decide: Callable[[Callable[[float | None], Ready], float | None], Ready]) -> None:
        super().__init__()
        self._decide = decide

    def select(self, timeout: float | None = None) -> Ready:
        return self._decide(super().select, timeout)

"""Event loops with a clock of their own: virtual time jumps to the next timer, compressed time is faster by a factor.

All timers that use the loop's clock follow it: `anyio.sleep`, `asyncio.timeout`, the timeouts of aiohttp.
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

# Data sent on a loopback socket is readable at the other end only after a trip through the kernel. So one poll without
# ready sockets does not show that no data is in transit.
POLLS_BEFORE_JUMP = 8
# Real seconds. A thread that ends wakes the loop at once; a hold that ends does not.
POLL_SECONDS_WHILE_BUSY = 0.02

Ready = list[tuple[selectors.SelectorKey, int]]


class ThreadLimiter(Protocol):
    """The part of anyio's `CapacityLimiter` that the loop reads."""

    @property
    def borrowed_tokens(self) -> int:
        """Number of threads at work."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time: when it is idle, its clock jumps to the next timer.

    The clock starts at 0. It stands still while callbacks run, while sockets have data, inside `hold`, and while
    threads work: those of `run_in_executor`, of anyio's default limiter, and of limiters given to `watch_threads`.
    Without timers, the loop blocks until a socket is ready, as usual.

    Other processes are not taken into account: timeouts of their requests can pass before a request arrives.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._holds = 0
        self._limiters: list[ThreadLimiter] = []
        self._watching: asyncio.Task[None] | None = None
        super().__init__(_Selector(self._select))

    def time(self) -> float:
        """Return the virtual seconds since the loop was created."""
        return self._now

    def leap(self, seconds: float) -> None:
        """Move the clock forward at once, as when a machine wakes from sleep: timers that are due fire late."""
        self._now += seconds

    def watch_threads(self, limiter: ThreadLimiter) -> None:
        """Stop the clock while threads of *limiter* work, in addition to those of anyio's default limiter."""
        self._limiters.append(limiter)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Stop the clock inside this context, for work that the loop cannot see."""
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
        """Run *func* in a thread. The clock stands still until it ends."""
        future: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        self._holds += 1
        future.add_done_callback(self._thread_ended)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Wait for the executor's threads in real time. Python 3.12 and later put a timeout around this call."""
        with self.hold():
            await super().shutdown_default_executor(*args)

    async def _watch_default_threads(self) -> None:
        # In a task, since anyio detects the running library there. The task runs before the first wait for sockets.
        self.watch_threads(current_default_thread_limiter())

    def _thread_ended(self, _: asyncio.Future[Any]) -> None:
        self._holds -= 1

    def _select(self, poll: Callable[[float | None], Ready], timeout: float | None) -> Ready:
        if self._forget_rounding() or timeout is None or timeout <= 0:
            return poll(timeout and 0)
        for _ in range(POLLS_BEFORE_JUMP):
            if ready := poll(0):
                return ready
            _yield_cpu()
        if self._holds or any(limiter.borrowed_tokens for limiter in self._limiters):
            return poll(min(timeout, POLL_SECONDS_WHILE_BUSY))
        self._now += timeout
        return []

    def _forget_rounding(self) -> bool:
        """Let a moment pass if the next timer is so near that asyncio fires it at once; return True if it did.

        Who waits for a time and finds an earlier one, by a rounding error, would wait again and again.
        """
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]  # of asyncio's base class
        is_due = bool(timers) and 0 < timers[0].when() - self._now < self._clock_resolution  # type: ignore[attr-defined]  # the same
        if is_due:
            self._now = timers[0].when()
        return is_due


class CompressedTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock and timers run *speed* times as fast as real time.

    Args:
        speed: Seconds of the loop's clock per real second.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        super().__init__(_Selector(self._select))

    def time(self) -> float:
        """Return the seconds of the loop's clock. The zero point is arbitrary, as for `time.monotonic`."""
        return time.monotonic() * self.speed

    def _select(self, poll: Callable[[float | None], Ready], timeout: float | None) -> Ready:
        return poll(timeout if timeout is None else timeout / self.speed)


def run(main: Callable[[], Awaitable[T]], *, speed: float | None = None) -> T:
    """Run *main* in virtual time, or *speed* times as fast as real time, and return its result."""
    factory = VirtualTimeLoop if speed is None else functools.partial(CompressedTimeLoop, speed)
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_awaited(main))


async def _awaited(main: Callable[[], Awaitable[T]]) -> T:
    return await main()


def _yield_cpu() -> None:
    # sleep(0) takes fifty times as long as sched_yield(), which Windows does not have.
    getattr(os, "sched_yield", functools.partial(time.sleep, 0))()


class _Selector(selectors.DefaultSelector):
    """The platform's selector, whose waiting time the loop decides."""

    def __init__(self, decide: Callable[[Callable[[float | None], Ready], float | None], Ready]) -> None:
        super().__init__()
        self._decide = decide

    def select(self, timeout: float | None = None) -> Ready:
        return self._decide(super().select, timeout)

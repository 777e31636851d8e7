"""`Bridge`: an event loop in a thread of its own, for programs without one.

A thread that waits for the loop does errands meanwhile: it reads its own iterables and calls its own functions, so
that a database cursor or a Django queryset is used in the thread that made it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import queue
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable
from typing import Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]
Errands = queue.SimpleQueue[Callable[[], None] | None]  # None only wakes the thread

_END: Any = object()
_CLOSE_SECONDS = 5.0  # for a source of the user to be closed
_threads = threading.local()


class Bridge:
    """Runs coroutines in an event loop that starts when it is first needed. Any thread may use it."""

    def __init__(self, loop_factory: LoopFactory | None = None) -> None:
        """Make the loop by *loop_factory*, such as `uvloop.new_event_loop`."""
        self._loop_factory = loop_factory
        self._lock = threading.Lock()
        self._portal: BlockingPortal | None = None
        self._process = 0
        self._stop: Callable[[], object] = lambda: None

    def call(self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        """Run a coroutine function in the loop and return its result. An interrupt cancels it."""
        future: concurrent.futures.Future[T] = self._started().start_task_soon(function, *args)
        return self.wait(future)

    def begin(self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> concurrent.futures.Future[T]:
        """Start a coroutine function in the loop and return its future."""
        return self._started().start_task_soon(function, *args)

    def wait(self, future: concurrent.futures.Future[T]) -> T:
        """Wait for *future*, do this thread's errands meanwhile, and return the result."""
        errands = errands_of_this_thread()
        future.add_done_callback(lambda _: errands.put(None))
        try:
            while not future.done():
                errand = errands.get()
                if errand is not None:
                    errand()
        except BaseException:
            future.cancel()
            raise
        return future.result()

    def close(self) -> None:
        """End the loop. The next call starts another one."""
        with self._lock:
            stop, self._portal = self._stop, None
        stop()

    def _started(self) -> BlockingPortal:
        with self._lock:
            if self._portal is None or self._process != os.getpid():  # a thread does not survive a fork
                self._portal, self._process = self._start(), os.getpid()
            return self._portal

    def _start(self) -> BlockingPortal:
        stack = contextlib.ExitStack()
        options = {} if self._loop_factory is None else {"loop_factory": self._loop_factory}
        portal = stack.enter_context(start_blocking_portal("asyncio", options, name="heygen-async"))
        stack.callback(_cancel_what_is_left, portal)
        self._stop = weakref.finalize(self, _close, stack, portal.call(threading.get_ident), os.getpid())
        return portal


def _cancel_what_is_left(portal: BlockingPortal) -> None:
    """Cancel calls of other threads, and runs that nobody left: their blocks would keep the loop for ever."""
    with contextlib.suppress(concurrent.futures.CancelledError):
        portal.call(portal.stop, True)


def _close(stack: contextlib.ExitStack, thread: int, process: int) -> None:
    """End a loop; its thread cannot wait for itself, and after a fork it does not exist."""
    if process != os.getpid():
        return
    if threading.get_ident() == thread:
        threading.Thread(target=stack.close, name="heygen-async-end").start()
    else:
        stack.close()


def errands_of_this_thread() -> Errands:
    """Return the queue of functions that other threads want this one to call."""
    if not hasattr(_threads, "errands"):
        _threads.errands = queue.SimpleQueue()
    errands: Errands = _threads.errands
    return errands


async def ask(errands: Errands, function: Callable[..., T], *args: Any) -> T:
    """Return the result of *function*, called by the thread of *errands* when it next waits."""
    answer: concurrent.futures.Future[T] = concurrent.futures.Future()

    def errand() -> None:
        if not answer.set_running_or_notify_cancel():
            return
        try:
            result = function(*args)
        except Exception as exc:  # noqa: BLE001 - it is raised where the function was asked for
            answer.set_exception(exc)
        except BaseException as exc:
            answer.set_exception(InterruptedError(f"interrupted by {type(exc).__name__}"))
            raise
        else:
            answer.set_result(result)

    errands.put(errand)
    return await asyncio.wrap_future(answer)


async def read(errands: Errands, source: Iterable[T]) -> AsyncGenerator[T]:
    """Yield the items of *source*, read by the thread of *errands*, no further than asked."""
    iterator = await ask(errands, iter, source)
    try:
        while (item := await ask(errands, next, iterator, _END)) is not _END:
            yield item
    finally:
        if isinstance(iterator, Generator):
            with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
                await ask(errands, iterator.close)

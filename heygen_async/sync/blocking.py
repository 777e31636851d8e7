"""Blocking faces of asynchronous objects, made when they are used: there is no second copy of the client's code."""

from __future__ import annotations

import concurrent.futures
import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any

import anyio

from heygen_async.sync.bridge import Bridge, ask, errands_of_this_thread, read

_END: Any = object()
_READS_ITS_FIRST_ARGUMENT = frozenset({"render_many"})
_NAMES = {"close": "aclose"}  # blocking name -> asynchronous name
_WAITS = frozenset({"__aiter__", "__anext__", "__aenter__"})


class Blocking:
    """An object whose coroutine methods block, whose `async for` is a `for`, and whose `async with` is a `with`.

    Arguments that are iterables are read, and functions called `on_...` and `approve` are called, by the thread that
    gave them.
    """

    def __init__(self, target: Any, bridge: Bridge) -> None:
        """Show *target*, which is used in the event loop of *bridge*."""
        self._target = target
        self._bridge = bridge
        self._block: _Block | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        target = self._target

        async def get() -> Any:  # properties may need the event loop
            return getattr(target, _NAMES.get(name, name))

        value = self._bridge.call(get)
        return _method(value, self._bridge) if callable(value) and not isinstance(value, type) else self._shown(value)

    def __dir__(self) -> list[str]:
        return sorted({*dir(self._target), "close"} if hasattr(self._target, "aclose") else dir(self._target))

    def __repr__(self) -> str:
        """Return the text of the asynchronous object."""
        return repr(self._target)

    def __iter__(self) -> Iterator[Any]:
        """Iterate; a run that was not entered by `with` is entered, and left with the loop."""
        if not hasattr(type(self._target), "__aiter__"):
            if not isinstance(self._target, AbstractAsyncContextManager):
                raise TypeError(f"{self._target!r} is not iterable")
            return self._iterated_within()
        return iterate(self._target, self._bridge)

    def __next__(self) -> Any:
        item = self._bridge.call(_next, self._target)
        if item is _END:
            raise StopIteration
        return self._shown(item)

    def __enter__(self) -> Any:
        """Enter the asynchronous block."""
        self._block = _Block(self._target, self._bridge)
        return self._shown(self._block.enter())

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Leave the asynchronous block."""
        block, self._block = self._block, None
        return block is not None and block.leave(exc)

    def _iterated_within(self) -> Iterator[Any]:
        with self as entered:
            yield from entered

    def _shown(self, value: Any) -> Any:
        return self if value is self._target else blocking(value, self._bridge)


def waits(kind: type[Any]) -> bool:
    """Return True if objects of *kind*, a class of this package or a context manager, have methods that wait."""
    return _waits(kind)  # type: ignore[arg-type]  # mypy thinks that some classes have no hash


def blocking(value: Any, bridge: Bridge) -> Any:
    """Return *value* with a blocking face if it has methods that wait; other values as they are."""
    if type(value) is tuple and any(map(waits, map(type, value))):
        return tuple(blocking(item, bridge) for item in value)
    if isinstance(value, AsyncGenerator):
        return iterate(value, bridge)
    return Blocking(value, bridge) if waits(type(value)) else value


def iterate(source: Any, bridge: Bridge) -> Iterator[Any]:
    """Iterate over an asynchronous iterable."""
    iterator = aiter(source)
    try:
        while (item := bridge.call(_next, iterator)) is not _END:
            yield blocking(item, bridge)
    finally:
        if isinstance(iterator, AsyncGenerator):
            bridge.call(_aclose, iterator)


async def _next(iterator: AsyncIterator[Any]) -> Any:
    return await anext(iterator, _END)


async def _aclose(iterator: AsyncGenerator[Any]) -> None:
    await iterator.aclose()


@functools.cache
def _waits(kind: type[Any]) -> bool:
    if issubclass(kind, AbstractAsyncContextManager):
        return True
    if not kind.__module__.startswith("heygen_async."):
        return False
    if "caller" in inspect.signature(kind.__init__).parameters:  # a resource, perhaps with lists only
        return True
    methods = [inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_") or name in _WAITS]
    return any(map(_is_asynchronous, methods)) or bool(_WAITS & set(dir(kind)))


def _is_asynchronous(method: Any) -> bool:
    return inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)


def _method(method: Callable[..., Any], bridge: Bridge) -> Callable[..., Any]:
    """Return a function that calls *method* in the event loop and waits for its result."""

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = [_given(value, bridge) for value in args]
        named = {name: _given(value, bridge, name) for name, value in kwargs.items()}
        if method.__name__ in _READS_ITS_FIRST_ARGUMENT and given:
            given[0] = _source(given[0])

        async def called() -> Any:
            result = method(*given, **named)
            return await result if inspect.iscoroutine(result) else result

        return blocking(bridge.call(called), bridge)

    return call


def _given(value: Any, bridge: Bridge, name: str = "") -> Any:
    """Return an argument as the asynchronous method takes it."""
    is_called_back = name.startswith("on_") or name == "approve"
    if not is_called_back or not callable(value) or inspect.iscoroutinefunction(value):
        return value
    errands = errands_of_this_thread()

    async def called(*args: Any) -> Any:
        return await ask(errands, value, *(blocking(one, bridge) for one in args))

    return called


def _source(requests: Any) -> Any:
    """Return rows that the thread of the caller reads, unless they are in memory already."""
    if isinstance(requests, list | tuple) or not isinstance(requests, Iterable):
        return requests
    return read(errands_of_this_thread(), requests)


class _LeftByInterruptError(Exception):
    """Stands for an interrupt of the thread, which must not be raised in the event loop."""


class _Block:
    """An asynchronous context manager that is entered and left by one task, as task groups demand."""

    def __init__(self, manager: AbstractAsyncContextManager[Any], bridge: Bridge) -> None:
        self._manager = manager
        self._bridge = bridge
        self._entered: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._ended: concurrent.futures.Future[None] | None = None
        self._leaving: anyio.Event | None = None
        self._error: Exception | None = None

    def enter(self) -> Any:
        """Enter the block and return its value."""
        self._ended = self._bridge.begin(self._live)
        try:
            return self._bridge.wait(self._entered)
        except BaseException:
            self._ended.cancel()
            raise

    def leave(self, exc: BaseException | None) -> bool:
        """Leave the block, and return True if it has dealt with *exc*."""
        assert self._ended is not None  # noqa: S101 - it was entered
        self._error = exc if exc is None or isinstance(exc, Exception) else _LeftByInterruptError()
        self._bridge.call(self._release)
        try:
            self._bridge.wait(self._ended)
        except BaseException as error:
            if error is self._error:
                return False
            raise
        return isinstance(exc, Exception)

    async def _live(self) -> None:
        self._leaving = anyio.Event()
        try:
            async with self._manager as value:
                self._entered.set_result(value)
                await self._leaving.wait()
                if self._error is not None:
                    raise self._error  # noqa: TRY301 - the error of the block goes through the manager
        except Exception as exc:
            if not self._entered.done():
                self._entered.set_exception(exc)
            raise
        finally:
            self._entered.cancel()  # wakes whoever waits; without effect on a future that is done

    async def _release(self) -> None:
        assert self._leaving is not None  # noqa: S101 - it was entered
        self._leaving.set()

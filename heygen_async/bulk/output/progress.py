"""The progress of a run in a program or notebook: a bar of rich where it is installed, else a line now and then."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol, TextIO, TypeVar

from heygen_async.bulk.jobs.outcomes import Summary

BAR_SECONDS = 0.25  # between updates
LINE_SECONDS = 30.0  # between lines


class Counted(Protocol):
    """A run whose rows are counted, such as `Results`."""

    summary: Summary

    @property
    def total(self) -> int | None:
        """The number of rows; None if it is not known yet."""

    @property
    def seconds_left(self) -> float | None:
        """The seconds until the end; None if they cannot be estimated."""


C = TypeVar("C", bound=Counted)


@contextlib.asynccontextmanager
async def with_progress(running: contextlib.AbstractAsyncContextManager[C], *, show: bool) -> AsyncIterator[C]:
    """Enter *running*, and show its progress if *show* is True."""
    async with running as run:
        with progress_of(run) if show else contextlib.nullcontext():
            yield run


@contextlib.contextmanager
def progress_of(run: Counted, file: TextIO | None = None) -> Iterator[None]:
    """Show the progress of *run* in *file*, by default stderr, while the block lasts. Needs a running event loop."""
    with _bar(file) or contextlib.nullcontext(_Lines(file)) as display, _repeated(display, run):
        yield


def line_of(run: Counted) -> str:
    """Return the progress as text: `12 of 200 rows: 11 completed, 1 failed; about 3 min left`."""
    failed = run.summary.failed.total()
    total = "" if run.total is None else f" of {run.total}"
    left = run.seconds_left
    plural = "" if (run.total or run.summary.completed + failed) == 1 else "s"
    ends = "" if not left else f"; about {max(1, round(left / 60))} min left"
    return (
        f"{run.summary.completed + failed}{total} row{plural}: {run.summary.completed} completed, {failed} failed{ends}"
    )


class _Display(Protocol):
    seconds: float

    def show(self, run: Counted) -> None: ...


class _Lines:
    """A line now and then, for logs and for programs without rich."""

    seconds = LINE_SECONDS

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._shown = ""

    def show(self, run: Counted) -> None:
        line = line_of(run)
        if line != self._shown:
            print(line, file=self._file or sys.stderr, flush=True)
            self._shown = line


class _Bar:
    """A bar in a terminal or a notebook."""

    seconds = BAR_SECONDS

    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._task = bars.add_task("Videos", total=None)

    def show(self, run: Counted) -> None:
        ended = run.summary.completed + run.summary.failed.total()
        self._bars.update(self._task, total=run.total, completed=ended, description=line_of(run))


def _bar(file: TextIO | None) -> contextlib.AbstractContextManager[_Display] | None:
    """Return a bar; None without rich, and where its output would be a file."""
    try:
        from rich import console, progress  # noqa: PLC0415 - an optional library
    except ImportError:
        return None
    screen = console.Console(file=file, stderr=file is None)
    if not screen.is_terminal and not screen.is_jupyter:
        return None
    columns = (progress.BarColumn(), progress.TextColumn("{task.description}", markup=False))
    return _started(progress.Progress(*columns, console=screen))


@contextlib.contextmanager
def _started(bars: Any) -> Iterator[_Display]:
    with bars:
        yield _Bar(bars)


@contextlib.contextmanager
def _repeated(display: _Display, run: Counted) -> Iterator[None]:
    """Show the progress at once, every few seconds, and at the end."""
    loop = asyncio.get_running_loop()
    timer: list[asyncio.TimerHandle] = []

    def tick() -> None:
        display.show(run)
        timer[:] = [loop.call_later(display.seconds, tick)]

    tick()
    try:
        yield
    finally:
        timer[0].cancel()
        display.show(run)

"""Display of a run's progress and of its summary."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter, deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from heygen_async import (
    Client,
    Completed,
    Event,
    Failed,
    JobEnded,
    JobRendered,
    JobSubmitted,
    RequestEnded,
    Result,
    Results,
    RetryPlanned,
    Summary,
    Unfinished,
)
from heygen_async.cli.terminal.bill import Bill
from heygen_async.cli.terminal.console import PlainConsole
from heygen_async.cli.terminal.json_feed import JsonFeed
from heygen_async.plain_text import clean

PLAIN_WIDTH = 160
FAILURES_SHOWN = 3  # the last ones, during a run
LINE_SECONDS = 60.0  # between lines if the output is no terminal, in the time of the run
REAL_SECONDS = 5.0  # at least, where the run's time is faster than real time


class ProgressBoard:
    """Observer that counts events and shows the progress: live on a terminal, else as a line a minute."""

    def __init__(self, console: Console, total: int, clock: Callable[[], float], feed: JsonFeed | None = None) -> None:
        """Show the progress of *total* rows on *console*.

        Args:
            console: Output for people.
            total: Rows of the run.
            clock: Returns the time of the run in seconds; called from other threads, too.
            feed: Gets the progress for machines, in place of the lines for people; a live display remains.
        """
        self.feed: JsonFeed = feed or JsonFeed(None)
        self.requests: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        self.rendering: int = 0
        self.completed: int = 0
        self.failed: int = 0
        self.console: Console = console
        self.results: Results | None = None  # set when the run begins
        self.bill: Bill = Bill()
        self._failures: deque[str] = deque(maxlen=FAILURES_SHOWN)
        self._total = total
        self._clock = clock
        self._began = 0.0
        self._ends_at: float | None = None  # `seconds` at the end; set in the event loop, read by another thread
        self._timer: asyncio.TimerHandle | None = None
        self._bar = Progress(
            TextColumn("[bold]Videos"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("rows"),
            console=console,
        )
        self._task = self._bar.add_task("", total=total)
        self._live = Live(get_renderable=self._view, console=console, refresh_per_second=8, transient=True)

    def keep_time_of(self, client: Client) -> None:
        """Count the seconds as the server of *client* counts them: a simulator may be faster than real time."""
        loop, clock = asyncio.get_running_loop(), client.account.clock
        self._clock = lambda: clock.at(loop.time())

    def __call__(self, event: Event) -> None:
        """Count one event."""
        match event:
            case RequestEnded(method=method, route=route):
                self.requests[f"{method} {route}"] += 1
            case RetryPlanned(error=error):
                self.retries[error] += 1
            case JobSubmitted():
                self.rendering += 1
            case JobRendered():
                self.rendering -= 1
            case JobEnded(error=error):
                self._count_end(failed=error is not None and error != "DownloadError")
            case _:
                pass

    def add(self, row: Result | Unfinished) -> None:
        """Add the cost of a completed row, or the message of a failed one."""
        if isinstance(row, Completed):
            self.bill.add(row)
        elif isinstance(row, Failed):
            code = row.error.code or type(row.error).__name__
            self._failures.append(clean(f"row {row.index + 1} failed: {code}: {row.error.message}"))

    def __enter__(self) -> Self:
        """Start the clock and the display."""
        self._began = self._clock()
        self.feed.facts = self.facts
        self._schedule_line()
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the display and remove it from the screen."""
        if self._timer is not None:
            self._timer.cancel()
        if self.console.is_terminal:
            self._live.stop()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Hide the display in the block, for a question to a person."""
        if not self.console.is_terminal:
            yield
            return
        self._live.stop()
        yield
        self._live.start()

    @property
    def seconds(self) -> float:
        """Seconds since the beginning, in the time of the run."""
        return self._clock() - self._began

    def facts(self) -> dict[str, object]:
        """Return the progress for machines."""
        done = self.completed + self.failed
        slots = math.inf if self.results is None else self.results.slots.total
        left = self._seconds_left(done)
        return {
            "completed": self.completed,
            "failed": self.failed,
            "rendering": self.rendering,
            "waiting": self._total - done - self.rendering,
            "slots": slots if slots < math.inf else None,
            "seconds": round(self.seconds, 1),
            "seconds_left": None if left is None else round(left, 1),
            "requests": self.requests.total(),
            "repeated": self.retries.total(),
        }

    def _count_end(self, *, failed: bool) -> None:
        self.failed += failed
        self.completed += not failed
        self._bar.update(self._task, completed=self.completed + self.failed)
        left = None if self.results is None else self.results.seconds_left
        self._ends_at = None if left is None else self.seconds + left

    def _line(self) -> str:
        done = self.completed + self.failed
        slots = math.inf if self.results is None else self.results.slots.total
        rendering = f"{self.rendering} rendering" + (f" on {slots:g} slots" if slots < math.inf else "")
        return (
            f"{self.completed} completed, {self.failed} failed, {rendering}, "
            f"{self._total - done - self.rendering} waiting; {span(self.seconds)}{self._left(done)}"
        )

    def _left(self, done: int) -> str:
        """Return the time left as text; empty if it cannot be estimated yet."""
        left = self._seconds_left(done)
        return "" if left is None else f", about {span(left)} left"

    def _seconds_left(self, done: int) -> float | None:
        """Estimate the time left from known render times, else from the time and rows so far."""
        if not 0 < done < self._total:
            return None
        left = self.seconds / done * (self._total - done) if self._ends_at is None else self._ends_at - self.seconds
        return max(0.0, left)

    def _view(self) -> Group:
        spent = f"{self.bill.amount} US dollars, {self.requests.total()} requests, {self.retries.total()} repeated"
        last = [Text(failure, style="red", overflow="ellipsis", no_wrap=True) for failure in self._failures]
        return Group(self._bar, Text(self._line()), Text(spent, style="dim"), *last)

    def _schedule_line(self) -> None:
        """Print a line after the next minute."""
        loop = asyncio.get_running_loop()
        pause = max(LINE_SECONDS, REAL_SECONDS * getattr(loop, "speed", 0.0))
        self._timer = loop.call_later(pause, self._print_progress)

    def _print_progress(self) -> None:
        if self.feed.is_on:
            self.feed.progress()
        elif not self.console.is_terminal:
            self.console.print(self._line())
        self._schedule_line()


def wide_console(*, stderr: bool = False) -> Console:
    """Return a console; without a terminal it is so wide that lines are not broken."""
    console = PlainConsole(stderr=stderr)
    return console if console.is_terminal else PlainConsole(stderr=stderr, width=PLAIN_WIDTH)


def span(seconds: float) -> str:
    """Format a duration for people: 42 s, 3 min 5 s, 1 h 12 min."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def show_summary(console: Console, summary: Summary, board: ProgressBoard, facts: dict[str, str]) -> None:
    """Print the summary of a run: completed and failed rows, reasons, requests, and *facts* about it."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row(
        "Completed",
        Text(f"{summary.completed} of {summary.completed + summary.failed.total()} rows", style="green"),
    )
    reasons = clean(", ".join(f"{count} {code}" for code, count in summary.failed.most_common()))
    table.add_row(
        "Failed",
        Text(f"{summary.failed.total()}" + (f": {reasons}" if reasons else ""), style="red" if reasons else ""),
    )
    if summary.not_stored:
        table.add_row(
            "Not stored",
            Text(f"{summary.not_stored} completed, but their files could not be downloaded", style="yellow"),
        )
    if summary.at_stake:
        table.add_row(
            "Look at these",
            Text(f"{summary.at_stake} failed rows may have been paid for all the same", style="yellow"),
        )
    table.add_row("Requests", f"{board.requests.total()} ({_retries(board)})")
    for name, value in facts.items():
        table.add_row(name, Text(clean(value)))
    console.print()
    console.print(table)


_RETRY_REASONS = {
    "ServerError": "after a server error",
    "RateLimitError": "after being told to wait",
    "ConnectionLostError": "after a lost connection",
    "ConnectionFailedError": "after a failed connection",
    "AttemptTimeoutError": "after a time-out",
    "ContractError": "after an unreadable answer",
    "RequestInProgressError": "while the first was still being answered",
}


def _retries(board: ProgressBoard) -> str:
    if not board.retries:
        return "none repeated"
    reasons = [f"{count} {_RETRY_REASONS.get(name, f'after {name}')}" for name, count in board.retries.most_common()]
    return f"{board.retries.total()} repeated: {', '.join(reasons)}"

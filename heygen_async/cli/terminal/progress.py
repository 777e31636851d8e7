"""What a person sees while a run goes on, and at its end."""

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
from heygen_async.cli.terminal.json_feed import JsonFeed

PLAIN_WIDTH = 160
FAILURES_SHOWN = 3  # the last of them, while a run goes on
LINE_SECONDS = 60.0  # between lines where the output is no terminal, by the run's clock
REAL_SECONDS = 5.0  # between them where that clock is faster than life


class ProgressBoard:
    """Counts what happens (it is an observer) and shows it, live on a terminal, else as a line a minute."""

    def __init__(self, console: Console, total: int, clock: Callable[[], float], feed: JsonFeed | None = None) -> None:
        """Show on *console* the way to *total* rows; *clock* tells the seconds of the run, in any thread.

        A *feed* is told the same for machines, and then there are no lines for people but those of a live display.
        """
        self.feed: JsonFeed = feed or JsonFeed(None)
        self.requests: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        self.rendering: int = 0
        self.completed: int = 0
        self.failed: int = 0
        self.console = console
        self.results: Results | None = None  # of the run, once it has begun
        self.bill: Bill = Bill()
        self._failures: deque[str] = deque(maxlen=FAILURES_SHOWN)
        self._total = total
        self._clock = clock
        self._began = 0.0
        self._ends_at: float | None = None  # by the run's clock; worked out in its loop, shown by another thread
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
                self._ended(failed=error is not None and error != "DownloadError")
            case _:
                pass

    def note(self, ended: Result | Unfinished) -> None:
        """Take in what a row came to."""
        if isinstance(ended, Completed):
            self.bill.add(ended)
        elif isinstance(ended, Failed):
            code = ended.error.code or type(ended.error).__name__
            self._failures.append(f"row {ended.index + 1} failed: {code}: {ended.error.message}")

    def __enter__(self) -> Self:
        """Begin to show."""
        self._began = self._clock()
        self.feed.facts = self.facts
        self._wait_a_minute()
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing; what is on the screen goes."""
        if self._timer is not None:
            self._timer.cancel()
        if self.console.is_terminal:
            self._live.stop()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Show nothing meanwhile: somebody is asked something."""
        if not self.console.is_terminal:
            yield
            return
        self._live.stop()
        yield
        self._live.start()

    @property
    def seconds(self) -> float:
        """Seconds since the beginning, by the run's clock."""
        return self._clock() - self._began

    def facts(self) -> dict[str, object]:
        """Tell for machines what the line tells people."""
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

    def _ended(self, *, failed: bool) -> None:
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
        """Say how long it will take: by what is known of render times, else by what has passed."""
        left = self._seconds_left(done)
        return "" if left is None else f", about {span(left)} left"

    def _seconds_left(self, done: int) -> float | None:
        if not 0 < done < self._total:
            return None
        left = self.seconds / done * (self._total - done) if self._ends_at is None else self._ends_at - self.seconds
        return max(0.0, left)

    def _view(self) -> Group:
        spent = f"{self.bill.amount} US dollars, {self.requests.total()} requests, {self.retries.total()} repeated"
        last = [Text(said, style="red", overflow="ellipsis", no_wrap=True) for said in self._failures]
        return Group(self._bar, Text(self._line()), Text(spent, style="dim"), *last)

    def _wait_a_minute(self) -> None:
        """Say how far the run is after the next minute, whether anything happens in it or not."""
        loop = asyncio.get_running_loop()
        pause = max(LINE_SECONDS, REAL_SECONDS * getattr(loop, "speed", 0.0))
        self._timer = loop.call_later(pause, self._say)

    def _say(self) -> None:
        if self.feed.is_on:
            self.feed.progress()
        elif not self.console.is_terminal:
            self.console.print(self._line())
        self._wait_a_minute()


def wide_console(*, stderr: bool = False) -> Console:
    """Return the console for a person, or one that does not break lines where the output goes to a file."""
    console = Console(highlight=False, stderr=stderr)
    return console if console.is_terminal else Console(highlight=False, stderr=stderr, width=PLAIN_WIDTH)


def span(seconds: float) -> str:
    """Return a duration as people say it: 42 s, 3 min 5 s, 1 h 12 min."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def show_summary(console: Console, summary: Summary, board: ProgressBoard, facts: dict[str, str]) -> None:
    """Print the end of a run: what came out, why some did not, what it took."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row(
        "Completed",
        Text(f"{summary.completed} of {summary.completed + summary.failed.total()} rows", style="green"),
    )
    reasons = ", ".join(f"{count} {code}" for code, count in summary.failed.most_common())
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
        table.add_row(name, Text(value))
    console.print()
    console.print(table)


_WORDS = {
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
    reasons = [f"{count} {_WORDS.get(name, f'after {name}')}" for name, count in board.retries.most_common()]
    return f"{board.retries.total()} repeated: {', '.join(reasons)}"

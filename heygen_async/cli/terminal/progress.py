"""Display of a run's progress: one bar, the rows, the money, and when it will be ready."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import math
from collections import Counter, deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
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
    Unfinished,
)
from heygen_async.bulk.rows.person import name_in
from heygen_async.cli.terminal.bill import Bill
from heygen_async.cli.terminal.console import PlainConsole
from heygen_async.cli.terminal.json_feed import JsonFeed
from heygen_async.plain_text import clean

PLAIN_WIDTH = 160
FAILURES_SHOWN = 3  # the last ones, during a run
LINE_SECONDS = 60.0  # between lines if the output is no terminal, in the time of the run
REAL_SECONDS = 5.0  # at least, where the run's time is faster than real time
SILENT_SECONDS = 20.0  # without an answer to any request, before HeyGen counts as unreachable
_NO_ANSWER = frozenset({"ConnectionFailedError", "ConnectionLostError", "AttemptTimeoutError"})


class _Bar:
    """A bar of the rows: completed ones green, failed ones red, the others dim."""

    def __init__(self, board: ProgressBoard) -> None:
        self._board = board

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        board = self._board
        count = f" {board.completed + board.failed:,} of {board.total:,}"
        width = max(10, options.max_width - len("Videos ") - len(count))
        failed = math.ceil(width * board.failed / max(1, board.total))
        done = min(width - failed, int(width * board.completed / max(1, board.total)))
        bar = Text("Videos ", style="bold")
        signs = "━╍─" if options.encoding.lower().startswith("utf") else "=x-"
        parts = ((done, "green"), (failed, "red"), (width - done - failed, "dim"))
        for sign, (length, style) in zip(signs, parts, strict=True):
            bar.append(sign * length, style=style)
        yield bar.append(count, style="bold")


class ProgressBoard:
    """Observer that counts events and shows the progress: live on a terminal, else as a line a minute."""

    def __init__(
        self,
        console: Console,
        total: int,
        clock: Callable[[], float],
        feed: JsonFeed | None = None,
        budget_usd: float | None = None,
    ) -> None:
        """Show the progress of *total* rows on *console*.

        Args:
            console: Output for people.
            total: Rows of the list; the run itself tells how many of them are due.
            clock: Returns the time of the run in seconds; called from other threads, too.
            feed: Gets the progress for machines, in place of the lines for people; a live display remains.
            budget_usd: Budget of the run.
        """
        self.feed: JsonFeed = feed or JsonFeed(None)
        self.requests: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        self.rendering: int = 0
        self.completed: int = 0
        self.failed: int = 0
        self.total: int = total
        self.console: Console = console
        self.results: Results | None = None  # set when the run begins
        self.bill: Bill = Bill()
        self._budget = budget_usd
        self._failures: deque[str] = deque(maxlen=FAILURES_SHOWN)
        self._clock = clock
        self._began = 0.0
        self._ends_at: float | None = None  # `seconds` at the end; set in the event loop, read by another thread
        self._silent_since: tuple[float, dt.datetime] | None = None  # clock, and time of day
        self._told_silence = False
        self._timer: asyncio.TimerHandle | None = None
        self._speed = 1.0
        self._rate: Callable[[], float] = lambda: 1.0  # seconds of the server in one of the loop
        self._live = Live(get_renderable=self._view, console=console, refresh_per_second=8, transient=True)

    def keep_time_of(self, client: Client) -> None:
        """Count the seconds as the server of *client* counts them: a simulator may be faster than real time."""
        loop, clock = asyncio.get_running_loop(), client.account.clock
        self._clock = lambda: clock.at(loop.time())
        self._rate = lambda: clock.speed

    def __call__(self, event: Event) -> None:
        """Count one event."""
        match event:
            case RequestEnded(method=method, route=route):
                self.requests[f"{method} {route}"] += 1
                self._heard(answered=event.status is not None, lost=event.error in _NO_ANSWER)
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

    def begin(self, results: Results) -> None:
        """Show the progress of a run that has begun; rows that an earlier run has completed are not due."""
        self.results = results
        if (total := results.total) is not None:
            self.total = total

    def add(self, row: Result | Unfinished) -> None:
        """Add the cost of a completed row, or the message of a failed one."""
        if isinstance(row, Completed):
            self.bill.add(row)
        elif isinstance(row, Failed):
            self._failures.append(clean(f"{self._who(row)}: {_why(row)}"))
            if not self.console.is_terminal and not self.feed.is_on:
                self.console.print(self._failures[-1], markup=False, highlight=False, soft_wrap=True)

    def _who(self, row: Failed) -> str:
        """Return the row as counted in the list, with the name of its person."""
        name = name_in(row.row)
        return f"row {self.feed.numbers.of(row) or row.index + 1}" + (f" ({name})" if name else "")

    def __enter__(self) -> Self:
        """Start the clock and the display."""
        self._began = self._clock()
        self._speed = getattr(asyncio.get_running_loop(), "speed", None) or 1.0
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
    def failures(self) -> tuple[str, ...]:
        """The last failed rows, each with its person and its reason."""
        return tuple(self._failures)

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
            "waiting": self._waiting,
            "slots": slots if slots < math.inf else None,
            "seconds": round(self.seconds, 1),
            "seconds_left": None if left is None else round(left, 1),
            "requests": self.requests.total(),
            "repeated": self.retries.total(),
            "unreachable": self._silence is not None,
        }

    @property
    def _waiting(self) -> int:
        return max(0, self.total - self.completed - self.failed - self.rendering)

    def _heard(self, *, answered: bool, lost: bool) -> None:
        """Note if HeyGen has answered a request at all; a line tells when it was away and is back."""
        if lost and self._silent_since is None:
            self._silent_since = self._clock(), dt.datetime.now().astimezone()
        elif answered:
            if self._told_silence and not self.console.is_terminal and not self.feed.is_on:
                self.console.print("HeyGen can be reached again.")
            self._silent_since, self._told_silence = None, False

    @property
    def _silence(self) -> str | None:
        """The words for a HeyGen that cannot be reached; None if it can."""
        since = self._silent_since
        if since is None or self._clock() - since[0] < SILENT_SECONDS:
            return None
        videos = "1 video is" if self.rendering == 1 else f"{self.rendering} videos are"
        made = f" {videos} being made." if self.rendering else ""
        return f"HeyGen cannot be reached since {since[1]:%H:%M}. Nothing is lost; it is tried again and again.{made}"

    def _count_end(self, *, failed: bool) -> None:
        self.failed += failed
        self.completed += not failed
        left = None if self.results is None else self.results.seconds_left
        self._ends_at = None if left is None else self.seconds + left

    def _line(self) -> str:
        slots = math.inf if self.results is None else self.results.slots.total
        made = f"{self.rendering} being made" + (f" on {slots:g} slot{'s' * (slots != 1)}" if slots < math.inf else "")
        failed = f"{self.failed} failed, " if self.failed else ""
        return f"{self.completed} done, {failed}{made}, {self._waiting} waiting"

    def _money_and_time(self) -> str:
        money = self.bill.short + (f" of {self._budget:,.0f} USD" if self._budget is not None else " USD")
        left, speed = self._seconds_left(self.completed + self.failed), self._speed * self._rate()
        if left is None:
            return f"{money}; {span(self.seconds / speed)} so far"
        ready = dt.datetime.now().astimezone() + dt.timedelta(seconds=left / speed)
        return f"{money}; ready about {ready:%H:%M}, in {span(left / speed)}"

    def _seconds_left(self, done: int) -> float | None:
        """Estimate the time left from known render times, else from the time and rows so far."""
        if not 0 < done < self.total:
            return None
        left = self.seconds / done * (self.total - done) if self._ends_at is None else self._ends_at - self.seconds
        return max(0.0, left)

    def _view(self) -> Group:
        last = [Text(failure, style="red") for failure in self._failures]
        away = self._silence
        state = Text(self._line()) if away is None else Text(away, style="yellow")
        return Group(_Bar(self), state, Text(self._money_and_time(), style="dim"), *last)

    def _schedule_line(self) -> None:
        """Print a line after the next minute."""
        pause = max(LINE_SECONDS, REAL_SECONDS * (self._speed if self._speed > 1 else 0.0))
        self._timer = asyncio.get_running_loop().call_later(pause, self._print_progress)

    def _print_progress(self) -> None:
        away = self._silence
        if self.feed.is_on:
            self.feed.progress()
        elif not self.console.is_terminal and (away is None or not self._told_silence):
            self.console.print(f"{self._line()}; {self._money_and_time()}" if away is None else away)
        self._told_silence = away is not None
        self._schedule_line()


def _why(row: Failed) -> str:
    """Return the reason without the id of the video, which tells a person nothing."""
    reason = row.error.message.removeprefix(f"video {row.resource_id} failed: ")
    code = row.error.code
    return reason if code is None or code in reason else f"{reason} ({code})"


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

"""Running a campaign at the command line: the event loop, the results as they come, the summary and exit code."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import shlex
import urllib.parse
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console

from heygen_async import (
    BudgetReachedError,
    HeyGen,
    HeyGenError,
    InsufficientCreditError,
    InvalidInputError,
    Journal,
    JournalError,
    Merge,
    QuotaExceededError,
    Result,
    Results,
    RunPausedError,
    Summary,
    Unfinished,
)
from heygen_async.bulk.campaign.campaign import settings_of
from heygen_async.bulk.jobs.next_step import OnUnknown
from heygen_async.bulk.jobs.records import Expenses
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.journal.stored_files import unstored
from heygen_async.bulk.output.list_numbers import ListNumbers
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.prices.price_list import PRICE_LIST
from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.exits import InterruptedRunError
from heygen_async.cli.otel_environment import observers
from heygen_async.cli.rendering.compare_list import merge_text, waiting_text
from heygen_async.cli.rendering.results_files import MAIL_MERGE, ResultsKeeper, write_results
from heygen_async.cli.terminal.approval import approver
from heygen_async.cli.terminal.bill import Bill
from heygen_async.cli.terminal.interrupts import interruptible
from heygen_async.cli.terminal.json_feed import JsonFeed
from heygen_async.cli.terminal.progress import ProgressBoard, span, wide_console
from heygen_async.cli.terminal.summary import show_summary

OnRow = Callable[[Result | Unfinished], None]


def run_async(main: Callable[[], Coroutine[Any, Any, int]], speed: float, address: str | None) -> int:
    """Run *main* in an event loop whose time is *speed* times real time: above 1 only with a server on this machine."""
    server = address or os.environ.get("HEYGEN_API_BASE")
    if speed > 1 and urllib.parse.urlsplit(server or "").hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise InvalidInputError(
            f"--speed {speed:g}: only with a simulator on this machine, not with {server or 'HeyGen'}"
        )
    if speed == 1:
        return asyncio.run(main())
    from heygen_async import simulator

    return simulator.run(main, speed=speed)


async def follow(
    running: AbstractAsyncContextManager[Results], board: ProgressBoard, resume_hint: str, on_row: Iterable[OnRow] = ()
) -> tuple[Results, Bill]:
    """Follow a run to its end or to the second Ctrl-C. Call each of *on_row* with every row, also with unfinished ones.

    Args:
        running: The run, not yet entered.
        board: Shows the progress.
        resume_hint: Printed when the run stops early.
        on_row: Called with each result as it comes, and at the end with the rows that are still under way.
    """
    results, callbacks = None, [*on_row, board.add, board.feed.add]
    try:
        async with running as results, interruptible(results, board.console, resume_hint):
            board.begin(results)
            if results.kept:
                board.console.print(kept_text(results.kept), markup=False, highlight=False)
            async for result in results:
                for callback in callbacks:
                    callback(result)
    except (RunPausedError, InsufficientCreditError, QuotaExceededError) as exc:
        exc.add_note(resume_hint)
        raise
    finally:
        for row in (*results.unread, *results.unfinished) if results is not None else ():
            for callback in callbacks:
                callback(row)
    return results, board.bill


@attrs.frozen(kw_only=True)
class ResumeOptions:
    """Arguments of `heygen-async resume`."""

    journal: str
    on_unknown: OnUnknown
    budget_usd: float | None
    approve: bool
    is_served: bool = False  # on a page that may approve


async def resume(options: ResumeOptions, address: str | None, feed: JsonFeed) -> int:
    """Continue a journal's campaign, print its summary and return the exit code."""
    journal = options.journal
    with Journal(journal) as opened:
        settings, newest = settings_of(opened), opened.newest_list()
        due = opened.due() + len(rows_without_files(opened))
        incomplete = incomplete_list(opened)
        asks = waits_for_approval(opened)
    console = wide_console(stderr=feed.is_on)
    if newest is not None:
        console.print(
            f"{counted(due, 'row')} to do: those of the list {newest.source or f'number {newest.id}'} and those whose "
            "videos are being made",
            markup=False,
            highlight=False,
        )
    if incomplete:
        console.print(f"Note: {incomplete}", markup=False, highlight=False, soft_wrap=True)
    board = ProgressBoard(console, due, asyncio.get_running_loop().time, feed, settings.budget_usd)
    async with HeyGen(base_url=address, observers=[board, *observers()]) as heygen:
        board.keep_time_of(heygen)
        board.feed.numbers = ListNumbers(journal)
        with summed_up(console, board, journal, settings.download_to), board:
            running = heygen.resume(
                journal,
                on_unknown=options.on_unknown,
                budget_usd=options.budget_usd,
                approve=approver(board, is_served=options.is_served) if options.approve or asks else None,
            )
            if settings.download_to is None:
                results, bill = await follow(running, board, resume_hint_for(journal))
            else:
                with contextlib.closing(ResultsKeeper(journal, Path(settings.download_to))) as keeper:
                    results, bill = await follow(running, board, resume_hint_for(journal), [keeper])
    return finish(console, results, bill, board, journal=journal, folder=settings.download_to)


def waits_for_approval(journal: JournalReader) -> bool:
    """Return True if a campaign was begun with --approve, and nobody has approved of its first rows yet."""
    return journal.meta("asks_approval") is not None and journal.meta("approved") is None


def kept_text(kept: Mapping[str, Any]) -> str:
    """Return which options a run has kept from the last one of its campaign."""
    options = ", ".join(f"{name} {value}" for name, value in kept.items())
    return f"Kept from this campaign's last run: {options}"


def rows_without_files(journal: JournalReader) -> list[int]:
    """Return the ids of completed rows whose files should be stored and are not."""
    settings = settings_of(journal)
    return [] if settings.download_to is None else [job_id for job_id, _ in unstored(journal, settings.files)]


def resume_hint_for(journal: str | Path) -> str:
    """Return a line with the command that continues a journal's campaign."""
    return f"To continue: heygen-async resume {shlex.quote(str(journal))}"


def finish(
    console: Console,
    results: Results,
    bill: Bill,
    board: ProgressBoard,
    *,
    journal: str | Path | None,
    folder: str | None,
) -> int:
    """Print the summary of a run and return its exit code."""
    facts = {"Charged": str(bill), "Time": span(board.seconds)}
    merge = results.merge or Merge()
    if rows := merge_text(merge):
        facts = {"Rows": rows, **facts}
    closed = Closed() if journal is None else _close_journal(journal, folder, facts)
    if merge.waiting:
        facts["Waiting"] = waiting_text(merge)
    if folder is not None and journal is None:
        facts["Files"] = f"{Path(folder).resolve()}/  (results.csv lists every row)"
    show_summary(console, results.summary, board, facts)
    if journal is not None and results.summary == Summary() and closed == Closed() and not merge.waiting:
        console.print("There was nothing to do: every row of the journal has ended.")
        return 7
    if closed.unknown or merge.waiting:
        return 8
    return 5 if results.summary.failed or results.summary.not_stored or closed != Closed() else 0


@contextlib.contextmanager
def summed_up(console: Console, board: ProgressBoard, journal: str | Path | None, folder: str | None) -> Iterator[None]:
    """Sum a run up and write its files, too, if a guard, an error or the second Ctrl-C has ended it."""
    try:
        yield
    except (HeyGenError, InterruptedRunError) as exc:
        if journal is not None and board.results is not None:
            with contextlib.suppress(HeyGenError, OSError):  # what has ended the run is what is told
                finish(console, board.results, board.bill, board, journal=journal, folder=folder)
                if isinstance(exc, BudgetReachedError):
                    exc.__notes__ = [note for note in exc.__notes__ if note != resume_hint_for(journal)]
                    exc.add_note(f"{resume_hint_for(journal)} --budget {_budget_for_all(journal)}usd")
        raise


def _budget_for_all(journal: str | Path) -> int:
    """Return a budget in US dollars that is surely enough for all rows that are left."""
    with Journal(journal, read_only=True) as opened:
        ledger, rates = opened.ledger(), settings_of(opened).rates or Rates()
        left = sum(rates.estimate(record.kind, record.body).high for record in opened.records("planned"))
    return math.ceil(ledger.high_usd + ledger.at_stake_usd + left)


@attrs.frozen
class Closed:
    """Rows that a run has left in its journal.

    Attributes:
        unknown: Number of rows whose outcome is unknown.
        open: Number of rows that are to be sent or under way.
        incomplete: True if the last list was not taken in whole.
    """

    unknown: int = 0
    open: int = 0
    incomplete: bool = False


def _close_journal(journal: str | Path, folder: str | None, facts: dict[str, str]) -> Closed:
    """Write the results from the journal, and add its money and its open rows to *facts*."""
    with Journal(journal) as opened:
        unknown, due = opened.counts()["unknown"], opened.due()
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            results = write_results(opened, Path(folder))
            links = results.with_name(results.name.replace("results", MAIL_MERGE.removesuffix(".csv")))
            more = f", {links.name} has the links" if links.exists() else ""
            book = results.with_suffix(".xlsx")
            names = f"{results.name} and {book.name} list" if book.exists() else f"{results.name} lists"
            facts["Files"] = f"{Path(folder).resolve()}/  ({names} every row{more})"
        without_files = rows_without_files(opened)
        facts.update(money(opened))
        incomplete = incomplete_list(opened)
    if due > unknown:
        facts["Left"] = f"{counted(due - unknown, 'row')}. {resume_hint_for(journal)}"
    if incomplete:
        facts["Not complete"] = incomplete
    if without_files:
        facts["Without files"] = (
            f"{counted(len(without_files), 'row')}, rendered and paid for. {resume_hint_for(journal)}"
        )
    if unknown:
        facts["For you to decide"] = f"{counted(unknown, 'row')}: heygen-async status {shlex.quote(str(journal))}"
    return Closed(unknown, due - unknown, bool(incomplete))


def money(journal: JournalReader) -> dict[str, str]:
    """Return what the last run and all runs of a journal were charged, and what is at stake, as lines of a summary."""
    now, ever = journal.ledger(run=int(journal.meta("runs") or 0)), journal.ledger()
    by = f"by {PRICE_LIST}; HeyGen's bill decides"
    lines = {"Charged": f"{_usd(now)} {by}" if now.charged else "nothing in this run"}
    if ever.charged > now.charged:
        lines["In all runs"] = f"{_usd(ever)} for {counted(ever.charged, 'render')}"
    if ever.open:
        lines["At stake"] = f"up to {ever.at_stake_usd:.2f} US dollars for {counted(ever.open, 'render')} still open"
    return lines


def _usd(ledger: Expenses) -> str:
    span_ = f"{ledger.low_usd:.2f}"
    if f"{ledger.high_usd:.2f}" != span_:
        span_ = f"{span_} to {ledger.high_usd:.2f}"
    return f"about {span_} US dollars"


def incomplete_list(journal: JournalReader) -> str | None:
    """Return the words for a list that was not taken in whole, with the command that completes it; else None."""
    newest = journal.newest_list()
    if newest is None or newest.whole or newest.name:
        return None
    source = newest.source or "LIST"
    return (
        f"the list {newest.source or ''} was taken in only up to row {newest.rows}. To complete it, run it again as "
        f"before: heygen-async run {shlex.quote(source)} --journal {shlex.quote(str(journal.place))} ..."
    ).replace("  ", " ")


def check_place(folder: Path) -> None:
    """Refuse a place for the folder of the files where a file stands, before HeyGen is asked; nothing is created."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InvalidInputError(f"--output {folder}: {nearest} is a file; name a folder, which may be new")


def check_writable(folder: Path) -> None:
    """Create the folder of the files; refuse one that cannot be created, before a row is paid for."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise JournalError(f"{folder}: {exc.strerror}") from exc


def check_journal(path: Path) -> None:
    """Refuse a journal with the ending of another kind of file."""
    if path.suffix.lower() in {".csv", ".jsonl", ".toml", ".mp4"}:
        raise InvalidInputError(f"--journal {path}: name a file such as campaign.db")

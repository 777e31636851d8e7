"""Running a campaign at the command line: the event loop, the results as they come, the summary and exit code."""

from __future__ import annotations

import asyncio
import os
import shlex
import urllib.parse
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console

from heygen_async import (
    HeyGen,
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
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.journal.stored_files import unstored
from heygen_async.bulk.output.export import export
from heygen_async.cli.terminal.approval import approval_prompt
from heygen_async.cli.terminal.bill import Bill
from heygen_async.cli.terminal.interrupts import interruptible
from heygen_async.cli.terminal.json_feed import JsonFeed
from heygen_async.cli.terminal.progress import ProgressBoard, show_summary, span, wide_console

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
            board.results = results
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


async def resume(options: ResumeOptions, address: str | None, feed: JsonFeed) -> int:
    """Continue a journal's campaign, print its summary and return the exit code."""
    journal = options.journal
    with Journal(journal) as opened:
        counts, settings = opened.counts(), settings_of(opened)
        without_files = len(rows_without_files(opened))
    console = wide_console(stderr=feed.is_on)
    due = counts.total() - counts["completed"] - counts["failed"] + without_files
    board = ProgressBoard(console, due, asyncio.get_running_loop().time, feed)
    async with HeyGen(base_url=address, observers=[board]) as heygen:
        with board:
            running = heygen.resume(
                journal,
                on_unknown=options.on_unknown,
                budget_usd=options.budget_usd,
                approve=approval_prompt(board) if options.approve else None,
            )
            results, bill = await follow(running, board, resume_hint_for(journal))
    return finish(console, results, bill, board, journal=journal, folder=settings.download_to)


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
    if results.merge is not None and results.merge != Merge():
        facts = {"Rows": merge_text(results.merge), **facts}
    unknown = open_rows = 0
    if journal is not None:
        unknown, open_rows = _close_journal(journal, folder, facts)
    if folder is not None:
        facts["Files"] = f"{Path(folder).resolve()}/  (results.csv lists every row)"
    show_summary(console, results.summary, board, facts)
    if journal is not None and results.summary == Summary() and not unknown and not open_rows:
        console.print("There was nothing to do: every row of the journal has ended.")
        return 7
    if unknown:
        return 8
    return 5 if results.summary.failed or results.summary.not_stored or open_rows else 0


def merge_text(merge: Merge) -> str:
    """Return how many rows of a list are new to the journal, changed, unchanged and so on."""
    counts = {
        "new": merge.new,
        "changed, so rendered again": merge.changed,
        "unchanged": merge.unchanged,
        "changed while their former version is still under way: run again later": merge.busy,
        "no longer in the list": merge.removed,
        "in the list more than once, rendered once": merge.repeated,
    }
    return ", ".join(f"{count} {text}" for text, count in counts.items() if count)


def _close_journal(journal: str | Path, folder: str | None, facts: dict[str, str]) -> tuple[int, int]:
    """Write results.csv from the journal, add its open rows to *facts*, and count unknown and open rows."""
    with Journal(journal, read_only=True) as opened:
        counts = opened.counts()
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            export(opened, Path(folder) / "results.csv")
        without_files = rows_without_files(opened)
    open_rows = counts.total() - counts["completed"] - counts["failed"] - counts["unknown"]
    if open_rows:
        facts["Left"] = f"{open_rows} rows. {resume_hint_for(journal)}"
    if without_files:
        facts["Without files"] = f"{len(without_files)} rows, rendered and paid for. {resume_hint_for(journal)}"
    if counts["unknown"]:
        facts["Undecided"] = f"{counts['unknown']} rows: heygen-async status {shlex.quote(str(journal))}"
    return counts["unknown"], open_rows


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

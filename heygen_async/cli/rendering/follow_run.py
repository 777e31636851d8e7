"""What the commands that render share: options, the loop, the run itself, its summary."""

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
from heygen_async.cli.terminal.approval import asking
from heygen_async.cli.terminal.bill import Bill
from heygen_async.cli.terminal.interrupts import interruptible
from heygen_async.cli.terminal.json_feed import JsonFeed
from heygen_async.cli.terminal.progress import ProgressBoard, show_summary, span, wide_console

Note = Callable[[Result | Unfinished], None]


def start(main: Callable[[], Coroutine[Any, Any, int]], fast: float, address: str | None) -> int:
    """Run *main*, *fast* times faster than life if its server is on this machine."""
    server = address or os.environ.get("HEYGEN_API_BASE")
    if fast > 1 and urllib.parse.urlsplit(server or "").hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise InvalidInputError(
            f"--speed {fast:g}: only with a simulator on this machine, not with {server or 'HeyGen'}"
        )
    if fast == 1:
        return asyncio.run(main())
    from heygen_async import simulator

    return simulator.run(main, speed=fast)


async def follow(
    running: AbstractAsyncContextManager[Results], board: ProgressBoard, way_back: str, notes: Iterable[Note] = ()
) -> tuple[Results, Bill]:
    """See a run to its end or to the second Ctrl-C; tell *notes* of every row, those left under way too."""
    results, noted = None, [*notes, board.note, board.feed.note]
    try:
        async with running as results, interruptible(results, board.console, way_back):
            board.results = results
            async for result in results:
                for note in noted:
                    note(result)
    except (RunPausedError, InsufficientCreditError, QuotaExceededError) as exc:
        exc.add_note(way_back)
        raise
    finally:
        for left in (*results.unread, *results.unfinished) if results is not None else ():
            for note in noted:
                note(left)
    return results, board.bill


@attrs.frozen(kw_only=True)
class ResumeOptions:
    """How a journal's campaign goes on: see `heygen-async resume`."""

    journal: str
    on_unknown: OnUnknown
    budget_usd: float | None
    approve: bool


async def resume(how: ResumeOptions, address: str | None, feed: JsonFeed) -> int:
    """Go on with a journal's campaign and say how it ended."""
    journal = how.journal
    with Journal(journal) as opened:
        counts, settings = opened.counts(), settings_of(opened)
        lacking = len(rows_without_files(opened))
    console = wide_console(stderr=feed.is_on)
    due = counts.total() - counts["completed"] - counts["failed"] + lacking
    board = ProgressBoard(console, due, asyncio.get_running_loop().time, feed)
    async with HeyGen(base_url=address, observers=[board]) as heygen:
        with board:
            running = heygen.resume(
                journal,
                on_unknown=how.on_unknown,
                budget_usd=how.budget_usd,
                approve=asking(board) if how.approve else None,
            )
            results, bill = await follow(running, board, way_back_to(journal))
    return finish(console, results, bill, board, journal=journal, folder=settings.download_to)


def rows_without_files(journal: JournalReader) -> list[int]:
    """Return the completed rows whose files are wanted and not there."""
    settings = settings_of(journal)
    return [] if settings.download_to is None else [job_id for job_id, _ in unstored(journal, settings.files)]


def way_back_to(journal: str | Path) -> str:
    """Return the command that goes on."""
    return f"To go on: heygen-async resume {shlex.quote(str(journal))}"


def finish(
    console: Console,
    results: Results,
    bill: Bill,
    board: ProgressBoard,
    *,
    journal: str | Path | None,
    folder: str | None,
) -> int:
    """Show how a run ended and return its exit code."""
    facts = {"Charged": str(bill), "Time": span(board.seconds)}
    if results.merge is not None and results.merge != Merge():
        facts = {"Rows": met(results.merge), **facts}
    unknown = planned = 0
    if journal is not None:
        unknown, planned = _settle_journal(journal, folder, facts)
    if folder is not None:
        facts["Files"] = f"{Path(folder).resolve()}/  (results.csv lists every row)"
    show_summary(console, results.summary, board, facts)
    if journal is not None and results.summary == Summary() and not unknown and not planned:
        console.print("There was nothing to do: every row of the journal has ended.")
        return 7
    if unknown:
        return 8
    return 5 if results.summary.failed or results.summary.not_stored or planned else 0


def met(merge: Merge) -> str:
    """Say how the rows of a list met the journal."""
    words = {
        "new": merge.new,
        "changed, so rendered again": merge.changed,
        "unchanged": merge.unchanged,
        "changed while their former version is still under way: run again later": merge.busy,
        "no longer in the list": merge.removed,
        "in the list more than once, rendered once": merge.repeated,
    }
    return ", ".join(f"{count} {what}" for what, count in words.items() if count)


def _settle_journal(journal: str | Path, folder: str | None, facts: dict[str, str]) -> tuple[int, int]:
    """Write results.csv from the journal, tell what is left, and count the unknown and the open rows."""
    with Journal(journal, read_only=True) as opened:
        counts = opened.counts()
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            export(opened, Path(folder) / "results.csv")
        lacking = rows_without_files(opened)
    left = counts.total() - counts["completed"] - counts["failed"] - counts["unknown"]
    if left:
        facts["Left"] = f"{left} rows. {way_back_to(journal)}"
    if lacking:
        facts["Without files"] = f"{len(lacking)} rows, rendered and paid for. {way_back_to(journal)}"
    if counts["unknown"]:
        facts["Undecided"] = f"{counts['unknown']} rows: heygen-async status {shlex.quote(str(journal))}"
    return counts["unknown"], left


def check_writable(folder: Path) -> None:
    """Refuse a folder that cannot take files, before anything is paid for."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise JournalError(f"{folder}: {exc.strerror}") from exc


def check_journal(path: Path) -> None:
    """Refuse a name that is surely not meant for a journal."""
    if path.suffix.lower() in {".csv", ".jsonl", ".toml", ".mp4"}:
        raise InvalidInputError(f"--journal {path}: name a file such as campaign.db")

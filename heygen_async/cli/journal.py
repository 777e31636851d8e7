"""The commands around a journal: resume, status, retry, export, audit."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from heygen_async import HeyGen, InvalidInputError, Journal
from heygen_async.bulk.campaign.audit import audit as audit_journal
from heygen_async.bulk.journal.database import ADDRESSES
from heygen_async.bulk.output.export import export as export_journal
from heygen_async.cli import running
from heygen_async.cli.feed import Feed, fed
from heygen_async.cli.progress import wide_console
from heygen_async.cli.words import BaseUrl, JournalFile, Json, Speed, Unknown, Usd

WATCH_SECONDS = 2.0
_WORDS = {
    "completed": "completed",
    "submitted": "rendering at HeyGen: resume follows them",
    "planned": "not yet sent: resume submits them",
    "intended": "sent when the run ended: resume finds out, without paying twice",
    "unknown": "sent, answer lost, not found: look at HeyGen, then resume --on-unknown resubmit or skip",
    "failed": "failed: see below; retry --failed plans them again",
}


def resume(
    journal: JournalFile,
    /,
    *,
    on_unknown: Unknown = "hold",
    budget: Annotated[
        Usd | None, Parameter(help="What the campaign may cost, all its runs together, in the place of what it had.")
    ] = None,
    approve: Annotated[bool, Parameter(help="Ask before the rows after the canary are sent.")] = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
    in_json: Json = False,
) -> None:
    """Go on with a campaign after any interruption. Needs nothing but JOURNAL. Costs money for what is left.

    If JOURNAL is a database that workers share, they go on after `pause`, or when there is credit again.
    """
    if journal.startswith(ADDRESSES):
        _let_workers_go_on(journal)
        return
    going_on = running.GoingOn(journal=journal, on_unknown=on_unknown, budget_usd=budget, approve=approve)

    def command(feed: Feed) -> int:
        return running.start(lambda: running.resume(going_on, base_url, feed), speed, base_url)

    fed(command, in_json=in_json)


def status(
    journal: JournalFile,
    /,
    *,
    watch: Annotated[bool, Parameter(help="Show it again every two seconds until nothing is open.")] = False,
) -> None:
    """Say how far a campaign is and what to do. Asks nothing of HeyGen; may be run while it goes on."""
    console = wide_console()
    while True:
        with Journal(journal, read_only=True) as opened:
            counts = opened.counts()
            show_status(console, opened)
        if not watch or not set(counts) - {"completed", "failed", "unknown"}:
            sys.exit(8 if counts["unknown"] else 0)
        time.sleep(WATCH_SECONDS)


def show_status(console: Console, journal: Journal) -> None:
    """Print the rows by state, and the failed ones by code."""
    counts = journal.counts()
    console.print(f"{journal.name}: {counts.total()} rows")
    for state, words in _WORDS.items():
        if counts[state]:
            console.print(f"  {counts[state]:>7}  {words}")
    if lacking := len(running.rows_without_files(journal)):
        console.print(f"  {lacking:>7}  of the completed lack a file: resume fetches it, and pays nothing")
    for code, count in journal.failures().most_common():
        console.print(f"  {count:>7}  failed with {code}")
    if str(journal.place).startswith(ADDRESSES):
        from heygen_async.workers.enqueue import shared  # noqa: PLC0415 - of an extra

        console.print(f"  workers: {shared(str(journal.place))}", highlight=False)


def retry(
    journal: JournalFile,
    /,
    *,
    failed: Annotated[  # noqa: ARG001 - said on purpose, not by default
        bool, Parameter(required=True, help="The failed rows; completed ones are never made again.")
    ],
    code: Annotated[str | None, Parameter(help="Only those that failed with this code.")] = None,
) -> None:
    """Plan failed rows again, each under a new key. Sends nothing: resume does."""
    with Journal(journal) as opened:
        rows = [record.id for record in opened.records("failed", code=code)]
        for job_id in rows:
            opened.begin_again(job_id)
    if journal.startswith(ADDRESSES):
        _queue_again(journal)
        sys.exit(0 if rows else 7)
    wide_console().print(f"{len(rows)} rows are planned again. heygen-async resume {journal}")
    sys.exit(0 if rows else 7)


def export(journal: JournalFile, output: Annotated[Path, Parameter(help="Ends in .csv or .jsonl.")], /) -> None:
    """Write a campaign to OUTPUT: .csv or .jsonl; failed.csv holds the failed rows only, ready to be run again."""
    with Journal(journal, read_only=True) as opened:
        count = export_journal(opened, output)
    wide_console().print(f"{count} rows written to {output}")


async def audit(
    journal: JournalFile,
    /,
    *,
    fix: Annotated[bool, Parameter(help="Put the journal right where HeyGen shows that a row has its video.")] = False,
    base_url: BaseUrl = None,
) -> None:
    """Compare a campaign with HeyGen's list of videos and the balance. Changes nothing without --fix."""
    await _audit(journal, base_url, fix=fix)


async def _audit(path: str, base_url: str | None, *, fix: bool) -> None:
    console, count = wide_console(), 0
    async with HeyGen(base_url=base_url) as heygen:
        with Journal(path, read_only=not fix) as journal:
            async for found in audit_journal(heygen, journal, fix=fix):
                count += 1
                row = "" if found.job_id is None else f", row {found.job_id}"
                console.print(f"{found.kind}: video {found.video_id}{row}{' (fixed)' if found.fixed else ''}")
        account = (await heygen.raw("GET", "/v3/users/me")).get("data", {})
    balance = (account.get("wallet") or {}).get("remaining_balance")
    console.print(f"{count} differences" + ("" if balance is None else f"; the wallet holds {balance}"))


def _let_workers_go_on(address: str) -> None:
    from heygen_async.workers.enqueue import resume as resume_workers  # noqa: PLC0415 - of an extra

    state = resume_workers(address)
    wide_console().print(f"The workers go on: at most {state.cap} renders at once.", highlight=False)


def _queue_again(address: str) -> None:
    from heygen_async.workers.enqueue import queue_again  # noqa: PLC0415 - of an extra

    wide_console().print(f"{queue_again(address)} rows are queued again; workers go on with them.", highlight=False)


def check_journal(path: Path) -> None:
    """Refuse a name that is surely not meant for a journal."""
    if path.suffix.lower() in {".csv", ".jsonl", ".toml", ".mp4"}:
        raise InvalidInputError(f"--journal {path}: name a file such as campaign.db")

"""`heygen-async status`: the progress of a campaign, and the next step."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console

from heygen_async.cli.terminal.option_types import JournalFile
from heygen_async.plain_text import clean

if TYPE_CHECKING:
    from heygen_async.bulk.journal.queries import JournalReader

WATCH_SECONDS = 2.0
_STATE_TEXTS = {
    "completed": "completed",
    "submitted": "rendering at HeyGen: resume follows them",
    "planned": "not yet sent: resume submits them",
    "intended": "perhaps sent, no answer recorded: resume finds out without paying twice",
    "unknown": "sent, answer lost, not found: look at HeyGen, then resume --on-unknown resubmit or skip",
    "failed": "failed: see below; retry --failed plans them again, or looks for those that may be paid for",
    "dropped": "no longer in the list: not sent",
}


def status(
    journal: JournalFile,
    /,
    *,
    watch: Annotated[bool, Parameter(help="Repeat every two seconds until no row is open.")] = False,
) -> None:
    """Show the progress of a campaign and what to do next. Sends no request to HeyGen; works during a run, too."""
    from heygen_async import Journal
    from heygen_async.cli.terminal.progress import wide_console

    console = wide_console()
    while True:
        with Journal(journal, read_only=True) as opened:
            counts = opened.counts()
            show_status(console, opened)
        if not watch or not set(counts) - {"completed", "failed", "unknown", "dropped"}:
            sys.exit(8 if counts["unknown"] else 0)
        time.sleep(WATCH_SECONDS)


def show_status(console: Console, journal: JournalReader) -> None:
    """Print the number of rows in each state, and of failed rows by error code."""
    from heygen_async.bulk.journal.database import ADDRESSES
    from heygen_async.bulk.prices.price_list import PRICE_LIST
    from heygen_async.cli.rendering import follow_run

    counts = journal.counts()
    console.print(f"{journal.name}: {counts.total()} rows")
    for state, text in _STATE_TEXTS.items():
        if counts[state]:
            console.print(f"  {counts[state]:>7}  {text}")
    if unstored := len(follow_run.rows_without_files(journal)):
        console.print(f"  {unstored:>7}  of the completed lack a file: resume fetches it, and pays nothing")
    for code, count in journal.failures().most_common():
        console.print(clean(f"  {count:>7}  failed with {code}"), markup=False)
    ledger = journal.ledger()
    console.print(
        f"  charged: {ledger.low_usd:.2f} to {ledger.high_usd:.2f} US dollars by {PRICE_LIST}; at stake: up to "
        f"{ledger.at_stake_usd:.2f}",
        highlight=False,
    )
    if incomplete := follow_run.incomplete_list(journal):
        console.print(f"  {incomplete}", markup=False, highlight=False, soft_wrap=True)
    if str(journal.place).startswith(ADDRESSES):
        from heygen_async.workers.enqueue import shared

        console.print(f"  workers: {shared(str(journal.place))}", highlight=False)

"""`heygen-async status`: the progress of a campaign, and the next step."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from heygen_async.cli.terminal.option_types import CampaignName, JournalFile, Json
from heygen_async.plain_text import clean

if TYPE_CHECKING:
    from heygen_async.bulk.journal.queries import JournalReader
    from heygen_async.workers.fleet_status import FleetStatus

WATCH_SECONDS = 2.0
_STATE_TEXTS = {
    "completed": "completed",
    "submitted": "rendering at HeyGen: resume follows them",
    "planned": "not yet sent: resume submits them",
    "intended": "perhaps sent, no answer recorded: resume finds out without paying twice",
    "unknown": "sent, answer lost, not found: look at HeyGen, then decide --resubmit, --skip or --adopt ID",
    "failed": "failed: see below; retry --failed plans them again, or looks for those that may be paid for",
    "dropped": "no longer in the list: not sent",
}


def status(
    journal: JournalFile,
    /,
    *,
    watch: Annotated[bool, Parameter(help="Repeat every two seconds until no row is open.")] = False,
    campaign: CampaignName = None,
    in_json: Json = False,
) -> None:
    """Show the progress of a campaign and what to do next. Sends no request to HeyGen; works during a run, too."""
    from heygen_async import Journal
    from heygen_async.cli.terminal.console import json_line
    from heygen_async.cli.terminal.progress import wide_console

    console = wide_console()
    while True:
        with Journal(journal, read_only=True, campaign=campaign) as opened:
            counts = opened.counts()
            if in_json:
                print(json_line(_facts(opened)), flush=True)
            else:
                show_status(console, opened)
        if not watch or not set(counts) - {"completed", "failed", "unknown", "dropped"}:
            sys.exit(8 if counts["unknown"] else 0)
        time.sleep(WATCH_SECONDS)


def show_status(console: Console, journal: JournalReader) -> None:
    """Print the number of rows in each state, and of failed rows by error code."""
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
    if (fleet := _fleet(journal)) is not None:
        console.print(f"  workers: {len(fleet.workers)} at work; {fleet.limits or 'no limits'}", highlight=False)
        for line in fleet.open_lines:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def _fleet(journal: JournalReader) -> FleetStatus | None:
    """Return the status of the workers that share a journal; None if none do."""
    if journal.meta("fleet") is None:
        return None
    from heygen_async.workers.fleet_status import fleet_status

    return fleet_status(str(journal.place))


def _facts(journal: JournalReader) -> dict[str, Any]:
    """Return the status of a journal for `--json`."""
    from heygen_async.cli.rendering import follow_run

    ledger, fleet = journal.ledger(), _fleet(journal)
    return {
        "journal": journal.name,
        "rows": dict(journal.counts()),
        "without_files": len(follow_run.rows_without_files(journal)),
        "failures": dict(journal.failures()),
        "charged_usd": [ledger.low_usd, ledger.high_usd],
        "at_stake_usd": ledger.at_stake_usd,
        **({} if fleet is None else {"fleet": fleet.as_json()}),
    }

"""`heygen-async status`: the progress of a campaign, and the next step."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.live import Live
from rich.text import Text

from heygen_async.cli.terminal.option_types import CampaignName, JournalFile, Json
from heygen_async.plain_text import clean_lines

if TYPE_CHECKING:
    from heygen_async.bulk.journal.queries import JournalReader
    from heygen_async.workers.fleet_status import FleetStatus

WATCH_SECONDS = 2.0


def status(
    journal: JournalFile,
    /,
    *,
    watch: Annotated[
        bool, Parameter(help="Repeat every two seconds until no row is open; in a terminal in one place.")
    ] = False,
    campaign: CampaignName = None,
    in_json: Json = False,
) -> None:
    """Show the progress of a campaign and what to do next. Sends no request to HeyGen; works during a run, too."""
    from heygen_async import Journal
    from heygen_async.cli.planning.progress_lines import progress_lines
    from heygen_async.cli.terminal.console import json_line
    from heygen_async.cli.terminal.progress import wide_console

    console, live = wide_console(), None
    if watch and console.is_terminal and not in_json:
        live = Live(console=console, auto_refresh=False)
        live.start()
    try:
        while True:
            with Journal(journal, read_only=True, campaign=campaign) as opened:
                counts = opened.counts()
                if in_json:
                    print(json_line(_facts(opened)), flush=True)
                else:
                    _show(console, live, clean_lines("\n".join(progress_lines(opened, _fleet(opened)))))
            if not watch or not set(counts) - {"completed", "failed", "unknown", "dropped"}:
                sys.exit(8 if counts["unknown"] else 0)
            time.sleep(WATCH_SECONDS)
    finally:
        if live is not None:
            live.stop()


def _show(console: Console, live: Live | None, text: str) -> None:
    """Print the text, or put it in the place of the last one."""
    if live is None:
        console.print(text, soft_wrap=True)
    else:
        live.update(Text(text), refresh=True)


def _fleet(journal: JournalReader) -> FleetStatus | None:
    """Return the status of the workers that share a journal; None if none do."""
    if journal.meta("fleet") is None:
        return None
    from heygen_async.workers.fleet_status import fleet_status

    return fleet_status(str(journal.place))


def _facts(journal: JournalReader) -> dict[str, Any]:
    """Return the status of a journal for `--json`."""
    from heygen_async.bulk.campaign.campaign import settings_of
    from heygen_async.cli.planning.progress_lines import ready_at, run_of, time_left
    from heygen_async.cli.rendering import follow_run

    ledger, fleet, left = journal.ledger(), _fleet(journal), time_left(journal)
    return {
        "journal": journal.name,
        "rows": dict(journal.counts()),
        "without_files": len(follow_run.rows_without_files(journal)),
        "failures": dict(journal.failures()),
        "charged_usd": [ledger.low_usd, ledger.high_usd],
        "at_stake_usd": ledger.at_stake_usd,
        "budget_usd": settings_of(journal).budget_usd,
        "running": run_of(journal),
        "seconds_left": None if left is None else round(left),
        "ready_at": None if left is None else ready_at(left).isoformat(timespec="seconds"),
        **({} if fleet is None else {"fleet": fleet.as_json()}),
    }

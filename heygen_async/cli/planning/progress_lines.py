"""The progress of a campaign as `status` tells it: rows, money, time, and what to do next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heygen_async.bulk.campaign.campaign import settings_of
from heygen_async.bulk.journal.database import ADDRESSES
from heygen_async.bulk.journal.file_lock import holder_of
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.output.time_left import seconds_left
from heygen_async.bulk.plan.credit import RENDERS_AT_ONCE_ELSE
from heygen_async.bulk.prices.price_list import PRICE_LIST
from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.rendering import follow_run
from heygen_async.cli.terminal.progress import span

_STATES = {
    "completed": "completed",
    "submitted": "being made at HeyGen",
    "planned": "not yet sent",
    "intended": "perhaps sent, no answer recorded: a run finds out without paying twice",
    "unknown": "sent, answer lost, not found: look at HeyGen, then decide --resubmit, --skip or --adopt ID",
    "failed": "failed: see below; retry --failed plans them again, or looks for those that may be paid for",
    "dropped": "no longer in the list: not sent",
}
_RESUMED = {"submitted": ": resume follows them", "planned": ": resume submits them"}


def progress_lines(journal: JournalReader, fleet: Any) -> Iterator[str]:
    """Yield the lines of `status`; *fleet* is the status of the workers, or None."""
    counts, running = journal.counts(), run_of(journal)
    yield f"{journal.name}: {counted(counts.total(), 'row')}"
    for state, text in _STATES.items():
        if counts[state]:
            yield f"  {counts[state]:>7,}  {text}{'' if running or fleet else _RESUMED.get(state, '')}"
    if unstored := len(follow_run.rows_without_files(journal)):
        yield f"  {unstored:>7,}  of the completed lack a file: resume fetches it, and pays nothing"
    for code, count in journal.failures().most_common():
        yield f"  {count:>7,}  failed with {code}"
    ledger, budget = journal.ledger(), settings_of(journal).budget_usd
    yield (
        f"  charged: {ledger.low_usd:,.2f} to {ledger.high_usd:,.2f} US dollars by {PRICE_LIST}; at stake: up to "
        f"{ledger.at_stake_usd:,.2f}"
    )
    if budget is not None:
        left = max(0.0, budget - ledger.high_usd - ledger.at_stake_usd)
        yield f"  budget: {budget:,.2f} US dollars, {left:,.2f} of them free"
    if fleet is None:
        yield from _time_lines(journal, running)
    if incomplete := follow_run.incomplete_list(journal):
        yield f"  {incomplete}"
    if fleet is not None:
        yield f"  workers: {len(fleet.workers)} at work; {fleet.limits or 'no limits'}"
        yield from (f"  {line}" for line in fleet.open_lines)


def _time_lines(journal: JournalReader, running: str | None) -> Iterator[str]:
    left = time_left(journal)
    if running is not None:
        yield f"  a run is in progress ({running})" + ("" if left is None else f"; {_ready(left)}")
    elif left is not None:
        hint = follow_run.resume_hint_for(str(journal.place))
        yield f"  no run is in progress; what is left takes about {span(left)}. {hint}"


def time_left(journal: JournalReader) -> float | None:
    """Return the seconds until all rows have ended; None if none is open."""
    wished = settings_of(journal).max_in_flight
    return seconds_left(journal, wished if isinstance(wished, int) else RENDERS_AT_ONCE_ELSE)


def _ready(seconds: float) -> str:
    return f"about {span(seconds)} left, ready about {ready_at(seconds):%H:%M}"


def ready_at(seconds: float) -> dt.datetime:
    """Return the time of day after so many seconds."""
    return dt.datetime.now().astimezone() + dt.timedelta(seconds=seconds)


def run_of(journal: JournalReader) -> str | None:
    """Return which process runs the campaign of a journal in a file at present; None if there is none."""
    place = str(journal.place)
    return None if place.startswith(ADDRESSES) else holder_of(Path(place))

"""Comparison of a list with its journal before a run: what is new, and what would be paid for again."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from heygen_async import Journal, JournalError, Merge
from heygen_async.bulk.campaign.campaign import preview
from heygen_async.bulk.plan.plan import Plan
from heygen_async.bulk.prices.price import Rates
from heygen_async.cli.terminal.ask import TypedLines


def compare(plan: Plan, journal: Path | str | None, *, rates: Rates, tag_titles: bool) -> Merge | None:
    """Return what the rows of *plan* are to the journal of the campaign; None if it has none yet.

    Raises:
        JournalError: The journal cannot be used, or another process is using it.
    """
    if journal is None or plan.errors or not is_begun(journal):
        return None
    with Journal(journal) as opened:
        return preview(opened, plan.jobs(), rates=rates, tag_titles=tag_titles)


def is_begun(journal: Path | str) -> bool:
    """Return True if a campaign was begun in a journal."""
    if isinstance(journal, Path):
        return journal.exists() and journal.stat().st_size > 0
    try:
        Journal(journal, read_only=True).close()
    except JournalError:
        return False  # or out of reach, which the run itself will tell
    return True


def show_comparison(
    console: Console, plan: Plan, journal: Path | str | None, *, rates: Rates, tag_titles: bool
) -> None:
    """Print the comparison, for `plan`; a journal that is in use is passed over with a note."""
    if plan.id_column is not None:
        identity = f"by the column {plan.id_column}"
    else:
        identity = "by what is sent for them; --id COLUMN recognises a row whatever is edited"
    console.print(f"Rows are recognised {identity}.", markup=False, highlight=False)
    try:
        merge = compare(plan, journal, rates=rates, tag_titles=tag_titles)
    except JournalError as exc:
        console.print(f"Not compared with earlier runs: {exc}", markup=False, highlight=False)
        return
    if merge is not None:
        console.print(f"Compared with {journal}: {merge_text(merge)}", markup=False, highlight=False)
        if merge.due:
            console.print(
                f"To be sent: {merge.due} rows, {_usd(merge.due_low_usd, merge.due_high_usd)}", highlight=False
            )
        if merge.waiting:
            console.print(waiting_text(merge), markup=False, highlight=False)


async def decide(console: Console, merge: Merge | None) -> bool:
    """Return True if rows that have a video are to be rendered again; asks in a terminal, and elsewhere tells how."""
    if merge is None or not merge.waiting:
        return False
    if not sys.stdin.isatty():
        console.print(waiting_text(merge), markup=False, highlight=False)
        return False
    lines = TypedLines(sys.stdin)
    try:
        console.print(f"{_waiting(merge)}. Render them again? [y/N]: ", end="", markup=False, highlight=False)
        line = await lines.read()
    finally:
        lines.close()
    return line is not None and line.strip().lower() in {"y", "yes"}


def merge_text(merge: Merge) -> str:
    """Return how many rows of a list are new to the journal, changed, unchanged and so on."""
    changed = "rendered again, as you said" if merge.again else "wait for a decision"
    counts = {
        "new": merge.new,
        "edited before they were sent": merge.replaced,
        "failed before, sent again": merge.retried,
        f"changed after their videos were made: {changed}": merge.changed,
        f"the same words as a video of another row: {changed}": merge.equal,
        "unchanged": merge.unchanged,
        "changed while their former version is still under way: run again later": merge.busy,
        "no longer in the list, not sent": merge.dropped,
        "no longer in the list, ended before": merge.removed - merge.dropped,
        "in the list more than once, rendered once": merge.repeated,
    }
    return ", ".join(f"{count} {text}" for text, count in counts.items() if count)


def waiting_text(merge: Merge) -> str:
    """Return the words for rows that wait for a decision, with the way to decide."""
    return f"{_waiting(merge)}. They keep what they have; to render them again, add --again."


def _waiting(merge: Merge) -> str:
    rows = "1 row has" if merge.waiting == 1 else f"{merge.waiting} rows have"
    return (
        f"{rows} a video made with another request, or for another row; to render again costs "
        f"{_usd(merge.low_usd, merge.high_usd)}"
    )


def _usd(low: float, high: float) -> str:
    return f"about {low:.2f} to {high:.2f} US dollars"

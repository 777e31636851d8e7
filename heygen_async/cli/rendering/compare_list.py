"""Comparison of a list with its journal before a run: what is new, and what would be paid for again."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import attrs
from rich.console import Console

from heygen_async import Campaign, InvalidInputError, Journal, JournalError, Merge
from heygen_async.bulk.campaign.campaign import preview
from heygen_async.bulk.plan.credit import ACCOUNT
from heygen_async.bulk.plan.plan import Plan
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.terminal.ask import says_yes

_JOURNALS = 20  # looked at beside a new one


def compare(plan: Plan, journal: Path | str | None, *, rates: Rates, tag_titles: bool) -> Merge | None:
    """Return what the rows of *plan* are to the journal of the campaign; None if it has none yet.

    Raises:
        JournalError: The journal cannot be used, or another process is using it.
    """
    if journal is None or not _is_comparable(plan) or not is_begun(journal):
        return None
    with Journal(journal) as opened:
        return preview(opened, plan.good_jobs(), rates=rates.knowing(plan.looks), tag_titles=tag_titles)


def _is_comparable(plan: Plan) -> bool:
    """Return True if there are good rows, and no problem of the list itself."""
    is_whole = all(problem.line is not None or problem.source == ACCOUNT for problem in plan.errors)
    return is_whole and plan.rows > plan.bad


def is_begun(journal: Path | str) -> bool:
    """Return True if a campaign was begun in a journal."""
    if isinstance(journal, Path):
        return journal.exists() and journal.stat().st_size > 0
    try:
        Journal(journal, read_only=True).close()
    except JournalError:
        return False  # or out of reach, which the run itself will tell
    return True


def comparison_lines(plan: Plan, merge: Merge | None, journal: Path | str | None) -> list[str]:
    """Return what `plan` says of earlier runs: how rows are recognised, and what they are to the journal."""
    if plan.id_column is not None:
        identity = f"by the column {plan.id_column}"
    else:
        identity = "by what is sent for them; --id COLUMN recognises a row whatever is edited"
    lines = [f"Rows are recognised {identity}."]
    if merge is None:
        return lines
    lines.append(f"Compared with {journal}: {merge_text(merge)}")
    if merge.due:
        lines.append(f"To be sent: {counted(merge.due, 'row')}, {_usd(merge.due_low_usd, merge.due_high_usd)}")
    texts = ("" if plan.errors else swapped_text(plan, merge), waiting_text(merge) if merge.waiting else "")
    return [*lines, *filter(None, texts)]


Decision = Literal["again", "keep", "stop"]


async def decide(console: Console, plan: Plan, merge: Merge | None) -> Decision:
    """Return what to do about rows that may be paid for twice; asks in a terminal, and elsewhere tells how.

    "again" renders rows with a video again, "keep" leaves them as they are, "stop" sends nothing at all.
    """
    if merge is None:
        return "keep"
    swapped = swapped_text(plan, merge)
    if not sys.stdin.isatty():
        for text in (swapped, waiting_text(merge) if merge.waiting else ""):
            if text:
                console.print(text, markup=False, highlight=False)
        return "keep"
    if swapped and not await says_yes(console, f"{swapped} Go on? [y/N]: "):
        return "stop"
    if merge.waiting and await says_yes(console, f"{_waiting(merge)}. Render them again? [y/N]: "):
        return "again"
    return "keep"


def swapped_text(plan: Plan, merge: Merge) -> str:
    """Return a warning if new rows may be contacts of rows that have left the list; empty if they cannot."""
    left = merge.removed - merge.dropped
    if plan.id_column is not None or plan.table.is_part or not merge.new or not left:
        return ""
    return (
        f"{_are(merge.new)} new, and {_are(left)} gone that ended before. Contacts whose cells "
        "and words were both edited cannot be recognised without an id column (--id), and are paid for again."
    )


def check_relatives(plan: Plan, journal: Path, folders: Iterable[Path], *, rates: Rates) -> None:
    """Refuse to begin a journal by itself if another one beside it, or beside the list, has rows of the list.

    Raises:
        InvalidInputError: The message names that journal, and both ways on.
    """
    others = dict.fromkeys(other for folder in folders for other in sorted(folder.glob("*.db")) if other != journal)
    for other in list(others)[:_JOURNALS]:
        try:
            merge = compare(plan, other, rates=rates, tag_titles=False)
        except JournalError:
            continue  # another program's file, or in use
        known = 0 if merge is None else merge.unchanged + merge.equal + merge.retried
        if known:
            raise InvalidInputError(
                f"{known} of {counted(plan.rows, 'row')} are in the journal {other} already. Go on with it: "
                f"--journal {other}; or begin anew, and pay for them again: --journal {journal}"
            )


def keep_id_column(campaign: Campaign, journal: Path | str | None) -> Campaign:
    """Return *campaign* with the id column of its last run, unless it names one."""
    if campaign.rows.id is not None or journal is None or not is_begun(journal):
        return campaign
    with Journal(journal, read_only=True) as opened:
        kept = opened.meta("id_column")
    return attrs.evolve(campaign, rows=attrs.evolve(campaign.rows, id=kept))


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
        "changed while their former videos are still being made: run again later": merge.busy,
        "not in the list or not chosen, not sent": merge.dropped,
        "not in the list or not chosen, ended before": merge.removed - merge.dropped,
        "in the list more than once, rendered once": merge.repeated,
    }
    return ", ".join(f"{count} {text}" for text, count in counts.items() if count)


def waiting_text(merge: Merge) -> str:
    """Return the words for rows that wait for a decision, with the way to decide."""
    return f"{_waiting(merge)}. They keep what they have; to render them again, add --again."


def _waiting(merge: Merge) -> str:
    rows = counted(merge.waiting, "row") + (" has" if merge.waiting == 1 else " have")
    return (
        f"{rows} a video made with another request, or for another row; to render again costs "
        f"{_usd(merge.low_usd, merge.high_usd)}"
    )


def _are(count: int) -> str:
    return counted(count, "row") + (" is" if count == 1 else " are")


def _usd(low: float, high: float) -> str:
    return f"about {low:.2f} to {high:.2f} US dollars"

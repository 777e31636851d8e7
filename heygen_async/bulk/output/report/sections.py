"""Sentences and figures of the page; `page.html` holds the markup around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from heygen_async.bulk.output.report.charts import Chart, Shape
from heygen_async.bulk.output.report.next_steps import command
from heygen_async.bulk.output.report.queries import AtStake, Spent
from heygen_async.bulk.output.report.remedies import remedy_for
from heygen_async.bulk.output.report.wording import count, dollars, either

STATES = {
    "completed": "Ready",
    "failed": "Failed",
    "unknown": "To be decided",
    "submitted": "Being made",
    "intended": "Sent",
    "planned": "Not yet begun",
    "dropped": "Not in the list any more",
}
_BAR_WIDTH = 1000


def headline(counts: Counter[str]) -> str:
    """Return the campaign in one sentence."""
    if not counts.total():
        return "There are no rows yet."
    wanted = counts.total() - counts["dropped"]
    if counts["completed"] == wanted:
        return "The video is ready." if wanted == 1 else f"All {count(wanted, 'video')} are ready."
    ready = "is ready" if counts["completed"] == 1 else "are ready"
    return f"{counts['completed']:,} of {count(wanted, 'video')} {ready}."


def progress(counts: Counter[str]) -> Chart:
    """Draw all rows as one bar, divided by state."""
    left, shapes, words = 0.0, [], []
    for state, name in STATES.items():
        if counts[state]:
            width = _BAR_WIDTH * counts[state] / counts.total()
            place = {"x": round(left, 2), "y": 0, "width": round(width, 2), "height": 10}
            shapes.append(Shape("rect", {**place, "class": state}))
            words.append(f"{counts[state]:,} {name.lower()}")
            left += width
    return Chart(
        name="progress",
        title="Rows by state",
        description=either(words) or "no rows",
        shapes=shapes,
        view_box=f"0 0 {_BAR_WIDTH} 10",
        attributes={"class": "progress", "preserveAspectRatio": "none"},
    )


def price(spent: Iterable[Spent]) -> str:
    """Return the sum of the known prices in US dollars, and a note if a kind has no known price."""
    known = [
        (kind.low, kind.high)
        for kind in spent
        if kind.low is not None and kind.high is not None and kind.unpriced < kind.videos
    ]
    unpriced = any(kind.low is None or kind.unpriced for kind in spent)
    if not known:
        return "no price known"
    amount = dollars(sum(low for low, _ in known), sum(high for _, high in known))
    return f"{amount}, and what has no known price" if unpriced else amount


def at_stake(stake: AtStake) -> str:
    """Return the warning about renders that may have been paid for without a video; empty if there are none."""
    if not stake.total:
        return ""
    numbers = {
        "to be decided": stake.undecided,
        "failed with an unclear outcome": stake.failed,
        "given up in an earlier try": stake.given_up,
        "replaced after their rows were changed (these were paid for)": stake.replaced,
    }
    parts = either([f"{number:,} {group}" for group, number in numbers.items() if number])
    warning = f"{count(stake.total, 'render')} may have been paid for without a video in this report: {parts}."
    return f"{warning} They cost up to {stake.usd:,.2f} US dollars." if stake.usd else warning


def failure_command(code: str, journal: str) -> str:
    """Return the command for the rows that failed with *code*: send them again, or export them to be corrected."""
    if remedy_for(code).way == "edit":
        return command("export", journal, "failed.csv")
    return command("retry", journal, "--failed", *(["--code", code] if code else []))

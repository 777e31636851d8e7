"""The parts of the page that are tables and sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from heygen_async.api.requests.kinds import label_of
from heygen_async.bulk.output.report.gallery import Gallery
from heygen_async.bulk.output.report.markup import Markup, element, join
from heygen_async.bulk.output.report.next_steps import Step, command
from heygen_async.bulk.output.report.queries import AtStake, FailureGroup, Spent
from heygen_async.bulk.output.report.remedies import mend_for
from heygen_async.bulk.output.report.wording import count, dollars, either, span

_BAR_WIDTH = 1000


def totals(counts: Counter[str]) -> Markup:
    """Return the rows by how far they are."""
    under_way = counts["submitted"] + counts["intended"]
    tiles = (
        ("Rows", counts.total(), "all"),
        ("Completed", counts["completed"], "completed"),
        ("Failed", counts["failed"], "failed"),
        ("Undecided", counts["unknown"], "unknown"),
        ("Under way", under_way, "submitted"),
        ("Not yet sent", counts["planned"], "planned"),
    )
    return element("dl", *(_tile(*tile) for tile in tiles), class_="tiles")


def _tile(name: str, number: int, state: str) -> Markup:
    return element(
        "div",
        element("dt", name),
        element("dd", f"{number:,}"),
        class_=f"tile {state}" + ("" if number else " none"),
    )


def headline(counts: Counter[str]) -> str:
    """Return the campaign in one sentence."""
    if not counts.total():
        return "There are no rows yet."
    if counts["completed"] == counts.total():
        return f"{count(counts.total(), 'video')}: all are ready."
    ready = "is ready" if counts["completed"] == 1 else "are ready"
    return f"{counts['completed']:,} of {count(counts.total(), 'video')} {ready}."


def progress(counts: Counter[str]) -> Markup:
    """Return a bar of the rows by how far they are."""
    total, left, pieces, words = counts.total(), 0.0, [], []
    for state, told in (
        ("completed", "completed"),
        ("failed", "failed"),
        ("unknown", "undecided"),
        ("submitted", "rendering"),
        ("intended", "sent"),
        ("planned", "not yet sent"),
    ):
        if counts[state]:
            width = _BAR_WIDTH * counts[state] / total
            pieces.append(element("rect", x=round(left, 2), y=0, width=round(width, 2), height=10, class_=state))
            words.append(f"{counts[state]:,} {told}")
            left += width
    return element(
        "svg",
        element("title", "Rows by state", id="progress-title"),
        element("desc", either(words) or "no rows", id="progress-desc"),
        *pieces,
        viewBox=f"0 0 {_BAR_WIDTH} 10",
        preserveAspectRatio="none",
        role="img",
        class_="progress",
        aria_labelledby="progress-title progress-desc",
    )


def next_steps(steps: Iterable[Step]) -> Markup:
    """Return what is left and what to type."""
    return join(
        *(
            element("div", element("p", step.text), *(_typed(line) for line in step.commands), class_="step")
            for step in steps
        )
    )


def _typed(line: str) -> Markup:
    """Return a command that is broken at its spaces only: a lone `--` would be typed as such."""
    words = [element("span", word) for word in line.split(" ")]
    return element("pre", element("code", Markup(" ".join(words))))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, class_: str, foot: Sequence[str] = ()) -> Markup:
    """Return a table whose first column names the rows."""
    return element(
        "table",
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", *(_row(head, row) for row in rows)),
        *([element("tfoot", _row(head, foot))] if foot else []),
        class_=class_,
    )


def _row(head: Sequence[str], row: Sequence[str]) -> Markup:
    first, *others = row
    cells = zip(head[1:], others, strict=True)
    return element(
        "tr",
        element("th", first, scope="row"),
        *(element("td", cell, data_label=name) for name, cell in cells),
    )


def spending(spent: Sequence[Spent], stake: AtStake, under_way: int) -> Markup:
    """Return what the completed rows cost by HeyGen's price list, and what may have been paid besides."""
    parts = (
        [_spent_table(spent)] if spent else [element("p", "Nothing has been completed, so nothing is known to cost.")]
    )
    parts.append(
        element(
            "p",
            "An estimate by the prices that HeyGen publishes; HeyGen's bill decides. Failed renders are not billed.",
            class_="quiet",
        )
    )
    if stake.total:
        parts.append(element("p", _at_stake(stake, spent), class_="warning"))
    if under_way:
        parts.append(
            element("p", f"{count(under_way, 'render')} under way will be billed when finished.", class_="quiet")
        )
    return join(*parts)


def _spent_table(spent: Sequence[Spent]) -> Markup:
    rows = [(label_of(kind.kind), f"{kind.videos:,}", span(kind.seconds), _price([kind])) for kind in spent]
    videos, seconds = sum(kind.videos for kind in spent), sum(kind.seconds for kind in spent)
    foot = ("Together", f"{videos:,}", span(seconds), _price(spent)) if len(spent) > 1 else ()
    return table(("Kind", "Videos", "Length", "US dollars"), rows, class_="figures", foot=foot)


def _price(spent: Iterable[Spent]) -> str:
    """Say what is known; a kind without a known price is not counted, and that is said."""
    known = [(kind.low, kind.high) for kind in spent if kind.low is not None and kind.high is not None]
    unpriced = sum(kind.low is None for kind in spent)
    if not known:
        return "no price known"
    told = dollars(sum(low for low, _ in known), sum(high for _, high in known))
    return f"{told}, and what has no known price" if unpriced else told


def _at_stake(stake: AtStake, spent: Sequence[Spent]) -> str:
    words = {
        "undecided": stake.undecided,
        "failed with an unclear outcome": stake.failed,
        "given up in an earlier try": stake.given_up,
        "replaced after their rows were changed (these were paid for)": stake.replaced,
    }
    parts = either([f"{number:,} {what}" for what, number in words.items() if number])
    told = f"{count(stake.total, 'render')} may have been paid for without a video in this report: {parts}."
    videos, high = sum(kind.videos for kind in spent), sum(kind.high or 0.0 for kind in spent)
    return f"{told} At this campaign's average: up to {stake.total * high / videos:,.2f} US dollars." if high else told


def failures(groups: Sequence[FailureGroup], journal: str) -> Markup:
    """Return the failures by code, with what they mean and what helps."""
    if not groups:
        return element("p", "No row has failed.")
    rows = [_failure(group, journal) for group in groups]
    return table(("Code", "Rows", "What happened", "What to do"), rows, class_="failures")


def _failure(group: FailureGroup, journal: str) -> tuple[str, ...]:
    mend = mend_for(group.code)
    line = (
        command("retry", journal, "--failed", *(["--code", group.code] if group.code else []))
        if mend.way == "again"
        else command("export", journal, "failed.csv")
    )
    seen = element("button", "Show these rows", type="button", class_="needs-script", data_code=group.code)
    return (
        element("code", group.code or "no code", dir="auto"),
        f"{group.count:,}",
        join(element("p", mend.meaning), element("blockquote", group.example or "no message", dir="auto")),
        join(element("p", mend.mend), _typed(line), seen),
    )


def gallery_note(gallery: Gallery, journal: str) -> Markup:
    """Say which rows are shown, if that is not all of them."""
    if gallery.is_whole:
        return Markup()
    first = len(gallery.rows) - gallery.troubled
    further = f" and {gallery.troubled:,} further ones that failed or are undecided" if gallery.troubled else ""
    return element(
        "p",
        f"Of {count(gallery.total, 'row')}, this page holds the first {first:,}{further}, so that it opens quickly. "
        "results.csv beside the files has them all, and so has what this writes: ",
        element("code", command("export", journal, "results.csv")),
        class_="notice",
    )

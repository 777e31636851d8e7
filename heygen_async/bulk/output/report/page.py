"""`write_report`: a campaign as one HTML file that needs no network, no server and no other file but the videos.

No template engine: the core needs none, and what stands in rows is escaped by `element`, not by remembering a filter.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import os
import string
import time
from collections import Counter
from os import PathLike
from pathlib import Path

from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.output.report import sections
from heygen_async.bulk.output.report.charts import histogram, timeline
from heygen_async.bulk.output.report.gallery import collect
from heygen_async.bulk.output.report.markup import Markup, element, embedded, join
from heygen_async.bulk.output.report.next_steps import steps
from heygen_async.bulk.output.report.paths import ReportPaths
from heygen_async.bulk.output.report.queries import RenderSpan, ReportData
from heygen_async.bulk.output.report.wording import count, moment
from heygen_async.errors import InvalidInputError

_ENDINGS = frozenset({".html", ".htm"})


def write_report(journal: JournalReader | str | PathLike[str], path: str | PathLike[str]) -> Path:
    """Write a campaign to *path* as one HTML page, and return the page's path. Asks nothing of HeyGen; free.

    The page holds totals, costs, what is left and how to go on, failures with their mends, and the videos beside their
    rows. It names stored files relative to itself, so move both together. It holds the rows: whoever gets the page
    gets the contact list.

    Args:
        journal: The campaign, or its path; looked at only, also while a run is at work on it.
        path: A name that ends in .html; replaced at once and whole, so nobody ever sees half a page.

    Raises:
        InvalidInputError: *path* does not end in .html, or cannot be written.
        JournalError: There is no such journal, or it cannot be read.
    """
    source = journal.place if isinstance(journal, JournalReader) else journal
    target = Path(path)
    if target.suffix.lower() not in _ENDINGS:
        raise InvalidInputError(f"{target}: a report is a web page; give it a name that ends in .html")
    with ReportData(source) as reading, reading.at_one_moment():
        page = _page(reading, ReportPaths(journal=reading.folder, report=target.parent))
    _replace(target, page)
    return target


def _replace(target: Path, page: str) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            part.write_text(page, encoding="utf-8", errors="replace", newline="\n")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as exc:
        raise InvalidInputError(f"{target}: cannot be written ({exc.strerror}); name another place") from exc


def _page(journal: ReportData, places: ReportPaths) -> str:
    counts, gallery = journal.counts(), collect(journal, places)
    style, script = _part("page.css"), _part("page.js")
    parts = {
        "policy": _policy(style, script),
        "title": journal.name.rpartition("/")[2],
        "style": Markup(style),
        "script": Markup(script),
        "data": embedded(gallery.data()),
        "headline": sections.headline(counts),
        "dates": _dates(journal),
        "progress": sections.progress(counts),
        "totals": sections.totals(counts),
        "steps": sections.next_steps(steps(counts, _not_stored(journal, places), journal.name)),
        "spending": sections.spending(journal.spent(), journal.at_stake(), counts["submitted"] + counts["intended"]),
        "charts": _charts(journal),
        "failures": sections.failures(journal.failure_groups(), journal.name),
        "gallery_note": sections.gallery_note(gallery, journal.name),
        "states": _states(counts),
    }
    template = string.Template(_part("page.html"))
    return template.substitute({name: join(part) for name, part in parts.items()})


def _part(name: str) -> str:
    return importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return what the page may do: run its own script, wear its own style, play files that lie beside it."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; media-src 'self' file:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _dates(journal: ReportData) -> str:
    written = f"report of {moment(time.time())}"
    known = journal.began_and_changed()
    if known is None:
        return f"Nothing has been sent yet; {written}"
    began, changed = known
    return f"Begun {moment(began)}; last changed {moment(changed)}; {written}"


def _not_stored(journal: ReportData, places: ReportPaths) -> int:
    if not journal.wants_files:
        return 0
    videos = (stored.get("video") for _, stored in journal.files())
    return sum(video is None or video.file is None or places.find(video.file) is None for video in videos)


def _charts(journal: ReportData) -> Markup:
    renders, known = journal.renders(), journal.began_and_changed()
    took = [render.ended - render.begun for render in renders if render.state == "completed" and render.ended]
    drawn = [timeline(renders, known[1], journal.limit) if known else None, histogram(took)]
    names = ("Renders under way", "Render times")
    figures = [
        element("figure", element("figcaption", element("h3", name)), chart)
        for name, chart in zip(names, drawn, strict=True)
        if chart is not None
    ]
    if not figures:
        return element("p", "No render has been accepted yet, so there is nothing to draw.")
    return join(element("div", *figures, class_="charts"), element("p", _caveats(renders), class_="quiet"))


def _caveats(renders: list[RenderSpan]) -> str:
    told = "Times are as the campaign saw them: what ended while it was stopped counts until it was noticed."
    batched = sum(render.batched for render in renders)
    if not batched:
        return told
    return f"{told} {count(batched, 'render was', 'renders were')} sent in batches, so waiting at HeyGen counts too."


def _states(counts: Counter[str]) -> Markup:
    """Return what the gallery can be narrowed to: only what there is."""
    words = {
        "completed": "Completed",
        "failed": "Failed",
        "unknown": "Undecided",
        "submitted": "Rendering",
        "intended": "Sent",
        "planned": "Not yet sent",
    }
    return join(*(element("option", told, value=state) for state, told in words.items() if counts[state]))

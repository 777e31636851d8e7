"""`write_report`: a campaign as one HTML file that needs no network, no server and no other file but the videos."""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import os
import time
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import attrs

from heygen_async.api.requests.kinds import label_of
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.output.report import sections
from heygen_async.bulk.output.report.charts import Chart, histogram, timeline
from heygen_async.bulk.output.report.gallery import Gallery, collect
from heygen_async.bulk.output.report.next_steps import Step, command, steps
from heygen_async.bulk.output.report.paths import ReportPaths
from heygen_async.bulk.output.report.queries import RenderSpan, ReportData
from heygen_async.bulk.output.report.remedies import remedy_for
from heygen_async.bulk.output.report.wording import count, iso, moment, span
from heygen_async.bulk.prices.price_list import PRICE_LIST
from heygen_async.errors import InvalidInputError

_ENDINGS = frozenset({".html", ".htm"})
_FUNCTIONS = (  # called by the template
    command,
    count,
    iso,
    label_of,
    moment,
    remedy_for,
    sections.failure_command,
    sections.headline,
    sections.price,
    sections.progress,
    span,
)


def write_report(journal: JournalReader | str | PathLike[str], path: str | PathLike[str]) -> Path:
    """Write a campaign to *path* as one HTML page, and return the page's path. Sends no request to HeyGen; free.

    The page holds totals, costs, the rows that are left and how to go on, failures with their remedies, and the videos
    beside their rows. It names stored files relative to itself, so move both together. It holds the rows: whoever gets
    the page gets the contact list. Needs Jinja2, which the extras `templates` and `cli` install.

    Args:
        journal: The campaign, or its path. It is only read; a run may be writing it at the same time.
        path: A name that ends in .html. An existing file is replaced in one step, so no reader sees half a page.

    Raises:
        InvalidInputError: *path* does not end in .html, or cannot be written; or Jinja2 is not installed.
        JournalError: There is no such journal, or it cannot be read.
    """
    source, campaign = (journal.place, journal.campaign) if isinstance(journal, JournalReader) else (journal, None)
    target = Path(path)
    if target.suffix.lower() not in _ENDINGS:
        raise InvalidInputError(f"{target}: a report is a web page; give it a name that ends in .html")
    environment()  # raises before the journal is read
    with ReportData(source, campaign) as data, data.at_one_moment():
        page = page_of(data, ReportPaths(journal=data.folder, report=target.parent))
    _replace(target, page)
    return target


@attrs.frozen(kw_only=True)
class LiveParts:
    """Parts of a live page that a written one lacks.

    Attributes:
        controls: Markup above the totals, already escaped.
        script: Code that runs after the page's own.
        style: Rules in addition to the page's own.
        is_at_work: True if a run is at work, so that nothing need be typed.
    """

    controls: str
    script: str
    style: str
    is_at_work: bool


def page_of(journal: ReportData, paths: ReportPaths, *, live: LiveParts | None = None, with_rows: bool = True) -> str:
    """Return the page of a campaign, without its rows if *with_rows* is False."""
    gallery = collect(journal, paths) if with_rows else Gallery(total=journal.counts().total())
    return str(environment().from_string(_part("page.html")).render(_values(journal, paths, gallery, live)))


def environment() -> Any:
    """Return a Jinja2 environment that escapes every value.

    Raises:
        InvalidInputError: Jinja2 is not installed.
    """
    try:
        import jinja2  # noqa: PLC0415 - an extra: of the core, only reports and templates need it
    except ImportError as exc:
        raise InvalidInputError('a report needs Jinja2: pip install "heygen-async[templates]"') from exc
    made = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    for function in _FUNCTIONS:
        made.globals[function.__name__] = function
    # `tojson` escapes <, > and &, so no text in a row ends the script element. NaN would be a page that does not open.
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}
    return made


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


def _values(journal: ReportData, paths: ReportPaths, gallery: Gallery, live: LiveParts | None) -> dict[str, Any]:
    """Return the values of `page.html`."""
    style, script = _part("page.css"), _part("page.js")
    is_at_work = live is not None and live.is_at_work
    if live is not None:
        style, script = style + live.style, script + live.script
    counts, spent, renders = journal.counts(), journal.spent(), journal.renders()
    return {
        "policy": policy_of(style, script, is_live=live is not None),
        "controls": None if live is None else live.controls,
        "style": style,
        "script": script,
        "journal": journal.name,
        "campaign": campaign_name(journal),
        "list": _list_name(journal),
        "dates": _dates(journal),
        "states": sections.STATES,
        "counts": counts,
        "steps": None if is_at_work else _steps(journal, paths),
        "spent": spent,
        "price_list": PRICE_LIST,
        "at_stake": sections.at_stake(journal.at_stake()),
        "charts": _charts(journal, renders),
        "batched": sum(render.batched for render in renders),
        "failures": journal.failure_groups(),
        "gallery": gallery,
    }


def _steps(journal: ReportData, paths: ReportPaths) -> list[Step]:
    return steps(journal.wanted(), _not_stored(journal, paths), journal.name, journal.several_found())


def _part(name: str) -> str:
    return importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def policy_of(style: str, script: str, *, is_live: bool) -> str:
    """Return a policy that allows this script, this style, and files beside the page to be shown and played."""
    files = "'self'" if is_live else "'self' file:"
    talks = "connect-src 'self'; " if is_live else ""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        f"img-src {files}; media-src {files}; {talks}"
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def campaign_name(journal: JournalReader) -> str:
    """Return the name of a campaign: its journal's, without folder and ending."""
    last = journal.name.rstrip("/").rpartition("/")[2]
    return (last if "://" in journal.name else Path(last).stem) or "campaign"


def _list_name(journal: JournalReader) -> str:
    newest = journal.newest_list()
    return "" if newest is None or newest.source is None else Path(newest.source).name


def _dates(journal: ReportData) -> dict[str, float]:
    """Return Unix times by what is said of them."""
    known = journal.began_and_changed()
    times = {} if known is None else {"begun": known[0], "last changed": known[1]}
    return {**times, "written": time.time()}


def _not_stored(journal: ReportData, paths: ReportPaths) -> int:
    if not journal.wants_files:
        return 0
    videos = (stored.get("video") for _, stored in journal.files())
    return sum(video is None or not (video.is_elsewhere or (video.file and paths.find(video.file))) for video in videos)


def _charts(journal: ReportData, renders: Sequence[RenderSpan]) -> dict[str, Chart]:
    """Return the charts that have data, by their headings."""
    known = journal.began_and_changed()
    took = [render.ended - render.begun for render in renders if render.state == "completed" and render.ended]
    charts = {
        "Videos being made at once": timeline(renders, known[1], journal.limit) if known else None,
        "Time that each video took": histogram(took),
    }
    return {heading: chart for heading, chart in charts.items() if chart is not None}

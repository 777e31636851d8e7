"""A campaign as a live page shows it, read from its journal: the page, its parts, rows that have changed, files."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from heygen_async.bulk.campaign.campaign import settings_of
from heygen_async.bulk.journal.database import ADDRESSES
from heygen_async.bulk.journal.file_lock import holder_of
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.output.report.gallery import SHOWN_ROWS, Gallery
from heygen_async.bulk.output.report.page import LiveParts, environment, page_of
from heygen_async.bulk.output.report.paths import ReportPaths
from heygen_async.bulk.output.report.queries import ReportData
from heygen_async.bulk.output.report.wording import count, span
from heygen_async.bulk.output.time_left import seconds_left
from heygen_async.bulk.plan.credit import RENDERS_AT_ONCE_ELSE
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.bulk.wishes.wish import RunState
from heygen_async.bulk.wishes.wish_box import WishBox
from heygen_async.live.questions import words_of
from heygen_async.workers.enqueue import campaigns_of, shared
from heygen_async.workers.fleet_tables import FleetCampaign
from heygen_async.workers.shared_control import SharedState

HELD_SHOWN = 50
WISHES_SHOWN = 5
FILE_KINDS = frozenset({"video", "captioned_video", "captions", "thumbnail", "gif"})
Mark = tuple[object, ...]


class LivePaths(ReportPaths):
    """The files of a campaign as the live page reaches them: by row and kind, never by their names."""

    def address(self, row: int, kind: str, file: str) -> str | None:
        """Return the address of a stored file; None if it is gone."""
        return None if self.find(file) is None else f"files/{row}/{kind}"


@attrs.frozen(kw_only=True)
class AtWork:
    """The processes that work on a campaign.

    Attributes:
        holder: The process that runs it; None if there is none.
        workers: The state of workers that share it; None without any.
        campaigns: The campaigns of these workers.
    """

    holder: str | None = None
    workers: SharedState | None = None
    campaigns: Sequence[FleetCampaign] = ()


@attrs.frozen
class Sight:
    """A campaign as it is seen from outside; each look opens the journal anew, in whatever thread it is called.

    Attributes:
        place: Path of the journal, or its address.
        can_begin: True if a run can be begun from the page.
    """

    place: str
    can_begin: bool = False

    @property
    def pause(self) -> float:
        """Seconds between two looks: a database server is asked less often than a file."""
        return 3.0 if self.place.startswith(ADDRESSES) else 1.0

    def page(self) -> str:
        """Return the page."""
        return self._page(with_rows=True)

    def parts(self) -> str:
        """Return the page without its rows, whose other parts take the places of those that are shown."""
        return self._page(with_rows=False)

    def work(self) -> AtWork:
        """Return the processes that work on the campaign."""
        if not self.place.startswith(ADDRESSES):
            return AtWork(holder=holder_of(Path(self.place)))
        workers = shared(self.place)
        return AtWork(workers=workers, campaigns=() if workers is None else campaigns_of(self.place))

    @property
    def campaign(self) -> str | None:
        """The campaign of workers that is seen, if there is just one; its settings are those of the page."""
        campaigns = self.work().campaigns
        return campaigns[0].name if len(campaigns) == 1 else None

    def is_at_rest(self) -> bool:
        """Return True if nobody works on the campaign."""
        return self.work() == AtWork()

    def pulse(self) -> str:
        """Return a text that changes when a part of the page does."""
        with ReportData(self.place) as data, WishBox(self.place) as box:
            wishes = [(wish.id, wish.answer) for wish in box.newest(WISHES_SHOWN)]
            return repr((sorted(data.counts().items()), box.state, wishes, self.work()))

    def marks(self) -> dict[int, Mark]:
        """Return what shows that a row has changed, by row, of the rows that the page has."""
        with ReportData(self.place) as data:
            return dict(data.marks(SHOWN_ROWS))

    def changed_since(self, at: float) -> list[int]:
        """Return the rows in which something has happened since a Unix time."""
        with ReportData(self.place) as data:
            return data.changed_since(at)

    def rows(self, numbers: list[int]) -> list[dict[str, Any]]:
        """Return rows as the page shows them."""
        with ReportData(self.place) as data:
            return [self._shown(data, number) for number in numbers]

    def file(self, row: int, kind: str) -> Path | None:
        """Return the stored file of a row; None if there is none."""
        if kind not in FILE_KINDS:
            return None
        with ReportData(self.place) as data:
            name = data.stored_file(row, kind)
            return None if name is None else self._paths(data).find(name)

    def _page(self, *, with_rows: bool) -> str:
        with ReportData(self.place, self.campaign) as data, WishBox(self.place) as box, data.at_one_moment():
            controls = self._controls(data, box)
            live = LiveParts(
                controls=controls,
                style=_part("live.css"),
                script=_part("live.js"),
                is_at_work=not self.is_at_rest(),
            )
            return page_of(data, self._paths(data), live=live, with_rows=with_rows)

    def _paths(self, data: ReportData) -> LivePaths:
        return LivePaths(journal=data.folder, report=data.folder)

    def _shown(self, data: ReportData, number: int) -> dict[str, Any]:
        """Return a row as JSON carries it, whose cells have the names of their columns."""
        gallery = Gallery(pages=data.pages(number), stills=data.stills(number))
        shown, columns = gallery.shown(data.get(number), self._paths(data)), list(gallery.columns)
        return {**shown, "cells": [[columns[place], text] for place, text in shown.get("cells", ())]}

    def _heading(self, work: AtWork, state: RunState, counts: Mapping[str, int]) -> dict[str, Any]:
        if work != AtWork():
            return _heading(work, state)
        left = counts["planned"] + counts["submitted"] + counts["intended"]
        heading: dict[str, Any] = {"heading": "No run is at work", "presses": {}, "typed": ""}
        if not left:
            return {**heading, "lines": ["Nothing is left to send."]}
        if self.can_begin:
            lines = [f"{count(left, 'row is', 'rows are')} left. A run can be begun here; it ends with this program."]
            return {**heading, "lines": lines, "presses": {"go_on": "Go on"}}
        typed = shlex.join(["heygen-async", "resume", self.place])
        return {**heading, "lines": ["What is left is made when somebody types:"], "typed": typed}

    def _controls(self, data: ReportData, box: WishBox) -> str:
        work, state, counts = self.work(), box.state, data.counts()
        settings = settings_of(data)
        held = [self._shown(data, record.id) for record in _first(data.records("unknown"), HELD_SHOWN)]
        ledger = data.ledger()
        asked = _asked(data, state, work, settings.canary)
        values = {
            "counts": counts,
            "is_at_rest": work == AtWork(),
            "asked": None if asked is None else [self._shown(data, row) for row in asked],
            "held": held,
            "held_count": counts["unknown"],
            "wishes": box.newest(WISHES_SHOWN),
            "words_of": functools.partial(words_of, data),
            "number_of": data.number_of,
            "waits": _waits(work),
            "budget_usd": settings.budget_usd,
            "spent_usd": ledger.high_usd,
            "stake_usd": ledger.at_stake_usd,
            **self._heading(work, state, counts),
            "ready": "" if work.holder is None or state.is_paused or state.is_stopping else _ready(data, settings),
        }
        return str(environment().from_string(_part("controls.html")).render(values))


def _first(records: Iterator[Any], count: int) -> Iterator[Any]:
    return (record for record, _ in zip(records, range(count), strict=False))


def _asked(data: ReportData, state: RunState, work: AtWork, canary: int | None) -> tuple[int, ...] | None:
    """Return the first rows, if they wait for an approval; they do so too when the run that asked has ended."""
    if work.workers is not None:
        return tuple(row for one in work.campaigns for row in _first_rows(data, one)) or None
    if work != AtWork():
        return state.asks
    is_open = data.meta("asks_approval") and not data.meta("approved") and data.counts()["planned"]
    made = tuple(record.id for record in _first(data.records("completed"), canary or 1)) if is_open else ()
    return made or None


def _first_rows(data: ReportData, campaign: FleetCampaign) -> list[int]:
    """Return the first rows of a campaign of workers, if they wait for an approval."""
    if not campaign.asks_approval or campaign.approved or campaign.waits is None:
        return []
    canary = RunSettings.from_json(campaign.settings).canary or 1
    with JournalReader(data.place, read_only=True, campaign=campaign.name) as rows:
        return [record.id for record in _first(rows.records("completed"), canary)]


def _heading(work: AtWork, state: RunState) -> dict[str, Any]:
    """Return what the page says of who is at work, with the buttons that fit."""
    stop = {"stop": "Stop"}
    if work.workers is not None:
        stopped = [one for one in work.campaigns if one.stopped is not None]
        is_held = work.workers.paused is not None or (stopped and len(stopped) == len(work.campaigns))
        presses = {"go_on": "Go on"} if is_held else {"pause": "Pause", **stop}
        held = [one for one in work.campaigns if one.stopped or one.waits]
        named = [f"{one.name or 'The campaign'}: {one.stopped or one.waits}." for one in held]
        return {
            "heading": "Workers share this campaign",
            "lines": [
                f"{work.workers}.",
                "The videos are made by workers, not by this page; it tells them what you decide.",
                *named,
            ],
            "presses": presses,
            "typed": "",
        }
    if state.is_stopping:
        lines = ["It was told to stop: no more videos are begun, and those that are being made are waited for."]
        return {"heading": "The run is ending", "lines": lines, "presses": {}, "typed": ""}
    if state.is_paused:
        lines = ["No more videos are begun until somebody says so. Those that are being made are finished."]
        return {"heading": "The run is paused", "lines": lines, "presses": {"go_on": "Go on", **stop}, "typed": ""}
    lines = [f"It is {work.holder}. Closing this page changes nothing about it."]
    presses = {} if state.asks is not None else {"pause": "Pause", **stop}
    return {"heading": "A run is at work", "lines": lines, "presses": presses, "typed": ""}


def _ready(data: ReportData, settings: RunSettings) -> str:
    """Return when all videos will probably be there; empty if none is to be made."""
    slots = settings.max_in_flight if isinstance(settings.max_in_flight, int) else RENDERS_AT_ONCE_ELSE
    seconds = seconds_left(data, slots)
    if seconds is None:
        return ""
    at = dt.datetime.now().astimezone() + dt.timedelta(seconds=seconds)
    return f"Ready about {at:%H:%M}, in about {span(seconds)}."


def _waits(work: AtWork) -> str:
    if work.holder is not None:
        return "The run looks at it in a moment."
    return "It is done when the campaign is resumed."


def _part(name: str) -> str:
    return importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def as_event(name: str, data: object) -> bytes:
    """Return a server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()

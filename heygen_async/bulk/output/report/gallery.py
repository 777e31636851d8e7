"""The rows of a campaign as data for the page: every video beside its row and what was asked for.

A page that holds everything of a large campaign would not open, so it holds the first rows and those that need a look.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.output.report.paths import ReportPaths
from heygen_async.bulk.output.report.queries import ReportData
from heygen_async.bulk.rows.person import name_in
from heygen_async.bulk.rows.readers.read_rows import cells_of

SHOWN_ROWS = 5_000
TROUBLED_ROWS = 2_000  # further rows that failed or wait for a decision
TEXT_CHARACTERS = 24_000_000  # of all rows shown: scripts of 10,000 characters make fewer of them
# Of a video whose page HeyGen did not name, as journals of older versions have them.
_HEYGEN = "https://app.heygen.com/videos/"
_TALL = frozenset({"9:16", "4:5", "portrait"})


@attrs.define(kw_only=True)
class Gallery:
    """The rows of the page.

    Attributes:
        columns: Names of the cells, in the order in which they first appear.
        rows: The rows, as JSON carries them.
        total: How many rows the campaign has.
        troubled: How many of the rows were added because they need a look.
        pages: Addresses of the videos' pages at HeyGen, by row.
        stills: Stored still images, by row.
        room: How many characters the page still takes.
    """

    columns: dict[str, int] = attrs.field(factory=dict)
    rows: list[dict[str, Any]] = attrs.field(factory=list)
    total: int = 0
    troubled: int = 0
    pages: Mapping[int, str] = attrs.field(factory=dict)
    stills: Mapping[int, str] = attrs.field(factory=dict)
    room: int = TEXT_CHARACTERS

    @property
    def is_whole(self) -> bool:
        """True if every row is shown."""
        return len(self.rows) == self.total

    def data(self) -> dict[str, Any]:
        """Return it as JSON carries it."""
        return {"columns": list(self.columns), "rows": self.rows}

    def add(self, records: Iterable[Record], places: ReportPaths, most: int) -> int:
        """Take in at most *most* rows, fewer if there is no room, and return how many."""
        before = len(self.rows)
        for record in itertools.islice(records, most):
            if self.room <= 0:
                break
            shown = self.shown(record, places)
            self.room -= sum(len(str(value)) for value in shown.values())
            self.rows.append(shown)
        return len(self.rows) - before

    def shown(self, record: Record, places: ReportPaths) -> dict[str, Any]:
        """Return a row as JSON carries it; what is empty is left out."""
        body = record.body
        cells = {str(name): _text(cell) for name, cell in _cells(record.row).items()}
        facts = {
            "id": record.id,
            "state": record.state,
            "title": name_in(record.row) or next(iter(cells.values()), "") or f"Row {record.id}",
            "cells": [[self.columns.setdefault(name, len(self.columns)), cell] for name, cell in cells.items() if cell],
            "script": _text(body.get("script")),
            "prompt": _text(body.get("prompt")),
            "kind": record.kind,
            "tall": bool({body.get("aspect_ratio"), body.get("orientation")} & _TALL),
            "seconds": _rounded(record.duration),
            "took": _took(record),
            "ended": _rounded(record.ended_at),
            "usd": record.high_usd if record.state == "completed" else None,
            "video": record.video_id,
            "link": self.pages.get(record.id) or (_HEYGEN + record.video_id if record.video_id else None),
            "session": record.session_id,
            "code": record.error_code,
            "error": record.error,
            **_files(record, self.stills.get(record.id), places),
        }
        return {name: value for name, value in facts.items() if value not in (None, "", [], False)}


def collect(journal: ReportData, places: ReportPaths) -> Gallery:
    """Choose what is shown: the first rows, then further ones that failed or wait for a decision."""
    gallery = Gallery(total=journal.counts().total(), pages=journal.pages(), stills=journal.stills())
    gallery.add(journal.records(), places, SHOWN_ROWS)
    last = gallery.rows[-1]["id"] if gallery.rows else 0
    if not gallery.is_whole:
        further = (record for record in journal.records("failed", "unknown") if record.id > last)
        gallery.troubled = gallery.add(further, places, TROUBLED_ROWS)
    return gallery


def _cells(row: Any) -> dict[str, Any]:
    cells = dict(cells_of(row))
    return cells if cells or row in (None, {}) else {"row": row}


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 1)


def _took(record: Record) -> float | None:
    if record.submitted_at is None or record.ended_at is None:
        return None
    return _rounded(max(0.0, record.ended_at - record.submitted_at))


def _files(record: Record, still: str | None, places: ReportPaths) -> dict[str, str | None]:
    shown = None if still is None else places.address(record.id, "thumbnail", still)
    if record.file is None:
        return {"still": shown}
    address = places.address(record.id, "video", record.file)
    if address is None and places.is_elsewhere(record.file):
        return {"still": shown, "elsewhere": record.file}
    return {"still": shown, "file": address, "missing": record.file if address is None else None}

"""The columns of results: the same in results.csv, in `export` and in the file for a mail merge."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from heygen_async.bulk.jobs.outcomes import Completed, Ended, Failed, Unfinished
from heygen_async.bulk.jobs.records import NO_LINKS, Links, Record
from heygen_async.bulk.rows.readers.csv import find_dialect
from heygen_async.bulk.rows.readers.text import text_file
from heygen_async.bulk.rows.spreadsheet import PREFIX
from heygen_async.errors import InvalidInputError

FACTS = (
    "state",
    "link",
    "video_id",
    "file",
    "duration",
    "thumbnail",
    "gif",
    "said",
    "usd",
    "date",
    "error_code",
    "error",
    "spent",
)
FAILURE = ("error_code", "error")
COMMA = (",", "utf-8-sig")  # the mark tells Excel that it is UTF-8


def headers(names: Iterable[str]) -> list[str]:
    """Return our names of columns, which no column of a list has."""
    return [PREFIX + name for name in names]


def facts_of_record(record: Record, links: Links = NO_LINKS) -> dict[str, Any]:
    """Return the facts about a row of a journal."""
    return {
        **{name: getattr(record, name) for name in ("state", "video_id", "file", "duration", "error_code", "error")},
        "spent": record.spent,
        "link": links.page,
        "thumbnail": links.thumbnail,
        "gif": links.gif,
        "said": _said(record.body),
        "usd": None if record.high_usd is None or record.state != "completed" else round(record.high_usd, 4),
        "date": _local(record.ended_at),
    }


def facts_of_result(ended: Ended, said: Mapping[str, Any], ended_at: float) -> dict[str, Any]:
    """Return the facts about a row that has ended, or that a run has left; *said* is the body of its request."""
    facts: dict[str, Any] = {"video_id": ended.resource_id, "said": _said(said), "date": _local(ended_at)}
    if isinstance(ended, Completed):
        video, error = ended.video, ended.error
        facts |= {"state": "completed", "spent": "yes", "file": ended.file, "duration": video.duration}
        facts |= {"link": video.video_page_url, "thumbnail": video.thumbnail_url, "gif": video.gif_url}
        if error is not None:
            facts |= {"error_code": error.code or type(error).__name__, "error": error.message}
    elif isinstance(ended, Failed):
        facts |= {"state": "failed", "error_code": ended.code, "error": ended.error.message, "spent": ended.error.spent}
    else:
        spent = ended.spent if isinstance(ended, Unfinished) else "unknown"
        words = (
            "still rendering at HeyGen" if spent == "yes" else "its submission was cut off: look before you repeat it"
        )
        facts |= {"state": "unfinished", "error": words, "spent": spent, "date": None}
    return facts


def style_of(source: str | None, encoding: str | None = None) -> tuple[str, str]:
    """Return the separator and the encoding of a list, so that its results open as it does; else those of Excel.

    A list that is no CSV file, or is no longer there, has none. *encoding* is that in which it was read.
    """
    if source is None or not source.lower().endswith(".csv"):
        return COMMA
    try:
        text = text_file(Path(source), encoding)
        return find_dialect(text.start).separator, "utf-8-sig" if text.encoding == "utf-8" else text.encoding
    except (InvalidInputError, csv.Error):
        return COMMA


def _said(body: Mapping[str, Any]) -> str | None:
    """Return the words of a request: the script, the prompt or the text."""
    return next((body[name] for name in ("script", "prompt", "text") if isinstance(body.get(name), str)), None)


def _local(at: float | None) -> str | None:
    """Return a time as people of this place write it in tables: 2026-11-30 02:40."""
    return None if at is None else f"{dt.datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"

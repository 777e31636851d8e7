"""Comparison of a journal with HeyGen: videos that only one of them has, and rows that failed only here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import attrs

from heygen_async.api.client import Client
from heygen_async.api.handles.video import Video
from heygen_async.api.renders import look
from heygen_async.bulk.jobs.next_step import CLOCK_SKEW_SECONDS
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.errors import NotFoundError

Kind = Literal["not in the journal", "failed here, finished at HeyGen", "completed here, gone at HeyGen"]


@attrs.frozen(kw_only=True)
class Difference:
    """A difference between the journal and HeyGen.

    Attributes:
        kind: Kind of the difference.
        video_id: Id of the video.
        job_id: Number of the row; None if no row has the video.
        title: Title of the video.
        fixed: True if the journal was corrected.
    """

    kind: Kind
    video_id: str
    job_id: int | None = None
    title: str | None = None
    fixed: bool = False


async def audit(client: Client, journal: Journal, *, fix: bool = False) -> AsyncIterator[Difference]:
    """Yield every difference between *journal* and HeyGen. Free; without *fix* it only reads.

    HeyGen's list covers the whole account, so a video that is not in the journal may belong to another campaign; it is
    only reported. With *fix*, a row that failed here and finished at HeyGen becomes completed.

    Source: `GET /v3/videos`, `GET /v3/videos/{video_id}`.
    """
    since = _since(journal)
    if since is None:
        return
    async for video in client.videos.list():
        if video.created_at is not None and video.created_at < since:
            break  # newest first
        if not journal.knows_video(video.id):
            yield Difference(kind="not in the journal", video_id=video.id, title=video.title)
    for record in journal.records("failed", "completed"):
        found = await _difference(client, journal, record, fix=fix)
        if found is not None:
            yield found


async def _difference(client: Client, journal: Journal, record: Record, *, fix: bool) -> Difference | None:
    if record.video_id is None:
        return None
    try:
        video: Video | None = await look(client, record.kind, record.video_id)
    except NotFoundError:
        video = None
    if record.state == "completed":
        gone = Difference(kind="completed here, gone at HeyGen", video_id=record.video_id, job_id=record.id)
        return gone if video is None else None
    if video is None or video.status != "completed":
        return None
    if fix:
        journal.corrected(record.id, video_id=video.id, duration=video.duration)
    return Difference(
        kind="failed here, finished at HeyGen", video_id=video.id, job_id=record.id, title=video.title, fixed=fix
    )


def _since(journal: JournalReader) -> float | None:
    """Return the time of the first intent, less the possible difference of clocks; None if no POST was sent."""
    first = journal.first_intent()
    return None if first is None else first - CLOCK_SKEW_SECONDS

"""Looking for what a POST made whose answer was lost: read HeyGen's lists, match exactly, never guess."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from heygen_async.api.requests.kinds import kind_of
from heygen_async.bulk.jobs.next_step import CLOCK_SKEW_SECONDS
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Journal

if TYPE_CHECKING:
    from heygen_async.api.client import HeyGen


async def find(client: HeyGen, journal: Journal, record: Record) -> list[str]:
    """Return the ids of what may be the render of a row: sessions of an agent row, else videos or jobs.

    Call it only when HeyGen can no longer be working on the POST (`decisions.grace_left`). Costs nothing.
    """
    if record.kind == "video_agent":
        return await _sessions(client, journal, record)
    return await _titled(client, journal, record)


async def _sessions(client: HeyGen, journal: Journal, record: Record) -> list[str]:
    """Return the sessions begun since the intent, of no other row, whose first message is the row's prompt."""
    since, prompt, found = _since(record), record.body.get("prompt"), []
    async for item in client.video_agents.list():
        if item.created_at < since:
            break  # newest first
        if journal.knows_session(item.session_id):
            continue
        session = await client.video_agents.get(item.session_id)
        said = [message.content for message in session.messages or () if message.role == "user"]
        if said and said[-1] == prompt:
            found.append(item.session_id)
    return found


async def _titled(client: HeyGen, journal: Journal, record: Record) -> list[str]:
    """Return what was made since the intent, of no other row, with the row's title; nothing if it has no title."""
    since, title = _since(record), record.body.get("title")
    if not title:
        return []
    found = []
    async for made in _listed(client, record.kind, title):
        if (made.created_at or 0.0) < since:
            break  # newest first
        if made.title == title and not journal.knows_video(made.id):
            found.append(made.id)
    return found


async def _listed(client: HeyGen, kind: str, title: str) -> AsyncIterator[Any]:
    """Yield what HeyGen lists of a kind, newest first; of some kinds it has no list."""
    resource = kind_of(kind).resource
    if resource is None:
        async for video in client.videos.list(title=title):
            yield video
    elif (listing := getattr(getattr(client, resource), "list", None)) is not None:
        async for job in listing():
            yield job


def _since(record: Record) -> float:
    return (record.intended_at or 0.0) - CLOCK_SKEW_SECONDS

"""Recovery: what became of a POST whose answer was lost, found in HeyGen's lists by exact matches, never guessed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
import attrs

from heygen_async.api.client import Client
from heygen_async.api.requests.kinds import kind_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import CLOCK_SKEW_SECONDS, OnUnknown, grace_left, verdict
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.job_store import job_of
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.errors import HeyGenError, OutcomeUnknownError


@attrs.frozen
class Recovery:
    """Finds out what became of POSTs whose answers were lost."""

    client: Client
    journal: Journal
    on_unknown: OnUnknown

    async def recover(self, job: Job) -> Job | HeyGenError:
        """Wait until a look can be trusted, look, and return what to do: a job, or why nothing can be done."""
        record = self.journal.get(job.index + 1)
        await anyio.sleep(grace_left(record, time.time()))
        found = await find(self.client, self.journal, record)
        found = [name for name in found if not self._belongs_to_a_row(name)]  # another row may have been quicker
        match verdict(len(found), self.on_unknown):
            case "adopt":
                return self._adopted(record.id, record.kind, found[0])
            case "resubmit":
                self.journal.begin_again(record.id)
                return job_of(self.journal, self.journal.get(record.id), "submit")
            case "skip":
                error = _left(record, found, "given up, as on_unknown says; it may have been paid for")
                self.journal.failed(record.id, code="outcome_unknown", error=error.message, spent="unknown")
                return error
            case _:
                error = _left(record, found, "held: look at HeyGen, then resume with --on-unknown resubmit or skip")
                self.journal.unknown(record.id, code="outcome_unknown", error=error.message)
                return error

    def _belongs_to_a_row(self, name: str) -> bool:
        return self.journal.knows_session(name) or self.journal.knows_video(name)

    def _adopted(self, job_id: int, kind: str, found: str) -> Job:
        ids: dict[str, Any] = {"session_id" if kind == "video_agent" else "video_id": found}
        self.journal.submitted(job_id, **ids)
        return job_of(self.journal, self.journal.get(job_id), "follow")


def _left(record: Any, found: list[str], what: str) -> OutcomeUnknownError:
    seen = f"{len(found)} renders at HeyGen fit it: {', '.join(found)}" if found else "no render at HeyGen fits it"
    return OutcomeUnknownError(f"row {record.id}: its POST was sent and its answer lost; {seen}; {what}")


async def find(client: Client, journal: JournalReader, record: Record) -> list[str]:
    """Return the ids of what may be the render of a row: sessions of an agent row, else videos or jobs.

    Call it only when HeyGen can no longer be working on the POST (`decisions.grace_left`). Costs nothing.
    """
    if record.kind == "video_agent":
        return await _sessions(client, journal, record)
    return await _titled(client, journal, record)


async def _sessions(client: Client, journal: JournalReader, record: Record) -> list[str]:
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


async def _titled(client: Client, journal: JournalReader, record: Record) -> list[str]:
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


async def _listed(client: Client, kind: str, title: str) -> AsyncIterator[Any]:
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

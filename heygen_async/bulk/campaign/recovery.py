"""Recovery after a lost answer: the render of a POST is found in HeyGen's lists by an exact match, never guessed."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import attrs

from heygen_async.api.client import Client
from heygen_async.api.requests.kinds import kind_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import CLOCK_SKEW_SECONDS, SEVERAL_FOUND, OnUnknown, grace_left, verdict
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.journal_store import job_of
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.rows.problems import counted
from heygen_async.errors import HeyGenError, OutcomeUnknownError
from heygen_async.http.lenient import strictly

ASK_SECONDS = 10.0  # for the answer that tells HeyGen's time


@attrs.frozen
class Recovery:
    """Settles rows whose POST was sent and whose answer was lost.

    Attributes:
        client: Client of the account.
        journal: Journal of the campaign.
        on_unknown: Action for a row without a match in HeyGen's lists: "hold", "resubmit" or "skip".
        most_sends: How often a row is sent again in a run, until it is held all the same.
    """

    client: Client
    journal: Journal
    on_unknown: OnUnknown
    most_sends: int = 1
    _sent_again: Counter[int] = attrs.field(factory=Counter, init=False)

    async def recover(self, job: Job) -> Job | HeyGenError:
        """Wait until HeyGen's lists can be trusted, then search them for the render of *job*.

        Returns:
            The job with its next step, to follow or to submit; or the error with which the row ends in this run.
        """
        record = await self.journal.off_loop(lambda: self.journal.get(job.index + 1))
        await self.client.account.clock.sleep(grace_left(record, self.client.account.clock.moment()))
        listed = await find(self.client, self.journal, record)
        return await self.journal.off_loop(lambda: self._settle(record, listed))

    def _settle(self, record: Record, found: list[str]) -> Job | HeyGenError:
        """Do what the search says about a row."""
        found = [found_id for found_id in found if not self._is_taken(found_id)]  # by a row that was settled meanwhile
        action, reason = verdict(len(found), self.on_unknown), "as on_unknown says"
        if action == "resubmit" and not self.journal.is_wanted(record):
            action, reason = "skip", "because the list no longer has it"
        if action == "resubmit" and self._sent_again[record.id] >= self.most_sends:
            action = "hold"
        number = self.journal.number_of(record.id)
        match action:
            case "adopt":
                return self._adopt(record.id, record.kind, found[0])
            case "resubmit":
                self._sent_again[record.id] += 1
                self.journal.begin_again(record.id)
                return job_of(self.journal, self.journal.get(record.id), "submit")
            case "skip":
                error = _lost(number, found, f"given up, {reason}; it may have been paid for")
                self.journal.failed(record.id, code="outcome_unknown", error=error.message, spent="unknown")
                return error
            case _:
                code, way = "outcome_unknown", "resume with --on-unknown resubmit or skip"
                if found:
                    code, way = SEVERAL_FOUND, f"say which one it is by heygen-async decide --row {number} --adopt ID"
                error = _lost(number, found, f"held: look at HeyGen, then {way}")
                self.journal.unknown(record.id, code=code, error=error.message)
                return error

    def _is_taken(self, found_id: str) -> bool:
        return self.journal.knows_session(found_id) or self.journal.knows_video(found_id)

    def _adopt(self, job_id: int, kind: str, found_id: str) -> Job:
        ids: dict[str, Any] = {"session_id" if kind == "video_agent" else "video_id": found_id}
        self.journal.submitted(job_id, **ids)
        return job_of(self.journal, self.journal.get(job_id), "follow")


def _lost(number: int, found: list[str], action: str) -> OutcomeUnknownError:
    matches = (
        f"{counted(len(found), 'render')} at HeyGen may be it: {', '.join(found)}"
        if found
        else "no render at HeyGen fits it"
    )
    return OutcomeUnknownError(f"row {number}: it was sent and its answer lost; {matches}; {action}")


async def find(client: Client, journal: JournalReader, record: Record) -> list[str]:
    """Return the ids of renders that may be the row's: sessions for an agent, else videos or other results. Free.

    Call it only after the grace period (`next_step.grace_left`), when HeyGen can no longer be working on the POST.
    """
    with strictly():  # a render whose title or date does not read must not count as none
        if record.kind == "video_agent":
            return await _sessions(client, journal, record)
        return await _titled(client, journal, record)


async def _sessions(client: Client, journal: JournalReader, record: Record) -> list[str]:
    """Return the sessions since the intent that belong to no row and begin with the row's prompt."""
    since, prompt, found = _since(record), record.body.get("prompt"), []
    async for item in client.video_agents.list():
        if item.created_at is not None and item.created_at < since:
            break  # newest first
        session_id = item.session_id
        if await journal.off_loop(lambda: journal.knows_session(session_id)):  # noqa: B023 - called at once
            continue
        session = await client.video_agents.get(item.session_id)
        prompts = [message.content for message in session.messages or () if message.role == "user"]
        if prompts and prompts[-1] == prompt:  # the oldest message comes last
            found.append(item.session_id)
    return found


async def _titled(client: Client, journal: JournalReader, record: Record) -> list[str]:
    """Return the renders since the intent that belong to no row and have the row's title; none without a title."""
    since, title = _since(record), record.body.get("title")
    if not title:
        return []
    found = []
    async for made in _listed(client, record.kind, title):
        if made.created_at is not None and made.created_at < since:
            break  # newest first
        made_id = made.id
        if made.title == title and not await journal.off_loop(lambda: journal.knows_video(made_id)):  # noqa: B023 - called at once
            found.append(made_id)
    return found


async def _listed(client: Client, kind: str, title: str) -> AsyncIterator[Any]:
    """Yield HeyGen's list of renders of a kind, newest first; of some kinds HeyGen has no list."""
    resource = kind_of(kind).resource
    if resource is None:
        async for video in client.videos.list(title=title):
            yield video
    elif (listing := getattr(getattr(client, resource), "list", None)) is not None:
        async for job in listing():
            yield job


def _since(record: Record) -> float:
    times = [time for time in (record.intended_at, record.server_at) if time is not None]
    return min(times, default=0.0) - CLOCK_SKEW_SECONDS


async def ask_the_time(client: Client) -> None:
    """Learn HeyGen's time by a request that is free, unless an answer has told it: this machine's clock may be wrong.

    Any answer tells it. If none comes the run goes on, and finds out by itself what is wrong.

    Source: `GET /v3/users/me`.
    """
    if client.account.clock.moment().server is None:
        with contextlib.suppress(HeyGenError):
            await client.with_options(attempts=1, patience=0.0, timeout=ASK_SECONDS).users.me()

"""Waiting for one render at the command line: each new status is told, and leaving it says how to come back."""

from __future__ import annotations

import asyncio

from heygen_async import DeadlineExceededError, Video
from heygen_async.api.agents.session_job import AgentJob
from heygen_async.api.agents.sessions import Session
from heygen_async.api.handles import polling
from heygen_async.api.handles.video import VideoJob
from heygen_async.cli.terminal.tables import tell


async def followed(job: VideoJob | AgentJob, deadline: float) -> Video:
    """Return the completed video of *job*, telling its statuses on stderr.

    Args:
        job: A video or an agent's session.
        deadline: Seconds.

    Raises:
        RenderFailedError: It failed.
        DeadlineExceededError: Not ended; it goes on.
    """
    subject = "session" if isinstance(job, AgentJob) else "video"
    way_back = f"It goes on at HeyGen: heygen-async {'agent' if subject == 'session' else 'videos'} wait {job.id}"
    last: list[Session | Video] = []

    async def watch() -> Session | Video:
        async for found in job.statuses():
            if not last or last[-1].status != found.status or type(last[-1]) is not type(found):
                tell(_told(found))
            last.append(found)
        return last[-1]

    try:
        ended = await polling.within(deadline, subject, job.id, watch)
    except DeadlineExceededError as exc:
        exc.add_note(way_back)
        raise
    except asyncio.CancelledError:
        tell(way_back)
        raise
    if isinstance(ended, Session):
        raise ended.failure()
    return ended.check()


def _told(found: Session | Video) -> str:
    if isinstance(found, Video):
        return f"video {found.id}: {found.status}"
    return f"session {found.session_id}: {found.status}, {found.progress:.0f} %"

"""Waiting for one render at the command line, with a message at each new status and a hint at an early end."""

from __future__ import annotations

import asyncio

from heygen_async import DeadlineExceededError, Video
from heygen_async.api.agents.session_job import AgentJob
from heygen_async.api.agents.sessions import Session
from heygen_async.api.handles.video import VideoJob
from heygen_async.cli.terminal.tables import print_message


async def wait_for_video(job: VideoJob | AgentJob, deadline: float) -> Video:
    """Return the completed video of *job*; print each new status on stderr. Free.

    Args:
        job: A video or an agent's session.
        deadline: Seconds to wait.

    Raises:
        RenderFailedError: The render failed.
        DeadlineExceededError: The render has not ended; it continues.
    """
    subject = "session" if isinstance(job, AgentJob) else "video"
    resume_hint = f"It continues at HeyGen: heygen-async {'agent' if subject == 'session' else 'videos'} wait {job.id}"
    seen: list[Session | Video] = []

    def show(current: Session | Video) -> None:
        if not seen or seen[-1].status != current.status or type(seen[-1]) is not type(current):
            print_message(_status_text(current))
        seen.append(current)

    try:
        return await job.wait(deadline=deadline, on_status=show)
    except DeadlineExceededError as exc:
        exc.add_note(resume_hint)
        raise
    except asyncio.CancelledError:
        print_message(resume_hint)
        raise


def _status_text(current: Session | Video) -> str:
    if isinstance(current, Video):
        return f"video {current.id}: {current.status}"
    return f"session {current.session_id}: {current.status}, {current.progress:.0f} %"

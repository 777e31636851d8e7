"""`AgentJob`: a handle on a session, followed to its video."""

from __future__ import annotations

from collections.abc import AsyncIterator

from heygen_async.api.agents.sessions import (
    SESSION_STATUSES,
    Session,
    get_session,
)
from heygen_async.api.handles import polling
from heygen_async.api.handles.video import Video, VideoJob
from heygen_async.http.caller import Caller


class AgentJob:
    """A session that is at work: an id and the ways to follow it to its video."""

    def __init__(self, caller: Caller, session_id: str, pace: polling.Pace = polling.RESUMED) -> None:
        """Follow *session_id*; `video_agents.create` and `video_agents.job` make these."""
        self.id = session_id
        self._caller = caller
        self._pace = pace

    def __repr__(self) -> str:
        """Name the id."""
        return f"AgentJob({self.id!r})"

    async def look(self) -> Session:
        """Return the session as it is now. Costs nothing."""
        return await self._caller.send(get_session(self.id))

    async def statuses(self) -> AsyncIterator[Session | Video]:
        """Yield the session, then its video, each time its status changes; the last one has ended.

        Source: `GET /v3/video-agents/{session_id}`, then `GET /v3/videos/{video_id}`.
        """
        video_id, last = None, None
        async for session in polling.poll(self.look, self._pace):
            polling.note_status(session.status, SESSION_STATUSES)
            if session.status != last or session.video_id:
                yield session
            last, video_id = session.status, session.video_id
            if video_id is not None or session.status == "failed":
                break
        if video_id is not None:
            async for video in VideoJob(self._caller, video_id).statuses():
                yield video

    async def wait(self, *, deadline: float = polling.DEADLINE_SECONDS) -> Video:
        """Return the completed video, its `video_url` set. Costs nothing; cancelling leaves the agent working.

        A session in chat mode that waits for an answer waits here too, until the deadline.

        Args:
            deadline: Seconds from now.

        Raises:
            RenderFailedError: The session or its video failed; failed renders are not billed.
            DeadlineExceededError: Not ended yet; it goes on and is paid for.
        """
        return (await polling.wait_for(deadline, "session", self.id, self._ended)).check()

    async def _ended(self) -> Video:
        last = [found async for found in self.statuses()][-1]
        if isinstance(last, Session):
            raise last.failure()
        return last

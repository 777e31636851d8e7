"""`AgentJob`: the handle on an agent session, followed to its video."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator

from heygen_async.api.agents.sessions import SESSION_STATUSES, Session, get_session
from heygen_async.api.handles import polling
from heygen_async.api.handles.video import Video, VideoJob
from heygen_async.http.caller import Caller


class AgentJob:
    """A handle on an agent session: the id, and methods to follow the session to its video. It need not be closed."""

    def __init__(self, caller: Caller, session_id: str, pace: polling.Pace = polling.RESUMED) -> None:
        """Create a handle on *session_id*. Use `video_agents.create` or `video_agents.job` instead."""
        self.id = session_id
        self._caller = caller
        self._pace = pace

    def __repr__(self) -> str:
        """Return a text with the id."""
        return f"AgentJob({self.id!r})"

    async def look(self) -> Session:
        """Return the session with its present status. Free of charge."""
        return await self._caller.send(get_session(self.id))

    async def statuses(self) -> AsyncIterator[Session | Video]:
        """Yield the session, then its video, each time the status changes, until the end. Free of charge.

        Source: `GET /v3/video-agents/{session_id}`, then `GET /v3/videos/{video_id}`.
        """
        video_id, last = None, None
        async for session in polling.poll(self.look, self._pace, self._caller.account.clock):
            polling.note_status(session.status, SESSION_STATUSES)
            if session.status != last or session.begun_video_id:
                yield session
            last, video_id = session.status, session.begun_video_id
            if video_id is not None or session.status == "failed":
                break
        if video_id is not None:
            async for video in VideoJob(self._caller, video_id).statuses():
                yield video

    async def wait(
        self, *, deadline: float = polling.DEADLINE_SECONDS, on_status: polling.Called[Session | Video] | None = None
    ) -> Video:
        """Wait for the end and return the completed video. Free of charge; a cancelled wait leaves the agent working.

        If the session is in chat mode and waits for an answer, this waits too, until the deadline.

        Args:
            deadline: Most seconds to wait.
            on_status: Called with the session, later with its video, each time the status changes; a function, plain or
                async.

        Raises:
            RenderFailedError: The session or its video failed; HeyGen does not bill failed renders.
            DeadlineExceededError: The session has not ended yet; it goes on and is paid for.
        """
        follow = functools.partial(polling.last_of, self.statuses, on_status)
        last = await polling.wait_for(deadline, "session", self.id, follow, self._caller.account.clock)
        if isinstance(last, Session):
            raise last.failure()
        return last.check()

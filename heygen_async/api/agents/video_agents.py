"""Video Agent: `/v3/video-agents`, where a prompt becomes a session and the session becomes a video."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import attrs

from heygen_async.api.agents.sessions import (
    STYLES,
    AgentReply,
    AgentResource,
    AgentRun,
    AgentStyle,
    SessionVideos,
    StoppedSession,
    get_resource,
    get_session_videos,
    send_reply,
    stop_session,
)
from heygen_async.api.handles import polling
from heygen_async.api.requests.modes import VideoAgent
from heygen_async.api.requests.stored import StoredRequest, sent_of
from heygen_async.api.videos import Video, VideoJob
from heygen_async.errors import RenderFailedError
from heygen_async.http import pages
from heygen_async.http.caller import Call, Caller, Options, path_id, reads

if TYPE_CHECKING:
    from heygen_async.api.agents.chat import Chat, OnExit

SESSION_STATUSES = frozenset({"thinking", "waiting_for_input", "reviewing", "generating", "completed", "failed"})


@attrs.frozen(kw_only=True)
class AgentMessage:
    """One message of a session.

    Attributes:
        role: `user` or `model`.
        type: `text`, `resource` or `error`.
        content: The text.
        resource_ids: What it shows, to be read from `/resources/{resource_id}`.
        created_at: Unix seconds.
    """

    role: str
    type: str
    content: str = attrs.field(default="", repr=False)  # a kind that HeyGen adds may have none
    resource_ids: tuple[str, ...] | None = None
    created_at: float | None = None


@attrs.frozen(kw_only=True)
class Session:
    """An agent session as it is now.

    Attributes:
        session_id: Its id.
        status: thinking, waiting_for_input, reviewing, generating, completed or failed; HeyGen may add words.
        created_at: Unix seconds.
        progress: 0 to 100.
        title: Made by the agent.
        video_id: None until rendering starts. The video, not the session, tells when the file is there.
        messages: Up to 40, newest first.

    Source: `GET /v3/video-agents/{session_id}`.
    """

    session_id: str
    status: str
    created_at: float
    progress: float = 0
    title: str | None = None
    video_id: str | None = None
    messages: tuple[AgentMessage, ...] | None = None

    def failure(self) -> RenderFailedError:
        """Return the error of a failed session; HeyGen's reason, if any, is its last error message."""
        errors = [message.content for message in self.messages or () if message.type == "error"]
        reason = errors[0] if errors else "HeyGen gives no reason"
        return RenderFailedError(f"session {self.session_id} failed: {reason}", resource_id=self.session_id, spent="no")


@attrs.frozen(kw_only=True)
class SessionItem:
    """One entry of the list of sessions. Source: `GET /v3/video-agents`."""

    session_id: str
    created_at: float
    title: str | None = None


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
        async for session in polling.looks(self.look, self._pace):
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
        return (await polling.within(deadline, "session", self.id, self._ended)).check()

    async def _ended(self) -> Video:
        last = [found async for found in self.statuses()][-1]
        if isinstance(last, Session):
            raise last.failure()
        return last


class VideoAgents:
    """`heygen.video_agents`."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(self, request: VideoAgent | StoredRequest, options: Options | None = None) -> AgentJob:
        """Submit a prompt and return a handle on its session. Costs money.

        HeyGen documents no `Idempotency-Key` here, so a lost answer is not followed by a second POST.

        Raises:
            OutcomeUnknownError: Sent, perhaps at work: look at the list of sessions before you repeat.
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/video-agents`.
        """
        created = await self._caller.send(create_session(request), options)
        return AgentJob(self._caller, created.session_id, polling.AGENT)

    def job(self, session_id: str) -> AgentJob:
        """Return a handle on a session that was started earlier; asks nothing yet."""
        return AgentJob(self._caller, path_id(session_id))

    def chat(
        self,
        request: VideoAgent | None = None,
        *,
        session_id: str | None = None,
        replay: bool = False,
        on_exit: OnExit = "leave",
        thinking_deadline: float = 600.0,
        deadline: float = polling.DEADLINE_SECONDS,
    ) -> Chat:
        """Talk with the agent: turn by turn, from the prompt to the video. A new session costs money.

            async with heygen.video_agents.chat(VideoAgent(prompt="...", mode="chat")) as chat:
                async for turn in chat: ...

        The video costs 0.0333 US dollars a second; questions, drafts and looking have no price of their own.

        Args:
            request: What to make; in `generate` mode the agent asks nothing. Or
            session_id: a session that exists, which costs nothing to join.
            replay: Begin with what was said before you joined, as far as HeyGen shows it. The question that is open
                comes in any case.
            on_exit: What becomes of a session that has not ended when the block is left, be it by an error: "leave"
                lets it go on, as everything else here does: what was paid for is not lost, and after a deadline or a
                broken line it can be taken up again. But it keeps a slot, and may render and be paid for without you.
                "stop" stops it, which takes 10 seconds at most; HeyGen does not say what a stopped session costs.
            thinking_deadline: Seconds from the last word said (or from joining) that the agent may think. Neither
                rendering nor your own time for an answer counts.
            deadline: Seconds for the whole, from the first request; your own time counts.

        Raises:
            InvalidInputError: Neither or both of request and session_id, or a wrong value.

        Source: the operations of `create`, `reply`, `stop`, `resource` and `videos.get`, and of `get` every 5 to 10
            seconds.
        """
        from heygen_async.api.agents.chat import Chat, Terms  # noqa: PLC0415 - a chat is made of sessions, not the reverse

        terms = Terms(
            request=request,
            session_id=session_id,
            replay=replay,
            on_exit=on_exit,
            thinking_deadline=thinking_deadline,
            deadline=deadline,
        )
        return Chat(self._caller, terms)

    async def get(self, session_id: str, options: Options | None = None) -> Session:
        """Return the session as it is now. Source: `GET /v3/video-agents/{session_id}`."""
        return await self._caller.send(get_session(session_id), options)

    def styles(self, *, tag: str | None = None, limit: int = 100) -> pages.Listing[AgentStyle]:
        """List styles, page after page of *limit* (1 to 100), all or those with a *tag*.

        Source: `GET /v3/video-agents/styles`.
        """
        return pages.Listing(self._caller, STYLES, AgentStyle, {"tag": tag, "limit": limit})

    async def reply(self, session_id: str, reply: AgentReply | str, options: Options | None = None) -> AgentRun:
        """Answer a session that was begun in chat mode; `job(session_id)` follows what it does then. Costs money.

        HeyGen documents no `Idempotency-Key` here, so a lost answer is not followed by a second POST.

        Raises:
            OutcomeUnknownError: Sent, perhaps at work: look at the session's messages before you repeat.

        Source: `POST /v3/video-agents/{session_id}`.
        """
        said = AgentReply(message=reply) if isinstance(reply, str) else reply
        return await self._caller.send(send_reply(session_id, said), options)

    async def stop(self, session_id: str, options: Options | None = None) -> StoppedSession:
        """Stop a session. Source: `POST /v3/video-agents/{session_id}/stop`."""
        return await self._caller.send(stop_session(session_id), options)

    async def resource(self, session_id: str, resource_id: str, options: Options | None = None) -> AgentResource:
        """Return something that a session shows.

        Source: `GET /v3/video-agents/{session_id}/resources/{resource_id}`.
        """
        return await self._caller.send(get_resource(session_id, resource_id), options)

    async def videos(self, session_id: str, options: Options | None = None) -> SessionVideos:
        """Return the videos of a session. Source: `GET /v3/video-agents/{session_id}/videos`."""
        return await self._caller.send(get_session_videos(session_id), options)

    def list(self, *, limit: int = 100) -> pages.Listing[SessionItem]:
        """Yield sessions, newest first, page after page of *limit* (1 to 100). Source: `GET /v3/video-agents`."""
        return pages.Listing(self._caller, "/v3/video-agents", SessionItem, {"limit": limit})


def create_session(request: VideoAgent | StoredRequest) -> Call[Session]:
    """Return the call that starts a session."""
    return Call(
        method="POST",
        path=request.path,
        route=request.path,
        **sent_of(request),
        read=reads(Session),
        costs=True,
    )


def get_session(session_id: str) -> Call[Session]:
    """Return the call that reads one session."""
    return Call(
        method="GET",
        path=f"/v3/video-agents/{path_id(session_id)}",
        route="/v3/video-agents/{session_id}",
        read=reads(Session),
    )

"""Video Agent: `/v3/video-agents`, where a prompt becomes a session and the session becomes a video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heygen_async.api.agents.session_job import AgentJob
from heygen_async.api.agents.sessions import (
    STYLES,
    AgentReply,
    AgentResource,
    AgentRun,
    AgentStyle,
    Session,
    SessionItem,
    SessionVideos,
    StoppedSession,
    create_session,
    get_resource,
    get_session,
    get_session_videos,
    send_reply,
    stop_session,
)
from heygen_async.api.handles import polling
from heygen_async.api.requests.modes import VideoAgent
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.http import pages
from heygen_async.http.call import Options, path_id
from heygen_async.http.caller import Caller

if TYPE_CHECKING:
    from heygen_async.api.agents.chat import Chat, OnExit


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
        from heygen_async.api.agents.chat import Chat, ChatOptions  # noqa: PLC0415 - a chat is made of sessions, not the reverse

        terms = ChatOptions(
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

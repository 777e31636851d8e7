"""The Video Agent: `/v3/video-agents`. A prompt starts a session, and the session makes a video."""

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
    """`heygen.video_agents`: start agent sessions, chat with them, read and stop them."""

    def __init__(self, caller: Caller) -> None:
        """Send requests by *caller*."""
        self._caller = caller

    async def create(self, request: VideoAgent | StoredRequest, options: Options | None = None) -> AgentJob:
        """Submit a prompt and return a handle on its session. Costs money.

        HeyGen documents no `Idempotency-Key` for this request, so it is not repeated after a lost answer.

        Raises:
            OutcomeUnknownError: The request was sent, and the agent may be at work: look at the list of sessions before
                you send it again.
            InsufficientCreditError: The account cannot pay; no session was started.

        Source: `POST /v3/video-agents`.
        """
        created = await self._caller.send(create_session(request), options)
        return AgentJob(self._caller, created.session_id, polling.AGENT)

    def job(self, session_id: str) -> AgentJob:
        """Return a handle on a session that was started earlier. No request is sent."""
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
        """Return a chat with the agent, from the prompt to the video. A new session costs money.

            async with heygen.video_agents.chat(VideoAgent(prompt="...", mode="chat")) as chat:
                async for turn in chat: ...

        The video costs 0.0333 US dollars a second; questions, drafts and polls have no price of their own. Give either
        a request or a session_id.

        Args:
            request: Request for a new session. In `generate` mode the agent asks no questions.
            session_id: Id of an existing session, which is joined free of charge.
            replay: True to start with the messages sent before you joined, up to the 40 that HeyGen shows. An open
                question comes in any case.
            on_exit: Handling of a session that has not ended when the block is left, also by an error. "leave" lets it
                go on: you can join it again after a deadline or a broken connection, but it keeps a render slot, and
                may render and be paid for. "stop" stops it, which takes 10 seconds at most; HeyGen does not document
                the price of a stopped session.
            thinking_deadline: Most seconds that the agent may think, from the last message or from joining. Time for
                rendering and for your answers does not count.
            deadline: Most seconds for the whole chat, from the first request. Time for your answers counts.

        Raises:
            InvalidInputError: Neither or both of request and session_id are given, or a value is wrong.

        Source: the operations of `create`, `reply`, `stop`, `resource` and `videos.get`, and of `get` every 5 to 10
            seconds.
        """
        from heygen_async.api.agents.chat import Chat, ChatOptions  # noqa: PLC0415 - loaded when a chat is used

        options = ChatOptions(
            request=request,
            session_id=session_id,
            replay=replay,
            on_exit=on_exit,
            thinking_deadline=thinking_deadline,
            deadline=deadline,
        )
        return Chat(self._caller, options)

    async def get(self, session_id: str, options: Options | None = None) -> Session:
        """Return the session with its present status. Source: `GET /v3/video-agents/{session_id}`."""
        return await self._caller.send(get_session(session_id), options)

    def styles(self, *, tag: str | None = None, limit: int = 100) -> pages.Listing[AgentStyle]:
        """List styles, all or those with a *tag*, in pages of *limit* (1 to 100).

        Source: `GET /v3/video-agents/styles`.
        """
        return pages.Listing(self._caller, STYLES, AgentStyle, {"tag": tag, "limit": limit})

    async def reply(self, session_id: str, reply: AgentReply | str, options: Options | None = None) -> AgentRun:
        """Send a message to a session in chat mode. Costs money. Use `job(session_id)` to follow the session.

        HeyGen documents no `Idempotency-Key` for this request, so it is not repeated after a lost answer.

        Raises:
            OutcomeUnknownError: The message was sent, and the agent may be at work: read the session's messages before
                you send it again.

        Source: `POST /v3/video-agents/{session_id}`.
        """
        message = AgentReply(message=reply) if isinstance(reply, str) else reply
        return await self._caller.send(send_reply(session_id, message), options)

    async def stop(self, session_id: str, options: Options | None = None) -> StoppedSession:
        """Stop a session. Source: `POST /v3/video-agents/{session_id}/stop`."""
        return await self._caller.send(stop_session(session_id), options)

    async def resource(self, session_id: str, resource_id: str, options: Options | None = None) -> AgentResource:
        """Return a resource that a session shows.

        Source: `GET /v3/video-agents/{session_id}/resources/{resource_id}`.
        """
        return await self._caller.send(get_resource(session_id, resource_id), options)

    async def videos(self, session_id: str, options: Options | None = None) -> SessionVideos:
        """Return the videos of a session. Source: `GET /v3/video-agents/{session_id}/videos`."""
        return await self._caller.send(get_session_videos(session_id), options)

    def list(self, *, limit: int = 100) -> pages.Listing[SessionItem]:
        """List sessions, newest first, in pages of *limit* (1 to 100). Source: `GET /v3/video-agents`."""
        return pages.Listing(self._caller, "/v3/video-agents", SessionItem, {"limit": limit})

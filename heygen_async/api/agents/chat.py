"""`heygen.video_agents.chat`: a conversation with the Video Agent, from the prompt to the video."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, Self, get_args

import anyio
import attrs

from heygen_async.api.agents.follower import Follower, way_back
from heygen_async.api.agents.sender import Sender
from heygen_async.api.agents.sessions import AgentReply, create_session, stop_session
from heygen_async.api.agents.turns import Draft, Question, Turn
from heygen_async.api.requests.modes import VideoAgent
from heygen_async.errors import DeadlineExceededError, HeyGenError, InvalidInputError, OutcomeUnknownError
from heygen_async.http.call import Options, path_id
from heygen_async.http.caller import Caller

OnExit = Literal["leave", "stop"]

THINKING_SECONDS = 600.0  # live sessions ask after about 70 s, and fail after 50 to 120 s
STOP_SECONDS = 10.0
STOP_EVERY = 1.0

logger: logging.Logger = logging.getLogger("heygen_async")


@attrs.frozen(kw_only=True)
class ChatOptions:
    """Settings of a chat; see `video_agents.chat`."""

    request: VideoAgent | None
    session_id: str | None
    replay: bool
    on_exit: OnExit
    thinking_deadline: float
    deadline: float

    def __attrs_post_init__(self) -> None:
        if (self.request is None) == (self.session_id is None):
            raise InvalidInputError(
                "chat: give either a VideoAgent, for a new session, or the session_id of an old one"
            )
        if self.request is not None and not isinstance(self.request, VideoAgent):
            raise InvalidInputError(f"chat.request: a {type(self.request).__name__}; must be a VideoAgent")
        if self.session_id is not None:
            path_id(self.session_id)
        if self.on_exit not in get_args(OnExit):
            raise InvalidInputError(f"chat.on_exit: {self.on_exit!r}; must be 'leave' or 'stop'", param="on_exit")
        for name in ("thinking_deadline", "deadline"):
            if not getattr(self, name) > 0:
                raise InvalidInputError(f"chat.{name}: {getattr(self, name)!r}; must be seconds above 0", param=name)


class Chat:
    """A conversation with the Video Agent; `heygen.video_agents.chat` makes it.

        async with heygen.video_agents.chat(VideoAgent(prompt="...", mode="chat")) as chat:
            async for turn in chat:
                match turn:
                    case Question() | Draft(waits=True):
                        await chat.answer(input(f"{turn.text} "))
                    case Ready(video=video):
                        print(video.video_url)

    Each turn comes once, in order, and the last one is `Ready` or `ChatFailed`. Cancelling the wait for a turn loses
    none: ask for the next one again.
    """

    def __init__(self, caller: Caller, terms: ChatOptions) -> None:
        """Ask by *caller*; nothing is asked before the block is entered."""
        self._caller = caller
        self._terms = terms
        self._question: Question | Draft | None = None
        self._stopped = False
        self._entered: tuple[Follower, Sender] | None = None
        self._ends_at = 0.0

    def __repr__(self) -> str:
        """Name the session, if there is one yet."""
        return f"Chat({self._entered[0].session_id if self._entered else self._terms.session_id!r})"

    async def __aenter__(self) -> Self:
        """Start the session, which costs money, or join the one that was named, which does not.

        Raises:
            OutcomeUnknownError: The POST was sent, perhaps executed: look at `heygen.video_agents.list()` and join the
                session if it is there, before you start another.
            NotFoundError: There is no such session.
            HeyGenError: It could not be started.
        """
        self._ends_at = anyio.current_time() + self._terms.deadline
        session_id = self._terms.session_id or await self._create()
        following = Follower(self._caller, session_id, self._terms.thinking_deadline)
        self._entered = following, Sender(self._caller, session_id, following.reading)
        if self._terms.request is not None:
            following.reading.transcript.expect(self._terms.request.prompt)
        else:
            with self._in_time():
                await following.join(replay=self._terms.replay)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the session or leave it, as `on_exit` says; a session that has ended needs neither."""
        if self.ended or self._stopped:
            return
        if self._terms.on_exit == "leave":
            logger.info("left session %s, which goes on at HeyGen", self.session_id)
            return
        trouble = await self._stop_in_time(shield=True)
        if trouble is not None and exc is None:
            raise trouble
        if trouble is not None and exc is not None:
            exc.add_note(str(trouble))

    def __aiter__(self) -> Self:
        """Return itself: a second loop goes on where the first has stopped."""
        return self

    async def __anext__(self) -> Turn:
        """Wait for the next turn. Costs nothing.

        Raises:
            DeadlineExceededError: The agent thought for too long, or the whole took too long; its `resource_id` is the
                session's.
            HeyGenError: Looking cannot help (401, 404, ...).
        """
        with self._in_time():
            turn = await self._following.next()
        if turn is None:
            raise StopAsyncIteration
        self._following.done()
        if isinstance(turn, Question) or (isinstance(turn, Draft) and turn.waits):
            self._question = turn
        return turn

    @property
    def session_id(self) -> str:
        """The session's id: it leads back to it from anywhere."""
        return self._following.session_id

    @property
    def question(self) -> Question | Draft | None:
        """The last question, if it is still open."""
        return self._question if self._following.reading.asks else None

    @property
    def ended(self) -> bool:
        """True if nothing more will happen."""
        return self._entered is not None and self._following.ended

    async def answer(self, reply: AgentReply | str) -> None:
        """Answer the last question or draft. What the agent does then costs money.

        Raises:
            InvalidInputError: No question is open; nothing was sent.
            OutcomeUnknownError: See `say`.
        """
        if self.question is None:
            raise InvalidInputError(
                f"chat.answer: the agent has asked nothing that is open in session {self.session_id}; "
                "wait for a Question or Draft, or speak unasked by chat.say"
            )
        await self.say(reply)

    async def say(self, reply: AgentReply | str) -> None:
        """Say something to the agent, asked or not; HeyGen may refuse it (400). What it does then costs money.

        HeyGen has no key for messages. If the answer is lost, the session is read for 40 seconds: a message that shows
        up has arrived; one that does not, in a session where nothing else has moved, is sent again, three times at
        most. After a `say` that was cancelled, the next one looks first, and does not repeat what has arrived.

        Raises:
            InvalidInputError: The session takes no messages, or has ended; nothing was sent.
            OutcomeUnknownError: Perhaps it has arrived: look at the session's messages before you say it again.

        Source: `POST /v3/video-agents/{session_id}`.
        """
        said = AgentReply(message=reply) if isinstance(reply, str) else reply
        request = self._terms.request
        if self.ended:
            raise InvalidInputError(f"chat.say: session {self.session_id} has ended; start another chat")
        if request is not None and request.mode != "chat":
            raise InvalidInputError("chat.say: the session is in generate mode; ask for VideoAgent(mode='chat')")
        with self._in_time():
            await self._sender.send(said)
        self._question = None
        self._following.spoken()

    async def stop(self) -> None:
        """Stop the session at its next checkpoint. A video that is being rendered is past the last one and is paid for.

        Iterate on to see what becomes of it. Stopping twice does no harm, so a lost answer is repeated.

        Raises:
            DeadlineExceededError: HeyGen did not take it within 10 seconds.

        Source: `POST /v3/video-agents/{session_id}/stop`.
        """
        trouble = await self._stop_in_time(shield=False)
        if trouble is not None:
            raise trouble

    @property
    def _following(self) -> Follower:
        return self._inside()[0]

    @property
    def _sender(self) -> Sender:
        return self._inside()[1]

    def _inside(self) -> tuple[Follower, Sender]:
        if self._entered is None:
            raise RuntimeError("a chat begins with `async with heygen.video_agents.chat(...) as chat:`")
        return self._entered

    async def _create(self) -> str:
        assert self._terms.request is not None  # noqa: S101 - the terms have either
        try:
            created = await self._caller.send(
                create_session(self._terms.request), Options(deadline=self._terms.deadline)
            )
        except OutcomeUnknownError as exc:
            exc.add_note("If it is in heygen.video_agents.list(), join it: heygen.video_agents.chat(session_id=...)")
            raise
        return created.session_id

    async def _stop_in_time(self, *, shield: bool) -> HeyGenError | None:
        """Stop, and return what went wrong; a *shield* keeps off the cancellation that made us leave."""
        with anyio.CancelScope(shield=shield, deadline=anyio.current_time() + STOP_SECONDS):
            try:
                await self._stop()
            except HeyGenError as exc:
                return exc
            return None
        return DeadlineExceededError(
            f"session {self.session_id} could not be stopped within {STOP_SECONDS:g} s; it may go on and be paid for. "
            f"{way_back(self.session_id)}",
            resource_id=self.session_id,
            spent="yes",
        )

    async def _stop(self) -> None:
        while not self.ended:
            try:
                await self._caller.send(stop_session(self.session_id))
            except HeyGenError as exc:
                if not exc.retryable:
                    raise
                logger.info("stopping failed, will try again: %s", exc.gist)
                await anyio.sleep(STOP_EVERY)
            else:
                self._stopped, self._question = True, None
                self._following.stopped()
                return

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        with anyio.CancelScope(deadline=self._ends_at) as scope:
            yield
        if scope.cancelled_caught:
            raise DeadlineExceededError(
                f"session {self.session_id}: the chat has not ended after {self._terms.deadline:g} s. "
                f"{way_back(self.session_id)}",
                resource_id=self.session_id,
                spent="yes",
            )

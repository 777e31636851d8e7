"""`Chat`: a conversation with the Video Agent, from the prompt to the video."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, Self, get_args

import anyio
import attrs

from heygen_async.api.agents.follower import Follower, rejoin_hint
from heygen_async.api.agents.sender import Sender
from heygen_async.api.agents.sessions import AgentReply, create_session, stop_session
from heygen_async.api.agents.turns import Draft, Question, Turn
from heygen_async.api.requests.modes import VideoAgent
from heygen_async.errors import DeadlineExceededError, HeyGenError, InvalidInputError, OutcomeUnknownError
from heygen_async.http.call import Options, path_id
from heygen_async.http.caller import Caller

OnExit = Literal["leave", "stop"]

THINKING_SECONDS = 600.0  # observed: agents ask their question after about 70 s, and fail after 50 to 120 s
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
    """A conversation with the Video Agent. Create it by `heygen.video_agents.chat`.

        async with heygen.video_agents.chat(VideoAgent(prompt="...", mode="chat")) as chat:
            async for turn in chat:
                match turn:
                    case Question() | Draft(waits=True):
                        await chat.answer(input(f"{turn.text} "))
                    case Ready(video=video):
                        print(video.video_url)

    Each turn comes once, in order; the last one is `Ready` or `ChatFailed`. If the wait for a turn is cancelled, the
    turn comes at the next iteration.
    """

    def __init__(self, caller: Caller, options: ChatOptions) -> None:
        """Send requests by *caller*, from `__aenter__` on."""
        self._caller = caller
        self._options = options
        self._question: Question | Draft | None = None
        self._stopped = False
        self._entered: tuple[Follower, Sender] | None = None
        self._ends_at = 0.0

    def __repr__(self) -> str:
        """Return a text with the session's id, None before the session has one."""
        return f"Chat({self._entered[0].session_id if self._entered else self._options.session_id!r})"

    async def __aenter__(self) -> Self:
        """Start a session, which costs money, or join an existing one, which is free of charge.

        Raises:
            OutcomeUnknownError: The POST was sent and perhaps executed. Before you start another session, look at
                `heygen.video_agents.list()`, and join the session if it is there.
            NotFoundError: There is no session with this id.
            HeyGenError: The session could not be started.
        """
        self._ends_at = self._caller.account.clock.now() + self._options.deadline
        session_id = self._options.session_id or await self._create()
        follower = Follower(self._caller, session_id, self._options.thinking_deadline)
        self._entered = follower, Sender(self._caller, session_id, follower.reader)
        if self._options.request is not None:
            follower.reader.transcript.expect(self._options.request.prompt)
        else:
            with self._within_deadline():
                await follower.join(replay=self._options.replay)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the session if `on_exit` is "stop" and it has not ended."""
        if self.ended or self._stopped:
            return
        if self._options.on_exit == "leave":
            logger.info("left session %s, which goes on at HeyGen", self.session_id)
            return
        error = await self._stop_within_deadline(shield=True)
        if error is not None and exc is None:
            raise error
        if error is not None and exc is not None:
            exc.add_note(str(error))

    def __aiter__(self) -> Self:
        """Return this chat. A second loop continues where the first one was left."""
        return self

    async def __anext__(self) -> Turn:
        """Wait for the next turn and return it. Free of charge.

        Raises:
            DeadlineExceededError: `thinking_deadline` or `deadline` passed; `resource_id` is the session's id.
            HeyGenError: Reading the session failed for good (401, 404, ...).
        """
        with self._within_deadline():
            turn = await self._follower.next()
        if turn is None:
            raise StopAsyncIteration
        self._follower.advance()
        if isinstance(turn, Question) or (isinstance(turn, Draft) and turn.waits):
            self._question = turn
        return turn

    @property
    def session_id(self) -> str:
        """Id of the session, for `heygen.video_agents.chat(session_id=...)` from any process."""
        return self._follower.session_id

    @property
    def question(self) -> Question | Draft | None:
        """The last question or draft that waits for an answer; None if there is none."""
        return self._question if self._follower.reader.has_question else None

    @property
    def ended(self) -> bool:
        """True if the session has ended. The last turns may still be unread."""
        return self._entered is not None and self._follower.ended

    async def answer(self, reply: AgentReply | str) -> None:
        """Answer the last question or draft. The agent's work after the answer costs money.

        Raises:
            InvalidInputError: No question is open; no message was sent.
            OutcomeUnknownError: See `say`.
        """
        if self.question is None:
            raise InvalidInputError(
                f"chat.answer: session {self.session_id} has no open question; "
                "wait for a Question or Draft, or send a message by chat.say"
            )
        await self.say(reply)

    async def say(self, reply: AgentReply | str) -> None:
        """Send a message, also without a question; HeyGen may refuse it (400). The agent's work on it costs money.

        HeyGen takes no key for messages. If the answer to a message is lost, the session is read for 40 seconds. A
        message that appears in it has arrived. If it does not appear, and the session has not changed otherwise, it is
        sent again, three times at most. After a cancelled `say` the next one first checks if that message has arrived.

        Raises:
            InvalidInputError: The session takes no messages, or has ended; no message was sent.
            OutcomeUnknownError: The message may have arrived: read the session's messages before you send it again.

        Source: `POST /v3/video-agents/{session_id}`.
        """
        message = AgentReply(message=reply) if isinstance(reply, str) else reply
        request = self._options.request
        if self.ended:
            raise InvalidInputError(f"chat.say: session {self.session_id} has ended; start another chat")
        if request is not None and request.mode != "chat":
            raise InvalidInputError("chat.say: the session is in generate mode; ask for VideoAgent(mode='chat')")
        with self._within_deadline():
            await self._sender.send(message)
        self._question = None
        self._follower.note_message_sent()

    async def stop(self) -> None:
        """Stop the session at its next checkpoint. A render that has begun is not stopped, and is paid for.

        Continue the iteration to see the end. A stop may be repeated, so it is sent again after a lost answer.

        Raises:
            DeadlineExceededError: HeyGen did not accept the stop within 10 seconds.

        Source: `POST /v3/video-agents/{session_id}/stop`.
        """
        error = await self._stop_within_deadline(shield=False)
        if error is not None:
            raise error

    @property
    def _follower(self) -> Follower:
        return self._require_entered()[0]

    @property
    def _sender(self) -> Sender:
        return self._require_entered()[1]

    def _require_entered(self) -> tuple[Follower, Sender]:
        if self._entered is None:
            raise RuntimeError("the chat is not entered: use `async with heygen.video_agents.chat(...) as chat:`")
        return self._entered

    async def _create(self) -> str:
        assert self._options.request is not None  # noqa: S101 - ChatOptions has either a request or a session_id
        try:
            created = await self._caller.send(
                create_session(self._options.request), Options(deadline=self._options.deadline)
            )
        except OutcomeUnknownError as exc:
            exc.add_note(
                "If the session is in heygen.video_agents.list(), join it: heygen.video_agents.chat(session_id=...)"
            )
            raise
        return created.session_id

    async def _stop_within_deadline(self, *, shield: bool) -> HeyGenError | None:
        """Stop the session, and return the error if that fails. *shield* protects the stop from cancellation."""
        with anyio.CancelScope(shield=shield, deadline=anyio.current_time() + STOP_SECONDS):
            try:
                await self._stop()
            except HeyGenError as exc:
                return exc
            return None
        return DeadlineExceededError(
            f"session {self.session_id} could not be stopped within {STOP_SECONDS:g} s; it may go on and be paid for. "
            f"{rejoin_hint(self.session_id)}",
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
                await self._caller.account.clock.sleep(STOP_EVERY)
            else:
                self._stopped, self._question = True, None
                self._follower.note_stop()
                return

    @contextlib.contextmanager
    def _within_deadline(self) -> Iterator[None]:
        with self._caller.account.clock.until(self._ends_at) as scope:
            yield
        if scope.cancelled_caught:
            raise DeadlineExceededError(
                f"session {self.session_id}: the chat has not ended after {self._options.deadline:g} s. "
                f"{rejoin_hint(self.session_id)}",
                resource_id=self.session_id,
                spent="yes",
            )

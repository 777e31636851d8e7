"""The follower of a session: polls it until the session and its video have ended."""

from __future__ import annotations

import logging
import math
from collections import deque

from heygen_async.api.agents.sessions import Session, get_resource, get_session
from heygen_async.api.agents.turn_reader import ENDED, Step, TurnReader
from heygen_async.api.agents.turns import ChatFailed, MessageStep, Ready, Turn
from heygen_async.api.handles.video import Video, get_video
from heygen_async.errors import DeadlineExceededError, HeyGenError, NotFoundError, RenderFailedError
from heygen_async.http.caller import Caller

EVERY = 5.0
EVERY_WHILE_RENDERING = 10.0  # HeyGen's advice for agents is 10 to 30 s
LAST_LOOK_SECONDS = 10.0
STOPPING_SECONDS = 60.0  # HeyGen stops "at the next checkpoint", and documents neither its time nor the status then

logger: logging.Logger = logging.getLogger("heygen_async")


class Follower:
    """Polls one session and returns its turns one by one. A cancelled wait loses no turn."""

    def __init__(self, caller: Caller, session_id: str, thinking_deadline: float) -> None:
        """Follow *session_id* from now on. The agent may think for *thinking_deadline* seconds without a message."""
        self.session_id = session_id
        self.reader: TurnReader = TurnReader()
        self.ended: bool = False
        self._steps: deque[Step | Ready | ChatFailed] = deque()
        self._caller = caller
        self._thinking_deadline = thinking_deadline
        self._clock = caller.account.clock
        self._heard_at = self._clock.now()
        self._next_look_at = self._heard_at + EVERY
        self._gives_up_at = math.inf
        self._video_had_ended = False

    def note_message_sent(self) -> None:
        """Record that this chat has sent a message, which restarts the agent's time to think."""
        self.reader.note_answer()
        self._heard_at = self._clock.now()

    def note_stop(self) -> None:
        """Record that a stop was sent."""
        self._gives_up_at = self._clock.now() + STOPPING_SECONDS

    async def join(self, *, replay: bool) -> None:
        """Read a session that was started elsewhere. With *replay* its earlier messages become turns."""
        await self._look(joining=not replay)

    async def next(self) -> Turn | None:
        """Return the next turn with its resources, or None after the last. Call `advance` once it was passed on."""
        while not self._steps:
            if self.ended:
                return None
            await self._wait_and_look()
        step = self._steps[0]
        return await self._with_resources(step) if isinstance(step, MessageStep) else step

    def advance(self) -> None:
        """Remove the turn that `next` returned from the queue."""
        self._steps.popleft()

    @property
    def _overdue_at(self) -> float:
        return self._heard_at + self._thinking_deadline if self.reader.is_thinking else math.inf

    async def _wait_and_look(self) -> None:
        await self._clock.sleep_until(min(self._next_look_at, self._overdue_at, self._gives_up_at))
        with self._clock.until(max(self._overdue_at, self._clock.now()) + LAST_LOOK_SECONDS):
            try:
                await self._look()
            except HeyGenError as exc:
                if not exc.retryable:
                    raise
                logger.info("looking failed, will look again: %s", exc.gist)
        now = self._clock.now()
        rendering = self.reader.is_rendering
        self._next_look_at = now + (EVERY_WHILE_RENDERING if rendering else EVERY)
        if now >= self._gives_up_at:
            self.ended, self._gives_up_at = self.ended or not rendering, math.inf  # a render that has begun goes on
        if now >= self._overdue_at and not self.ended:
            raise self._overdue()

    async def _look(self, *, joining: bool = False) -> None:
        session = await self._caller.send(get_session(self.session_id))
        end = await self._end(session)
        steps = self.reader.join(session) if joining else self.reader.take(session)
        if any(isinstance(step, MessageStep) for step in steps):
            self._heard_at = self._clock.now()
        self._steps.extend(steps)
        if end is not None:
            self._steps.append(end)
            self.ended = True

    async def _end(self, session: Session) -> Ready | ChatFailed | None:
        """Return the last turn if the session has ended. The status of the video decides, not that of the session."""
        failed = session.status == "failed"
        if session.begun_video_id is None:
            return ChatFailed(error=session.failure()) if failed else None
        try:
            video = await self._caller.send(get_video(session.begun_video_id))
        except NotFoundError:
            if not failed:
                raise
            return ChatFailed(error=session.failure())  # the video was deleted
        if not video.ended:
            return None
        if session.status in ENDED or self._video_had_ended:
            return _outcome(video)
        self._video_had_ended = True  # poll once more, for the agent's last message
        return None

    async def _with_resources(self, step: MessageStep) -> Turn:
        resources = []
        for resource_id in step.message.resource_ids or ():
            try:
                resources.append(await self._caller.send(get_resource(self.session_id, resource_id)))
            except HeyGenError as exc:  # the turn has its text, which is enough
                logger.warning("a resource of session %s could not be read: %s", self.session_id, exc.gist)
        return step.turn(tuple(resources))

    def _overdue(self) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"session {self.session_id}: the agent has sent no message for {self._thinking_deadline:g} s. "
            f"{rejoin_hint(self.session_id)}",
            resource_id=self.session_id,
            spent="yes",
        )


def rejoin_hint(session_id: str) -> str:
    """Return a sentence with the call that joins the session again."""
    return f"To join it again: heygen.video_agents.chat(session_id={session_id!r})"


def _outcome(video: Video) -> Ready | ChatFailed:
    try:
        return Ready(video=video.check())
    except RenderFailedError as exc:
        return ChatFailed(error=exc)

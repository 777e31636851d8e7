"""Looking at a session again and again, until it and its video have ended."""

from __future__ import annotations

import logging
import math
from collections import deque

import anyio

from heygen_async.api.agents.sessions import Session, get_resource, get_session
from heygen_async.api.agents.turn_reader import ENDED, Step, TurnReader
from heygen_async.api.agents.turns import ChatFailed, Ready, Told, Turn
from heygen_async.api.handles.video import Video, get_video
from heygen_async.errors import DeadlineExceededError, HeyGenError, NotFoundError, RenderFailedError
from heygen_async.http.caller import Caller

EVERY = 5.0
EVERY_WHILE_RENDERING = 10.0  # HeyGen's advice for agents is 10 to 30 s
LAST_LOOK_SECONDS = 10.0
STOPPING_SECONDS = 60.0  # HeyGen says "at the next checkpoint", not when that is, nor what the session is then

logger: logging.Logger = logging.getLogger("heygen_async")


class Follower:
    """Follows one session step by step, and goes on where it was after a cancellation."""

    def __init__(self, caller: Caller, session_id: str, thinking_deadline: float) -> None:
        """Follow *session_id* from now on; the agent may think *thinking_deadline* seconds without a word."""
        self.session_id = session_id
        self.reading: TurnReader = TurnReader()
        self.ended: bool = False
        self._steps: deque[Step | Ready | ChatFailed] = deque()
        self._caller = caller
        self._thinking_deadline = thinking_deadline
        self._spoken_at = anyio.current_time()
        self._looks_at = self._spoken_at + EVERY
        self._gives_up_at = math.inf
        self._video_had_ended = False

    def spoken(self) -> None:
        """Note that this chat has spoken: the agent's time to think begins anew."""
        self.reading.answered()
        self._spoken_at = anyio.current_time()

    def stopped(self) -> None:
        """Note that the session was told to stop."""
        self._gives_up_at = anyio.current_time() + STOPPING_SECONDS

    async def join(self, *, replay: bool) -> None:
        """Take a first look at a session that was begun elsewhere, and replay what was said only if told to."""
        await self._look(joining=not replay)

    async def next(self) -> Turn | None:
        """Return the next turn, its resources read; None if there will be none. `done` takes it off."""
        while not self._steps:
            if self.ended:
                return None
            await self._wait_and_look()
        step = self._steps[0]
        return await self._shown(step) if isinstance(step, Told) else step

    def done(self) -> None:
        """Note that the turn which `next` returned has been handed on."""
        self._steps.popleft()

    @property
    def _overdue_at(self) -> float:
        return self._spoken_at + self._thinking_deadline if self.reading.thinks else math.inf

    async def _wait_and_look(self) -> None:
        await anyio.sleep_until(min(self._looks_at, self._overdue_at, self._gives_up_at))
        with anyio.CancelScope(deadline=max(self._overdue_at, anyio.current_time()) + LAST_LOOK_SECONDS):
            try:
                await self._look()
            except HeyGenError as exc:
                if not exc.retryable:
                    raise
                logger.info("looking failed, will look again: %s", exc.gist)
        now = anyio.current_time()
        rendering = self.reading.rendering
        self._looks_at = now + (EVERY_WHILE_RENDERING if rendering else EVERY)
        if now >= self._gives_up_at:
            self.ended, self._gives_up_at = self.ended or not rendering, math.inf  # past the last checkpoint it goes on
        if now >= self._overdue_at and not self.ended:
            raise self._overdue()

    async def _look(self, *, joining: bool = False) -> None:
        session = await self._caller.send(get_session(self.session_id))
        end = await self._end(session)
        steps = self.reading.join(session) if joining else self.reading.take(session)
        if any(isinstance(step, Told) for step in steps):
            self._spoken_at = anyio.current_time()
        self._steps.extend(steps)
        if end is not None:
            self._steps.append(end)
            self.ended = True

    async def _end(self, session: Session) -> Ready | ChatFailed | None:
        """Return the last turn, if it is due. The video, not the session, tells when the file is there."""
        failed = session.status == "failed"
        if session.video_id is None:
            return ChatFailed(error=session.failure()) if failed else None
        try:
            video = await self._caller.send(get_video(session.video_id))
        except NotFoundError:
            if not failed:
                raise
            return ChatFailed(error=session.failure())  # it was deleted
        if not video.ended:
            return None
        if session.status in ENDED or self._video_had_ended:
            return _outcome(video)
        self._video_had_ended = True  # one look more, for the agent's last words
        return None

    async def _shown(self, told: Told) -> Turn:
        resources = []
        for resource_id in told.message.resource_ids or ():
            try:
                resources.append(await self._caller.send(get_resource(self.session_id, resource_id)))
            except HeyGenError as exc:  # the words are there, and they are what counts
                logger.warning("a resource of session %s could not be read: %s", self.session_id, exc.gist)
        return told.turn(tuple(resources))

    def _overdue(self) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"session {self.session_id}: the agent has been thinking for {self._thinking_deadline:g} s without a word. "
            f"{way_back(self.session_id)}",
            resource_id=self.session_id,
            spent="yes",
        )


def way_back(session_id: str) -> str:
    """Say how a session is taken up again."""
    return f"To take it up again: heygen.video_agents.chat(session_id={session_id!r})"


def _outcome(video: Video) -> Ready | ChatFailed:
    try:
        return Ready(video=video.check())
    except RenderFailedError as exc:
        return ChatFailed(error=exc)

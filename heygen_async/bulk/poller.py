"""Who is asked next, and when: one task watches all renders of a run, in bulk.

A render holds its slot until its end is noticed, so the pause between looks is a cost. One request of
`GET /v3/videos/statuses` tells about 100 videos; each finished one is then read once for its details.
Sessions are asked one by one until they name their video. Where bulk statuses are refused, every video is
asked by itself.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import attrs

from heygen_async.api import waiting
from heygen_async.api.video_agents import SESSION_STATUSES, Session
from heygen_async.api.videos import STATUSES_AT_ONCE, VIDEO_STATUSES, Video
from heygen_async.bulk.plan import Job
from heygen_async.errors import APIError, AuthenticationError, DeadlineExceededError, HeyGenError, NotFoundError

if TYPE_CHECKING:
    from heygen_async.client import HeyGen

T = TypeVar("T")

logger = logging.getLogger("heygen_async")

TICK_SECONDS = 5.5
JITTER = 0.1  # of the tick, either way: several clients of one account drift apart
FIRST_LOOK_SECONDS = 20.0  # no render is known to end sooner
LAG_SECONDS = 120.0  # a 404 so soon after the submission may be HeyGen's lists lagging behind
SESSION_SECONDS = 10.0  # HeyGen's advice for agents: every 10 to 30 s
_LOOK_CLOSER = frozenset({"completed", "failed", "not_found"})
_NOT_BEGUN = frozenset({"waiting", "queued", "pending"})
_DETAILS_AT_ONCE = 16


@attrs.define(eq=False, kw_only=True)
class Watched:
    """One render under watch.

    Attributes:
        job: Whose.
        session_id: Of an agent's render.
        video_id: None while the session has not named it.
        since: Loop time of the submission.
        due: Loop time of the first look at the video, or of the next at the session.
    """

    job: Job
    session_id: str | None = None
    video_id: str | None = None
    since: float
    due: float

    @property
    def resource_id(self) -> str:
        """The id that leads to it."""
        return self.video_id or self.session_id or ""


OnEnd = Callable[[Watched, Video | HeyGenError], Awaitable[None]]
OnNamed = Callable[[Watched], Awaitable[None]]


class Watcher:
    """Watches renders until they end and reports each once."""

    def __init__(self, client: HeyGen, on_end: OnEnd, on_named: OnNamed, *, deadline: float) -> None:
        """Ask through *client*, report ends to *on_end* and sessions' videos to *on_named*.

        A render that has not ended *deadline* seconds after it was added is given up here; it goes on at HeyGen.
        """
        self._on_named = on_named
        self._client = client
        self._on_end = on_end
        self._deadline = deadline
        self._watched: dict[int, Watched] = {}
        self._in_bulk = True
        self._waiting = 0
        self._closed = False
        self._changed = anyio.Event()

    @property
    def watched(self) -> Iterable[Watched]:
        """What is under watch now."""
        return self._watched.values()

    def add_video(self, job: Job, video_id: str, *, age: float = 0.0) -> None:
        """Watch a video that was submitted *age* seconds ago."""
        now = anyio.current_time()
        self._add(Watched(job=job, video_id=video_id, since=now, due=now + FIRST_LOOK_SECONDS - age))

    def add_session(self, job: Job, session_id: str, *, age: float = 0.0) -> None:
        """Watch a session that was started *age* seconds ago, and its video once it has one."""
        now = anyio.current_time()
        self._add(Watched(job=job, session_id=session_id, since=now, due=now + waiting.AGENT.first - age))

    def close(self) -> None:
        """Expect no more: `run` returns when the last one has ended."""
        self._closed = True
        self._changed.set()

    async def run(self) -> None:
        """Look until everything has ended.

        Raises:
            AuthenticationError: The key is no longer accepted, so nothing can be seen.
        """
        while not (self._closed and not self._watched):
            if self._watched:
                jitter = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - not a secret
                await anyio.sleep(TICK_SECONDS * jitter)
                await self._look()
            else:
                self._changed = anyio.Event()
                await self._changed.wait()

    def _add(self, watched: Watched) -> None:
        self._watched[watched.job.index] = watched
        self._changed.set()

    async def _look(self) -> None:
        now = anyio.current_time()
        sessions = [w for w in self._watched.values() if w.video_id is None and w.due <= now]
        await _for_each(self._look_at_session, sessions)
        old = [w for w in self._watched.values() if w.video_id and w.due <= now]
        self._waiting = 0
        await _for_each(self._look_at_video, await self._worth_a_look(old))
        self._client.pool.seen(waiting=self._waiting, running=len(old) - self._waiting)
        for watched in [w for w in self._watched.values() if now - w.since >= self._deadline]:
            await self._end(watched, self._too_late(watched))

    async def _worth_a_look(self, videos: list[Watched]) -> list[Watched]:
        """Return those of *videos* that have ended, by a bulk look; all of them where that is refused."""
        found: list[Watched] = []
        for chunk in _chunks(videos, STATUSES_AT_ONCE):
            if not self._in_bulk:
                return videos
            found += await self._sweep(chunk)
        return found

    async def _sweep(self, chunk: list[Watched]) -> list[Watched]:
        by_id = {w.video_id or "": w for w in chunk}
        try:
            statuses = await self._client.videos.statuses(by_id)
        except AuthenticationError:
            raise
        except APIError as exc:
            self._in_bulk = exc.retryable
            logger.warning("bulk statuses failed: %s%s", exc, "" if exc.retryable else "; asking one by one")
            return []
        except HeyGenError as exc:
            logger.info("bulk statuses failed, will look again: %s", exc)
            return []
        for entry in statuses:
            waiting.note_status(entry.status, VIDEO_STATUSES | _LOOK_CLOSER)
        self._waiting += sum(entry.status in _NOT_BEGUN for entry in statuses)
        ended = [by_id.get(e.video_id or "") for e in statuses if e.status in _LOOK_CLOSER]
        return [watched for watched in ended if watched is not None]

    async def _look_at_video(self, watched: Watched) -> None:
        video = await self._ask(watched, self._client.videos.get(watched.video_id or ""))
        if video is not None and video.ended:
            await self._end(watched, video)

    async def _look_at_session(self, watched: Watched) -> None:
        watched.due = anyio.current_time() + SESSION_SECONDS
        session = await self._ask(watched, self._client.video_agents.get(watched.session_id or ""))
        if session is not None:
            await self._follow(watched, session)

    async def _follow(self, watched: Watched, session: Session) -> None:
        waiting.note_status(session.status, SESSION_STATUSES)
        if session.video_id is not None:
            watched.video_id = session.video_id
            await self._on_named(watched)
        if session.status == "failed" and session.video_id is None:
            await self._end(watched, session.failure())

    async def _ask(self, watched: Watched, question: Awaitable[T]) -> T | None:
        """Return the answer; None if it may come later. What will never come ends the render's watch."""
        try:
            return await question
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            young = anyio.current_time() - watched.since < LAG_SECONDS
            if exc.retryable or (young and isinstance(exc, NotFoundError)):
                logger.info("looking failed, will look again: %s", exc)
            else:
                exc.spent = "yes"  # it was submitted; only the sight of it is lost
                exc.resource_id = watched.resource_id
                await self._end(watched, exc)
            return None

    async def _end(self, watched: Watched, end: Video | HeyGenError) -> None:
        if self._watched.pop(watched.job.index, None) is not None:
            await self._on_end(watched, end)

    def _too_late(self, watched: Watched) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"{watched.resource_id} has not ended {self._deadline:g} s after its submission. It goes on and is "
            "paid for; read it later by its id",
            resource_id=watched.resource_id,
            spent="yes",
        )


def _chunks(items: list[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


async def _for_each(work: Callable[[T], Coroutine[Any, Any, None]], items: list[T]) -> None:
    """Do *work* on every item, a few at a time."""
    for chunk in _chunks(items, _DETAILS_AT_ONCE):
        async with anyio.create_task_group() as tasks:
            for item in chunk:
                tasks.start_soon(work, item)

"""Who is asked next, and when: one task watches all renders of a run, in bulk.

A render holds its slot until its end is noticed, so the pause between looks is a cost. One request of
`GET /v3/videos/statuses` tells about 100 videos; each finished one is then read once for its details, beside the
sweeps and never in their way. Sessions are asked one by one, batches as a whole, until they name their videos. Where
bulk statuses are refused or not wanted, every video is asked by itself, at a pace that fits how such renders end.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import anyio

from heygen_async.api import waiting
from heygen_async.api.video_agents import SESSION_STATUSES, Session
from heygen_async.api.videos import STATUSES_AT_ONCE, VIDEO_STATUSES, Video
from heygen_async.bulk.plan import Job
from heygen_async.bulk.timing import RenderTimes, size_of
from heygen_async.bulk.watched import Watch, Watched, first_look
from heygen_async.errors import (
    APIError,
    AuthenticationError,
    DeadlineExceededError,
    HeyGenError,
    NotFoundError,
    RenderFailedError,
)

if TYPE_CHECKING:
    from heygen_async.client import HeyGen

T = TypeVar("T")

logger = logging.getLogger("heygen_async")

TICK_SECONDS = 5.5
JITTER = 0.1  # of the tick, either way: several clients of one account drift apart
SWEEPS_SHARE = 0.2  # of a known request rate, at the most
LAG_SECONDS = 120.0  # a 404 so soon after the submission may be HeyGen's lists lagging behind
SESSION_SECONDS = 10.0  # HeyGen's advice for agents: every 10 to 30 s
REQUESTS_AT_ONCE = 16
SIGNALLED_TICK_SECONDS = 30.0  # while nearly every end is signalled, the sweep is only the net
RELIABLE, ENDS_TO_TRUST = 0.95, 20  # so large a share of so many last ends

_OVER = frozenset({"completed", "failed"})
_NOT_BEGUN = frozenset({"waiting", "queued", "pending"})
_RUNNING = (VIDEO_STATUSES | _NOT_BEGUN) - _OVER

Entry = Mapping[str, Any]


class Listener(Protocol):
    """Who is told."""

    def on_rendered(self, watched: Watched, status: str) -> None:
        """HeyGen has ended the render, so its slot is free; what came out is still to be read."""

    async def on_named(self, watched: Watched) -> None:
        """Its session or batch has named its video."""

    async def on_end(self, watched: Watched, end: Video | HeyGenError) -> None:
        """It is known how it ended."""


class Watcher:
    """Watches renders until they end and reports each once."""

    def __init__(
        self, client: HeyGen, listener: Listener, *, deadline: float, watch: Watch = "auto", times: RenderTimes
    ) -> None:
        """Ask through *client* and tell *listener*.

        A render that has not ended *deadline* seconds after it was added is given up here; it goes on at HeyGen.
        """
        self._client = client
        self._listener = listener
        self._deadline = deadline
        self._times = times
        self._watched: dict[int, Watched] = {}
        self._in_bulk = watch != "each"
        self._faithful = watch == "sweep"  # to the sweep, even where it is refused
        self._waiting = 0
        self._last_kind = ("avatar", 0)  # what rows that wait are likely to be
        self._moved_at = -math.inf  # when a render ended or a batch's item came to its turn
        self._closed = False
        self._changed = anyio.Event()
        self._width = anyio.CapacityLimiter(REQUESTS_AT_ONCE)
        self._signalled: list[bool] = []  # of the last ends, whether a signal came before the sweep

    @property
    def watched(self) -> Collection[Watched]:
        """What is under watch now."""
        return self._watched.values()

    def seconds_left(self, waiting: int, slots: float) -> float:
        """Return the seconds until all that is watched has ended, and *waiting* more rows on so many *slots*."""
        now = anyio.current_time()
        left = [w.law.left(now - w.born) for w in self._watched.values()]
        mean = self._times.law(*self._last_kind).expected
        return max([(sum(left) + waiting * mean) / max(1.0, slots), *left])

    def add_video(self, job: Job, video_id: str, *, age: float = 0.0) -> None:
        """Watch a video that was submitted *age* seconds ago."""
        self._add(job, age, video_id=video_id)

    def add_session(self, job: Job, session_id: str, *, age: float = 0.0) -> None:
        """Watch a session that was started *age* seconds ago, and its video once it has one."""
        self._add(job, age, session_id=session_id, first=waiting.AGENT.first)

    def add_item(self, job: Job, batch_id: str, item: int, *, age: float = 0.0) -> None:
        """Watch an item of a batch that was submitted *age* seconds ago, and its video once it has one."""
        self._add(job, age, batch_id=batch_id, item=item)

    def wake(self, resource_id: str) -> None:
        """Look at this video, session or batch at once: something says that it has ended. Others are ignored."""
        for watched in self._watched.values():
            if resource_id in {watched.video_id, watched.session_id, watched.batch_id}:
                watched.due, watched.signalled = anyio.current_time(), True
                self._tell()

    def close(self) -> None:
        """Expect no more: `run` returns when the last one has ended."""
        self._closed = True
        if not self._watched:
            self._tell()

    async def run(self) -> None:
        """Look until everything has ended.

        Raises:
            AuthenticationError: The key is no longer accepted, so nothing can be seen.
        """
        async with anyio.create_task_group() as self._readers:
            while not (self._closed and not self._watched):
                if await self._pause():
                    await self._look()

    def _add(self, job: Job, age: float, *, first: float | None = None, **ids: Any) -> None:
        now = anyio.current_time()
        self._last_kind = (job.request.kind, size_of(job.request))
        law = self._times.law(*self._last_kind)
        due = now - age + (first_look(law) if first is None else first)
        self._watched[job.index] = Watched(job=job, since=now, born=now - age, due=due, law=law, **ids)
        if len(self._watched) == 1 or not self._in_bulk:
            self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def _pause(self) -> bool:
        """Return whether it is time to look; what has changed may ask for another pause."""
        if not self._watched:
            await self._changed.wait()
            return False
        with anyio.CancelScope(deadline=anyio.current_time() + self._tick()):
            await self._changed.wait()
        return bool(self._watched)

    def _tick(self) -> float:
        if not self._in_bulk:
            return max(0.1, min(w.due for w in self._watched.values()) - anyio.current_time())
        sweeps = len(self._watched) / STATUSES_AT_ONCE
        reliable = len(self._signalled) == ENDS_TO_TRUST and sum(self._signalled) >= RELIABLE * ENDS_TO_TRUST
        wanted = SIGNALLED_TICK_SECONDS if reliable else TICK_SECONDS
        tick = max(wanted, sweeps / (SWEEPS_SHARE * self._client.requests_per_second))
        return tick * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - not a secret

    async def _look(self) -> None:
        now = anyio.current_time()
        due = [w for w in self._watched.values() if w.due <= now and not w.being_read]
        self._waiting = 0
        async with anyio.create_task_group() as looks:
            for look in self._looks(due):
                looks.start_soon(self._in_turn, look)
        self._client.pool.seen(waiting=self._waiting, running=len(due) - self._waiting)
        for watched in [w for w in self._watched.values() if now - self._begun(w) >= self._deadline]:
            await self._end(watched, self._too_late(watched))

    def _looks(self, due: list[Watched]) -> Iterator[Callable[[], Awaitable[None]]]:
        """Yield the requests that tell about *due*."""
        nameless = {w.batch_id for w in due if w.batch_id is not None and w.video_id is None}
        videos = []
        for watched in due:
            if watched.session_id is not None and watched.video_id is None:
                yield lambda w=watched: self._look_at_session(w)  # type: ignore[misc]  # mypy and defaults of lambdas
            elif watched.batch_id not in nameless:
                videos.append(watched)
        for batch_id in nameless - {None}:
            items = {w.item: w for w in due if w.batch_id == batch_id}
            yield lambda b=batch_id, i=items: self._look_at_batch(b, i)  # type: ignore[misc]  # the same
        if not self._in_bulk:
            self._read_each(videos)
            return
        for chunk in _chunks(videos, STATUSES_AT_ONCE):
            yield lambda c=chunk: self._sweep({w.video_id: w for w in c})  # type: ignore[misc]  # the same

    async def _in_turn(self, look: Callable[[], Awaitable[None]]) -> None:
        async with self._width:
            await look()

    def _read_each(self, videos: Iterable[Watched]) -> None:
        now = anyio.current_time()
        for watched in videos:
            watched.look_again(now)
            self._start_reading(watched)

    async def _sweep(self, videos: Mapping[str | None, Watched]) -> None:
        """Ask for the statuses of up to 100 videos, and read those that have ended."""
        try:
            entries = await self._client.videos.entries(str(name) for name in videos)
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            self._refused(exc)
            return
        for entry in entries:
            status = entry.get("status")
            if status == "processing":
                continue  # most, most of the time
            watched = videos.get(entry.get("video_id"))
            if watched is not None:
                self._judge(watched, status)

    def _refused(self, error: HeyGenError) -> None:
        for_good = isinstance(error, APIError) and not error.retryable
        if for_good and not self._faithful:
            self._in_bulk = False
        logger.warning("bulk statuses failed: %s; %s", error, "looking again" if self._in_bulk else "asking one by one")

    def _judge(self, watched: Watched, status: Any) -> None:
        """Heed what a bulk look says of a video."""
        if status in _OVER:
            self._rendered(watched, status)
            self._start_reading(watched)
        elif status == "not_found":
            self._start_reading(watched)
        elif status in _NOT_BEGUN:
            self._waiting += 1
        elif status not in _RUNNING:
            waiting.note_status(str(status), VIDEO_STATUSES)

    async def _look_at_batch(self, batch_id: str, items: Mapping[int | None, Watched]) -> None:
        """Ask for all items of a batch: those whose turn has come have their video ids."""
        try:
            entries = await self._entries_of(batch_id)
        except AuthenticationError:
            raise
        except NotFoundError as exc:
            await self._lost(exc, items.values())
            return
        except HeyGenError as exc:
            self._refused(exc)
            return
        for entry in entries:
            watched = items.get(entry.get("item_index"))
            if watched is not None:
                await self._take_item(watched, entry)

    async def _entries_of(self, batch_id: str) -> list[Entry]:
        if self._in_bulk:
            found = await self._client.videos.entries(batch_ids=[batch_id])
            if any(entry.get("status") == "not_found" for entry in found):
                raise NotFoundError(f"batch {batch_id}: HeyGen does not know it")
            return list(found)
        batch = await self._client.videos.batch(batch_id)
        return [
            {"item_index": i.item_index, "status": i.status, "video_id": i.video_id, "error": i.error}
            for i in batch.items
        ]

    async def _lost(self, error: NotFoundError, items: Iterable[Watched]) -> None:
        for watched in list(items):
            if anyio.current_time() - watched.since >= LAG_SECONDS:
                await self._end(watched, error.after(error.attempts, "yes"))

    async def _take_item(self, watched: Watched, entry: Entry) -> None:
        status, video_id = entry.get("status"), entry.get("video_id")
        if watched.video_id is None and isinstance(video_id, str) and video_id:
            watched.video_id = video_id
            watched.born = self._moved_at = anyio.current_time()
            await self._listener.on_named(watched)
        if watched.video_id is not None:
            self._judge(watched, status)
        elif status == "failed":
            self._rendered(watched, "failed")
            await self._end(watched, _failure_of(watched, entry.get("error")))
        else:
            self._waiting += 1

    async def _look_at_session(self, watched: Watched) -> None:
        watched.due = anyio.current_time() + SESSION_SECONDS
        session = await self._ask(watched, self._client.video_agents.get(watched.session_id or ""))
        if session is not None:
            await self._follow(watched, session)

    async def _follow(self, watched: Watched, session: Session) -> None:
        waiting.note_status(session.status, SESSION_STATUSES)
        if session.video_id is not None:
            watched.video_id = session.video_id
            await self._listener.on_named(watched)
        if session.status == "failed" and session.video_id is None:
            self._rendered(watched, "failed")
            await self._end(watched, session.failure())

    def _start_reading(self, watched: Watched) -> None:
        if not watched.being_read:
            watched.being_read = True
            self._readers.start_soon(self._read, watched)

    async def _read(self, watched: Watched) -> None:
        """Read the details of a video, and report it if it has ended."""
        try:
            async with self._width:
                video = await self._ask(watched, self._client.videos.get(watched.video_id or ""))
        finally:
            watched.being_read = False
        if video is not None and video.ended:
            self._rendered(watched, video.status)
            await self._end(watched, video)

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

    def _rendered(self, watched: Watched, status: str) -> None:
        """Tell once that the render is over, and learn how long it took if its whole life was seen."""
        if watched.rendered:
            return
        watched.rendered = True
        now = self._moved_at = anyio.current_time()
        self._signalled = [*self._signalled[1 - ENDS_TO_TRUST :], watched.signalled]
        if status == "completed" and watched.born >= watched.since:
            self._times.learn(watched.job.request.kind, size_of(watched.job.request), now - watched.born)
        self._listener.on_rendered(watched, status)

    async def _end(self, watched: Watched, end: Video | HeyGenError) -> None:
        if self._watched.pop(watched.job.index, None) is None:
            return
        if not self._watched:
            self._tell()
        self._rendered(watched, "failed")
        await self._listener.on_end(watched, end)

    def _begun(self, watched: Watched) -> float:
        """Return since when the deadline of a render counts: not while it waits for its turn and others end."""
        waits = watched.batch_id is not None and watched.video_id is None
        return max(watched.since, self._moved_at if waits else watched.born)

    def _too_late(self, watched: Watched) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"{watched.resource_id} has not ended {self._deadline:g} s after its submission. It goes on and is "
            "paid for; read it later by its id",
            resource_id=watched.resource_id,
            spent="yes",
        )


def _failure_of(watched: Watched, error: Any) -> RenderFailedError:
    known = error if isinstance(error, dict) else {}
    reason = known.get("message") or known.get("code") or "HeyGen gives no reason"
    return RenderFailedError(
        f"item {watched.item} of batch {watched.batch_id} failed: {reason}",
        code=known.get("code") if isinstance(known.get("code"), str) else None,
        resource_id=watched.resource_id,
        spent="no",
    )


def _chunks(items: list[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk

"""Who is asked next, and when: one task watches all renders of a run, in bulk.

A render holds its slot until its end is noticed, so the pause between looks is a cost. One request of
`GET /v3/videos/statuses` tells about 100 videos; each finished one is then read once for its details, beside the
sweeps and never in their way. Sessions are asked one by one, batches as a whole, until they name their videos. Jobs
that are no videos (translations, clips, ...) are asked one by one at a pace that fits how such renders end; so is every
video where bulk statuses are refused or not wanted.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import anyio

from heygen_async.api.agents.sessions import SESSION_STATUSES, Session
from heygen_async.api.client import Client
from heygen_async.api.handles import polling
from heygen_async.api.handles.video import VIDEO_STATUSES
from heygen_async.api.renders import look
from heygen_async.api.videos import STATUSES_AT_ONCE
from heygen_async.bulk.watch.watched_render import Watch, WatchedRender
from heygen_async.bulk.watch.watchlist import Watchlist, failure_of
from heygen_async.errors import APIError, AuthenticationError, HeyGenError, NotFoundError

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("heygen_async")

TICK_SECONDS = 5.5
JITTER = 0.1  # of the tick, either way: several clients of one account drift apart
SWEEPS_SHARE = 0.2  # of a known request rate, at the most
LAG_SECONDS = 120.0  # a 404 so soon after the submission may be HeyGen's lists lagging behind
QUEUED_SECONDS = 15.0  # between looks at what waits for its turn at HeyGen: no render is known to be shorter
SESSION_SECONDS = 10.0  # HeyGen's advice for agents: every 10 to 30 s
REQUESTS_AT_ONCE = 16
SIGNALLED_TICK_SECONDS = 30.0  # while nearly every end is signalled, the sweep is only the net

_OVER = frozenset({"completed", "failed"})
_NOT_BEGUN = frozenset({"waiting", "queued", "pending"})
_RUNNING = (VIDEO_STATUSES | _NOT_BEGUN) - _OVER

Entry = Mapping[str, Any]


class Poller:
    """Watches renders until they end and reports each once."""

    def __init__(self, client: Client, watchlist: Watchlist, watch: Watch = "auto") -> None:
        """Ask through *client* about what is on the *watchlist*."""
        self._client = client
        self._list = watchlist
        self._in_bulk = watch != "each"
        self._list.wants_news = not self._in_bulk
        self._faithful = watch == "sweep"  # to the sweep, even where it is refused
        self._waiting = 0
        self._width = anyio.Semaphore(REQUESTS_AT_ONCE, fast_acquire=True)

    async def run(self) -> None:
        """Look until everything has ended.

        Raises:
            AuthenticationError: The key is no longer accepted, so nothing can be seen.
        """
        async with anyio.create_task_group() as self._readers:
            while not self._list.over:
                if await self._pause():
                    await self._look()

    async def _pause(self) -> bool:
        """Return whether it is time to look; what has changed may ask for another pause."""
        if not self._list:
            await self._list.news()
            return False
        until = anyio.current_time() + self._tick()
        while self._list and not self._list.is_urgent and anyio.current_time() < until:
            with anyio.CancelScope(deadline=until):
                await self._list.news()
            if not self._in_bulk:
                break  # who is new may be due before all others
        return bool(self._list)

    def _tick(self) -> float:
        """Return the seconds until the next look."""
        if not self._in_bulk:
            return max(0.1, min(w.due for w in self._list.watched) - anyio.current_time())
        sweeps = len(self._list) / STATUSES_AT_ONCE
        wanted = SIGNALLED_TICK_SECONDS if self._list.signals_are_reliable else TICK_SECONDS
        tick = max(wanted, sweeps / (SWEEPS_SHARE * self._client.requests_per_second))
        return tick * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - not a secret

    async def _look(self) -> None:
        now = anyio.current_time()
        self._list.is_urgent = False
        due = [w for w in self._list.watched if w.due <= now and not w.being_read]
        self._waiting = 0
        async with anyio.create_task_group() as looks:
            for look in self._looks(due):
                looks.start_soon(self._in_turn, look)
        self._client.pool.seen(waiting=self._waiting, running=len(due) - self._waiting)
        await self._list.give_up_late_ones()

    def _looks(self, due: list[WatchedRender]) -> Iterator[Callable[[], Awaitable[None]]]:
        """Yield the requests that tell about *due*."""
        nameless = {w.batch_id for w in due if w.batch_id is not None and w.video_id is None}
        videos = []
        for watched in due:
            if watched.session_id is not None and watched.video_id is None:
                yield lambda w=watched: self._look_at_session(w)  # type: ignore[misc]  # mypy and defaults of lambdas
            elif watched.is_job:
                self._read_each([watched])
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

    def _read_each(self, videos: Iterable[WatchedRender]) -> None:
        now = anyio.current_time()
        for watched in videos:
            watched.look_again(now)
            self._start_reading(watched)

    async def _sweep(self, videos: Mapping[str | None, WatchedRender]) -> None:
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
            self._list.wants_news = True
        then = "looking again" if self._in_bulk else "asking one by one"
        logger.warning("bulk statuses failed: %s; %s", error.gist, then)

    def _judge(self, watched: WatchedRender, status: Any) -> None:
        """Heed what a bulk look says of a video."""
        if status in _OVER:
            self._list.rendered(watched, status)
            self._start_reading(watched)
        elif status == "not_found":
            self._start_reading(watched)
        elif status in _NOT_BEGUN:
            self._waiting += 1
        elif status not in _RUNNING:
            polling.note_status(str(status), VIDEO_STATUSES)

    async def _look_at_batch(self, batch_id: str, items: Mapping[int | None, WatchedRender]) -> None:
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

    async def _lost(self, error: NotFoundError, items: Iterable[WatchedRender]) -> None:
        for watched in list(items):
            if anyio.current_time() - watched.since >= LAG_SECONDS:
                await self._list.end(watched, error.after(error.attempts, "yes"))

    async def _take_item(self, watched: WatchedRender, entry: Entry) -> None:
        status, video_id = entry.get("status"), entry.get("video_id")
        if watched.video_id is None and isinstance(video_id, str) and video_id:
            self._list.named(watched, video_id)
            await self._list.listener.on_named(watched)
        if watched.video_id is not None:
            self._judge(watched, status)
        elif status == "failed":
            self._list.rendered(watched, "failed")
            await self._list.end(watched, failure_of(watched, entry.get("error")))
        else:
            watched.due, watched.queued = anyio.current_time() + QUEUED_SECONDS, True
            self._waiting += 1

    async def _look_at_session(self, watched: WatchedRender) -> None:
        watched.due = anyio.current_time() + SESSION_SECONDS
        session = await self._ask(watched, self._client.video_agents.get(watched.session_id or ""))
        if session is not None:
            await self._follow(watched, session)

    async def _follow(self, watched: WatchedRender, session: Session) -> None:
        polling.note_status(session.status, SESSION_STATUSES)
        if session.video_id is not None:
            watched.video_id = session.video_id
            await self._list.listener.on_named(watched)
        if session.status == "failed" and session.video_id is None:
            self._list.rendered(watched, "failed")
            await self._list.end(watched, session.failure())

    def _start_reading(self, watched: WatchedRender) -> None:
        if not watched.being_read:
            watched.being_read = True
            self._readers.start_soon(self._read, watched)

    async def _read(self, watched: WatchedRender) -> None:
        """Read the details of a video or job, and report it if it has ended."""
        try:
            async with self._width:
                seen = look(self._client, watched.job.request.kind, watched.video_id or "")
                video = await self._ask(watched, seen)
        finally:
            watched.being_read = False
        if video is not None and video.ended:
            self._list.rendered(watched, video.status)
            await self._list.end(watched, video)

    async def _ask(self, watched: WatchedRender, question: Awaitable[T]) -> T | None:
        """Return the answer; None if it may come later. What will never come ends the render's watch."""
        try:
            return await question
        except AuthenticationError:
            raise
        except HeyGenError as exc:
            young = anyio.current_time() - watched.since < LAG_SECONDS
            if exc.retryable or (young and isinstance(exc, NotFoundError)):
                logger.info("looking failed, will look again: %s", exc.gist)
            else:
                exc.spent = "yes"  # it was submitted; only the sight of it is lost
                exc.resource_id = watched.resource_id
                await self._list.end(watched, exc)
            return None


def _chunks(items: list[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk

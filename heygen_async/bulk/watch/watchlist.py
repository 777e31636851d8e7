"""What is under watch: renders come onto the list when they are submitted and leave it when their end is known."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, Protocol

import anyio

from heygen_async.api.handles import polling
from heygen_async.api.handles.video import Video
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.watch.render_times import RenderTimes, size_of
from heygen_async.bulk.watch.watched_render import WatchedRender, first_look
from heygen_async.errors import DeadlineExceededError, HeyGenError, RenderFailedError

RELIABLE, ENDS_TO_TRUST = 0.95, 20  # so large a share of so many last ends


class Listener(Protocol):
    """Who is told."""

    def on_rendered(self, watched: WatchedRender, status: str) -> None:
        """HeyGen has ended the render, so its slot is free; what came out is still to be read."""

    async def on_named(self, watched: WatchedRender) -> None:
        """Its session or batch has named its video."""

    async def on_end(self, watched: WatchedRender, end: Video | HeyGenError) -> None:
        """It is known how it ended."""


class Watchlist:
    """The renders of a run that have not ended.

    Attributes:
        expects_more: Whether further renders may come.
        is_urgent: Whether a look is wanted at once.
        wants_news: Whether whoever looks wants to know of every new one.
        listener: Who is told.
    """

    def __init__(self, listener: Listener, *, deadline: float, times: RenderTimes) -> None:
        """Tell *listener* what happens, and learn *times*.

        A render that has not ended *deadline* seconds after it was added is given up here; it goes on at HeyGen.
        """
        self.expects_more: bool = True
        self.listener = listener
        self._deadline = deadline
        self._times = times
        self._watched: dict[int, WatchedRender] = {}
        self._last_kind = ("avatar", 0)  # what rows that wait are likely to be
        self._moved_at = -math.inf  # when a render ended or a batch's item came to its turn
        self._signalled: list[bool] = []  # of the last ends, whether a signal came before a look
        self.is_urgent: bool = False
        self.wants_news = False
        self._changed = anyio.Event()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._watched)

    @property
    def over(self) -> bool:
        """Whether everything has ended and nothing more is to come."""
        return not self._watched and not self.expects_more

    @property
    def watched(self) -> Collection[WatchedRender]:
        """What is under watch now."""
        return self._watched.values()

    @property
    def queued(self) -> bool:
        """Whether items of batches wait for their turn at HeyGen."""
        return any(w.queued for w in self._watched.values())

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
        self._add(job, age, session_id=session_id, first=polling.AGENT.first)

    def add_item(self, job: Job, batch_id: str, item: int, *, age: float = 0.0) -> None:
        """Watch an item of a batch that was submitted *age* seconds ago, and its video once it has one."""
        self._add(job, age, batch_id=batch_id, item=item)

    def wake(self, resource_id: str) -> None:
        """Look at this video, session or batch at once: something says that it has ended. Others are ignored."""
        for watched in self._watched.values():
            if resource_id in {watched.video_id, watched.session_id, watched.batch_id}:
                watched.due, watched.signalled = anyio.current_time(), True
                self.is_urgent = True
                self._tell()

    @property
    def signals_are_reliable(self) -> bool:
        """Whether something else than looking has told of nearly all of the last ends."""
        return len(self._signalled) == ENDS_TO_TRUST and sum(self._signalled) >= RELIABLE * ENDS_TO_TRUST

    def close(self) -> None:
        """Expect no more."""
        self.expects_more = False
        if not self._watched:
            self._tell()

    async def news(self) -> None:
        """Return when something has changed that may ask for another pace, or for a look at once."""
        await self._changed.wait()

    def _add(self, job: Job, age: float, *, first: float | None = None, **ids: Any) -> None:
        now = anyio.current_time()
        self._last_kind = (job.request.kind, size_of(job.request))
        law = self._times.law(*self._last_kind)
        due = now - age + (first_look(law) if first is None else first)
        self._watched[job.index] = WatchedRender(job=job, since=now, born=now - age, due=due, law=law, **ids)
        if self.wants_news or len(self._watched) == 1:
            self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    def rendered(self, watched: WatchedRender, status: str) -> None:
        """Tell once that the render is over, and learn how long it took if its whole life was seen."""
        if watched.rendered:
            return
        watched.rendered = True
        now = self._moved_at = anyio.current_time()
        self._signalled = [*self._signalled[1 - ENDS_TO_TRUST :], watched.signalled]
        if status == "completed" and watched.born >= watched.since:
            self._times.learn(watched.job.request.kind, size_of(watched.job.request), now - watched.born)
        self.listener.on_rendered(watched, status)

    async def end(self, watched: WatchedRender, end: Video | HeyGenError) -> None:
        """Take a render off the list and tell how it ended; it may be asked twice."""
        if self._watched.pop(watched.job.index, None) is None:
            return
        if not self._watched:
            self._tell()
        self.rendered(watched, "failed")
        await self.listener.on_end(watched, end)

    async def give_up_late_ones(self) -> None:
        """End the watch of those that are past the deadline."""
        now = anyio.current_time()
        old = [w for w in self._watched.values() if now - w.since >= self._deadline]
        for watched in old:
            if now - self._begun(watched) >= self._deadline:
                await self.end(watched, self._too_late(watched))

    def named(self, watched: WatchedRender, video_id: str) -> None:
        """An item of a batch has come to its turn and has its video id."""
        watched.video_id, watched.queued = video_id, False
        watched.born = self._moved_at = anyio.current_time()

    def _begun(self, watched: WatchedRender) -> float:
        """Return since when the deadline of a render counts: not while it waits for its turn and others end."""
        waits = watched.batch_id is not None and watched.video_id is None
        return max(watched.since, self._moved_at if waits else watched.born)

    def _too_late(self, watched: WatchedRender) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"{watched.resource_id} has not ended {self._deadline:g} s after its submission. It goes on and is "
            "paid for; read it later by its id",
            resource_id=watched.resource_id,
            spent="yes",
        )


def failure_of(watched: WatchedRender, error: Any) -> RenderFailedError:
    """Return the failure of an item of a batch that has no video; the shape of *error* is not documented."""
    known = error if isinstance(error, dict) else {}
    reason = known.get("message") or known.get("code") or "HeyGen gives no reason"
    return RenderFailedError(
        f"item {watched.item} of batch {watched.batch_id} failed: {reason}",
        code=known.get("code") if isinstance(known.get("code"), str) else None,
        resource_id=watched.resource_id,
        spent="no",
    )

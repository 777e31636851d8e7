"""Renders: jobs that hold a slot for some time and end completed or failed, most of them with a video."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from heygen_async.simulator.faults.request_faults import (
    ExpiredUrl,
    FailedRender,
    NullVideoUrl,
    RenderFault,
    Stuck,
    UnknownStatus,
)
from heygen_async.simulator.world.slots import SlotPool
from heygen_async.simulator.world.timeline import Timeline

F = TypeVar("F", bound=RenderFault)

# A render is "pending" for this part of its time, then "processing".
PENDING_PART = 0.05
PENDING_SECONDS_AT_MOST = 5.0


@attrs.define(kw_only=True)
class RenderFaults:
    """The faults of one job, and how often each has taken effect.

    Attributes:
        faults: Faults that were chosen when the job was accepted.
    """

    faults: tuple[RenderFault, ...] = ()
    _uses: dict[type[RenderFault], int] = attrs.field(factory=dict)

    @property
    def failure(self) -> FailedRender | None:
        """The fault that makes the job fail, if any."""
        return self._first(FailedRender)

    @property
    def stuck(self) -> bool:
        """True if the job never ends."""
        return self._first(Stuck) is not None

    def undocumented_status(self) -> str | None:
        """Return an undocumented status for this poll, if a fault orders one."""
        fault = self._first(UnknownStatus)
        return fault.word if fault and self._use(UnknownStatus, fault.polls) else None

    def hides_address(self) -> bool:
        """Return True if this poll of the completed job finds no addresses of files."""
        fault = self._first(NullVideoUrl)
        return fault is not None and self._use(NullVideoUrl, fault.polls)

    def has_expired_address(self) -> bool:
        """Return True if this poll of the completed job gets addresses that have expired already."""
        fault = self._first(ExpiredUrl)
        return fault is not None and self._use(ExpiredUrl, math.inf if fault.times is None else fault.times)

    def _first(self, kind: type[F]) -> F | None:
        return next((fault for fault in self.faults if isinstance(fault, kind)), None)

    def _use(self, kind: type[RenderFault], allowance: float) -> bool:
        uses = self._uses.get(kind, 0)
        self._uses[kind] = uses + 1
        return uses < allowance


@attrs.define(kw_only=True, eq=False)
class Render:
    """A job that is waiting, running or ended.

    Attributes:
        video_id: Id of the video, or of the job if it is of another kind.
        number: Rises with each render of the world.
        kind: Kind of the charge, see `Charge.kind`.
        body: Body of the request; for an agent, of its session.
        title: Title in lists.
        folder_id: Folder in lists.
        accepted_at: Loop time.
        seconds: Seconds from start to end.
        duration: Length of the video in seconds.
        faults: Faults of this render.
        started_at: Loop time at which it got its slot; None while it waits for one.
        ended_at: Loop time; None while it waits or runs.
        session_id: Id of the agent session that makes it.
        job_kind: Name of the kind whose endpoints it belongs to, see `job_kinds`.
        batch_id: Id of the batch that it belongs to.
        deleted: True after DELETE.
        abandoned: True if its agent session failed before the render.
    """

    video_id: str
    session_id: str | None = None
    job_kind: str = "video"
    batch_id: str | None = None
    number: int
    kind: str
    body: dict[str, Any]
    title: str | None
    folder_id: str | None
    accepted_at: float
    seconds: float
    duration: float
    faults: RenderFaults
    started_at: float | None = None
    ended_at: float | None = None
    deleted: bool = False
    abandoned: bool = False

    def status(self, now: float) -> str:
        """Return the status at loop time *now*: pending, processing, completed or failed."""
        if self.abandoned:
            return "failed"
        if self.ended_at is not None:
            return "failed" if self.faults.failure else "completed"
        pending = min(self.seconds * PENDING_PART, PENDING_SECONDS_AT_MOST)
        if self.started_at is None or now < self.started_at + pending:
            return "pending"
        return "processing"


OnRender = Callable[[Render], None]


@attrs.define(kw_only=True)
class RenderFarm:
    """Runs renders: starts them when there is a slot and ends them after their time.

    Attributes:
        timeline: Schedules the ends.
        slot_pool: The account's slots.
        on_started: Called with each render that starts; from then on, the account lists its video.
        on_failed: Called with each render that fails, before `on_ended`; failed renders are not billed.
        on_ended: Called with each render that ends, and with each that is deleted before its end.
    """

    timeline: Timeline
    slot_pool: SlotPool
    on_started: OnRender
    on_failed: OnRender
    on_ended: OnRender
    _starts: dict[str, Callable[[], None]] = attrs.field(factory=dict)

    def submit(self, render: Render) -> None:
        """Start *render* as soon as there is a slot; the slot is freed when it ends."""
        start = functools.partial(self.start, render, self._release_slot)
        self._starts[render.video_id] = start
        self.slot_pool.acquire(start)

    def start(self, render: Render, on_end: OnRender) -> None:
        """Start *render* now, in a slot that the caller has taken and frees in *on_end*."""
        self._starts.pop(render.video_id, None)
        render.started_at = self.timeline.now
        self.on_started(render)
        if not render.faults.stuck:
            self.timeline.schedule(self.timeline.now + render.seconds, functools.partial(self._end, render, on_end))

    def delete(self, render: Render) -> None:
        """Delete *render*. If it runs, it stops and frees its slot; if it waits, it leaves the queue.

        The charge stays. How HeyGen treats such a render is not known (section 13 of the notes).
        """
        render.deleted = True
        if start := self._starts.pop(render.video_id, None):
            self.slot_pool.cancel(start)
            self.on_ended(render)
        elif render.ended_at is None:
            render.ended_at = self.timeline.now
            self.slot_pool.release()
            self.on_ended(render)

    def _end(self, render: Render, on_end: OnRender) -> None:
        if render.deleted:
            return
        render.ended_at = self.timeline.now
        if render.faults.failure:
            self.on_failed(render)
        on_end(render)
        self.on_ended(render)

    def _release_slot(self, _: Render) -> None:
        self.slot_pool.release()

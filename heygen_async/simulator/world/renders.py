"""Renders: each makes one video or the like, holds a slot while it does, and ends completed or failed."""

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
    """The faults of one job, and how far they have been spent.

    Attributes:
        faults: What was settled at acceptance.
    """

    faults: tuple[RenderFault, ...] = ()
    _spent: dict[type[RenderFault], int] = attrs.field(factory=dict)

    @property
    def failure(self) -> FailedRender | None:
        """How the job fails, if it does."""
        return self._first(FailedRender)

    @property
    def stuck(self) -> bool:
        """True if it never ends."""
        return self._first(Stuck) is not None

    def undocumented_status(self) -> str | None:
        """Return the undocumented word for this look at the status, if it gets one."""
        fault = self._first(UnknownStatus)
        return fault.word if fault and self._spend(UnknownStatus, fault.polls) else None

    def hides_address(self) -> bool:
        """True if this look at the completed video finds no address."""
        fault = self._first(NullVideoUrl)
        return fault is not None and self._spend(NullVideoUrl, fault.polls)

    def expires_at_once(self) -> bool:
        """True if the address given now has expired already."""
        fault = self._first(ExpiredUrl)
        return fault is not None and self._spend(ExpiredUrl, math.inf if fault.times is None else fault.times)

    def _first(self, kind: type[F]) -> F | None:
        return next((fault for fault in self.faults if isinstance(fault, kind)), None)

    def _spend(self, kind: type[RenderFault], allowance: float) -> bool:
        spent = self._spent.get(kind, 0)
        self._spent[kind] = spent + 1
        return spent < allowance


@attrs.define(kw_only=True, eq=False)
class Render:
    """A video on its way, or done.

    Attributes:
        video_id: Of the video.
        number: Rises with each video of the world.
        kind: As in `Charge.kind`.
        body: Of the request; for an agent, its session's.
        title: As listed.
        folder_id: As listed.
        accepted_at: Loop time.
        seconds: From start to end.
        duration: Seconds of the video.
        faults: What goes wrong with it.
        started_at: Loop time at which it got its slot; None while it waits for one.
        ended_at: Loop time.
        session_id: The agent session that makes it.
        family: Whose endpoints it belongs to, see `families`.
        batch_id: The batch that it is a member of.
        deleted: True if DELETE took it away.
    """

    video_id: str
    session_id: str | None = None
    family: str = "video"
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

    def status(self, now: float) -> str:
        """Return the status at loop time *now*: pending, processing, completed or failed."""
        if self.ended_at is not None:
            return "failed" if self.faults.failure else "completed"
        pending = min(self.seconds * PENDING_PART, PENDING_SECONDS_AT_MOST)
        if self.started_at is None or now < self.started_at + pending:
            return "pending"
        return "processing"


OnRender = Callable[[Render], None]


@attrs.define(kw_only=True)
class RenderFarm:
    """Where renders are made.

    Attributes:
        timeline: What will happen when.
        slot_pool: Slots.
        on_started: Told of each render that starts: from now on its video is known to the account.
        on_failed: Told of each render that failed, so that it is not billed.
        on_ended: Told at last of each render that ended, or was taken away before.
    """

    timeline: Timeline
    slot_pool: SlotPool
    on_started: OnRender
    on_failed: OnRender
    on_ended: OnRender
    _starts: dict[str, Callable[[], None]] = attrs.field(factory=dict)

    def submit(self, render: Render) -> None:
        """Start *render* as soon as there is a slot; the slot is freed when it ends."""
        start = functools.partial(self.start, render, self._leave)
        self._starts[render.video_id] = start
        self.slot_pool.acquire(start)

    def start(self, render: Render, on_end: OnRender) -> None:
        """Start *render* now; somebody else has taken the slot and frees it in *on_end*."""
        self._starts.pop(render.video_id, None)
        render.started_at = self.timeline.now
        self.on_started(render)
        if not render.faults.stuck:
            self.timeline.schedule(self.timeline.now + render.seconds, functools.partial(self._end, render, on_end))

    def delete(self, render: Render) -> None:
        """Take *render* away. If it still runs or waits it stops, and its slot is free.

        Whether HeyGen does so is not known (section 13 of the notes); the charge stays.
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

    def _leave(self, _: Render) -> None:
        self.slot_pool.release()

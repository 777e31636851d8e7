"""The watchlist: the renders of a run that have not ended, as the followers share them.

Rows stand in the registry. The watchlist adds what all followers need alike: when a row is looked at next, how ends are
told, how long to believe that HeyGen does not know a render, and the deadline.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any, Literal, Protocol

from heygen_async.account.server_clock import ServerClock
from heygen_async.api.handles.video import Video
from heygen_async.bulk.jobs.in_flight import SWEPT, WATCHED, InFlight, Registry, Stage
from heygen_async.bulk.watch.render_times import RenderTimes, first_look, size_of
from heygen_async.bulk.watch.sweep_state import SweepState
from heygen_async.changed import Changed
from heygen_async.errors import DeadlineExceededError, HeyGenError, RenderFailedError

Watch = Literal["auto", "sweep", "each"]

RELIABLE, ENDS_TO_TRUST = 0.95, 20  # share of the last ends that webhooks told, to trust them
MISSES, MISSED_SECONDS = 3, 300.0  # looks that must find nothing, over so long, before a paid render is given up
LATE_LOOKS, LATE_SECONDS = 3, 60.0  # looks that may fail after the deadline, over so long, before a row is given up


class Listener(Protocol):
    """The object that is told about ends."""

    def rendered(self, row: InFlight, status: str) -> None:
        """HeyGen has ended the render: its slot is free; the details are still to be read."""

    async def named(self, rows: Iterable[InFlight]) -> None:
        """Sessions or batches have named the videos of these rows."""

    async def end(self, row: InFlight, end: Video | HeyGenError) -> None:
        """Take in how the render ended."""


class Watchlist:
    """The renders of a run that have not ended.

    Attributes:
        expects_more: True while further renders may come.
        begun: Number of renders that this run has begun.
        has_batches: True if some of them were sent in batches.
        listener: Told about ends.
        changed: Notified when a follower may have something to do.
        clock: Counts the time between looks and until the deadlines.
        looked: Notified after each look of a sweep.
        sweeps: The states of the sweeps, by what they tell of.
        misnamed: Batches of which a bulk answer has named a wrong video; they are asked for by themselves.
    """

    def __init__(
        self,
        registry: Registry,
        listener: Listener,
        *,
        deadline: float,
        patience: float = LATE_SECONDS,
        times: RenderTimes,
        watch: Watch = "auto",
        looked: Changed | None = None,
        clock: ServerClock | None = None,
    ) -> None:
        """Tell *listener* what happens, and learn *times*; *watch* says how ends are noticed.

        A render that has not ended *deadline* seconds after its submission is given up here; it goes on at HeyGen.
        While HeyGen cannot be reached, it is given up only after *patience* more seconds.
        """
        self.registry = registry
        self.listener = listener
        self.expects_more: bool = True
        self.sweeps: dict[str, SweepState] = {
            name: SweepState(name=name, in_bulk=watch != "each", is_faithful=watch == "sweep") for name in SWEPT
        }
        self.changed: Changed = Changed()
        self.looked: Changed = looked or Changed()
        self.clock: ServerClock = clock or ServerClock()
        self.misnamed: set[str] = set()
        self._deadline = deadline
        self._patience = patience
        self._times = times
        self._last_kind = ("avatar", 0)  # rows that wait are likely to be of this kind
        self._moved_at = -math.inf  # loop time at which a render ended or an item of a batch came to its turn
        self._signalled: list[bool] = []  # of the last ends: True if a signal came before a look
        self.begun: int = 0
        self.has_batches: bool = False

    @property
    def rows(self) -> Collection[InFlight]:
        """The renders under watch."""
        return self.registry.at(*WATCHED)

    @property
    def over(self) -> bool:
        """True if everything has ended and nothing more is to come."""
        return not self.expects_more and not self.registry.count(*WATCHED)

    @property
    def waits_only(self) -> bool:
        """True if all rows of the run are under way and none waits at HeyGen: a free slot is of no use to the run."""
        return not self.expects_more and not self.queued

    @property
    def queued(self) -> bool:
        """True if items of batches wait for their turn at HeyGen."""
        return any(row.queued for row in self.registry.at(Stage.RENDERING))

    def is_single(self, row: InFlight) -> bool:
        """Return True if the row is asked for by itself: no sweep tells of it."""
        if row.video_id is None:
            return False
        return row.odd or row.swept_as is None or not self.sweeps[row.swept_as].tells(self.clock.now())

    def seconds_left(self, waiting: int, slots: float) -> float:
        """Return the seconds until all renders under watch have ended, and *waiting* more rows on so many *slots*."""
        now = self.clock.now()
        left: list[float] = [row.law.left(now - row.born) for row in self.registry.at(Stage.RENDERING)]
        mean = self._times.law(*self._last_kind).expected
        return max((sum(left) + waiting * mean) / max(1.0, slots), *left, 0.0)

    def begin(self, row: InFlight, *, age: float = 0.0, first: float | None = None) -> None:
        """Begin to watch a render that was submitted *age* seconds ago, with the first look at the age of *first*."""
        now = self.clock.now()
        self._last_kind = (row.kind, size_of(row.job.request))
        row.law, row.hazard_until = self._times.law(*self._last_kind), -math.inf
        row.since, row.born, row.looked_at = now, now - age, now - age
        self.begun += 1
        row.number = self.begun if not age and row.batch_id is None and row.session_id is None else None
        row.due = row.born + (first_look(row.law) if first is None else first)
        sweep = None if row.swept_as is None else self.sweeps[row.swept_as]
        if sweep is not None:
            sweep.begun += 1
        self.has_batches |= row.batch_id is not None
        if sweep is None or sweep.idles or row.video_id is None or self.is_single(row):
            self.changed.notify()

    def wake(self, resource_id: str) -> None:
        """Look at this video, session or batch at once: something says that it has ended. Other ids are ignored."""
        for row in self.registry.at(Stage.RENDERING):
            if resource_id in {row.video_id, row.session_id, row.batch_id}:
                row.due, row.signalled = self.clock.now(), True
                if row.swept_as is not None:
                    self.sweeps[row.swept_as].woken.append(row)
                self.changed.notify()

    @property
    def signals_are_reliable(self) -> bool:
        """True if webhooks have told of nearly all of the last ends before a look did."""
        return len(self._signalled) == ENDS_TO_TRUST and sum(self._signalled) >= RELIABLE * ENDS_TO_TRUST

    async def wait(self, until: float) -> None:
        """Return when something has changed, or at *until*, a time of the server."""
        await self.changed.wait(self.clock.loop_time(until))

    def close(self) -> None:
        """Expect no more renders."""
        self.expects_more = False
        self.changed.notify()

    def named(self, row: InFlight, video_id: str) -> None:
        """Note that an item of a batch has come to its turn and has its video's id."""
        row.video_id, row.queued, row.hazard_until = video_id, False, -math.inf
        row.born = row.looked_at = self._moved_at = self.clock.now()

    async def renamed(self, row: InFlight, video_id: str | None) -> None:
        """Note that an item of a batch has another video than a bulk answer said, or none yet."""
        self.misnamed.add(str(row.batch_id))
        row.misses, row.missed_since = 1, self.clock.now()
        if video_id is not None:
            row.video_id = video_id
            await self.listener.named([row])
        elif row.stage is Stage.RENDERING:
            row.video_id = None
        self.changed.notify()

    def rendered(self, row: InFlight, status: str) -> None:
        """Tell once that the render is over, and learn how long it took if its whole life was seen."""
        if row.stage is not Stage.RENDERING:
            return
        now = self._moved_at = self.clock.now()
        self._signalled = [*self._signalled[1 - ENDS_TO_TRUST :], row.signalled]
        if status == "completed" and row.born >= row.since:
            self._times.learn(row.kind, size_of(row.job.request), now - row.born)
        self.listener.rendered(row, status)

    async def end(self, row: InFlight, end: Video | HeyGenError) -> None:
        """End the watch of a render; a second time does nothing."""
        if row.stage not in WATCHED:
            return
        self.rendered(row, "failed")
        try:
            await self.listener.end(row, end)
        finally:
            if self.over:
                self.changed.notify()

    async def seen(self, row: InFlight) -> None:
        """Note that a look found the render at work. Only after such a look the deadline is judged."""
        row.misses = row.late_looks = 0
        if self._is_late(row, self.clock.now()):
            await self.end(row, self._too_late(row))

    def may_be_late(self, row: InFlight, now: float) -> bool:
        """Return True if the deadline of a row is to be judged; of most rows it is far away."""
        return now - row.since >= self._deadline

    async def unseen(self, row: InFlight, error: HeyGenError) -> None:
        """Note that a look failed: nothing is known of the render, so it is given up only long after its deadline."""
        now = self.clock.now()
        if not self._is_late(row, now):
            return
        row.late_looks += 1
        if row.late_looks == 1:
            row.late_since = now
        longest = LATE_SECONDS if error.http_status is not None else max(LATE_SECONDS, self._patience)
        if row.late_looks >= LATE_LOOKS and now - row.late_since >= longest:
            late = self._too_late(row)
            late.add_note(f"looking failed, too: {error.gist}")
            await self.end(row, late)

    async def missed(self, row: InFlight, error: HeyGenError) -> None:
        """Note that HeyGen says it does not know the render: believed after several looks over minutes."""
        is_believed = self.believes_next_miss(row)
        row.misses += 1
        if row.misses == 1:
            row.missed_since = self.clock.now()
        if is_believed:
            await self.end(row, error.told(spent="yes", resource_id=row.resource_id))

    def believes_next_miss(self, row: InFlight) -> bool:
        """Return True if the next look that finds nothing is believed."""
        return row.misses >= MISSES - 1 and self.clock.now() - row.missed_since >= MISSED_SECONDS

    def _is_late(self, row: InFlight, now: float) -> bool:
        return now - row.since >= self._deadline and now - self._counted_from(row) >= self._deadline

    def _counted_from(self, row: InFlight) -> float:
        """Return the loop time from which the deadline counts: not while an item waits for its turn and others end."""
        waits = row.batch_id is not None and row.video_id is None
        return max(row.since, self._moved_at if waits else row.born)

    def _too_late(self, row: InFlight) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"{row.resource_id} has not ended {self._deadline:g} s after its submission. It goes on and is "
            "paid for; read it later by its id",
            resource_id=row.resource_id,
            spent="yes",
        )


def failure_of(row: InFlight, error: Any) -> RenderFailedError:
    """Return the failure of an item of a batch that has no video; the shape of *error* is not documented."""
    known = error if isinstance(error, dict) else {"message": error} if isinstance(error, str) else {}
    code = known.get("code")
    reason = known.get("message") or code or "HeyGen gives no reason"
    return RenderFailedError(
        f"item {row.item} of batch {row.batch_id} failed: {reason}",
        code=code if isinstance(code, str) else None,
        resource_id=row.resource_id,
        spent="no",
    )

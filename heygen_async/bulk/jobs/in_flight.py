"""The one record of a row under way, and the registry of all records of a run.

A row has a record from the moment at which it leaves the job store until its result has been read. The record is in
exactly one stage. `Registry.advance` is the only way to another stage, and it refuses a step that the table does not
allow. The registry answers every question about rows under way: how many agents run, what is left when a run is left,
which renders are watched. No other object keeps a list of rows.
"""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Any, Protocol

import attrs

from heygen_async.account.server_clock import Moment
from heygen_async.api.requests.kinds import JOBS_IN_BULK, find_kind
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import first_intent
from heygen_async.errors import Spent

AGENT = "video_agent"
VIDEO = "video"
SWEPT = (VIDEO, *JOBS_IN_BULK)  # renders that HeyGen tells of by the hundred


class Stage(enum.Enum):
    """Where a row is between the job store and the reader of its result."""

    SET_ASIDE = "set_aside"  # an agent whose turn has not come
    SLOTTED = "slotted"  # has a slot, nothing was sent yet
    SENDING = "sending"  # its POST is on the wire
    BACKING_OFF = "backing_off"  # refused for now: waits for a slot, the pace or the network
    LOOKING = "looking"  # the outcome of its POST is unknown and is looked for
    RENDERING = "rendering"  # its id is durable
    READING = "reading"  # HeyGen says that it has ended; the details are asked for
    RECORDING = "recording"  # its end is on the way to the disk
    STORING = "storing"  # waits for its files, or they are being stored
    DELIVERED = "delivered"  # its result waits to be read
    PUT_BACK = "put_back"  # was not sent, and will not be in this run


_S = Stage
# Stages that a row may go to from each stage. A row whose result was read is dropped.
STEPS: dict[Stage, frozenset[Stage]] = {
    _S.SET_ASIDE: frozenset({_S.SLOTTED, _S.PUT_BACK}),
    _S.SLOTTED: frozenset({_S.SET_ASIDE, _S.SENDING, _S.LOOKING, _S.RENDERING, _S.RECORDING, _S.PUT_BACK}),
    _S.SENDING: frozenset({_S.RENDERING, _S.BACKING_OFF, _S.LOOKING, _S.RECORDING, _S.PUT_BACK}),
    _S.BACKING_OFF: frozenset({_S.SENDING, _S.LOOKING, _S.RECORDING, _S.PUT_BACK}),
    _S.LOOKING: frozenset({_S.RENDERING, _S.SLOTTED, _S.RECORDING}),
    _S.RENDERING: frozenset({_S.READING, _S.RECORDING}),
    _S.READING: frozenset({_S.RECORDING}),
    _S.RECORDING: frozenset({_S.STORING, _S.DELIVERED}),
    _S.STORING: frozenset({_S.DELIVERED}),
    _S.DELIVERED: frozenset(),
    _S.PUT_BACK: frozenset(),
}
WATCHED = (Stage.RENDERING, Stage.READING)
NOT_RENDERING = (Stage.SET_ASIDE, Stage.SLOTTED, Stage.SENDING, Stage.BACKING_OFF, Stage.LOOKING)
NOT_BEGUN = frozenset({Stage.SET_ASIDE, Stage.SLOTTED, Stage.PUT_BACK})
_NOT_SENT = (Stage.SET_ASIDE, Stage.SLOTTED, Stage.BACKING_OFF, Stage.PUT_BACK)
_UNSURE = (Stage.SENDING, Stage.LOOKING)
_HOLDS_A_SLOT = frozenset({Stage.SLOTTED, Stage.SENDING, Stage.BACKING_OFF, Stage.LOOKING, Stage.RENDERING})


class TimeLaw(Protocol):
    """The distribution of the times that renders of one kind take."""

    def left(self, age: float) -> float:
        """Return the expected seconds until a render of this age ends."""

    def hazard(self, age: float) -> float:
        """Return the rate at which renders of this age end."""


@attrs.define(eq=False, kw_only=True)
class InFlight:
    """A row under way.

    Attributes:
        job: The row and its request.
        stage: Where it is; changed by `Registry.advance` only.
        run: Number of its run in this process, for telemetry.
        ticket: Of its render slot; None if it holds none.
        video_id: HeyGen's id of the video; None until it is known.
        session_id: Of an agent's row.
        batch_id: Of a row that was sent with others.
        item: Its place in the batch.
        first_sent: Moment at which its POST first went out under its present key; None if it never did.
        sent_at: Time of the account's clock at which this run sent its last POST; none yet if minus infinity.
        lost: True if an answer to a POST under this key was ever missing, so that no refusal proves anything.
        result: Its result, once it has ended.
        reserved_usd: Its highest price, while a budget keeps it for the row.
        is_canary: True if it is one of the first rows, which go alone.
        since: Loop time at which the watch of its render began.
        born: Loop time of the submission; of an item of a batch, of its turn at HeyGen.
        due: Loop time of the next look at it.
        looked_at: Loop time of the last look that told of it.
        number: Its place among the renders that this run has begun; None if others may have been made since then.
        law: The time that such renders take.
        hazard: Chance per second that its render ends, as it was last reckoned.
        hazard_until: Loop time from which it is reckoned anew.
        queued: True if HeyGen was seen to keep it waiting for its turn.
        being_read: True while its details are asked for.
        signalled: True if a webhook told of its end before a look did.
        misses: Looks that found nothing at HeyGen, in a row.
        missed_since: Loop time of the first of them.
        late_looks: Looks that failed after its deadline.
        late_since: Loop time of the first of them.
        left_out: Sweeps in a row that did not tell of it.
        odd: True if the sweep cannot read it, so that it is asked for by itself.
        swept_as: Sweep that tells of it: `video`, or the kind of a job with bulk statuses; None if no sweep does.
    """

    job: Job
    stage: Stage = Stage.SLOTTED
    run: int = 0
    ticket: object | None = None
    video_id: str | None = None
    session_id: str | None = None
    batch_id: str | None = None
    item: int | None = None
    first_sent: Moment | None = None
    sent_at: float = -math.inf
    lost: bool = False
    result: Any = None
    reserved_usd: float = 0.0
    is_canary: bool = False
    since: float = 0.0
    born: float = 0.0
    due: float = 0.0
    looked_at: float = 0.0
    number: int | None = None
    law: Any = None
    hazard: float = 0.0
    hazard_until: float = -math.inf
    queued: bool = False
    being_read: bool = False
    signalled: bool = False
    misses: int = 0
    missed_since: float = 0.0
    late_looks: int = 0
    late_since: float = 0.0
    left_out: int = 0
    odd: bool = False
    swept_as: str | None = attrs.field(
        init=False, default=attrs.Factory(lambda self: _sweep_of(self.kind), takes_self=True)
    )

    @property
    def index(self) -> int:
        """The row's place in its run, from 0."""
        return self.job.index

    @property
    def kind(self) -> str:
        """The kind of its request."""
        return self.job.request.kind

    @property
    def resource_id(self) -> str | None:
        """The id that leads to its render; None if none is known."""
        return self.video_id or self.session_id or self.batch_id

    @property
    def spent(self) -> Spent:
        """Money at stake if the run is left now, derived from the stage and from what became of its POSTs."""
        if self.stage in _NOT_SENT:
            return "unknown" if self.lost else "no"
        if self.stage in _UNSURE and self.resource_id is None:
            return "unknown"
        error = getattr(self.result, "error", None)
        if self.stage in {Stage.RECORDING, Stage.DELIVERED} and error is not None:
            return error.spent  # type: ignore[no-any-return]  # of a HeyGenError
        return "yes"


def _sweep_of(kind: str) -> str | None:
    found = find_kind(kind)
    if found is None or found.resource is None:
        return VIDEO
    return found.name if found.name in JOBS_IN_BULK else None


class StageError(AssertionError):
    """A row took a step that the table of stages does not allow: a fault of this package."""


class Registry:
    """The rows under way of one run.

    Attributes:
        on_take: Called with each row that is taken.
    """

    def __init__(self) -> None:
        """Begin without rows."""
        self.on_take: Callable[[InFlight], None] = lambda _: None
        self._rows: dict[int, InFlight] = {}
        self._by_stage: dict[Stage, dict[int, InFlight]] = {stage: {} for stage in Stage}
        self._with_slot: Counter[str] = Counter()  # rows that hold a slot, or wait to have it again, by kind

    def __len__(self) -> int:
        """Return the number of rows under way."""
        return len(self._rows)

    def __iter__(self) -> Iterator[InFlight]:
        """Iterate over all rows, those that were taken first coming first."""
        return iter(self._rows.values())

    def __contains__(self, index: int) -> bool:
        """Return True if the row with this index is under way."""
        return index in self._rows

    def get(self, index: int) -> InFlight | None:
        """Return the row with this index; None if it is not under way."""
        return self._rows.get(index)

    def take(self, job: Job, stage: Stage = Stage.SLOTTED, ticket: object | None = None) -> InFlight:
        """Make the record of a row that has left the job store."""
        record = job.record
        row = InFlight(job=job, stage=stage, ticket=ticket)
        if record is not None:
            row.first_sent = first_intent(record) if record.state in {"intended", "unknown"} else None
            row.lost = record.state in {"intended", "unknown"}
        if job.index in self._rows:
            raise StageError(f"row {job.index} is under way already: {self._rows[job.index].stage.value}")
        self._rows[job.index] = row
        self._enter(row)
        self.on_take(row)
        return row

    def advance(self, row: InFlight, stage: Stage, **facts: Any) -> None:
        """Bring a row to another stage and note *facts* about it."""
        if stage not in STEPS[row.stage]:
            raise StageError(f"row {row.index}: no step leads from {row.stage.value} to {stage.value}")
        if self._rows.get(row.index) is not row:
            raise StageError(f"row {row.index} is not under way")
        self._leave(row)
        for name, value in facts.items():
            setattr(row, name, value)
        row.stage = stage
        self._enter(row)

    def drop(self, row: InFlight) -> None:
        """Forget a row: its result was read."""
        if self._rows.pop(row.index, None) is row:
            self._leave(row)

    def replace(self, row: InFlight, job: Job) -> None:
        """Give a row the job under which it goes on: the same request under a new key."""
        row.job, row.lost, row.first_sent = job, False, None

    def at(self, *stages: Stage) -> Collection[InFlight]:
        """Return the rows in *stages*."""
        if len(stages) == 1:
            return self._by_stage[stages[0]].values()
        return [row for stage in stages for row in self._by_stage[stage].values()]

    def count(self, *stages: Stage) -> int:
        """Return the number of rows in *stages*."""
        return sum(len(self._by_stage[stage]) for stage in stages)

    @property
    def agents(self) -> int:
        """The number of agents that hold a slot."""
        return self._with_slot[AGENT]

    @property
    def left(self) -> list[InFlight]:
        """Rows without a result."""
        return [row for row in self if row.stage is not Stage.DELIVERED]

    @property
    def unended(self) -> int:
        """The number of rows that have no result and may still get one in this run."""
        return len(self._rows) - self.count(Stage.DELIVERED, Stage.PUT_BACK)

    def check(self) -> None:
        """Raise `StageError` unless every row is in exactly one stage. Every run checks this at its end."""
        seen = Counter(index for rows in self._by_stage.values() for index in rows)
        for row in self:
            if seen.pop(row.index, 0) != 1 or self._by_stage[row.stage].get(row.index) is not row:
                raise StageError(f"row {row.index} is not in its one stage {row.stage.value}")
        if seen:
            raise StageError(f"rows {sorted(seen)} are in a stage and not in the registry")

    def _enter(self, row: InFlight) -> None:
        self._by_stage[row.stage][row.index] = row
        if row.stage in _HOLDS_A_SLOT:
            self._with_slot[row.kind] += 1

    def _leave(self, row: InFlight) -> None:
        del self._by_stage[row.stage][row.index]
        if row.stage in _HOLDS_A_SLOT:
            self._with_slot[row.kind] -= 1

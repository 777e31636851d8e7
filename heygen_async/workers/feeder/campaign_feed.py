"""One campaign as the feeder knows it: its rows under way, its guards, and the rows that wait.

The guards are those of a run in one process. They judge by a registry of all rows under way in the fleet, and are told
of results as the journal has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import anyio

from heygen_async.api.handles.video import Video
from heygen_async.bulk.campaign.campaign import guard_of
from heygen_async.bulk.jobs.in_flight import InFlight, Registry, Stage
from heygen_async.bulk.jobs.outcomes import Completed, Failed, Result
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.journal_store import job_of
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.rows.problems import counted
from heygen_async.bulk.run.agent_queue import AgentQueue
from heygen_async.bulk.run.guards import Guard
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.errors import HeyGenError
from heygen_async.workers.feeder.backlog import Backlog, BacklogJournal
from heygen_async.workers.fleet_tables import FleetCampaign, Lease

GUARD_SECONDS = 0.05  # a guard that asks somebody is heard so long, and asked again at the next look


class CampaignFeed:
    """The rows of one campaign, as the feeder sees them.

    Attributes:
        campaign: The campaign as its database keeps it.
        settings: Settings of its run.
        registry: Its rows under way in the fleet.
        waits: What the next row waits for; None if it waits for a slot only.
    """

    def __init__(self, campaign: FleetCampaign, journal: BacklogJournal, leases: Iterable[Lease]) -> None:
        """Begin with the rows under way; *journal* tells of them."""
        self.campaign = campaign
        self.settings: RunSettings = RunSettings.from_json(campaign.settings)
        self.registry: Registry = Registry()
        self.waits: str | None = None
        self._journal = journal
        self._backlog = Backlog(journal, campaign.name)
        self._next: InFlight | None = None
        self._asks = campaign.asks_approval and not campaign.approved
        self._guard = self._new_guard()
        self._guard.watch(self.registry)
        held = {lease.job_id: lease.holds_slot for lease in leases}
        for record in journal.records_of(sorted(held)):
            self.adopt(record, holds_slot=held[record.id])

    def _new_guard(self) -> Guard:
        settings = self.settings
        if settings.budget_usd is None and settings.canary is None and settings.breaker is None and not self._asks:
            return Guard()
        with Journal(self._journal.place, read_only=True, campaign=self.campaign.name) as journal:
            return guard_of(journal, settings, settings.rates or Rates(), self._ask if self._asks else None)

    async def _ask(self, results: Sequence[Result]) -> bool:
        self.waits = f"{counted(len(results), 'row')} rendered, to be approved: heygen-async approve ADDRESS"
        await anyio.sleep_forever()
        return False

    @property
    def slots(self) -> int:
        """The number of render slots that its rows hold."""
        return self.registry.count(Stage.SLOTTED) - (self._next is not None)

    @property
    def is_drained(self) -> bool:
        """True if no row waits to be admitted."""
        return self._backlog.is_dry and self._next is None and not self.registry.count(Stage.SET_ASIDE)

    def adopt(self, record: Record, *, holds_slot: bool) -> None:
        """Take in a row that is under way already."""
        if record.id - 1 in self.registry:
            return
        row = self.registry.take(job_of(self._journal, record, "follow"))
        if holds_slot:
            self._guard.adopt(row)
        else:
            self._free(row)

    def _free(self, row: InFlight) -> None:
        """Note that a row holds no slot any more; its files may still come."""
        if row.stage is Stage.SLOTTED:
            self.registry.advance(row, Stage.RECORDING)
            self.registry.advance(row, Stage.STORING)

    # Rows that have ended

    def gone(self, leases: Mapping[int, Lease]) -> tuple[list[int], list[int]]:
        """Return the rows that hold no slot any more, and those that nobody has any more."""
        freed, ended = [], []
        for row in self.registry:
            if row is self._next or row.stage is Stage.SET_ASIDE:
                continue
            lease = leases.get(row.index + 1)
            if lease is None:
                ended.append(row.index + 1)
            elif not lease.holds_slot and row.stage is Stage.SLOTTED:
                freed.append(row.index + 1)
        return freed, ended

    def settle(self, records: Iterable[Record], ended: Iterable[int]) -> None:
        """Tell the guards of rows that are rendered or have failed; those in *ended* lack nothing more."""
        over = set(ended)
        for record in records:
            row = self.registry.get(record.id - 1)
            if row is None:
                continue
            result = _result_of(row, record)
            if row.stage is Stage.SLOTTED and result is not None:
                self._guard.settled(result)
            if record.id in over:
                if result is not None:
                    self._guard.ended(result)
                self.registry.drop(row)
            else:
                self._free(row)

    # Rows that wait

    async def next(self, agents: int) -> InFlight | None:
        """Return the next row that may go, of which at most *agents* are agents; None if there is none now.

        Raises:
            RunPausedError: A guard lets no further row go.
        """
        if self._next is None:
            found = await AgentQueue(self._backlog, self.registry, agents).next(None)
            self._next = found if isinstance(found, InFlight) else None
        if self._next is None:
            return None
        if not self._guard.admits(self._next):
            if self._asks:
                with anyio.move_on_after(GUARD_SECONDS):
                    await self._guard.changed()
            return None
        row, self._next, self.waits = self._next, None, None
        return row

    def forget(self, row: InFlight) -> None:
        """Drop a row that was admitted and not handed out: it has changed meanwhile."""
        self.registry.drop(row)


def _result_of(row: InFlight, record: Record) -> Result | None:
    """Return how a row has ended, as a run in one process would tell; None if it has not."""
    seconds = max(0.0, (record.ended_at or 0.0) - (record.submitted_at or 0.0))
    if record.state == "completed" and record.video_id is not None:
        video = Video(id=record.video_id, status="completed", duration=record.duration)
        error = None if record.error is None else _error_of(record)
        return Completed(job=row.job, resource_id=video.id, seconds=seconds, video=video, error=error)
    if record.state in {"failed", "unknown"}:
        return Failed(job=row.job, resource_id=record.video_id, seconds=seconds, error=_error_of(record))
    return None


def _error_of(record: Record) -> HeyGenError:
    return HeyGenError(record.error or "", code=record.error_code, spent=record.spent or "no")

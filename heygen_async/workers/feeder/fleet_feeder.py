"""The feeder of an account: admits rows to the workers as render slots become free, and asks the guards.

One worker has this duty at a time. All that it knows it has read from the journal, so another one can go on at any
moment. What it hands out is written in one transaction with the leases, in which it proves that the duty is still its
own.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from heygen_async.bulk.jobs.in_flight import InFlight
from heygen_async.errors import RunPausedError
from heygen_async.workers.dbos_engine import ENDED_SECONDS, Dispatcher
from heygen_async.workers.feeder.backlog import BacklogJournal
from heygen_async.workers.feeder.campaign_feed import CampaignFeed
from heygen_async.workers.feeder.chunks import Chunk, chunks_of, without_slots
from heygen_async.workers.fleet_tables import (
    CHANNEL,
    FleetCampaign,
    FleetTables,
    Lease,
    LiveWorker,
    NoLongerFeederError,
    in_thread,
)
from heygen_async.workers.shared_control import Control, SharedState

if TYPE_CHECKING:
    import sqlalchemy

TICK_SECONDS, IDLE_SECONDS = 0.5, 2.0  # real seconds between looks, with and without rows under way

logger: logging.Logger = logging.getLogger("heygen_async")

_FENCE = "SELECT 1 FROM heygen.limits WHERE account = %s AND feeder = %s FOR SHARE"
_TAKE_UP = "UPDATE heygen.leases SET owner = %s WHERE job_id = ANY(%s) AND owner IS NULL RETURNING job_id"
# Planned rows are locked, so that a list that is taken in at this moment and has changed them comes before or after.
_LEASE = (
    "INSERT INTO heygen.leases (job_id, campaign, owner, holds_slot) "
    "SELECT id, %s, %s, %s FROM (SELECT id FROM heygen.jobs WHERE id = ANY(%s) AND state = ANY(%s) FOR SHARE) found "
    "ON CONFLICT (job_id) DO NOTHING RETURNING job_id"
)
_SENT, _PLANNED = ["intended", "submitted", "unknown"], ["planned"]


@attrs.frozen
class _View:
    """All that a look at the database shows."""

    state: SharedState
    campaigns: Sequence[FleetCampaign]
    workers: Sequence[LiveWorker]
    leases: Sequence[Lease]


class FleetFeeder:
    """Admits the rows of all campaigns of an account."""

    def __init__(self, address: str, account: str, worker: str, dispatcher: Dispatcher) -> None:
        """Prepare to feed as *worker*, over the queues of *dispatcher*."""
        self._tables = FleetTables(address)
        self._tables.backend.patience = math.inf
        self._journal = BacklogJournal(address)
        self._control = Control(self._tables, account)
        self._account = account
        self._worker = worker
        self._dispatcher = dispatcher
        self._feeds: dict[str, CampaignFeed] = {}
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._loads: Counter[str] = Counter()
        self._workers: Mapping[str, LiveWorker] = {}
        self._swept_at = time.monotonic()
        self._fed_at = time.monotonic()
        self._allowance = 0.0

    @property
    def is_over(self) -> bool:
        """True if the duty is another worker's, or `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End the feeding and all waiting for the database."""
        self._stopped.set()
        self._woken.set()
        self._tables.backend.give_up()
        self._journal.give_up()

    def hurry(self) -> None:
        """Look at once, not after the pause between two looks."""
        self._woken.set()

    def close(self) -> None:
        """Close the connections."""
        self._tables.close()
        self._journal.close()

    async def run(self) -> None:
        """Admit rows until the duty is another worker's or `stop` is called."""
        from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - of the extra

        while not self.is_over:
            try:
                is_busy = await self._tick()
            except NoLongerFeederError:
                self._stopped.set()
                return
            except DBAPIError as exc:  # what was decided may have been written or not: all is read again
                logger.info("the feeder looks again: %s", exc.orig)
                self._feeds.clear()
                is_busy = True
            await in_thread(self._woken.wait, TICK_SECONDS if is_busy else IDLE_SECONDS)
            self._woken.clear()

    async def _tick(self) -> bool:
        """Look once and hand out what may go; return True if something is under way or waits."""
        view = await in_thread(self._look)
        if view is None:
            return False
        self._workers = {worker.name: worker for worker in view.workers}
        self._loads = Counter(lease.owner for lease in view.leases if lease.owner and lease.holds_slot)
        leases: dict[str, dict[int, Lease]] = defaultdict(dict)
        for lease in view.leases:
            leases[lease.campaign][lease.job_id] = lease
        for campaign in view.campaigns:
            await self._follow(campaign, leases[campaign.name])
        await self._admit(view.state)
        for feed in self._feeds.values():
            await self._note(feed)
        if time.monotonic() - self._swept_at > ENDED_SECONDS:
            self._swept_at = time.monotonic()
            await in_thread(self._dispatcher.sweep)
        return bool(view.leases) or any(feed.registry for feed in self._feeds.values())

    def _look(self) -> _View | None:
        """Read the tables; None before the first row of the account was queued.

        Raises:
            NoLongerFeederError: Another worker has the duty.
        """
        query = "SELECT feeder FROM limits WHERE account = ?"
        if self._tables.backend.rows(query, (self._account,)) != [(self._worker,)]:
            raise NoLongerFeederError
        state = self._control.state()
        if state is not None and state.cap < state.wanted:
            state = self._control.probe()
        if state is None:
            return None
        tables, account = self._tables, self._account
        return _View(state, tables.campaigns(account), tables.workers(account), tables.leases(account))

    # Rows under way

    async def _follow(self, campaign: FleetCampaign, leases: Mapping[int, Lease]) -> None:
        """Take in what has become of a campaign's rows, and hand out those that nobody follows."""
        feed = self._feeds.get(campaign.name)
        if feed is None or feed.campaign.revision != campaign.revision:
            feed = await in_thread(CampaignFeed, campaign, self._journal, leases.values())
            self._feeds[campaign.name] = feed
            await self._take_up_what_is_left(feed)
        else:
            freed, ended = feed.gone(leases)
            records = await in_thread(self._journal.records_of, sorted([*freed, *ended])) if freed or ended else []
            feed.settle(records, ended)
            feed.campaign = campaign
        await self._hand_on_orphans(feed, leases)

    async def _take_up_what_is_left(self, feed: CampaignFeed) -> None:
        """Hand out rows of earlier times that were sent and are not followed, and those that lack files."""
        name = feed.campaign.name
        sent = await in_thread(self._journal.left_open, name)
        records = await in_thread(self._journal.records_of, sent)
        await self._hand_out(chunks_of(name, records, _SENT))
        for record in records:
            feed.adopt(record, holds_slot=True)
        if self._storing(feed):
            rendered = await in_thread(self._journal.without_files, name, feed.settings.files)
            await self._hand_out(without_slots(name, rendered))
            for record in await in_thread(self._journal.records_of, rendered):
                feed.adopt(record, holds_slot=False)

    async def _hand_on_orphans(self, feed: CampaignFeed, leases: Mapping[int, Lease]) -> None:
        """Hand out the rows of workers that have died or left. Rows of one batch stay together."""
        orphans = {job_id: lease for job_id, lease in leases.items() if lease.owner is None}
        if not orphans:
            return
        rendering = [job_id for job_id, lease in orphans.items() if lease.holds_slot]
        records = await in_thread(self._journal.records_of, rendering)
        chunks = chunks_of(feed.campaign.name, records)
        rendered = tuple(job_id for job_id, lease in orphans.items() if not lease.holds_slot)
        if rendered and self._storing(feed):
            chunks.append(Chunk(feed.campaign.name, rendered, holds_slot=False))
        elif rendered:
            await in_thread(self._tables.forget_leases, rendered)
        await self._hand_out(chunks)

    def _storing(self, feed: CampaignFeed) -> list[str]:
        has_folder = feed.settings.download_to is not None
        return [name for name, one in self._workers.items() if has_folder or one.stores_files]

    # Rows that wait

    async def _admit(self, state: SharedState) -> None:
        """Admit rows while there are slots, campaigns that were begun first coming first."""
        cap, agents = state.admitted
        room: float = cap - sum(feed.slots for feed in self._feeds.values())
        room = min(room, self._allowed(state.per_second))
        for feed in self._feeds.values():
            if room <= 0 or feed.campaign.stopped is not None or not self._workers:
                continue
            others = sum(other.registry.agents for other in self._feeds.values() if other is not feed)
            room -= await self._admit_from(feed, room, agents - others)

    def _allowed(self, per_second: float | None) -> float:
        """Return the number of rows that may begin now by the limit a second."""
        now = time.monotonic()
        passed, self._fed_at = now - self._fed_at, now
        if per_second is None:
            self._allowance = 0.0
            return math.inf
        self._allowance = min(max(1.0, per_second), self._allowance + per_second * passed)
        return math.floor(self._allowance)

    async def _admit_from(self, feed: CampaignFeed, room: float, agents: int) -> int:
        admitted: list[InFlight] = []
        try:
            while len(admitted) < room and (row := await feed.next(agents)) is not None:
                admitted.append(row)
        except RunPausedError as exc:
            logger.warning("campaign %s: %s", feed.campaign.name, exc.gist)
            await in_thread(self._tables.change_campaigns, "stopped = ?, waits = NULL", feed.campaign.name, exc.message)
        shares = self._shares(len(admitted))
        ids = [row.index + 1 for row in admitted]
        chunks, begin = [], 0
        for count in shares:
            chunks.append(Chunk(feed.campaign.name, tuple(ids[begin : begin + count]), _PLANNED))
            begin += count
        leased = await self._hand_out(chunks)
        for row in admitted:
            if row.index + 1 not in leased:
                feed.forget(row)
        self._allowance -= len(leased)
        return len(leased)

    def _shares(self, count: int) -> list[int]:
        """Divide rows over the workers, so that all have about as many slots."""
        loads, shares = Counter({name: self._loads[name] for name in self._workers}), Counter[str]()
        for _ in range(count):
            least = min(loads, key=lambda name: loads[name])
            loads[least] += 1
            shares[least] += 1
        return [share for share in shares.values() if share]

    # Handing out

    async def _hand_out(self, chunks: Iterable[Chunk]) -> set[int]:
        """Hand each chunk to the worker with the fewest slots, and return the rows that were handed out."""
        wanted = [chunk for chunk in chunks if chunk.job_ids]
        return await in_thread(self._write, wanted) if wanted and self._workers else set()

    def _write(self, chunks: Sequence[Chunk]) -> set[int]:
        done: set[int] = set()
        with self._dispatcher.engine.begin() as connection:
            if not connection.exec_driver_sql(_FENCE, (self._account, self._worker)).fetchall():
                raise NoLongerFeederError
            for chunk in chunks:
                done.update(self._hand_out_one(connection, chunk))
        return done

    def _hand_out_one(self, connection: sqlalchemy.Connection, chunk: Chunk) -> list[int]:
        names = list(self._workers)
        if not chunk.holds_slot:
            names = self._storing(self._feeds[chunk.campaign])
        worker = self._workers[min(names, key=lambda name: self._loads[name])]
        ids = list(chunk.job_ids)
        values: tuple[Any, ...] = (worker.name, ids)
        query = _TAKE_UP
        if chunk.states:
            query, values = _LEASE, (chunk.campaign, worker.name, chunk.holds_slot, ids, list(chunk.states))
        leased = sorted(job_id for (job_id,) in connection.exec_driver_sql(query, values).fetchall())
        if leased:
            self._dispatcher.hand_out(connection, worker.queue, chunk.campaign, leased)
            if not self._loads[worker.name]:  # it looks into its queue seldom
                connection.exec_driver_sql("SELECT pg_notify(%s, %s)", (CHANNEL, worker.name))
            self._loads[worker.name] += len(leased)
        return leased

    async def _note(self, feed: CampaignFeed) -> None:
        """Tell in the database what a campaign waits for, and that it has no row left to admit."""
        campaign = feed.campaign
        if feed.waits != campaign.waits:
            await in_thread(self._tables.change_campaigns, "waits = ?", campaign.name, feed.waits)
        if feed.is_drained and campaign.drained != campaign.revision:
            await in_thread(self._tables.change_campaigns, "drained = ?", campaign.name, campaign.revision)

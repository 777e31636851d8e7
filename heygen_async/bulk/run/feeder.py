"""The feeder: takes a slot, then a row, and hands the row to the submitter; gathers rows for batches.

A slot comes first, so that a row which is read is a row that can go: 100,000 queued rows are one open iterator. One
task reads the store; each row, or batch of rows, is sent in a task of its own that ends with the POST.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from heygen_async.api.client import Client
from heygen_async.api.handles.batches import BATCH_ITEMS
from heygen_async.bulk.jobs.in_flight import InFlight, Registry, Stage
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.run.agent_queue import AgentQueue
from heygen_async.bulk.run.finisher import Finisher
from heygen_async.bulk.run.guards import Guard
from heygen_async.bulk.run.posts import fits_together
from heygen_async.bulk.run.resumer import Resumer
from heygen_async.bulk.run.slots import Slots
from heygen_async.bulk.run.submitter import Submit, Submitter
from heygen_async.bulk.watch.render_times import TimeDistribution
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import RunPausedError

SUBMITTERS = 64  # POSTs at once; an answer takes up to half a minute
USUAL_SLOTS = 10  # of an account of which nothing is known
BATCH_SECONDS = 1.0  # slots that become free so soon after the first go into one batch


class Feeder:
    """Takes rows from the store as slots become free.

    Attributes:
        is_over: True if no more rows will be read.
    """

    def __init__(
        self,
        client: Client,
        store: JobStore,
        *,
        registry: Registry,
        slots: Slots,
        queue: AgentQueue,
        guard: Guard,
        submitter: Submitter,
        resumer: Resumer,
        finisher: Finisher,
        watchlist: Watchlist,
        in_batches: Callable[[], bool],
    ) -> None:
        """Read *store* in the order of *queue* while *guard* admits rows; hand them to *submitter* and *resumer*."""
        self.is_over: bool = False
        self._client = client
        self._store = store
        self._registry = registry
        self._slots = slots
        self._queue = queue
        self._guard = guard
        self._submitter = submitter
        self._resumer = resumer
        self._finisher = finisher
        self._watchlist = watchlist
        self._in_batches = in_batches
        self._mates: dict[int, list[InFlight]] = {}  # of rows whose batch is to be sent again, by the row's index
        self._places = anyio.Semaphore(SUBMITTERS, fast_acquire=True)

    async def run(self, posts: TaskGroup) -> None:
        """Feed until the store is at its end or nothing more is to be sent; POSTs go out in *posts*."""
        if not self._in_batches():
            await self._one_by_one(posts)
        if not self.is_over:
            feed, rows = anyio.create_memory_object_stream[InFlight](0)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._feed, feed)
                await self._gather_all(rows, posts)

    async def _one_by_one(self, posts: TaskGroup) -> None:
        """Send each row by itself, until there are no more or requests turn out to be too few for that."""
        while not self._in_batches():
            await self._places.acquire()  # before a slot, which a POST that holds a place may be waiting for
            row = await self._next()
            if row is None:
                return
            posts.start_soon(self._send_one, row)

    async def _send_one(self, row: InFlight) -> None:
        try:
            await self._begin(row)
        finally:
            self._places.release()

    async def _begin(self, row: InFlight) -> None:
        """Do what is due for a row."""
        record = row.job.record
        if row.job.step == "submit" and record is not None and record.batch is not None:
            await self._submitter.submit(*self._mates.pop(row.index))
        elif row.job.step == "submit":
            await self._submitter.submit(row)
        else:
            self._resumer.resume(row)

    async def send_again(self, row: InFlight) -> None:
        """Send a row that is planned under a new key when it may go; it waits without its slot, as others do."""
        try:
            while not self._submitter.is_stopping:
                if self._guard.admits(row):
                    await self._submitter.submit(row)
                    return
                self._finisher.free(row)
                with self._submitter.wait():
                    await self._guard.changed()
                    row.ticket = await self._slots.take()
        except RunPausedError as exc:
            self._submitter.stop(exc, row.index)
        self._finisher.put_back(row)

    def _with_its_mates(self, row: InFlight) -> list[InFlight]:
        """Return the rows of a batch whose answer was lost: they are sent again together, under the batch's key."""
        mates = []
        for job in self._store.mates(row.job):
            if job.index == row.index:
                mates.append(row)
            else:
                mate = self._registry.take(job, ticket=self._slots.claim())
                self._guard.adopt(mate)
                mates.append(mate)
        return mates

    # Rows, one by one

    async def _next(self) -> InFlight | None:
        """Return the next row that may go, in stage SLOTTED; None if no more will come."""
        while not self._no_more:
            found = await self._take()
            if isinstance(found, InFlight):
                if _is_new(found.job) and (problem := self._guard.problem(found)):
                    await self._finisher.fail([found], problem)
                    continue
                if await self._is_admitted(found):
                    return found
                self._finisher.put_back(found)
                break
            if isinstance(found, Job):
                self._finisher.refuse(found)
            elif not self._queue.waiting:
                break
            elif not self._queue.has_room:  # asked again: an agent may have ended while the store was read
                with self._submitter.wait():
                    await self._slots.changed.wait()  # an agent that ends gives its slot back
        self.is_over = True
        return None

    @property
    def _no_more(self) -> bool:
        return self.is_over or self._submitter.is_stopping

    async def _take(self) -> InFlight | Job | None:
        """Take a slot, then the row whose turn it is."""
        ticket = None
        with self._submitter.wait():
            await self._finisher.wait_for_room()
            ticket = await self._slots.take()
        found = None
        try:
            if ticket is not None and not self._no_more:
                found = await self._queue.next(ticket)
                if isinstance(found, InFlight) and found.job.record is not None and found.job.record.batch is not None:
                    self._mates[found.index] = self._with_its_mates(found)  # their slots are no longer free for others
        finally:
            if ticket is not None and not isinstance(found, InFlight):
                self._slots.give_back(ticket)
        return found

    async def _is_admitted(self, row: InFlight) -> bool:
        """Return True if a row may go; wait while it may not yet, without its slot, which other rows need to end."""
        if not _is_new(row.job):
            self._guard.adopt(row)
            return True
        try:
            while not self._no_more:
                if self._guard.admits(row):
                    return True
                self._finisher.free(row)
                self._registry.advance(row, Stage.SET_ASIDE)
                ticket = None
                with self._submitter.wait():
                    await self._guard.changed()
                    ticket = await self._slots.take()
                self._registry.advance(row, Stage.SLOTTED, ticket=ticket)
        except RunPausedError as exc:
            self._submitter.stop(exc, row.index)
        return False

    # Rows in batches

    async def _feed(self, feed: MemoryObjectSendStream[InFlight]) -> None:
        """Hand rows over: to stop waiting for one must not disturb the source, which is the user's."""
        async with feed:
            while (row := await self._next()) is not None:
                await feed.send(row)

    async def _gather_all(self, rows: MemoryObjectReceiveStream[InFlight], posts: TaskGroup) -> None:
        """Begin rows, in one POST those that fit together; go on gathering while they are sent."""
        async with rows:
            async for received in rows:
                row: InFlight | None = received
                while row is not None:
                    group, row = await self._gathered(rows, row)
                    if fits_together(group[0].job, []):
                        posts.start_soon(self._submitter.submit, *group)
                    else:
                        posts.start_soon(self._begin, group[0])

    async def _gathered(
        self, rows: MemoryObjectReceiveStream[InFlight], first: InFlight
    ) -> tuple[list[InFlight], InFlight | None]:
        """Return *first* with those that come soon after it and fit, and the one that came and does not.

        While other rows of batches wait at HeyGen, no slot is idle for want of this one: so gather a good number.
        """
        group, enough = [first], min(BATCH_ITEMS, self._slots.total) / 4
        with contextlib.suppress(anyio.EndOfStream):
            while fits_together(group[-1].job, []) and len(group) < BATCH_ITEMS:
                row = None
                with self._watchlist.clock.move_on_after(BATCH_SECONDS):
                    row = await rows.receive()
                if row is None:
                    if len(group) >= enough or not self._watchlist.queued:
                        break
                elif fits_together(row.job, [member.job for member in group]):
                    group.append(row)
                else:
                    return group, row
        return group, None


def _is_new(job: Job) -> bool:
    """Return True if a row was never sent."""
    return job.step == "submit" and (job.record is None or job.record.state == "planned")


def sends_batches(client: Client, slots: Slots, submit: Submit) -> bool:
    """Return True if rows are sent in batches: as wished, or because one POST a row would take too many requests."""
    if submit != "auto":
        return submit == "batch"
    total = slots.total if 0 < slots.total < math.inf else USUAL_SLOTS
    posts = total / TimeDistribution().expected
    return posts > client.requests_per_second / 2 or posts > client.account.paid.per_second

"""`run`: feed, submit, watch, download; results in order of ending.

No task per row: a few submitters share one iterator, each takes a slot before it takes a row, and hands the
accepted render to the watcher, which gives the slot back. So 100,000 queued rows are one open iterator.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Literal, NoReturn

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from heygen_async.account.render_pool import InFlight, RenderPool
from heygen_async.api.client import Client
from heygen_async.api.handles.batches import BATCH_ITEMS
from heygen_async.bulk.download.download_queue import MAX_DOWNLOADS, DownloadQueue
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.outcomes import Failed, Result, Summary, Unfinished
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.run.agent_queue import MAX_AGENTS, AgentQueue
from heygen_async.bulk.run.finisher import Finisher, stream
from heygen_async.bulk.run.guards import Guard
from heygen_async.bulk.run.result_stream import Results, only
from heygen_async.bulk.run.slots import Slots
from heygen_async.bulk.run.submitter import Submitter, fits_together
from heygen_async.bulk.watch.poller import Poller
from heygen_async.bulk.watch.render_times import RenderTimes, TimeDistribution
from heygen_async.bulk.watch.signals import Signals
from heygen_async.bulk.watch.watched_render import Watch
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import AuthenticationError, HeyGenError, JournalError, RunPausedError
from heygen_async.telemetry import JobLeft, JobSubmitted

SUBMITTERS = 64  # POSTs at once; an answer takes up to half a minute
USUAL_SLOTS = 10  # of an account of which nothing is known
BATCH_SECONDS = 1.0  # slots that become free so soon after the first go into one batch

Submit = Literal["auto", "each", "batch"]

# Looks for what a lost POST made: the row to follow or to submit again, or why it is left as it is.
Recover = Callable[[Job], Awaitable[Job | HeyGenError]]


@contextlib.asynccontextmanager
async def run(
    client: Client,
    store: JobStore,
    *,
    max_in_flight: InFlight,
    deadline: float,
    downloads: Downloader | None = None,
    max_downloads: int = MAX_DOWNLOADS,
    recover: Recover | None = None,
    submit: Submit = "auto",
    watch: Watch = "auto",
    max_agents: int | None = MAX_AGENTS,
    times: RenderTimes | None = None,
    guard: Guard | None = None,
    signals: Signals | None = None,
    pool: RenderPool | None = None,
) -> AsyncIterator[Results]:
    """Run the jobs of *store* and yield the stream of their results. See `HeyGen.render_many`.

    *recover* looks for what a lost POST made; without it such a row fails. What is learnt about render times goes into
    *times*; *guard* may hold rows back; *signals* tell of ends before they are looked for; *pool* counts
    the account's slots where that is not the client's own.
    """
    slots = Slots(max_in_flight, client.pool if pool is None else pool)
    turns = AgentQueue(store, max_agents)
    slots.freed = turns.ended
    storing = DownloadQueue(store, downloads, max_downloads)
    send, receive = stream()
    guard = guard or Guard()
    ending = Finisher(client, store, slots, send, storing, guard=guard)
    watchlist = Watchlist(ending, deadline=deadline, times=times or RenderTimes())
    watcher = Poller(client, watchlist, watch)
    work = _Run(
        client,
        store,
        turns=turns,
        slots=slots,
        ending=ending,
        watchlist=watchlist,
        recover=recover,
        submit=submit,
        guard=guard,
    )
    try:
        async with receive, anyio.create_task_group() as tasks:
            tasks.start_soon(work.drive, send, watcher)
            if signals is not None:
                tasks.start_soon(_heed, signals, watchlist)
            results = Results(receive, work)
            try:
                yield results
            finally:
                tasks.cancel_scope.cancel()
                results.keep_unread()
        work.say_why_it_stopped()
    except BaseExceptionGroup as group:
        work.raise_from(group)
    finally:
        slots.give_all_back()
        work.tell_what_is_left()


async def _heed(signals: Signals, watchlist: Watchlist) -> None:
    """Look at once at what is said to have ended. Whether it has is for HeyGen to say."""
    async for resource_id in signals:
        watchlist.wake(resource_id)


class _Run:
    """One run: what it shares, and the way of a row from the store to its submission."""

    def __init__(
        self,
        client: Client,
        store: JobStore,
        *,
        turns: AgentQueue,
        slots: Slots,
        ending: Finisher,
        watchlist: Watchlist,
        recover: Recover | None,
        submit: Submit,
        guard: Guard,
    ) -> None:
        self.slots = slots
        self._guard = guard
        self._client = client
        self._store = store
        self._turns = turns
        self._ending = ending
        self._watchlist = watchlist
        self._recover = recover
        self._in_batches = submit == "batch" or (submit == "auto" and self._posts_would_be_too_many())
        look_for = None if recover is None else self._look_for
        self._submitting = Submitter(client, store, slots, watchlist, ending, look_for, guard)
        self._next = anyio.Lock(fast_acquire=True)  # the store is shared
        self._over = False  # no more rows: the source has ended or the account refuses
        self._looking: dict[int, Job] = {}

    @property
    def summary(self) -> Summary:
        """The tally so far."""
        return self._ending.summary

    async def drive(self, out: MemoryObjectSendStream[Result], watcher: Poller) -> None:
        """Do everything; the stream of results ends when this does."""
        async with out, anyio.create_task_group() as self._stages:
            self._ending.work_in(self._stages)
            self._stages.start_soon(watcher.run)
            async with anyio.create_task_group() as background:
                background.start_soon(self._on_leaving)
                async with anyio.create_task_group() as self._recoveries:
                    await self._submit_all()
                background.cancel_scope.cancel()
            self._watchlist.close()

    def unfinished(self) -> list[Unfinished]:
        """Return the rows under way: being submitted, rendering, being stored."""
        unsure = [*self._submitting.sending, *self._looking.values()]
        storing = self._ending.storing.pending.values()
        return [
            *(Unfinished(job=job, resource_id=None, spent="unknown") for job in unsure),
            *(Unfinished(job=w.job, resource_id=w.resource_id, spent="yes") for w in self._watchlist.watched),
            *(Unfinished(job=job, resource_id=name, spent="yes") for job, name in storing),
        ]

    def tell_what_is_left(self) -> None:
        """Tell the observers which rows were under way when the run was left."""
        for left in self.unfinished():
            mode, name = left.request.kind, left.resource_id
            event = JobLeft(index=left.index, run=self._ending.run, mode=mode, resource_id=name, spent=left.spent)
            self._client.telemetry.emit(event)

    def seconds_left(self) -> float | None:
        """Return the seconds until everything has ended, by what is known of render times; None if rows are unknown."""
        if self._store.left is None and not self._over:
            return None
        waiting = 0 if self._over else (self._store.left or 0) + self._turns.waiting
        slots = min(self.slots.total, max(1.0, float(self.slots.in_use), float(self.slots.pool.peak)))
        return self._watchlist.seconds_left(waiting, slots)

    def stop_submitting(self) -> None:
        """Take no more rows, and send none of those that still wait for a slot."""
        self._over = True
        self._submitting.wind_down()

    def say_why_it_stopped(self) -> None:
        """Raise what made the run stop submitting, if anything did."""
        if self._submitting.stopped is not None:
            self._submitting.stopped.add_note(
                f"The run stopped submitting at the row with index {self._submitting.stopped_at}. What was submitted "
                "before was followed to its end; rows without a result were not paid for."
            )
            raise self._submitting.stopped

    def raise_from(self, group: BaseExceptionGroup) -> NoReturn:
        """Raise what broke the run: the one exception of *group*, else the group."""
        exc = only(group)
        left = [entry.resource_id for entry in self.unfinished() if entry.resource_id]
        if isinstance(exc, HeyGenError) and left:
            exc.add_note(f"still rendering at HeyGen, and paid for: {', '.join(left)}")
        raise exc

    def _posts_would_be_too_many(self) -> bool:
        """Whether one POST a row would use more than half of the requests that the account is known to take."""
        slots = self.slots.total if self.slots.total < math.inf else USUAL_SLOTS
        return slots / TimeDistribution().expected > self._client.requests_per_second / 2

    async def _on_leaving(self) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            self._submitting.last_call()

    # Rows, from the store to their POSTs

    async def _submit_all(self) -> None:
        async with anyio.create_task_group() as submitters:
            if self._in_batches:
                feed, rows = anyio.create_memory_object_stream[Job](0)
                submitters.start_soon(self._feed, feed)
                submitters.start_soon(self._gather_all, rows)
                return
            for _ in range(int(min(self.slots.total, SUBMITTERS))):
                submitters.start_soon(self._submitter)

    async def _submitter(self) -> None:
        while (job := await self._next_job()) is not None:
            await self._begin(job)

    async def _feed(self, feed: MemoryObjectSendStream[Job]) -> None:
        """Hand rows over: to stop waiting for one must not disturb the source, which is the user's."""
        async with feed:
            while (job := await self._next_job()) is not None:
                await feed.send(job)

    async def _gather_all(self, rows: MemoryObjectReceiveStream[Job]) -> None:
        """Begin rows, those that can be sent in one POST together; go on gathering while they are sent."""
        async with rows:
            async for row in rows:
                job: Job | None = row
                while job is not None:
                    group, job = await self._gathered(rows, job)
                    if fits_together(group[0], []):
                        self._recoveries.start_soon(self._submitting.submit_together, tuple(group))
                    else:
                        self._recoveries.start_soon(self._begin, group[0])

    async def _gathered(self, rows: MemoryObjectReceiveStream[Job], first: Job) -> tuple[list[Job], Job | None]:
        """Return *first* with those that come soon after it and fit, and the one that came and does not.

        While other rows of batches wait at HeyGen, no slot is idle for want of this one: so gather a good number.
        """
        group, enough = [first], min(BATCH_ITEMS, self.slots.total) / 4
        with contextlib.suppress(anyio.EndOfStream):
            while fits_together(group[-1], []) and len(group) < BATCH_ITEMS:
                job = None
                with anyio.move_on_after(BATCH_SECONDS):
                    job = await rows.receive()
                if job is None:
                    if len(group) >= enough or not self._watchlist.queued:
                        break
                elif fits_together(job, group):
                    group.append(job)
                else:
                    return group, job
        return group, None

    async def _begin(self, job: Job) -> None:
        """Do what is due for a row."""
        match job.step:
            case "submit" if job.record is not None and job.record.batch is not None:
                await self._submit_again_together(job)
            case "submit":
                await self._submitting.submit(job)
            case "follow":
                self._follow(job)
            case _:
                self._look_for(job)

    async def _next_job(self) -> Job | None:
        """Take a slot, then a row: a row that is read is a row that can go."""
        async with self._next:
            job = await self._whose_turn_it_is()
            while job is None and self._turns.waiting and not self._no_more:
                await self._turns.news()
                job = await self._whose_turn_it_is()
            self._over = self._over or job is None
            if job is not None and not await self._is_admitted(job):
                self._over = True
                self.slots.free(job.index)
                return None
            return job

    async def _whose_turn_it_is(self) -> Job | None:
        await self._ending.wait_for_room()
        ticket = await self.slots.take()
        job = None
        try:
            job = None if self._no_more else await self._turns.next()
        finally:
            if job is None:
                self.slots.give_back(ticket)
            else:
                self.slots.hold(ticket, job.index)
        return job

    async def _is_admitted(self, job: Job) -> bool:
        """Return whether *job* may go; wait as long as it may not yet, without its slot, which others need to end."""
        if job.step != "submit" or (job.record is not None and job.record.state != "planned"):
            self._guard.adopt(job)
            return True
        try:
            while not self._no_more:
                if self._guard.admits(job):
                    return True
                self.slots.free(job.index)
                await self._guard.news()
                self.slots.hold(await self.slots.take(), self._turns.taken(job).index)
        except RunPausedError as exc:
            self._submitting.stop(job, exc)
        return False

    @property
    def _no_more(self) -> bool:
        return self._over or self._submitting.winding_down

    async def _submit_again_together(self, job: Job) -> None:
        """Repeat a batch whose answer was lost: the same rows in the same order under the same key."""
        mates = self._store.mates(job)
        for mate in mates:
            if mate.index != job.index:
                self.slots.claim(mate.index)
                self._guard.adopt(mate)
        await self._submitting.submit_together(tuple(mates))

    # Going on from a journal

    def _follow(self, job: Job) -> None:
        """Watch a render that an earlier run submitted."""
        age = max(0.0, time.time() - (job.record.submitted_at or 0.0))
        record = job.record
        if record.video_id is not None:
            name = record.video_id
            self._watchlist.add_video(job, name, age=age)
        elif record.session_id is not None:
            name = record.session_id
            self._watchlist.add_session(job, name, age=age)
        else:
            name = self._store.batch_id(job)
            self._watchlist.add_item(job, name, record.item, age=age)
        event = JobSubmitted(index=job.index, run=self._ending.run, mode=job.request.kind, resource_id=name, age=age)
        self._client.telemetry.emit(event)
        self.slots.accepted(job.index)

    def _look_for(self, job: Job) -> None:
        self._looking[job.index] = job
        self._recoveries.start_soon(self._settle, job)

    async def _settle(self, job: Job) -> None:
        """Find out what became of a POST whose answer was lost, and go on accordingly."""
        if self._recover is None:  # pragma: no cover - only a journal's store makes such rows
            raise AssertionError("a row to be looked for needs a journal")
        with self._unless_it_fails(job):
            found = await self._recover(job)
            self._looking.pop(job.index)
            if isinstance(found, Job):
                if found.step == "submit":
                    await self._submitting.submit(found)
                else:
                    self._follow(found)
            else:
                self.slots.free(job.index)
                self._ending.emit(Failed(job=job, resource_id=None, error=found))

    @contextlib.contextmanager
    def _unless_it_fails(self, job: Job) -> Iterator[None]:
        """End a row whose recovery met an error; the journal keeps it open."""
        try:
            yield
        except (AuthenticationError, JournalError):
            raise
        except HeyGenError as exc:
            self._looking.pop(job.index, None)
            self.slots.free(job.index)
            known = job.record.video_id or job.record.session_id
            self._ending.emit(Failed(job=job, resource_id=known, error=exc.after(exc.attempts, "unknown")))

"""`run`: wires the stages of a run and owns their lifetimes.

A row passes the stages in this order: feeder (slot, row), submitter (intent, POST, id), the followers of `watch`
(its end), finisher (record), download queue (files), results. `jobs/in_flight.py` has its record meanwhile.

Three things end a run: the store is at its end and every row has a result; the caller leaves the block; a stage raises.
The last two cancel all stages at once. POSTs on the wire are shielded and get a last moment to bring their ids. Only
when every task has ended are the rows sorted into `unread` and `unfinished`: earlier a row could still move.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import anyio

from heygen_async.api.client import Client
from heygen_async.bulk.download.download_queue import DownloadQueue
from heygen_async.bulk.jobs.in_flight import NOT_RENDERING, Registry
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.run.agent_queue import AgentQueue
from heygen_async.bulk.run.feeder import Feeder, sends_batches
from heygen_async.bulk.run.finisher import Finisher
from heygen_async.bulk.run.result_stream import ResultQueue, Results, only
from heygen_async.bulk.run.resumer import Resumer
from heygen_async.bulk.run.run_options import RunHooks, RunSettings
from heygen_async.bulk.run.slots import Slots
from heygen_async.bulk.run.submitter import Submitter
from heygen_async.bulk.watch.poller import Poller
from heygen_async.bulk.watch.signals import Signals
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import HeyGenError
from heygen_async.telemetry import JobLeft


@contextlib.asynccontextmanager
async def run(client: Client, store: JobStore, settings: RunSettings, hooks: RunHooks) -> AsyncIterator[Results[Any]]:
    """Run the jobs of *store* and yield the stream of their results. See `HeyGen.render_many`."""
    registry = Registry()
    slots = Slots(settings.max_in_flight, client.pool if hooks.pool is None else hooks.pool)
    guard = hooks.guard
    guard.watch(registry)
    queue = ResultQueue(registry)
    download_queue = DownloadQueue(store, registry, hooks.downloads, settings.max_downloads)
    finisher = Finisher(
        client,
        store,
        registry=registry,
        slots=slots,
        queue=queue,
        downloads=download_queue,
        guard=guard,
        on_submitted=settings.on_submitted,
    )
    registry.on_take = finisher.taken
    watchlist = Watchlist(
        registry,
        finisher,
        deadline=settings.deadline,
        patience=settings.patience,
        times=hooks.times,
        watch=settings.watch_word,
        looked=hooks.looked,
        clock=client.account.clock,
    )
    resumer = Resumer(
        client,
        store,
        registry=registry,
        slots=slots,
        watchlist=watchlist,
        finisher=finisher,
        guard=guard,
        recover=hooks.recover,
    )
    submitter = Submitter(
        client,
        store,
        registry=registry,
        slots=slots,
        watchlist=watchlist,
        finisher=finisher,
        deadline=settings.deadline,
        patience=settings.patience,
        looker=None if hooks.recover is None else resumer,
    )
    submitter.on_stop = guard.wake
    feeder = Feeder(
        client,
        store,
        registry=registry,
        slots=slots,
        queue=AgentQueue(store, registry, settings.max_agents),
        guard=guard,
        submitter=submitter,
        resumer=resumer,
        finisher=finisher,
        watchlist=watchlist,
        in_batches=lambda: sends_batches(client, slots, settings.submit),
    )
    work = _Run(
        client=client,
        store=store,
        registry=registry,
        slots=slots,
        feeder=feeder,
        submitter=submitter,
        resumer=resumer,
        watchlist=watchlist,
        poller=Poller(client, watchlist),
        downloads=download_queue,
        finisher=finisher,
        queue=queue,
    )
    results: Results[Any] = Results(queue, registry, work, finisher.summary)
    try:
        async with contextlib.aclosing(store), anyio.create_task_group() as tasks:
            tasks.start_soon(work.drive)
            if hooks.signals is not None:
                tasks.start_soon(_heed, hooks.signals, watchlist)
            if hooks.beside is not None:
                tasks.start_soon(hooks.beside, results)
            try:
                yield results
            finally:
                tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        results.leave()
        work.raise_from(group)
    else:
        results.leave()
        work.raise_what_stopped_it()
    finally:
        results.leave()
        slots.give_all_back()
        work.tell_what_is_left(results)
        registry.check()  # a row without its one place is a fault of this package, and every test would find it


async def _heed(signals: Signals, watchlist: Watchlist) -> None:
    """Look at once at renders that are said to have ended. HeyGen has the last word."""
    async for resource_id in signals:
        watchlist.wake(resource_id)


class _Run:
    """The lifetime of one run."""

    def __init__(
        self,
        *,
        client: Client,
        store: JobStore,
        registry: Registry,
        slots: Slots,
        feeder: Feeder,
        submitter: Submitter,
        resumer: Resumer,
        watchlist: Watchlist,
        poller: Poller,
        downloads: DownloadQueue,
        finisher: Finisher,
        queue: ResultQueue,
    ) -> None:
        self.slots = slots
        self._client = client
        self._store = store
        self._registry = registry
        self._feeder = feeder
        self._submitter = submitter
        self._resumer = resumer
        self._watchlist = watchlist
        self._poller = poller
        self._downloads = downloads
        self._finisher = finisher
        self._queue = queue

    async def drive(self) -> None:
        """Do everything; the stream of results ends when this does."""
        try:
            async with anyio.create_task_group() as stages:
                self._downloads.begin(stages, self._finisher.deliver)
                stages.start_soon(self._poller.run)
                async with anyio.create_task_group() as background:
                    background.start_soon(self._call_last_on_leaving)
                    async with anyio.create_task_group() as posts:
                        self._resumer.work_in(posts, self._feeder.send_again)
                        await self._resumer.begin()
                        await self._feeder.run(posts)
                    background.cancel_scope.cancel()
                self._watchlist.close()
        finally:
            self._queue.close()

    async def _call_last_on_leaving(self) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            self._submitter.last_call()

    def seconds_left(self) -> float | None:
        """Return the seconds until everything has ended, by the render times learnt; None if rows are unknown."""
        left = self.rows_left()
        if left is None:
            return None
        waiting = self._registry.count(*NOT_RENDERING) + left
        slots = min(self.slots.total, max(1.0, float(self.slots.in_use), float(self.slots.pool.peak)))
        return self._watchlist.seconds_left(waiting, slots)

    def rows_left(self) -> int | None:
        """Return the number of rows that are still to be read; None if it cannot be known."""
        return 0 if self._feeder.is_over or self._submitter.is_stopping else self._store.left

    def stop_submitting(self) -> None:
        """Take no more rows, and send none of those that wait."""
        self._submitter.stop()

    def raise_what_stopped_it(self) -> None:
        """Raise the error that made the run stop submitting, or the error of the source."""
        stopped = self._submitter.stopped
        if stopped is not None:
            row = self._store.number_of(self._submitter.stopped_at)
            stopped.add_note(
                f"No more was sent from row {row} on. What was sent before was followed to its end; rows without a "
                "result were not paid for."
            )
            raise stopped
        if self._store.broken is not None:
            raise self._store.broken

    def raise_from(self, group: BaseExceptionGroup) -> NoReturn:
        """Raise the error that broke the run: the one exception of *group*, else the group."""
        exc = only(group)
        left = [row.resource_id for row in self._registry.left if row.resource_id]
        if isinstance(exc, HeyGenError) and left:
            exc.add_note(f"still rendering at HeyGen, and paid for: {', '.join(left)}")
        if self._store.broken is not None:
            raise BaseExceptionGroup("the run and its source failed", [exc, self._store.broken])
        raise exc

    def tell_what_is_left(self, results: Results) -> None:
        """Tell the observers which rows were under way when the run was left."""
        for left in results.unfinished:
            event = JobLeft(
                index=left.index,
                run=self._finisher.run,
                mode=left.request.kind,
                resource_id=left.resource_id,
                spent=left.spent,
            )
            self._client.telemetry.emit(event)

"""A worker: renders rows from the queue, shows that it is alive, and requeues the rows of dead workers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
import attrs

from heygen_async.bulk.campaign.recovery import Recovery
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import OnUnknown
from heygen_async.bulk.jobs.outcomes import Completed, Result
from heygen_async.bulk.journal.advisory_lock import AdvisoryLock
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.postgres import driver
from heygen_async.bulk.run.guards import Guard
from heygen_async.bulk.run.run_options import RunHooks, RunSettings
from heygen_async.bulk.run.scheduler import run
from heygen_async.bulk.watch.render_times import RenderTimes
from heygen_async.bulk.watch.signals import HasSignals, Signals, source_of
from heygen_async.errors import (
    ConnectionFailedError,
    HeyGenError,
    InsufficientCreditError,
    JournalError,
    OutcomeUnknownError,
    QuotaExceededError,
)
from heygen_async.workers.dbos_engine import Engine, QueueControl, queued
from heygen_async.workers.queue_store import QueueStore
from heygen_async.workers.shared_control import Control, admitted
from heygen_async.workers.shared_pool import SharedPool

if TYPE_CHECKING:
    from heygen_async.heygen import HeyGen

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("heygen_async")

# Real seconds, also in a compressed or virtual event loop: the database and its other clients run in real time.
ALIVE_SECONDS = 0.5  # between checks of the own lock
LOOK_SECONDS = 1.5  # between looks at the other workers and the shared state
LOOKS = 3  # in a row that find a lock free before its worker counts as dead: a restarted server frees all locks
SETTLE_SECONDS = 1.0  # from a refusal to the count of renders: ids of accepted ones are on their way to the journal
AWAY_SECONDS = 10.0  # of the loop, between tries while HeyGen cannot be reached
MANY = 10_000  # renders at once in this process, more than any account has: the shared queue limits them


def lock_of(worker: str) -> str:
    """Return the name of the lock that *worker* holds while it is alive."""
    return f"heygen-worker-{worker}"


class _WakingGuard(Guard):
    """Closes the store when the run stops submitting, so that the run does not wait for more rows."""

    def __init__(self, store: QueueStore) -> None:
        super().__init__()
        self._store = store

    def wake(self) -> None:
        super().wake()
        self._store.close()


@attrs.frozen
class _Settler:
    """Recovers rows whose POST lost its answer, and remembers those whose workflow must end.

    Attributes:
        settled: Indexes of rows that were given up or left for a person to decide.
        superseded: Indexes of rows that got a new key and were queued under it.
    """

    recovery: Recovery
    store: QueueStore
    settled: set[int] = attrs.field(factory=set)
    superseded: set[int] = attrs.field(factory=set)

    async def recover(self, job: Job) -> Job | HeyGenError:
        found = await self.recovery.recover(job)
        if not isinstance(found, Job):
            self.settled.add(job.index)
        elif found.key != job.key:
            self.superseded.add(job.index)
            await self.store.supersede(job.index + 1)
            return OutcomeUnknownError(f"row {job.index + 1}: HeyGen has no video of it; queued to be sent again")
        return found


@attrs.define(eq=False, kw_only=True)
class Worker:
    """Renders queued rows of a campaign in PostgreSQL. Any number of workers can share one campaign.

    Attributes:
        heygen: Client of the account that renders.
        address: `postgresql://user@host/name` of the database in which rows were queued.
        download_to: Folder for the files of the videos rendered here; None leaves the files at HeyGen.
        filename: Template of the files' names.
        on_unknown: Decision about a POST whose answer was lost, as for `HeyGen.resume`.
        on_result: Called with the result of each row that has ended here.
        until_done: True to return when no worker has rows left and none wait.
        watch: Tells of ends before they are looked for, such as `shared_signals(address)`.
        name: Name of this worker, unique among the workers.
        ended: Number of rows that have ended here, under `completed` and `failed`.
    """

    heygen: HeyGen
    address: str = attrs.field(repr=False)
    download_to: str | None = None
    filename: str = "{number}-{id}"
    on_unknown: OnUnknown = "hold"
    on_result: Callable[[Result], None] = lambda _: None
    until_done: bool = False
    watch: HasSignals | Signals | None = None
    name: str = attrs.field(factory=lambda: uuid.uuid4().hex)
    ended: Counter[str] = attrs.field(factory=Counter)
    _reports: set[bool] = attrs.field(factory=set)  # from the pool: False after a refusal, True after a retry
    _lock: AdvisoryLock = attrs.field(init=False)
    _free_looks: Counter[str] = attrs.field(factory=Counter)  # looks in a row that found another worker's lock free

    async def work(self) -> None:
        """Render rows until cancelled, or with `until_done` until no rows are left. Costs money for each render.

        At the end, rows under way are handed to the other workers; their renders go on at HeyGen.

        Raises:
            JournalError: The database has no campaign, cannot be reached, or other workers have taken this one for
                dead and have its rows.
            AuthenticationError: HeyGen refused the API key.
        """
        async with self._opened() as (journal, store, queues, control), anyio.create_task_group() as tasks:
            tasks.start_soon(self._stay_alive)
            tasks.start_soon(self._run_on, journal, store, control)
            await self._look_after(journal, queues, control)
            tasks.cancel_scope.cancel()

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[Journal, QueueStore, QueueControl, Control]]:
        with contextlib.ExitStack() as opened:
            queues = opened.enter_context(contextlib.closing(await _in_thread(QueueControl, self.address)))
            journal = opened.enter_context(contextlib.closing(await _in_thread(Journal, self.address)))
            control = opened.enter_context(contextlib.closing(await _in_thread(Control, self.address)))
            self._lock = opened.enter_context(contextlib.closing(AdvisoryLock(self.address)))
            await self._take_lock()
            store = QueueStore(journal, lambda record: queues.add([queued(journal, record)]))
            engine = Engine(self.address, self.name, store.render)
            engine.launch()
            try:
                yield journal, store, queues, control
            finally:
                with anyio.CancelScope(shield=True):
                    await self._leave(engine, queues)

    async def _leave(self, engine: Engine, queues: QueueControl) -> None:
        """Stop taking rows, and requeue the rows under way for the other workers."""
        await _in_thread(engine.stop)
        # DBOS had made its thread pool the loop's default, and has shut it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        await _in_thread(queues.hand_on, self.name)

    # Rows

    async def _run_on(self, journal: Journal, store: QueueStore, control: Control) -> None:
        """Start one run after the other; a run ends when no more rows may be sent for now."""
        while True:
            await self._wait_while_paused(control)
            store.reopen()
            try:
                await self._run(journal, store)
            except (InsufficientCreditError, QuotaExceededError) as exc:
                logger.warning("all workers pause: %s", exc.gist)
                await _in_thread(control.pause, exc.gist)
            except ConnectionFailedError as exc:
                logger.warning("HeyGen cannot be reached, trying again in %g s: %s", AWAY_SECONDS, exc.gist)
                await anyio.sleep(AWAY_SECONDS)

    async def _run(self, journal: Journal, store: QueueStore) -> None:
        times = RenderTimes(await _in_thread(journal.lessons))
        downloads = None
        if self.download_to is not None:
            downloads = Downloader(self.heygen, self.download_to, self.filename)
        settler = _Settler(Recovery(self.heygen, journal, self.on_unknown), store)
        settings = RunSettings(max_in_flight=MANY, deadline=math.inf, submit="each", max_agents=None)
        hooks = RunHooks(
            guard=_WakingGuard(store),
            downloads=downloads,
            recover=settler.recover,
            times=times,
            pool=SharedPool(self._reports.add),
            signals=None if self.watch is None else source_of(self.watch),
        )
        async with run(self.heygen, store, settings, hooks) as results:
            async for result in results:
                if result.index in settler.superseded:
                    settler.superseded.discard(result.index)
                    continue
                how = "completed" if isinstance(result, Completed) else "failed"
                await store.settle(result.index + 1, how, for_good=result.index in settler.settled)
                self.ended[how] += 1
                self.on_result(result)
        await _in_thread(journal.learn, times.lessons())

    async def _wait_while_paused(self, control: Control) -> None:
        while True:
            state = await _in_thread(control.state)
            if state is None or state.paused is None:
                return
            await _in_thread(time.sleep, LOOK_SECONDS)

    # Workers

    async def _stay_alive(self) -> None:
        """Hold the lock that shows others that this worker lives; take it again after a lost connection."""
        while True:
            await _in_thread(time.sleep, ALIVE_SECONDS)
            with _retrying_while_the_database_is_away():
                if not await _in_thread(self._lock.holds):
                    await self._take_lock()

    async def _take_lock(self) -> None:
        if not await _in_thread(self._lock.take, lock_of(self.name)):
            raise JournalError(
                f"worker {self.name}: others have taken it for dead and gone on with its rows; start it again"
            )

    async def _look_after(self, journal: Journal, queues: QueueControl, control: Control) -> None:
        """Adjust the shared limits and requeue rows of dead workers; with `until_done` return after the last row."""
        locks = AdvisoryLock(self.address)
        try:
            while True:
                with _retrying_while_the_database_is_away():
                    await self._adjust_limits(journal, queues, control)
                    await self._requeue_rows_of_the_dead(locks, queues)
                    if self.until_done and await _in_thread(queues.is_done):
                        return
                await _in_thread(time.sleep, LOOK_SECONDS)
        finally:
            locks.close()

    async def _adjust_limits(self, journal: Journal, queues: QueueControl, control: Control) -> None:
        if self._reports:
            await _in_thread(time.sleep, SETTLE_SECONDS)
            refused = False in self._reports
            self._reports.clear()
            counts = await _in_thread(journal.counts)
            state = await _in_thread(control.refused if refused else control.accepted, counts["submitted"])
            logger.info("the account runs %d renders; all workers begin at most %d", counts["submitted"], state.cap)
        else:
            state = await _in_thread(control.probe)
        running = await _in_thread(queues.running)
        await _in_thread(queues.admit, *admitted(state))
        self._watch_others(running)

    def _watch_others(self, running: dict[str, dict[str, list[str]]]) -> None:
        """Watch the locks of the other workers that have rows; a dead worker without rows needs no care."""
        for worker in set(self._free_looks) - set(running):
            del self._free_looks[worker]
        for worker in set(running) - {self.name}:
            self._free_looks[worker] += 0

    async def _requeue_rows_of_the_dead(self, locks: AdvisoryLock, queues: QueueControl) -> None:
        for worker in list(self._free_looks):
            is_free = await _in_thread(locks.is_free, lock_of(worker))
            self._free_looks[worker] = self._free_looks[worker] + 1 if is_free else 0
            if self._free_looks[worker] >= LOOKS and await _in_thread(locks.take, lock_of(worker)):
                count = await _in_thread(queues.hand_on, worker)
                logger.warning("worker %s is dead; the others go on with its %d rows", worker, count)
                await _in_thread(locks.release, lock_of(worker))
                del self._free_looks[worker]


@contextlib.contextmanager
def _retrying_while_the_database_is_away() -> Iterator[None]:
    try:
        yield
    except Exception as exc:
        cause = getattr(exc, "orig", exc)  # DBOS asks through SQLAlchemy, which wraps the driver's errors
        if not isinstance(cause, driver().Error):
            raise
        logger.info("the database is away, looking again: %s", cause)


async def _in_thread(function: Callable[..., T], *args: object) -> T:
    """Call *function* in a thread: it waits for the database and would block the loop."""
    return await anyio.to_thread.run_sync(partial(function, *args), abandon_on_cancel=True)

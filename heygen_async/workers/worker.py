"""A worker: renders what the queue gives it, keeps its name alive, and takes over from workers that have died."""

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

# Of the database's clock, which is everybody's, not of the loop's.
ALIVE_SECONDS = 0.5  # between looks at the own lock
LOOK_SECONDS = 1.5  # between looks for the dead, and at what all share
LOOKS = 3  # in which a lock must be free before its holder is taken for dead: a server that was restarted frees all
SETTLE_SECONDS = 1.0  # after a refusal until what runs is counted: its ids are on their way to the journal
AWAY_SECONDS = 10.0  # between tries while HeyGen cannot be reached
MANY = 10_000  # renders at once, as far as this process is asked: the queue says how many there are


def lock_of(worker: str) -> str:
    """Return the name of the lock that a worker holds as long as it lives."""
    return f"heygen-worker-{worker}"


class _WakingGuard(Guard):
    """Lets a run that stops submitting no longer wait for rows."""

    def __init__(self, store: QueueStore) -> None:
        super().__init__()
        self._store = store

    def wake(self) -> None:
        super().wake()
        self._store.close()


@attrs.frozen
class _Settler:
    """Looks for what lost POSTs made, and remembers the verdicts that end a row's workflow.

    Attributes:
        settled: Rows that are left for a person, or given up.
        anew: Rows that are to be sent again under a new key, by a workflow of that name.
    """

    recovery: Recovery
    store: QueueStore
    settled: set[int] = attrs.field(factory=set)
    anew: set[int] = attrs.field(factory=set)

    async def recover(self, job: Job) -> Job | HeyGenError:
        found = await self.recovery.recover(job)
        if not isinstance(found, Job):
            self.settled.add(job.index)
        elif found.key != job.key:
            self.anew.add(job.index)
            await self.store.supersede(job.index + 1)
            return OutcomeUnknownError(f"row {job.index + 1}: nothing at HeyGen fits it; queued to be sent again")
        return found


@attrs.define(eq=False, kw_only=True)
class Worker:
    """Renders rows of a campaign in PostgreSQL, beside any number of others.

    Attributes:
        heygen: The account.
        address: `postgresql://user@host/name`, where rows were queued.
        download_to: Folder for the files of what is rendered here; None leaves them at HeyGen.
        filename: Template of their names.
        on_unknown: As of `HeyGen.resume`.
        on_result: Told of each row that has ended here.
        until_done: Leave when no rows wait and none are under way, anywhere.
        name: Of this worker.
        ended: How many rows have ended here, by how.
    """

    heygen: HeyGen
    address: str = attrs.field(repr=False)
    download_to: str | None = None
    filename: str = "{number}-{id}"
    on_unknown: OnUnknown = "hold"
    on_result: Callable[[Result], None] = lambda _: None
    until_done: bool = False
    name: str = attrs.field(factory=lambda: uuid.uuid4().hex)
    ended: Counter[str] = attrs.field(factory=Counter)
    _heard: set[bool] = attrs.field(factory=set)  # of the pool: refusals, and what was accepted after one
    _lock: AdvisoryLock = attrs.field(init=False)
    _suspects: Counter[str] = attrs.field(factory=Counter)

    async def work(self) -> None:
        """Work until it is cancelled, or with `until_done` until nothing is left. Costs money for what it renders.

        Whatever is under way then is handed to the other workers; renders go on.

        Raises:
            JournalError: The database has no campaign, stays away, or others have taken this worker for dead.
            AuthenticationError: The key is refused.
        """
        async with self._opened() as (journal, store, office, control), anyio.create_task_group() as tasks:
            tasks.start_soon(self._stay_alive)
            tasks.start_soon(self._run_on, journal, store, control)
            await self._look_after(journal, office, control)
            tasks.cancel_scope.cancel()

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[Journal, QueueStore, QueueControl, Control]]:
        with contextlib.ExitStack() as opened:
            office = opened.enter_context(contextlib.closing(await _aside(QueueControl, self.address)))
            journal = opened.enter_context(contextlib.closing(await _aside(Journal, self.address)))
            control = opened.enter_context(contextlib.closing(await _aside(Control, self.address)))
            self._lock = opened.enter_context(contextlib.closing(AdvisoryLock(self.address)))
            await self._hold()
            store = QueueStore(journal, lambda record: office.add([queued(journal, record)]))
            engine = Engine(self.address, self.name, store.render)
            engine.launch()
            try:
                yield journal, store, office, control
            finally:
                with anyio.CancelScope(shield=True):
                    await self._leave(engine, office)

    async def _leave(self, engine: Engine, office: QueueControl) -> None:
        """Take no more, and hand what was taken to the others."""
        await _aside(engine.stop)
        # DBOS made its own pool the loop's, and has shut it.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        await _aside(office.hand_on, self.name)

    # Rows

    async def _run_on(self, journal: Journal, store: QueueStore, control: Control) -> None:
        """Run after run: one ends only when nothing more may be sent for now."""
        while True:
            await self._while_paused(control)
            store.begin_again()
            try:
                await self._run(journal, store)
            except (InsufficientCreditError, QuotaExceededError) as exc:
                logger.warning("all workers pause: %s", exc.gist)
                await _aside(control.pause, exc.gist)
            except ConnectionFailedError as exc:
                logger.warning("HeyGen cannot be reached, trying again in %g s: %s", AWAY_SECONDS, exc.gist)
                await anyio.sleep(AWAY_SECONDS)

    async def _run(self, journal: Journal, store: QueueStore) -> None:
        times = RenderTimes(await _aside(journal.lessons))
        downloads = None
        if self.download_to is not None:
            downloads = Downloader(self.heygen, self.download_to, self.filename)
        settling = _Settler(Recovery(self.heygen, journal, self.on_unknown), store)
        settings = RunSettings(max_in_flight=MANY, deadline=math.inf, submit="each", max_agents=None)
        hooks = RunHooks(
            guard=_WakingGuard(store),
            downloads=downloads,
            recover=settling.recover,
            times=times,
            pool=SharedPool(self._heard.add),
        )
        async with run(self.heygen, store, settings, hooks) as results:
            async for result in results:
                if result.index in settling.anew:
                    settling.anew.discard(result.index)
                    continue
                how = "completed" if isinstance(result, Completed) else "failed"
                await store.settle(result.index + 1, how, for_good=result.index in settling.settled)
                self.ended[how] += 1
                self.on_result(result)
        await _aside(journal.learn, times.lessons())

    async def _while_paused(self, control: Control) -> None:
        while True:
            state = await _aside(control.state)
            if state is None or state.paused is None:
                return
            await _aside(time.sleep, LOOK_SECONDS)

    # Workers

    async def _stay_alive(self) -> None:
        """Hold the lock that says so; take it again when the server was away."""
        while True:
            await _aside(time.sleep, ALIVE_SECONDS)
            with _while_the_server_is_away():
                if not await _aside(self._lock.holds):
                    await self._hold()

    async def _hold(self) -> None:
        if not await _aside(self._lock.take, lock_of(self.name)):
            raise JournalError(
                f"worker {self.name}: others have taken it for dead and gone on with its rows; start it again"
            )

    async def _look_after(self, journal: Journal, office: QueueControl, control: Control) -> None:
        """Keep the number of slots right for all, take over from the dead; return when all is done, if wanted."""
        locks = AdvisoryLock(self.address)
        try:
            while True:
                with _while_the_server_is_away():
                    await self._share(journal, office, control)
                    await self._bury(locks, office)
                    if self.until_done and await _aside(office.is_done):
                        return
                await _aside(time.sleep, LOOK_SECONDS)
        finally:
            locks.close()

    async def _share(self, journal: Journal, office: QueueControl, control: Control) -> None:
        if self._heard:
            await _aside(time.sleep, SETTLE_SECONDS)
            refused = False in self._heard
            self._heard.clear()
            counts = await _aside(journal.counts)
            state = await _aside(control.refused if refused else control.accepted, counts["submitted"])
            logger.info("the account runs %d renders; all workers begin at most %d", counts["submitted"], state.cap)
        else:
            state = await _aside(control.probe)
        running = await _aside(office.running)
        await _aside(office.admit, *admitted(state))
        self._see(running)

    def _see(self, running: dict[str, dict[str, list[str]]]) -> None:
        """Count in how many looks in a row each other worker has had rows; what has none need not be buried."""
        for worker in set(self._suspects) - set(running):
            del self._suspects[worker]
        for worker in set(running) - {self.name}:
            self._suspects[worker] += 0

    async def _bury(self, locks: AdvisoryLock, office: QueueControl) -> None:
        for worker in list(self._suspects):
            is_free = await _aside(locks.is_free, lock_of(worker))
            self._suspects[worker] = self._suspects[worker] + 1 if is_free else 0
            if self._suspects[worker] >= LOOKS and await _aside(locks.take, lock_of(worker)):
                count = await _aside(office.hand_on, worker)
                logger.warning("worker %s is dead; the others go on with its %d rows", worker, count)
                await _aside(locks.release, lock_of(worker))
                del self._suspects[worker]


@contextlib.contextmanager
def _while_the_server_is_away() -> Iterator[None]:
    try:
        yield
    except Exception as exc:
        cause = getattr(exc, "orig", exc)  # DBOS asks through SQLAlchemy, which wraps the driver's errors
        if not isinstance(cause, driver().Error):
            raise
        logger.info("the database is away, looking again: %s", cause)


async def _aside(do: Callable[..., T], *args: object) -> T:
    """Do what waits for the database beside the loop."""
    return await anyio.to_thread.run_sync(partial(do, *args), abandon_on_cancel=True)

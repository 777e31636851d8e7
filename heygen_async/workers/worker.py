"""A worker: renders rows that the feeder hands out, shows that it lives, and is the feeder if no other worker is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import platform
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
import attrs

from heygen_async.bulk.jobs.next_step import OnUnknown
from heygen_async.bulk.jobs.outcomes import Completed, Result
from heygen_async.bulk.run.result_stream import only
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.bulk.watch.signals import HasSignals, Signals, source_of
from heygen_async.changed import Changed
from heygen_async.workers.campaign_run import CampaignRun
from heygen_async.workers.dbos_engine import Dispatcher, Engine, check_address, prepare
from heygen_async.workers.feeder.fleet_feeder import FleetFeeder
from heygen_async.workers.feeder.fleet_metrics import report_fleet
from heygen_async.workers.fleet_status import FleetStatus, fleet_status
from heygen_async.workers.fleet_tables import FleetTables, in_thread
from heygen_async.workers.heartbeat import Beat, Heartbeat
from heygen_async.workers.leased_journal import LeasedJournal
from heygen_async.workers.leased_store import AfterRender
from heygen_async.workers.shared_control import Control
from heygen_async.workers.shared_pool import SharedPool

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from heygen_async.heygen import HeyGen

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("heygen_async")

IDLE_BEATS = 5  # without rows, until the queue is looked into less often
DUTY_SECONDS, DUTY_LOOKS = 0.25, 20  # real seconds between looks for the feeder to begin, and looks until asked again
LEAVING_SECONDS = 5.0  # real seconds for the last words to the database; without them the others wait for the lease
AWAY_SECONDS = 1.0  # the same while the database is away


@attrs.define(eq=False, kw_only=True)
class Worker:
    """Renders queued rows of campaigns in PostgreSQL. Any number of workers can share them.

    Attributes:
        heygen: Client of the account that renders.
        address: `postgresql://user@host/name` of the database in which rows were queued.
        download_to: Folder for the files of the videos, in place of the campaigns' own; None for the campaigns' own.
        filename: Template of the files' names, in place of the campaigns' own.
        on_unknown: Decision about a POST whose answer was lost, as for `HeyGen.resume`; None for the campaigns' own.
        on_result: Called with the result of each row that has ended here.
        watch: Tells of ends before they are looked for, such as `shared_signals(address)`.
        until_done: True to return when nothing is under way, files included, and no row waits.
        account: Name of the account whose campaigns are rendered; see `enqueue`.
        name: Name of this process among the workers.
        ended: Number of rows that have ended here, under `completed` and `failed`.
    """

    heygen: HeyGen
    address: str = attrs.field(repr=False)
    download_to: str | None = None
    filename: str | None = None
    on_unknown: OnUnknown | None = None
    on_result: Callable[[Result], None] = lambda _: None
    until_done: bool = False
    watch: HasSignals | Signals | None = None
    account: str = ""
    name: str = attrs.field(factory=lambda: uuid.uuid4().hex)
    ended: Counter[str] = attrs.field(factory=Counter)
    _runs: dict[str, CampaignRun] = attrs.field(factory=dict)
    _reports: set[bool] = attrs.field(factory=set)  # from the pool: False after a refusal, True after a retry
    _beat: Beat | None = None
    _changed: Changed = attrs.field(factory=Changed)
    _lives: int = 0
    _idle_beats: int = 0  # signs of life in a row without any rows
    _looks_often: bool = True
    _feeds_as: str | None = None  # name under which this worker last began to be the feeder
    _lock: int = attrs.field(factory=partial(random.getrandbits, 62))
    _pool: Any = None
    _tables: Any = None
    _journal: Any = None
    _dispatcher: Any = None
    _heartbeat: Any = None
    _feeder: FleetFeeder | None = None
    _tasks: TaskGroup | None = None

    async def work(self) -> None:
        """Render rows until cancelled, or with `until_done` until no rows are left. Costs money for each render.

        At the end, rows under way are handed to the other workers; their renders go on at HeyGen. If others took this
        worker for dead, because it was frozen or cut off, it goes on under a new name with new rows.

        Raises:
            JournalError: The database has no campaign, cannot be reached at the beginning, or is of another version.
            AuthenticationError: HeyGen refused the API key.
        """
        check_address(self.address)
        try:
            async with self._opened():
                while not await self._live():
                    logger.warning("worker %s was taken for dead while it was away; others have its rows", self.name)
        except BaseExceptionGroup as group:
            raise only(group) from None

    def report_fleet(self) -> None:
        """Report metrics of the whole fleet to OpenTelemetry while this worker is the feeder."""
        report_fleet(self._status_if_feeder)

    def _status_if_feeder(self) -> FleetStatus | None:
        is_feeder = self._feeder is not None and not self._feeder.is_over
        return fleet_status(self.address, self.account) if is_feeder else None

    async def _live(self) -> bool:
        """Work under one name; return True when all is done, and False if others have taken this worker for dead."""
        self._lives += 1
        self._journal.owner = f"{self.name}-{self._lives}"
        await in_thread(self._enlist)
        self._beat = None
        self._heartbeat.begin(self._journal.owner)
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            is_done = await self._until_over()
            self._tasks = None
            tasks.cancel_scope.cancel()
        return is_done

    def _enlist(self) -> None:
        """Join the live workers. Rows of campaigns without a folder lack files if this worker can store them."""
        self._dispatcher.open_queue(self._queue)
        stores = self.download_to is not None
        self._tables.enlist(
            self._journal.owner, self._queue, self.account, platform.node(), self._lock, stores_files=stores
        )

    async def _until_over(self) -> bool:
        """Heed each sign of life; return when all is done or when it was the last."""
        while True:
            await self._changed.wait()
            beat = self._beat
            if beat is None or beat.worker != self._journal.owner:
                continue
            if not beat.is_alive:
                return False
            if self.until_done and beat.is_done and not any(run.store.open for run in self._runs.values()):
                return True
            for one in self._runs.values():
                one.store.hold(is_held=beat.paused is not None)
            await self._look_less_often_without_rows()
            if self._reports:
                refused = False in self._reports
                self._reports.clear()
                control = Control(self._tables, self.account)
                state = await in_thread(control.refused if refused else control.accepted)
                logger.info("all workers begin at most %d renders", state.cap)

    async def _look_less_often_without_rows(self) -> None:
        is_busy = any(run.store.open for run in self._runs.values())
        self._idle_beats = 0 if is_busy else self._idle_beats + 1
        wanted = self._idle_beats < IDLE_BEATS
        if wanted != self._looks_often:
            self._looks_often = wanted
            await in_thread(partial(self._dispatcher.open_queue, self._queue, is_busy=wanted))

    def _heed(self, beat: Beat) -> None:
        """Take a sign of life in; called in the loop."""
        if beat.is_feeder and self._tasks is not None:
            self._tasks.start_soon(self._take_duty, beat.worker)
        self._beat = beat
        self._changed.notify()

    async def _take_duty(self, owner: str) -> None:
        """Have the feeder's workflow run here; asked again, because an earlier run of it may just be ending."""
        while self._feeds_as != owner:
            await in_thread(self._dispatcher.take_duty, self.account, self._queue)
            for _ in range(DUTY_LOOKS):
                await in_thread(time.sleep, DUTY_SECONDS)
                if self._feeds_as == owner:
                    return

    # Called by DBOS

    async def _take(self, campaign: str, job_ids: list[int]) -> None:
        """Take rows that were handed out to this worker; those that are not its own any more are left."""
        if self._tasks is None:
            return
        if campaign not in self._runs:
            found = await in_thread(self._tables.campaign, campaign)
            if found is not None and campaign not in self._runs and self._tasks is not None:
                made = self._new_run(campaign, RunSettings.from_json(found.settings), found.on_unknown)
                self._runs[campaign] = made
                self._tasks.start_soon(self._run_until_left, campaign, made)
                return  # it takes in all rows that it has
        if campaign in self._runs:
            await self._runs[campaign].store.take(job_ids)

    async def _run_until_left(self, campaign: str, made: CampaignRun) -> None:
        try:
            await made.work()
        finally:
            self._runs.pop(campaign, None)
            with anyio.CancelScope(shield=True):
                await made.store.finish()

    def _new_run(self, campaign: str, settings: RunSettings, on_unknown: OnUnknown) -> CampaignRun:
        settings = attrs.evolve(
            settings,
            download_to=self.download_to or settings.download_to,
            filename=self.filename or settings.filename,
        )
        return CampaignRun(
            self.heygen,
            self._journal,
            campaign,
            settings,
            on_unknown=self.on_unknown or on_unknown,
            pool=self._pool,
            after_render=lambda: self._after_render(settings.download_to is not None),
            on_result=self._note,
            pause=self._pause,
            signals=None if self.watch is None else source_of(self.watch),
        )

    def _after_render(self, stores_files: bool) -> AfterRender:  # noqa: FBT001 - private
        if stores_files:
            return "store files"
        return "hand on" if self._beat is not None and self._beat.others_store_files else "let go"

    def _note(self, result: Result) -> None:
        self.ended["completed" if isinstance(result, Completed) else "failed"] += 1
        self.on_result(result)

    async def _pause(self, why: str) -> None:
        await in_thread(Control(self._tables, self.account).pause, why)

    async def _feed(self) -> None:
        """Be the feeder until the duty is another worker's. This is the body of a durable workflow."""
        before, self._feeds_as = self._feeder, self._journal.owner
        self._feeder = await in_thread(FleetFeeder, self.address, self.account, self._journal.owner, self._dispatcher)
        if before is not None:
            before.stop()
            await in_thread(before.close)
        await self._feeder.run()

    # Beginning and end

    @property
    def _queue(self) -> str:
        return f"heygen-{self.name}"

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        self._pool = SharedPool(self._reports.add)
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as opened:
            self._journal = opened.enter_context(
                contextlib.closing(await in_thread(LeasedJournal, self.address, platform.node()))
            )
            self._tables = opened.enter_context(contextlib.closing(await in_thread(FleetTables, self.address)))
            await in_thread(prepare, self._tables.backend, self.address)
            self._tables.backend.patience = math.inf
            self._dispatcher = await in_thread(Dispatcher, self.address)

            def on_beat(beat: Beat) -> None:
                loop.call_soon_threadsafe(self._heed, beat)

            self._heartbeat = Heartbeat(self.address, self.account, self._lock, on_beat)
            await in_thread(self._dispatcher.open_queue, self._queue)
            engine = Engine(self.address, self.name, self._queue, self._take, self._feed)
            engine.launch()
            try:
                yield
            finally:
                with anyio.CancelScope(shield=True):
                    await self._leave(engine)

    async def _leave(self, engine: Engine) -> None:
        """Leave the rows under way to the other workers; if the database is away, they find out by themselves."""
        self._heartbeat.stop()
        if self._feeder is not None:
            self._feeder.stop()
        last_words = threading.Thread(target=self._say_good_bye, args=(engine,), daemon=True)
        last_words.start()
        await in_thread(last_words.join, AWAY_SECONDS if self._heartbeat.is_away else LEAVING_SECONDS)
        self._journal.give_up()
        self._tables.backend.give_up()
        # DBOS had made its thread pool the loop's default, and has shut it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    def _say_good_bye(self, engine: Engine) -> None:
        self._heartbeat.join(AWAY_SECONDS)
        with contextlib.suppress(Exception):  # the process ends, and others notice it by its lease
            self._tables.discharge(self._journal.owner)
            self._dispatcher.close_queue(self._queue)
        with contextlib.suppress(Exception):
            engine.stop()
            self._dispatcher.close()
            if self._feeder is not None:
                self._feeder.close()

"""A worker: renders rows that the feeder hands out, shows that it lives, and is the feeder if no other worker is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import platform
import random
import threading
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
from heygen_async.workers.campaign_runs import CampaignRuns
from heygen_async.workers.dbos_engine import Dispatcher, Engine, check_address, prepare
from heygen_async.workers.feeder.duty import Duty
from heygen_async.workers.feeder.fleet_metrics import report_fleet
from heygen_async.workers.fleet_status import FleetStatus, fleet_status
from heygen_async.workers.fleet_tables import FleetCampaign, FleetTables, in_thread
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
    _reports: set[bool] = attrs.field(factory=set)  # from the pool: False after a refusal, True after a retry
    _beat: Beat | None = None
    _revision: int = 0  # of the campaigns, as this worker knows them
    _changed: Changed = attrs.field(factory=Changed)
    _lives: int = 0
    _idle_beats: int = 0  # signs of life in a row without any rows
    _looks_often: bool = True
    _lock: int = attrs.field(factory=partial(random.getrandbits, 62))
    _pool: Any = None
    _tables: Any = None
    _runs: Any = None
    _journal: Any = None
    _dispatcher: Any = None
    _heartbeat: Any = None
    _duty: Any = None
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
        return fleet_status(self.address, self.account) if self._duty is not None and self._duty.is_here else None

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
            if self.until_done and beat.is_done and not self._runs.are_busy:
                return True
            self._runs.hold(is_held=beat.paused is not None)
            if beat.revision != self._revision:
                await self._look_at_campaigns(beat.revision)
            await self._look_less_often_without_rows()
            if self._reports:
                refused = False in self._reports
                self._reports.clear()
                control = Control(self._tables, self.account)
                state = await in_thread(control.refused if refused else control.accepted)
                logger.info("all workers begin at most %d renders", state.cap)

    async def _look_at_campaigns(self, revision: int) -> None:
        """Heed settings that have changed; the feeder looks for rows that have become due."""
        self._revision = revision
        self._duty.hurry()
        campaigns = await in_thread(self._tables.campaigns, self.account)
        if self._tasks is not None:
            self._runs.refresh(campaigns, self._tasks)

    async def _look_less_often_without_rows(self) -> None:
        is_busy = self._runs.are_busy
        self._idle_beats = 0 if is_busy else self._idle_beats + 1
        wanted = self._idle_beats < IDLE_BEATS
        if wanted != self._looks_often:
            self._looks_often = wanted
            await in_thread(partial(self._dispatcher.open_queue, self._queue, is_busy=wanted))

    def _heed(self, beat: Beat) -> None:
        """Take a sign of life in; called in the loop."""
        if beat.is_feeder and self._tasks is not None:
            self._tasks.start_soon(self._duty.take, beat.worker)
        self._beat = beat
        self._changed.notify()

    def _hear(self, name: str) -> None:
        """Take rows in before the queue is looked into, if another process tells that this worker has some."""
        if name == self._journal.owner and self._tasks is not None:
            self._tasks.start_soon(self._take_all, name)

    async def _take_all(self, owner: str) -> None:
        for campaign in await in_thread(self._tables.campaigns_of, owner):
            await self._take(campaign, None)

    # Called by DBOS

    async def _take(self, campaign: str, job_ids: list[int] | None) -> None:
        """Take rows that were handed out to this worker; those that are not its own any more are left."""
        if self._tasks is None:
            return
        if campaign not in self._runs:
            found = await in_thread(self._tables.campaign, campaign)
            if found is not None and campaign not in self._runs and self._tasks is not None:
                self._runs.begin(found, self._tasks)
                return  # it takes in all rows that it has
        if campaign in self._runs:
            await self._runs.take(campaign, job_ids)

    def _new_run(self, campaign: FleetCampaign) -> CampaignRun:
        settings = RunSettings.from_json(campaign.settings)
        settings = attrs.evolve(
            settings,
            download_to=self.download_to or settings.download_to,
            filename=self.filename or settings.filename,
        )
        return CampaignRun(
            self.heygen,
            self._journal,
            campaign.name,
            settings,
            on_unknown=self.on_unknown or campaign.on_unknown,
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
        await self._duty.feed(self._journal.owner)

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
            self._duty = Duty(self.address, self.account, self._queue, self._dispatcher)

            def on_beat(beat: Beat) -> None:
                loop.call_soon_threadsafe(self._heed, beat)

            def on_notice(name: str) -> None:
                loop.call_soon_threadsafe(self._hear, name)

            self._runs = CampaignRuns(self._new_run)
            self._heartbeat = Heartbeat(self.address, self.account, self._lock, on_beat, on_notice)
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
        self._duty.stop()
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
            self._duty.close()

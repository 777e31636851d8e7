"""One campaign in one worker: one run after the other renders the rows that the feeder hands out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio
import anyio.to_thread
import attrs

from heygen_async.api.client import Client
from heygen_async.bulk.campaign.recovery import Recovery, ask_the_time
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import OUTAGE_SECONDS, OnUnknown
from heygen_async.bulk.jobs.outcomes import Result
from heygen_async.bulk.journal.journal import WrongStateError
from heygen_async.bulk.run.guards import Guard
from heygen_async.bulk.run.run_options import RunHooks, RunSettings
from heygen_async.bulk.run.scheduler import run
from heygen_async.bulk.run.submitter import Submit
from heygen_async.bulk.watch.render_times import RenderTimes
from heygen_async.bulk.watch.signals import Signals
from heygen_async.errors import ConnectionFailedError, HeyGenError, InsufficientCreditError, QuotaExceededError
from heygen_async.workers.leased_journal import LeasedJournal
from heygen_async.workers.leased_store import AfterRender, LeasedStore
from heygen_async.workers.shared_pool import SharedPool

logger: logging.Logger = logging.getLogger("heygen_async")

AWAY_SECONDS = 10.0  # of the loop, between tries while HeyGen cannot be reached
MOST_SENDS = 3  # again of a row whose answers are lost: nobody starts workers again, as a run that is resumed
MANY = 10_000  # renders at once in this process, more than any account has: the feeder limits them


class _WakingGuard(Guard):
    """Closes the store when the run stops submitting, so that the run does not wait for more rows."""

    def __init__(self, store: LeasedStore) -> None:
        super().__init__()
        self._store = store

    def wake(self) -> None:
        super().wake()
        self._store.close()


@attrs.frozen
class _Settler:
    """Recovers rows whose POST lost its answer, and remembers those that are given up or left for a person."""

    recovery: Recovery
    settled: set[int] = attrs.field(factory=set)

    async def recover(self, job: Job) -> Job | HeyGenError:
        found = await self.recovery.recover(job)
        if not isinstance(found, Job):
            self.settled.add(job.index)
        return found


class CampaignRun:
    """Renders the rows of one campaign that this worker has.

    Attributes:
        store: The rows.
    """

    def __init__(
        self,
        client: Client,
        journal: LeasedJournal,
        campaign: str,
        settings: RunSettings,
        *,
        on_unknown: OnUnknown,
        pool: SharedPool,
        after_render: Callable[[], AfterRender],
        on_result: Callable[[Result], None],
        pause: Callable[[str], Awaitable[None]],
        signals: Signals | None = None,
    ) -> None:
        """Render rows of *campaign* by its *settings*, whose folder is None if this worker stores no files.

        Args:
            client: Client of the account.
            journal: Journal of this worker.
            campaign: Name of the campaign.
            settings: Its settings.
            on_unknown: Decision about rows whose POST lost its answer.
            pool: The slots of this worker.
            after_render: Returns what is to be done with rendered rows now.
            on_result: Called with each result.
            pause: Pauses all workers, with a reason.
            signals: Tell of ends before they are looked for.
        """
        self.store: LeasedStore = LeasedStore(
            journal, campaign, after_render=after_render, rates=settings.rates, clock=client.account.clock
        )
        self._client = client
        self._journal = journal
        # "auto" would send batches wherever slots are many, as those of this process seem to be.
        submit: Submit = "batch" if settings.submit == "batch" else "each"
        self._settings = attrs.evolve(
            settings, max_in_flight=MANY, max_agents=None, submit=submit, patience=OUTAGE_SECONDS
        )  # after an outage the worker tells of it and begins again
        self._on_unknown = on_unknown
        self._pool = pool
        self._on_result = on_result
        self._pause = pause
        self._signals = signals
        self._retired = False

    def retire(self) -> None:
        """Take no more rows, and end with those that it has."""
        self._retired = True
        self.store.close()

    async def work(self) -> None:
        """Start one run after the other, until it is retired; a run ends when no more rows may be sent for now.

        Raises:
            AuthenticationError: HeyGen refused the API key.
            JournalError: The database cannot be used.
        """
        while not self._retired:
            self.store.reopen()
            await self.store.take()
            try:
                await self._run()
            except (InsufficientCreditError, QuotaExceededError) as exc:
                logger.warning("all workers pause: %s", exc.gist)
                self.store.hold(is_held=True)
                await self._pause(exc.gist)
            except ConnectionFailedError as exc:
                logger.warning("HeyGen cannot be reached, trying again in %g s: %s", AWAY_SECONDS, exc.gist)
                await anyio.sleep(AWAY_SECONDS)
            except (WrongStateError, BaseExceptionGroup) as exc:
                if not _is_of_lost_rows(exc):
                    raise
                logger.info("rows have changed, or are not this worker's any more; looking again")
                await anyio.sleep(1.0)

    async def _run(self) -> None:
        times = RenderTimes(await anyio.to_thread.run_sync(self._journal.lessons))
        settings, downloads = self._settings, None
        if settings.download_to is not None:
            downloads = Downloader(self._client, settings.download_to, settings.filename, (), settings.files)
        settler = _Settler(Recovery(self._client, self._journal, self._on_unknown, MOST_SENDS))
        await ask_the_time(self._client)
        hooks = RunHooks(
            guard=_WakingGuard(self.store),
            downloads=downloads,
            recover=settler.recover,
            times=times,
            pool=self._pool,
            signals=self._signals,
        )
        async with run(self._client, self.store, settings, hooks) as results:
            async for result in results:
                await self.store.settle(result, for_good=result.index in settler.settled)
                self._on_result(result)
        await anyio.to_thread.run_sync(self._journal.learn, times.lessons())


def _is_of_lost_rows(error: BaseException) -> bool:
    """Return True if a run broke because rows have changed or belong to other workers now.

    Several rows break it at once, and each may fail at another step. What else was wrong comes up again.
    """
    if isinstance(error, BaseExceptionGroup):
        return any(map(_is_of_lost_rows, error.exceptions))
    return isinstance(error, WrongStateError)

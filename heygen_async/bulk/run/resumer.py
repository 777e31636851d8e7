"""The resumer: goes on with rows that an earlier run left open, and looks for what lost POSTs made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from anyio.abc import TaskGroup

from heygen_async.api.client import Client
from heygen_async.bulk.jobs.in_flight import InFlight, Registry, Stage
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import GRACE_SECONDS
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.run.finisher import Finisher
from heygen_async.bulk.run.guards import Guard
from heygen_async.bulk.run.slots import Slots
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import AuthenticationError, HeyGenError, JournalError
from heygen_async.telemetry import JobSubmitted, for_row

# Looks for what a lost POST made: the row to follow or to submit again, or the reason why it is left as it is.
Recover = Callable[[Job], Awaitable[Job | HeyGenError]]
Submit = Callable[[InFlight], Awaitable[None]]


class Resumer:
    """Follows renders of earlier runs, and looks for what POSTs of unknown outcome made."""

    def __init__(
        self,
        client: Client,
        store: JobStore,
        *,
        registry: Registry,
        slots: Slots,
        watchlist: Watchlist,
        finisher: Finisher,
        guard: Guard,
        recover: Recover | None,
    ) -> None:
        """Find rows by *recover*; hand them on to *watchlist* and *finisher*."""
        self._client = client
        self._store = store
        self._registry = registry
        self._slots = slots
        self._watchlist = watchlist
        self._finisher = finisher
        self._guard = guard
        self._recover = recover
        self._tasks: TaskGroup
        self._submit: Submit

    def work_in(self, tasks: TaskGroup, submit: Submit) -> None:
        """Look in *tasks*; rows that are to be sent again go to *submit*."""
        self._tasks, self._submit = tasks, submit

    async def begin(self) -> None:
        """Take in all rows that are at HeyGen, or may be, since an earlier run.

        They take slots without waiting for any: their renders run already, or have ended long ago.
        """
        while (job := await self._store.next_open()) is not None:
            row = self._registry.take(job, ticket=self._slots.claim())
            self._guard.adopt(row)
            self.resume(row)

    def resume(self, row: InFlight) -> None:
        """Go on with a row of an earlier run: follow its render, or look for it."""
        if row.job.step == "follow":
            self._follow(row, row.job)
        else:
            self._registry.advance(row, Stage.LOOKING)
            self.look_for(row)

    def look_for(self, row: InFlight, error: HeyGenError | None = None) -> None:  # noqa: ARG002 - recovery says why
        """Begin to look for what the POST of a row made; it is in stage LOOKING."""
        self._tasks.start_soon(self._look_for, row)

    def _follow(self, row: InFlight, job: Job) -> None:
        """Watch a render that an earlier run submitted, or that was found."""
        record = job.record
        row.job, row.video_id, row.session_id = job, record.video_id, record.session_id
        if record.batch is not None:
            row.batch_id, row.item = self._store.batch_id(job) or None, record.item
        age = self._finisher.age(job)
        self._registry.advance(row, Stage.RENDERING)
        event = JobSubmitted(
            index=row.index, run=self._finisher.run, mode=row.kind, resource_id=row.resource_id or "", age=age
        )
        self._client.telemetry.emit(event)
        self._slots.accepted(row.ticket)
        self._watchlist.begin(row, age=age)

    async def _look_for(self, row: InFlight) -> None:
        """Find out what became of a POST whose answer was lost, and go on accordingly.

        HeyGen may still work on the last of several POSTs under one key when the first one is long forgotten.
        """
        if self._recover is None:
            raise AssertionError("a row to be looked for needs a journal")
        await self._client.account.clock.sleep_until(row.sent_at + GRACE_SECONDS)
        try:
            with for_row(row.run, row.index):
                found = await self._recover(row.job)
        except (AuthenticationError, JournalError):
            raise
        except HeyGenError as exc:
            self._finisher.leave_open(row, exc.told(spent="unknown"))
            return
        if not isinstance(found, Job):
            self._finisher.leave_open(row, found)
        elif found.step == "submit":
            self._registry.replace(row, found)
            self._registry.advance(row, Stage.SLOTTED)
            self._guard.begun_again(row)
            await self._submit(row)
        else:
            self._follow(row, found)

"""The finisher: frees the slot of a row whose render is over, records how it ended, and hands its result on."""

from __future__ import annotations

import inspect
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from heygen_async.api.client import Client
from heygen_async.api.handles.video import Video
from heygen_async.bulk.download.download_queue import DownloadQueue
from heygen_async.bulk.jobs.in_flight import InFlight, Registry, Stage
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.outcomes import Completed, Failed, Result, Summary
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.run.guards import Guard
from heygen_async.bulk.run.result_stream import ResultQueue
from heygen_async.bulk.run.slots import Slots
from heygen_async.errors import HeyGenError, RenderFailedError
from heygen_async.telemetry import JobEnded, JobRendered, JobSubmitted, JobTaken

OnSubmitted = Callable[[Job, str], Awaitable[None] | None]  # job, and the id of its video, session or batch

logger: logging.Logger = logging.getLogger("heygen_async")

_RUNS = itertools.count(1)


class Finisher:
    """Ends rows.

    Attributes:
        summary: The tally of the run so far.
        run: The number of the run in this process, for telemetry.
        freed: Notified when a slot has become free.
    """

    def __init__(
        self,
        client: Client,
        store: JobStore,
        *,
        registry: Registry,
        slots: Slots,
        queue: ResultQueue,
        downloads: DownloadQueue,
        guard: Guard,
        on_submitted: OnSubmitted | None = None,
    ) -> None:
        """Record ends in *store*, hand files to *downloads* and results to *queue*, and tell *guard*.

        The user's *on_submitted* is called for each row that HeyGen has accepted.
        """
        self.summary: Summary = Summary()
        self.run: int = next(_RUNS)
        self._client = client
        self._store = store
        self._registry = registry
        self._slots = slots
        self._queue = queue
        self._downloads = downloads
        self._guard = guard
        self._on_submitted = on_submitted

    def taken(self, row: InFlight) -> None:
        """Tell observers of a row that has left the job store."""
        row.run = self.run
        self._client.telemetry.emit(JobTaken(index=row.index, run=row.run, mode=row.kind, age=self.age(row.job)))

    def age(self, job: Job) -> float:
        """Return the seconds since an earlier run submitted a row that is to be followed; 0 for any other."""
        submitted_at = job.record.submitted_at if job.step == "follow" and job.record is not None else None
        return 0.0 if submitted_at is None else max(0.0, time.time() - submitted_at) * self._client.account.clock.speed

    async def wait_for_room(self) -> None:
        """Return when the rows that have ended are not too many: nothing more is begun meanwhile, to save memory."""
        await self._downloads.wait_for_room()
        await self._queue.wait_for_room()

    def free(self, row: InFlight) -> None:
        """Give the slot of a row back, if it has one."""
        ticket, row.ticket = row.ticket, None
        if ticket is not None:
            self._slots.give_back(ticket)

    # Told by the watchlist

    def rendered(self, row: InFlight, status: str) -> None:
        """Give the slot back at once: the next render need not wait for this one's details and file."""
        self.free(row)
        self._registry.advance(row, Stage.READING)
        event = JobRendered(
            index=row.index,
            run=self.run,
            mode=row.kind,
            resource_id=row.resource_id or "",
            status=status,
            seconds=self._client.account.clock.now() - row.born,
        )
        self._client.telemetry.emit(event)

    async def named(self, rows: Iterable[InFlight]) -> None:
        """Record the ids of the videos that sessions or a batch have named, in one write."""
        await self._store.named([(row.job, row.video_id, row.session_id) for row in rows])

    async def end(self, row: InFlight, end: Video | HeyGenError) -> None:
        """Record how a render ended and hand its result on."""
        result = _result_of(row, end, self._client.account.clock.now() - row.since)
        self._registry.advance(row, Stage.RECORDING, result=result)
        if isinstance(result, Completed):
            await self._store.completed(row.job, result.video)
        else:
            await self._store.failed(row.job, result.error)
        self._guard.settled(result)
        if isinstance(result, Completed) and self._downloads.is_on:
            self._downloads.add(row, result)
        else:
            self.deliver(row, result)

    # Told by the submitter and the resumer

    async def submitted(self, row: InFlight, resource_id: str) -> None:
        """Tell observers and the user of a row that HeyGen has accepted and the journal has noted."""
        event = JobSubmitted(index=row.index, run=self.run, mode=row.kind, resource_id=resource_id)
        self._client.telemetry.emit(event)
        if self._on_submitted is None:
            return
        try:
            if inspect.isawaitable(returned := self._on_submitted(row.job, resource_id)):
                await returned
        except Exception:
            logger.exception("on_submitted failed for row %d, %s; the run goes on", row.index + 1, resource_id)

    async def fail(self, rows: Iterable[InFlight], error: HeyGenError) -> None:
        """End rows without an id; *error* tells in `spent` if they may have been made all the same."""
        failed = list(rows)
        for row in failed:
            result = Failed(job=row.job, resource_id=row.resource_id, error=error)
            self._registry.advance(row, Stage.RECORDING, result=result)
            self.free(row)
        jobs = [row.job for row in failed]
        await (self._store.refused(error, *jobs) if error.spent == "no" else self._store.unknown(error, *jobs))
        for row in failed:
            self.settle(row)

    def settle(self, row: InFlight) -> None:
        """Hand the result of a row on that is recorded already."""
        self._guard.settled(row.result)
        self.deliver(row, row.result)

    def leave_open(self, row: InFlight, error: HeyGenError) -> None:
        """End a row here whose journal keeps it open: the next run goes on with it."""
        self.free(row)
        result = Failed(job=row.job, resource_id=row.resource_id, error=error)
        self._registry.advance(row, Stage.RECORDING, result=result)
        self.settle(row)

    def put_back(self, row: InFlight) -> None:
        """Leave a row that was not sent to a later run; it is one of the `unfinished` rows of this one."""
        self.free(row)
        self._registry.advance(row, Stage.PUT_BACK)

    def deliver(self, row: InFlight, result: Result) -> None:
        """Hand a result to whoever reads them."""
        self._registry.advance(row, Stage.DELIVERED, result=result)
        self._tell(result)

    def refuse(self, job: Job) -> None:
        """Hand on that a job cannot be sent as it is: a bad value in the source."""
        if job.problem is not None:
            self._tell(Failed(job=job, resource_id=None, error=job.problem))

    def _tell(self, result: Result) -> None:
        self.summary.add(result)
        self._guard.ended(result)
        self._client.telemetry.emit(_ended(result, self.run))
        self._queue.put(result)


def _result_of(row: InFlight, end: Video | HeyGenError, seconds: float) -> Result:
    if isinstance(end, HeyGenError):
        return Failed(job=row.job, resource_id=row.resource_id, seconds=seconds, error=end)
    try:
        end.check()
    except RenderFailedError as exc:
        return Failed(job=row.job, resource_id=end.id, seconds=seconds, error=exc)
    return Completed(job=row.job, resource_id=end.id, seconds=seconds, video=end)


def _ended(result: Result, run: int) -> JobEnded:
    error = result.error
    kind = None if error is None else type(error).__name__
    completed = "completed" if error is None else "not_stored"
    return JobEnded(
        index=result.index,
        run=run,
        mode=getattr(result.request, "kind", None),
        resource_id=result.resource_id,
        error=kind,
        code=None if error is None else error.code or kind,
        outcome="failed" if isinstance(result, Failed) else completed,
    )

"""The first half of a row's way: intent, POST, id. One by one, or many in one POST; paid for once either way."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import attrs

from heygen_async.api.client import Client
from heygen_async.api.handles.batches import BATCH_ITEMS, CreatedBatch
from heygen_async.api.requests.batch import KINDS, folder_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.outcomes import Failed
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.run.finisher import Finisher
from heygen_async.bulk.run.guards import Guard
from heygen_async.bulk.run.slots import Slots
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import (
    APIError,
    AuthenticationError,
    ConnectionFailedError,
    HeyGenError,
    InsufficientCreditError,
    JournalError,
    OutcomeUnknownError,
    QuotaExceededError,
    RateLimitError,
    RequestInProgressError,
)
from heygen_async.http.call import Options
from heygen_async.telemetry import JobSubmitted, SlotsLearnt

ATTEMPTS = 12  # of a POST: an outage of a few minutes is sat out
IN_PROGRESS_SECONDS = 5.0  # between questions after a POST that is still being worked on
LAST_CALL_SECONDS = 5.0  # how long a POST under way may still bring its id when the run is left

# These are not about the row but about the account or the network: the next row would meet the same.
_STOPS_THE_RUN = (AuthenticationError, ConnectionFailedError, InsufficientCreditError, QuotaExceededError)
_INDEX = re.compile(r"\d+")


Jobs = tuple[Job, ...]


class _NotSentError(Exception):
    """The run was told to stop while rows waited for a slot."""


@attrs.define(eq=False)
class Submitter:
    """Sends rows.

    Attributes:
        winding_down: Nothing more is to be sent.
        stopped: What made the run stop by itself.
        stopped_at: The row that met it.
        cut_off: Rows whose POST was cut off when the run was left.
    """

    _client: Client
    _store: JobStore
    _slots: Slots
    _watchlist: Watchlist
    _ending: Finisher
    _look_for: Callable[[Job], None] | None
    _guard: Guard
    winding_down: bool = False
    stopped: HeyGenError | None = None
    stopped_at: int = -1
    cut_off: list[Job] = attrs.field(factory=list)
    _sending: dict[int, tuple[Job, anyio.CancelScope]] = attrs.field(factory=dict)

    @property
    def sending(self) -> list[Job]:
        """The rows whose POSTs are on their way, or were cut off on it."""
        return [*(job for job, _ in self._sending.values()), *self.cut_off]

    def last_call(self) -> None:
        """Give POSTs under way a last moment to bring their ids."""
        latest = anyio.current_time() + LAST_CALL_SECONDS
        for _, scope in self._sending.values():
            scope.deadline = min(scope.deadline, latest)

    def wind_down(self) -> None:
        """Send nothing more."""
        self.winding_down = True
        self._guard.wake()

    async def submit(self, job: Job) -> None:
        """Write the intent, POST, write the id. Nothing can cancel it between the answer and the note."""
        await self._shielded((job,), self._one)

    async def submit_together(self, jobs: Jobs) -> None:
        """Do the same for many rows in one POST, a batch."""
        await self._shielded(jobs, self._together)

    async def _shielded(self, jobs: Jobs, send: Callable[[Jobs], Awaitable[None]]) -> None:
        with anyio.CancelScope(shield=True) as scope:
            self._sending.update({job.index: (job, scope) for job in jobs})
            try:
                await self._send(jobs, send)
            finally:
                for job in jobs:
                    self._sending.pop(job.index, None)
        if scope.cancelled_caught:
            self.cut_off += jobs

    async def _send(self, jobs: Jobs, send: Callable[[Jobs], Awaitable[None]]) -> None:
        if self.winding_down:
            self._free(jobs)
            return
        try:
            await send(jobs)
        except _NotSentError:
            self._free(jobs)

    async def _one(self, jobs: Jobs) -> None:
        (job,) = jobs
        options = Options(idempotency_key=job.key, attempts=ATTEMPTS, patience=0.0)

        async def post() -> str:
            await self._store.sending(job)
            return await self._client.begin(job.request, options)

        try:
            made = await self._until_answered(post, jobs)
        except JournalError:
            raise  # not about this row: without its journal the run is broken
        except HeyGenError as exc:
            await self._refused(job, exc)
        else:
            await self._accepted(job, made)

    async def _together(self, jobs: Jobs) -> None:
        requests: list[Any] = [job.request for job in jobs]

        async def post() -> CreatedBatch:
            key = await self._store.sending_together(jobs)
            options = Options(idempotency_key=key, attempts=ATTEMPTS, patience=0.0)
            return await self._client.videos.create_batch(requests, options)

        try:
            made = await self._until_answered(post, jobs)
        except JournalError:
            raise
        except HeyGenError as exc:
            await self._refused_together(jobs, exc)
        else:
            await self._accepted_together(jobs, made.batch_id)

    async def _until_answered(self, post: Callable[[], Awaitable[Any]], jobs: Jobs) -> Any:
        """POST until it is accepted or refused for good. A 429 costs a row nothing but time.

        Once an answer was lost, no later refusal proves that nothing was made: whatever comes out is unknown then, and
        a batch stays as it is, because its key stands for these rows in this order.
        """
        lost = any(job.record is not None and job.record.state in {"intended", "unknown"} for job in jobs)
        while True:
            try:
                return await post()
            except RequestInProgressError as exc:
                lost = True
                await anyio.sleep(exc.retry_after or IN_PROGRESS_SECONDS)
            except HeyGenError as exc:
                lost = lost or exc.spent == "unknown"
                if lost:
                    exc.spent = "unknown"
                if not isinstance(exc, RateLimitError) or (len(jobs) > 1 and not lost):
                    raise
                await self._wait_for_a_slot(jobs, exc)

    async def _wait_for_a_slot(self, jobs: Jobs, refusal: RateLimitError) -> None:
        """Let rows that met a 429 wait until they may try again: planned meanwhile, or unknown if they were before."""
        if refusal.spent == "unknown":
            await self._store.unknown(refusal, *jobs)
        else:
            await self._store.put_back(*jobs)
        self._heed(jobs, refusal)
        await self._slots.try_again(jobs[0].index)
        if self.winding_down:
            raise refusal if refusal.spent == "unknown" else _NotSentError

    def _heed(self, jobs: Jobs, refusal: RateLimitError) -> None:
        rows = [job.index for job in jobs]
        self._slots.refused(rows, refusal.retry_after, crowded=self._client.account.reads_are_refused)
        limit = self._slots.pool.limit
        known = None if limit == math.inf else int(limit)
        self._client.telemetry.emit(SlotsLearnt(limit=known, in_use=self._slots.pool.in_use))

    async def _accepted(self, job: Job, made: str) -> None:
        is_session = job.request.kind == "video_agent"
        await self._store.accepted(job, **{"session_id" if is_session else "video_id": made})
        self._begun(job, made)
        if is_session:
            self._watchlist.add_session(job, made)
        else:
            self._watchlist.add_video(job, made)

    async def _accepted_together(self, jobs: Jobs, batch_id: str) -> None:
        await self._store.accepted_together(jobs, batch_id)
        for item, job in enumerate(jobs):
            self._begun(job, batch_id)
            self._watchlist.add_item(job, batch_id, item)

    def _begun(self, job: Job, resource_id: str) -> None:
        self._slots.accepted(job.index)
        event = JobSubmitted(index=job.index, run=self._ending.run, mode=job.request.kind, resource_id=resource_id)
        self._client.telemetry.emit(event)

    async def _refused(self, job: Job, error: HeyGenError) -> None:
        if isinstance(error, OutcomeUnknownError) and self._look_for is not None:
            await self._store.unknown(error, job)
            self._look_for(job)  # it keeps its slot: HeyGen may be rendering it
            return
        stops = isinstance(error, _STOPS_THE_RUN)
        if error.spent == "unknown":
            await self._store.unknown(error, job)
        elif stops:
            await self._store.put_back(job)
        else:
            await self._store.refused(job, error)
        self._slots.free(job.index)
        if stops:
            self.stop(job, error)
        if not stops or error.spent == "unknown":
            self._ending.emit(Failed(job=job, resource_id=None, error=error))

    async def _refused_together(self, jobs: Jobs, error: HeyGenError) -> None:
        """End a batch that was not made: what is wrong with one row, or with their number, is not wrong with all."""
        of_all = error.spent == "unknown" or isinstance(error, _STOPS_THE_RUN) or not isinstance(error, APIError)
        if of_all:
            for job in jobs:
                await self._refused(job, error)
            return
        await self._store.put_back(*jobs)
        if isinstance(error, RateLimitError):
            self._heed(jobs, error)
            await self._as_there_is_room(list(jobs))
        else:
            await self._without_the_bad(jobs, _blamed(error, len(jobs)))

    async def _as_there_is_room(self, waiting: list[Job]) -> None:
        """Send rows whose batch found too few slots, in batches as large as slots become free."""
        while waiting:
            group: list[Job] = []
            while waiting and (not group or self._slots.pool.is_open):
                await self._slots.try_again(waiting[0].index)
                group.append(waiting.pop(0))
            await self._send(tuple(group), self._together)

    async def _without_the_bad(self, jobs: Jobs, bad: set[int]) -> None:
        """Send the rows that a refusal names alone, so that each is told its own reason, and the others together."""
        for item, job in enumerate(jobs):
            if item in bad:
                await self._send((job,), self._one)
        if good := tuple(job for item, job in enumerate(jobs) if item not in bad):
            await self._send(good, self._together)

    def stop(self, job: Job, error: HeyGenError) -> None:
        """Submit nothing more; what is under way is followed."""
        self.wind_down()
        if self.stopped is None:
            self.stopped, self.stopped_at = error, job.index

    def _free(self, jobs: Jobs) -> None:
        for job in jobs:
            self._slots.free(job.index)


def fits_together(job: Job, others: list[Job]) -> bool:
    """Whether a row can be asked for in one batch with *others*.

    A row whose POST may have been executed has its own key, under which alone it may be sent again.
    """
    fresh = job.step == "submit" and (job.record is None or job.record.state == "planned")
    if not fresh or job.request.kind not in KINDS:
        return False
    request: Any = job.request
    return not others or (len(others) < BATCH_ITEMS and folder_of(request) == folder_of(others[0].request))  # type: ignore[arg-type]  # of a kind that fits


def _blamed(error: HeyGenError, count: int) -> set[int]:
    """Return the items that a refusal names ("Invalid payload(s) at index 3, 7."); all of them if it names none."""
    _, found, rest = error.message.partition("at index")
    named = {int(number) for number in _INDEX.findall(rest)} if found else set()
    return named if named and max(named) < count else set(range(count))

"""`run`: feed, submit, watch, download; results in order of ending.

No task per row: a few submitters share one iterator, each takes a slot before it takes a row, and hands the
accepted render to the watcher, which gives the slot back. So 100,000 queued rows are one open iterator.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

import anyio
import attrs
from anyio.streams.memory import MemoryObjectSendStream

from heygen_async.api.video_agents import AgentJob
from heygen_async.api.videos import Video, VideoJob
from heygen_async.bulk.books import Books
from heygen_async.bulk.downloads import Downloads
from heygen_async.bulk.plan import Job
from heygen_async.bulk.poller import Watched, Watcher
from heygen_async.bulk.results import Completed, Failed, Result, Summary, Unfinished
from heygen_async.bulk.slots import Slots
from heygen_async.bulk.stream import Results, only
from heygen_async.calls import Options
from heygen_async.errors import (
    AuthenticationError,
    ConnectionFailedError,
    DownloadError,
    HeyGenError,
    InsufficientCreditError,
    JournalError,
    OutcomeUnknownError,
    QuotaExceededError,
    RateLimitError,
    RenderFailedError,
    RequestInProgressError,
)
from heygen_async.pool import InFlight
from heygen_async.telemetry import JobEnded, JobRendered, JobSubmitted

if TYPE_CHECKING:
    from heygen_async.client import HeyGen

logger = logging.getLogger("heygen_async")

SUBMITTERS = 64  # POSTs at once; an answer takes up to half a minute
ATTEMPTS = 12  # of a POST: an outage of a few minutes is sat out
IN_PROGRESS_SECONDS = 5.0  # between questions after a POST that is still being worked on
LAST_CALL_SECONDS = 5.0  # how long a POST under way may still bring its id when the run is left

# These are not about the row but about the account or the network: the next row would meet the same.
_STOPS_THE_RUN = (AuthenticationError, ConnectionFailedError, InsufficientCreditError, QuotaExceededError)


# Looks for what a lost POST made: the row to follow or to submit again, or why it is left as it is.
Recover = Callable[[Job], Awaitable[Job | HeyGenError]]


class _NotSentError(Exception):
    """The run was told to stop while a row waited for a slot."""


@contextlib.asynccontextmanager
async def run(
    client: HeyGen,
    books: Books,
    *,
    max_in_flight: InFlight,
    deadline: float,
    downloads: Downloads | None = None,
    recover: Recover | None = None,
) -> AsyncIterator[Results]:
    """Run the jobs of *books* and yield the stream of their results. See `HeyGen.render_many`.

    *recover* looks for what a lost POST made; without it such a row fails.
    """
    slots = Slots(max_in_flight, client.pool)
    send, receive = anyio.create_memory_object_stream[Result](math.inf)
    work = _Run(client, books, send, slots=slots, downloads=downloads, deadline=deadline, recover=recover)
    try:
        async with receive, anyio.create_task_group() as tasks:
            tasks.start_soon(work.drive)
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


class _Run:
    """One run: what it shares and its stages."""

    def __init__(
        self,
        client: HeyGen,
        books: Books,
        out: MemoryObjectSendStream[Result],
        *,
        slots: Slots,
        downloads: Downloads | None,
        deadline: float,
        recover: Recover | None,
    ) -> None:
        self.slots = slots
        self.summary = Summary()
        self._client = client
        self._books = books
        self._next = anyio.Lock()  # the books are shared
        self._downloads = downloads
        self._recover = recover
        self._out = out
        self._watcher = Watcher(client, self._on_end, self._on_named, deadline=deadline)
        self._winding_down = False  # nothing more is to be sent
        self._over = False  # no more rows: the source has ended or the account refuses
        self._tickets: dict[int, object] = {}  # whose slot is whose
        self._looking: dict[int, Job] = {}
        self._stopped: HeyGenError | None = None
        self._stopped_at = -1
        self._sending: dict[int, tuple[Job, anyio.CancelScope]] = {}
        self._cut_off: list[Job] = []
        self._storing: dict[int, tuple[Job, str]] = {}

    async def drive(self) -> None:
        """Do everything; the stream of results ends when this does."""
        async with self._out, anyio.create_task_group() as stages:
            self._stages = stages
            stages.start_soon(self._watcher.run)
            async with anyio.create_task_group() as background:
                background.start_soon(self._on_leaving)
                async with anyio.create_task_group() as recoveries:
                    self._recoveries = recoveries
                    await self._submit_all()
                background.cancel_scope.cancel()
            self._watcher.close()

    def unfinished(self) -> list[Unfinished]:
        """Return the rows under way: being submitted, rendering, being stored."""
        sending = [job for job, _ in self._sending.values()] + self._cut_off
        return [
            *(Unfinished(job=job, resource_id=None, spent="unknown") for job in [*sending, *self._looking.values()]),
            *(Unfinished(job=w.job, resource_id=w.resource_id, spent="yes") for w in self._watcher.watched),
            *(Unfinished(job=job, resource_id=name, spent="yes") for job, name in self._storing.values()),
        ]

    def stop_submitting(self) -> None:
        """Take no more rows, and send none of those that still wait for a slot."""
        self._over = self._winding_down = True

    def say_why_it_stopped(self) -> None:
        """Raise what made the run stop submitting, if anything did."""
        if self._stopped is not None:
            self._stopped.add_note(
                f"The run stopped submitting at the row with index {self._stopped_at}. What was submitted before was "
                "followed to its end; rows without a result were not paid for."
            )
            raise self._stopped

    def raise_from(self, group: BaseExceptionGroup) -> NoReturn:
        """Raise what broke the run: the one exception of *group*, else the group."""
        exc = only(group)
        left = [entry.resource_id for entry in self.unfinished() if entry.resource_id]
        if isinstance(exc, HeyGenError) and left:
            exc.add_note(f"still rendering at HeyGen, and paid for: {', '.join(left)}")
        raise exc

    # Submitting

    async def _submit_all(self) -> None:
        async with anyio.create_task_group() as submitters:
            for _ in range(int(min(self.slots.total, SUBMITTERS))):
                submitters.start_soon(self._submitter)

    async def _submitter(self) -> None:
        while (job := await self._next_job()) is not None:
            match job.step:
                case "submit":
                    await self._submit(job)
                case "follow":
                    self._follow(job)
                case "download":
                    self._stages.start_soon(self._fetch_again, job)
                case _:
                    self._look_for(job)

    async def _next_job(self) -> Job | None:
        """Take a slot, then a row: a row that is read is a row that can go."""
        async with self._next:
            ticket = object()
            await self.slots.take(ticket)
            job = None
            try:
                job = None if self._over else await self._books.next()
            finally:
                if job is None:
                    self._over = True
                    self.slots.give_back(ticket)
                else:
                    self._tickets[job.index] = ticket
            return job

    def _free(self, job: Job) -> None:
        """Give the slot of a row back, once."""
        ticket = self._tickets.pop(job.index, None)
        if ticket is not None:
            self.slots.give_back(ticket)

    async def _submit(self, job: Job) -> None:
        """Write the intent, POST, write the id. Nothing can cancel it between the answer and the note."""
        if self._winding_down:
            self._free(job)
            return
        with anyio.CancelScope(shield=True) as scope:
            self._sending[job.index] = (job, scope)
            try:
                made = await self._post(job)
            except _NotSentError:
                self._free(job)
            except JournalError:
                raise  # not about this row: without its journal the run is broken
            except HeyGenError as exc:
                await self._refused(job, exc)
            else:
                await self._accepted(job, made)
            finally:
                del self._sending[job.index]
        if scope.cancelled_caught:
            self._cut_off.append(job)

    async def _post(self, job: Job) -> VideoJob | AgentJob:
        """POST until it is accepted or refused for good. A 429 costs the row nothing but time.

        Once an answer was lost, no later refusal proves that nothing was made: whatever comes out is unknown then.
        """
        options = Options(idempotency_key=job.key, attempts=ATTEMPTS, patience=0.0)
        lost = job.record is not None and job.record.state in {"intended", "unknown"}
        while True:
            await self._books.sending(job)
            try:
                return await self._client.videos.create(job.request, options)
            except RequestInProgressError as exc:
                lost = True
                await anyio.sleep(exc.retry_after or IN_PROGRESS_SECONDS)
            except HeyGenError as exc:
                lost = lost or exc.spent == "unknown"
                if lost:
                    exc.spent = "unknown"
                if not isinstance(exc, RateLimitError):
                    raise
                await self._wait_for_a_slot(job, exc)

    async def _wait_for_a_slot(self, job: Job, refusal: RateLimitError) -> None:
        """Let a row that met a 429 wait until it may try again: planned meanwhile, or unknown if it was that before."""
        ticket = self._tickets[job.index]
        if refusal.spent == "unknown":
            await self._books.unknown(job, refusal)
        else:
            await self._books.put_back(job)
        self.slots.pool.refused(ticket, refusal.retry_after, crowded=self._client.reads_are_refused)
        await self.slots.try_again(ticket)
        if self._winding_down:
            raise refusal if refusal.spent == "unknown" else _NotSentError

    async def _accepted(self, job: Job, made: VideoJob | AgentJob) -> None:
        is_video = isinstance(made, VideoJob)
        await self._books.accepted(job, **{"video_id" if is_video else "session_id": made.id})
        self.slots.pool.succeeded(self._tickets[job.index])
        self._client.telemetry.emit(JobSubmitted(index=job.index, resource_id=made.id))
        if is_video:
            self._watcher.add_video(job, made.id)
        else:
            self._watcher.add_session(job, made.id)

    async def _refused(self, job: Job, error: HeyGenError) -> None:
        if isinstance(error, OutcomeUnknownError) and self._recover is not None:
            await self._books.unknown(job, error)
            self._look_for(job)  # it keeps its slot: HeyGen may be rendering it
            return
        stops = isinstance(error, _STOPS_THE_RUN)
        if error.spent == "unknown":
            await self._books.unknown(job, error)
        elif stops:
            await self._books.put_back(job)
        else:
            await self._books.refused(job, error)
        self._free(job)
        if stops:
            self._stop(job, error)
        if not stops or error.spent == "unknown":
            self._emit(Failed(job=job, resource_id=None, error=error))

    def _stop(self, job: Job, error: HeyGenError) -> None:
        """Submit nothing more; what is under way is followed."""
        self.stop_submitting()
        if self._stopped is None:
            self._stopped, self._stopped_at = error, job.index

    # Going on from a journal

    def _follow(self, job: Job) -> None:
        """Watch a render that an earlier run submitted."""
        age = max(0.0, time.time() - (job.record.submitted_at or 0.0))
        self._client.telemetry.emit(JobSubmitted(index=job.index, resource_id=_resource(job)))
        self.slots.pool.succeeded(self._tickets[job.index])
        if job.record.video_id is not None:
            self._watcher.add_video(job, job.record.video_id, age=age)
        else:
            self._watcher.add_session(job, job.record.session_id, age=age)

    def _look_for(self, job: Job) -> None:
        self._looking[job.index] = job
        self._recoveries.start_soon(self._settle, job)

    async def _settle(self, job: Job) -> None:
        """Find out what became of a POST whose answer was lost, and go on accordingly."""
        if self._recover is None:  # pragma: no cover - only a journal's books make such rows
            raise AssertionError("a row to be looked for needs a journal")
        with self._unless_it_fails(job):
            found = await self._recover(job)
            self._looking.pop(job.index)
            if isinstance(found, Job):
                if found.step == "submit":
                    await self._submit(found)
                else:
                    self._follow(found)
            else:
                self._free(job)
                self._emit(Failed(job=job, resource_id=None, error=found))

    async def _fetch_again(self, job: Job) -> None:
        """Store the file of a video that an earlier run saw completed; its slot bounds how many do."""
        self._storing[job.index] = (job, job.record.video_id)
        with self._unless_it_fails(job):
            video = (await self._client.videos.get(job.record.video_id)).check()
            done = Completed(job=job, resource_id=video.id, video=video)
            if self._downloads is not None:
                await self._store(self._downloads, done)
        self._free(job)

    @contextlib.contextmanager
    def _unless_it_fails(self, job: Job) -> Iterator[None]:
        """End a row whose recovery met an error; the journal keeps it open."""
        try:
            yield
        except (AuthenticationError, JournalError):
            raise
        except HeyGenError as exc:
            self._looking.pop(job.index, None)
            self._storing.pop(job.index, None)
            self._free(job)
            self._emit(Failed(job=job, resource_id=_resource(job) or None, error=exc.after(exc.attempts, "unknown")))

    async def _on_named(self, watched: Watched) -> None:
        await self._books.accepted(watched.job, video_id=watched.video_id, session_id=watched.session_id)

    async def _on_leaving(self) -> None:
        """When the run is left, give POSTs under way a last moment to bring their ids."""
        try:
            await anyio.sleep_forever()
        finally:
            latest = anyio.current_time() + LAST_CALL_SECONDS
            for _, scope in self._sending.values():
                scope.deadline = min(scope.deadline, latest)

    # Ending

    async def _on_end(self, watched: Watched, end: Video | HeyGenError) -> None:
        """Give the slot back first: the next render need not wait for this one's file."""
        job, seconds = watched.job, anyio.current_time() - watched.since
        self._free(job)
        status = end.status if isinstance(end, Video) else "failed"
        self._client.telemetry.emit(JobRendered(index=job.index, resource_id=watched.resource_id, status=status))
        if isinstance(end, HeyGenError):
            await self._books.failed(job, end)
            self._emit(Failed(job=job, resource_id=watched.resource_id, seconds=seconds, error=end))
        else:
            await self._judge(job, end, seconds)

    async def _judge(self, job: Job, video: Video, seconds: float) -> None:
        try:
            video.check()
        except RenderFailedError as exc:
            await self._books.failed(job, exc)
            self._emit(Failed(job=job, resource_id=video.id, seconds=seconds, error=exc))
            return
        await self._books.completed(job, video)
        done = Completed(job=job, resource_id=video.id, seconds=seconds, video=video)
        if self._downloads is None:
            self._emit(done)
        else:
            self._storing[job.index] = (job, video.id)
            self._stages.start_soon(self._store, self._downloads, done)

    async def _store(self, downloads: Downloads, done: Completed) -> None:
        try:
            file = await downloads.save(done.job, done.video)
        except DownloadError as exc:
            done = attrs.evolve(done, error=exc)
        else:
            await self._books.stored(done.job, file)
            done = attrs.evolve(done, file=file)
        self._storing.pop(done.index, None)
        self._emit(done)

    def _emit(self, result: Result) -> None:
        self.summary.add(result)
        error = type(result.error).__name__ if result.error is not None else None
        self._client.telemetry.emit(JobEnded(index=result.index, resource_id=result.resource_id, error=error))
        self._out.send_nowait(result)


def _resource(job: Job) -> str:
    return job.record.video_id or job.record.session_id or ""

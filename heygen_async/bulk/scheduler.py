"""`run`: feed, submit, watch, download; results in order of ending.

No task per row: a few submitters share one iterator, each takes a slot before it takes a row, and hands the
accepted render to the watcher, which gives the slot back. So 100,000 queued rows are one open iterator.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NoReturn, Self

import anyio
import attrs
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from heygen_async.api.video_agents import AgentJob
from heygen_async.api.videos import Video, VideoJob
from heygen_async.bulk.downloads import Downloads
from heygen_async.bulk.plan import Job, Source, numbered
from heygen_async.bulk.poller import Watched, Watcher
from heygen_async.bulk.results import Completed, Failed, Result, Summary, Unfinished
from heygen_async.bulk.slots import Slots
from heygen_async.calls import Options
from heygen_async.errors import (
    AuthenticationError,
    DownloadError,
    HeyGenError,
    InsufficientCreditError,
    QuotaExceededError,
    RenderFailedError,
)
from heygen_async.telemetry import JobEnded, JobRendered, JobSubmitted

if TYPE_CHECKING:
    from heygen_async.client import HeyGen

logger = logging.getLogger("heygen_async")

SUBMITTERS = 64  # POSTs at once; an answer takes up to half a minute
LAST_CALL_SECONDS = 5.0  # how long a POST under way may still bring its id when the run is left

# These are not about the row but about the account: the next row would meet the same.
_STOPS_THE_RUN = (AuthenticationError, InsufficientCreditError, QuotaExceededError)


class Results:
    """The stream of a run's results, in order of ending.

    Attributes:
        summary: The tally so far.
        slots: How many renders run now.
        unread: After an early exit: results that had come in and were not read.
    """

    def __init__(self, stream: MemoryObjectReceiveStream[Result], work: _Run) -> None:
        """Read *stream*; made by `run`."""
        self._stream = stream
        self._work = work
        self.summary: Summary = work.summary
        self.slots: Slots = work.slots
        self.unread: list[Result] = []

    def __aiter__(self) -> Self:
        """Iterate once."""
        return self

    async def __anext__(self) -> Result:
        """Return the next result."""
        return await self._stream.__anext__()

    def keep_unread(self) -> None:
        """Move what is still in the stream to `unread`."""
        with contextlib.suppress(anyio.WouldBlock, anyio.EndOfStream):
            while True:
                self.unread.append(self._stream.receive_nowait())

    @property
    def unfinished(self) -> list[Unfinished]:
        """The rows under way now; after an early exit, those whose renders go on at HeyGen."""
        return self._work.unfinished()


@contextlib.asynccontextmanager
async def run(
    client: HeyGen, source: Source, *, max_in_flight: int, deadline: float, downloads: Downloads | None = None
) -> AsyncIterator[Results]:
    """Run the jobs of *source* and yield the stream of their results. See `HeyGen.render_many`."""
    slots = Slots(max_in_flight)
    send, receive = anyio.create_memory_object_stream[Result](math.inf)
    work = _Run(client, source, send, slots=slots, downloads=downloads, deadline=deadline)
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


class _Run:
    """One run: what it shares and its stages."""

    def __init__(
        self,
        client: HeyGen,
        source: Source,
        out: MemoryObjectSendStream[Result],
        *,
        slots: Slots,
        downloads: Downloads | None,
        deadline: float,
    ) -> None:
        self.slots = slots
        self.summary = Summary()
        self._client = client
        self._jobs = numbered(source)
        self._next = anyio.Lock()  # the iterator is shared
        self._downloads = downloads
        self._out = out
        self._watcher = Watcher(client, self._on_end, deadline=deadline)
        self._over = False  # no more rows: the source has ended or the account refuses
        self._taken = 0  # rows taken from the source; the next one's index
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
                await self._submit_all()
                background.cancel_scope.cancel()
            self._watcher.close()

    def unfinished(self) -> list[Unfinished]:
        """Return the rows under way: being submitted, rendering, being stored."""
        sending = [job for job, _ in self._sending.values()] + self._cut_off
        return [
            *(Unfinished(job=job, resource_id=None, spent="unknown") for job in sending),
            *(Unfinished(job=w.job, resource_id=w.resource_id, spent="yes") for w in self._watcher.watched),
            *(Unfinished(job=job, resource_id=name, spent="yes") for job, name in self._storing.values()),
        ]

    def say_why_it_stopped(self) -> None:
        """Raise what made the run stop submitting, if anything did."""
        if self._stopped is not None:
            self._stopped.add_note(
                "The run stopped submitting here. What was submitted before was followed to its end; the row "
                f"at index {self._stopped_at} and those after it were not paid for unless they have a result."
            )
            raise self._stopped

    def raise_from(self, group: BaseExceptionGroup) -> NoReturn:
        """Raise what broke the run: the one exception of *group*, else the group."""
        exc = _only(group)
        left = [entry.resource_id for entry in self.unfinished() if entry.resource_id]
        if isinstance(exc, HeyGenError) and left:
            exc.add_note(f"still rendering at HeyGen, and paid for: {', '.join(left)}")
        raise exc

    # Submitting

    async def _submit_all(self) -> None:
        async with anyio.create_task_group() as submitters:
            for _ in range(min(self.slots.total, SUBMITTERS)):
                submitters.start_soon(self._submitter)

    async def _submitter(self) -> None:
        while (job := await self._next_job()) is not None:
            await self._submit(job)

    async def _next_job(self) -> Job | None:
        """Take a slot, then a row: a row that is read is a row that can go."""
        async with self._next:
            holder = self._taken  # the index that the row will have
            await self.slots.take(holder)
            self._taken += 1
            job = None
            try:
                job = None if self._over else await anext(self._jobs, None)
            finally:
                if job is None:
                    self._over = True
                    self.slots.give_back(holder)
            return job

    async def _submit(self, job: Job) -> None:
        """POST and note the id. Nothing can cancel it between the answer and the note."""
        with anyio.CancelScope(shield=True) as scope:
            self._sending[job.index] = (job, scope)
            try:
                made = await self._client.videos.create(
                    job.request, Options(idempotency_key=job.key, patience=math.inf)
                )
            except HeyGenError as exc:
                self._refused(job, exc)
            else:
                self._accepted(job, made)
            finally:
                del self._sending[job.index]
        if scope.cancelled_caught:
            self._cut_off.append(job)

    def _accepted(self, job: Job, made: VideoJob | AgentJob) -> None:
        self._client.telemetry.emit(JobSubmitted(index=job.index, resource_id=made.id))
        if isinstance(made, VideoJob):
            self._watcher.add_video(job, made.id)
        else:
            self._watcher.add_session(job, made.id)

    def _refused(self, job: Job, error: HeyGenError) -> None:
        self.slots.give_back(job.index)
        if isinstance(error, _STOPS_THE_RUN):
            self._over = True
            if self._stopped is None:
                self._stopped, self._stopped_at = error, job.index
        else:
            self._emit(Failed(job=job, resource_id=None, error=error))

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
        self.slots.give_back(job.index)
        status = end.status if isinstance(end, Video) else "failed"
        self._client.telemetry.emit(JobRendered(index=job.index, resource_id=watched.resource_id, status=status))
        if isinstance(end, HeyGenError):
            self._emit(Failed(job=job, resource_id=watched.resource_id, seconds=seconds, error=end))
        else:
            self._judge(job, end, seconds)

    def _judge(self, job: Job, video: Video, seconds: float) -> None:
        try:
            video.check()
        except RenderFailedError as exc:
            self._emit(Failed(job=job, resource_id=video.id, seconds=seconds, error=exc))
            return
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
            done = attrs.evolve(done, file=file)
        self._storing.pop(done.index)
        self._emit(done)

    def _emit(self, result: Result) -> None:
        self.summary.add(result)
        error = type(result.error).__name__ if result.error is not None else None
        self._client.telemetry.emit(JobEnded(index=result.index, resource_id=result.resource_id, error=error))
        self._out.send_nowait(result)


def _only(exc: BaseException) -> BaseException:
    """Unwrap groups of one, which is how an exception leaves nested task groups."""
    while isinstance(exc, BaseExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    return exc

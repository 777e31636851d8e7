"""The second half of a row's way: its render is over, so free the slot, write down how it ended, store the file."""

from __future__ import annotations

import itertools
import math

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from heygen_async.api.client import Client
from heygen_async.api.handles.video import Video
from heygen_async.bulk.download.download_queue import DownloadQueue
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.outcomes import Completed, Failed, Result, Summary
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.run.guards import Guard
from heygen_async.bulk.run.slots import Slots
from heygen_async.bulk.watch.watched_render import WatchedRender
from heygen_async.errors import HeyGenError, RenderFailedError
from heygen_async.telemetry import JobEnded, JobRendered

UNREAD_AT_MOST = 10_000  # results that nobody has read yet
_RUNS = itertools.count(1)


class Finisher:
    """Where rows end.

    Attributes:
        run: Which run of this process it is, for telemetry.
    """

    def __init__(
        self,
        client: Client,
        store: JobStore,
        slots: Slots,
        out: MemoryObjectSendStream[Result],
        storing: DownloadQueue,
        *,
        guard: Guard,
    ) -> None:
        """Write to *store*, give back to *slots*, hand files to *storing*, send results to *out* and tell *guard*."""
        self.summary: Summary = Summary()
        self.run: int = next(_RUNS)
        self.storing = storing
        self._client = client
        self._store = store
        self._slots = slots
        self._out = out
        self._guard = guard

    def work_in(self, stages: TaskGroup) -> None:
        """Store files in *stages*."""
        self.storing.begin(stages, self.emit)

    async def wait_for_room(self) -> None:
        """Return when what has ended is not too far behind: nothing more is begun meanwhile, and no memory filled."""
        await self.storing.wait_for_room()
        while self._out.statistics().current_buffer_used >= UNREAD_AT_MOST:  # noqa: ASYNC110 - a reader tells nobody
            await anyio.sleep(1.0)

    def on_rendered(self, watched: WatchedRender, status: str) -> None:
        """Give the slot back first: the next render need not wait for this one's details and file."""
        self._slots.free(watched.job.index)
        event = JobRendered(
            index=watched.job.index,
            run=self.run,
            mode=watched.job.request.kind,
            resource_id=watched.resource_id,
            status=status,
            seconds=anyio.current_time() - watched.born,
        )
        self._client.telemetry.emit(event)

    async def on_named(self, watched: WatchedRender) -> None:
        """Write the video's id down."""
        await self._store.accepted(watched.job, video_id=watched.video_id, session_id=watched.session_id)

    async def on_end(self, watched: WatchedRender, end: Video | HeyGenError) -> None:
        """Write down how it ended."""
        seconds = anyio.current_time() - watched.since
        if isinstance(end, HeyGenError):
            await self._store.failed(watched.job, end)
            self.emit(Failed(job=watched.job, resource_id=watched.resource_id, seconds=seconds, error=end))
        else:
            await self._judge(watched.job, end, seconds)

    async def _judge(self, job: Job, video: Video, seconds: float) -> None:
        try:
            video.check()
        except RenderFailedError as exc:
            await self._store.failed(job, exc)
            self.emit(Failed(job=job, resource_id=video.id, seconds=seconds, error=exc))
            return
        await self._store.completed(job, video)
        self.storing.add(Completed(job=job, resource_id=video.id, seconds=seconds, video=video))

    def emit(self, result: Result) -> None:
        """Hand a result to whoever reads them."""
        self.summary.add(result)
        self._guard.ended(result)
        self._client.telemetry.emit(_ended(result, self.run))
        self._out.send_nowait(result)


def _ended(result: Result, run: int) -> JobEnded:
    error = result.error
    kind = None if error is None else type(error).__name__
    completed = "completed" if error is None else "not_stored"
    return JobEnded(
        index=result.index,
        run=run,
        mode=result.request.kind,
        resource_id=result.resource_id,
        error=kind,
        code=None if error is None else error.code or kind,
        outcome="failed" if isinstance(result, Failed) else completed,
    )


def stream() -> tuple[MemoryObjectSendStream[Result], MemoryObjectReceiveStream[Result]]:
    """Return both ends of a stream of results; `wait_for_room` bounds it."""
    return anyio.create_memory_object_stream[Result](math.inf)

"""The rows of one worker: those that the queue has handed to this process, remembered in the journal that all share."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

import anyio
import anyio.to_thread

from heygen_async.api.handles.video import Video
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import next_step
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.journal_store import JournalStore, job_of
from heygen_async.changed import Changed
from heygen_async.errors import JournalError

logger: logging.Logger = logging.getLogger("heygen_async")

AGAIN_SECONDS = 30.0  # until a row that could not be settled is tried again


class QueueStore(JournalStore):
    """A run whose rows come one by one, for as long as the worker is there.

    Attributes:
        open: The rows that were handed to this process and have not ended, with who waits for their ends.
    """

    def __init__(self, journal: Journal, queue: Callable[[Record], object]) -> None:
        """Write to *journal*; *queue* queues a row under its present key, unless it is queued."""
        super().__init__(journal)
        self._queue = queue
        self.left: int | None = None
        self.open: dict[int, asyncio.Future[str]] = {}
        self._inbox: deque[int] = deque()
        self._run = 0
        self._closed = False
        self._changed = Changed()

    async def render(self, job_id: int, key: str) -> str:
        """Have a row rendered and return how it ended. The body of a workflow: run again, it goes on where it was.

        A row that was asked for otherwise since it was queued has another key, and a workflow of its own.
        """
        record = await self._record(job_id)
        if self._journal.key(record) != key:
            await self._queue_anew(record)
            return "superseded"
        if job_id in self.open:
            return str(await asyncio.shield(self.open[job_id]))
        ended = self.open[job_id] = asyncio.get_running_loop().create_future()
        self._put(job_id)
        return str(await ended)

    async def next_open(self) -> Job | None:
        """Return None: rows come from the queue only, those of an earlier run too."""
        return None

    async def next(self) -> Job | None:
        """Return the next row that something is due for; None when no more are taken."""
        while not self._closed:
            while self._inbox and not self._closed:
                record = await self._record(self._inbox.popleft())
                if (job := self._due_for(record)) is not None:
                    return job
            if not self._closed:
                await self._changed.wait()
        return None

    def begin_again(self) -> None:
        """Hand out what was not ended by the run that is over: it was put back."""
        self._closed = False
        self._inbox.clear()
        self._run += 1
        self._inbox.extend(job_id for job_id, ended in self.open.items() if not ended.done())

    def close(self) -> None:
        """Hand out no more."""
        self._closed = True
        self._changed.notify()

    def ended(self, job_id: int, how: str) -> None:
        """Free the slot of a row; it may be asked twice."""
        waits = self.open.pop(job_id, None)
        if waits is not None and not waits.done():
            waits.set_result(how)

    async def settle(self, job_id: int, how: str, *, for_good: bool) -> None:
        """Free the slot of a row that the run is done with, or hand it out again later if the journal has it open.

        A run in one process leaves such a row to the next run: HeyGen did not answer for minutes, or a look failed.
        *for_good* says that a person has to look.
        """
        record = await self._record(job_id)
        if for_good or next_step(record, time.time(), wants_file=False) == "nothing":
            self.ended(job_id, how)
        else:
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._put_again, job_id, self._run)

    async def supersede(self, job_id: int) -> None:
        """Queue a row under the new key that it was given, and let go of it under the old one.

        Its workflow knows the old key only: whoever takes it over from here would not know of the new one.
        """
        await self._queue_anew(await self._record(job_id))
        self.ended(job_id, "superseded")

    async def _queue_anew(self, record: Record) -> None:
        if next_step(record, time.time(), wants_file=False) != "nothing":
            await anyio.to_thread.run_sync(self._queue, record)

    async def completed(self, job: Job, video: Video) -> None:
        """Write the end, and free the slot when it is written: files are none of the queue's business."""
        await super().completed(job, video)
        self.ended(job.index + 1, "completed")

    def _due_for(self, record: Record) -> Job | None:
        step = next_step(record, time.time(), wants_file=False)
        if step == "nothing":
            self.ended(record.id, record.state)
            return None
        return job_of(self._journal, record, step)

    async def _record(self, job_id: int) -> Record:
        """Read a row, as long as it takes: a workflow that fails is never run again."""
        while True:
            try:
                return await anyio.to_thread.run_sync(self._journal.get, job_id)
            except JournalError as exc:
                logger.warning("row %d waits: %s", job_id, exc)
                await anyio.sleep(AGAIN_SECONDS)

    def _put_again(self, job_id: int, run: int) -> None:
        """Hand a row out once more; a later run has all rows that are open anyway."""
        if run == self._run and job_id in self.open:
            self._put(job_id)

    def _put(self, job_id: int) -> None:
        self._inbox.append(job_id)
        self._changed.notify()

"""The job store of one worker: its jobs are the rows that the queue hands to this process."""

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

RETRY_SECONDS = 30.0  # until a row that could not be settled is tried again


class QueueStore(JournalStore):
    """A job store that is filled by a queue, one row at a time, as long as the worker lives.

    Attributes:
        open: Futures of the rows that this process was given and that have not ended, by job id. Each is set to the
            row's end, for the workflow that waits for it.
    """

    def __init__(self, journal: Journal, queue: Callable[[Record], object]) -> None:
        """Record in *journal*; *queue* puts a row on the queue under its present key, unless it is there."""
        super().__init__(journal)
        self._queue = queue
        self.left: int | None = None
        self.open: dict[int, asyncio.Future[str]] = {}
        self._inbox: deque[int] = deque()
        self._run = 0
        self._closed = False
        self._changed = Changed()

    async def render(self, job_id: int, key: str) -> str:
        """Hand a row to the run and return how it ended. This is the body of a workflow and may be run again.

        A row that was edited after it was queued has a new key. Then the row is queued under the new key, and the
        workflow of the old key ends.
        """
        record = await self._record(job_id)
        if self._journal.key(record) != key:
            await self._queue_if_open(record)
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
        """Return the next row that needs work; None after `close`."""
        while not self._closed:
            while self._inbox and not self._closed:
                record = await self._record(self._inbox.popleft())
                if (job := self._due_for(record)) is not None:
                    return job
            if not self._closed:
                await self._changed.wait()
        return None

    def reopen(self) -> None:
        """Open the store for another run, which is given every row that the last run left open."""
        self._closed = False
        self._inbox.clear()
        self._run += 1
        self._inbox.extend(job_id for job_id, ended in self.open.items() if not ended.done())

    def close(self) -> None:
        """Hand out no more rows to the run."""
        self._closed = True
        self._changed.notify()

    def ended(self, job_id: int, how: str) -> None:
        """End the workflow of a row, which frees the render slot. A second call has no effect."""
        waits = self.open.pop(job_id, None)
        if waits is not None and not waits.done():
            waits.set_result(how)

    async def settle(self, job_id: int, how: str, *, for_good: bool) -> None:
        """End the workflow of a row that the run has finished, or retry the row later if the journal has it open.

        A row stays open if HeyGen did not answer for minutes or a status could not be read; a run in one process
        leaves it to the next run. With *for_good* the workflow ends in any case: a person has to decide.
        """
        record = await self._record(job_id)
        if for_good or next_step(record, time.time(), wants_file=False) == "nothing":
            self.ended(job_id, how)
        else:
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._retry, job_id, self._run)

    async def supersede(self, job_id: int) -> None:
        """Queue a row that has a new key, and end the workflow of the old key.

        The old workflow must not go on: a worker that takes it over would find that its key is out of date.
        """
        await self._queue_if_open(await self._record(job_id))
        self.ended(job_id, "superseded")

    async def _queue_if_open(self, record: Record) -> None:
        if next_step(record, time.time(), wants_file=False) != "nothing":
            await anyio.to_thread.run_sync(self._queue, record)

    async def completed(self, job: Job, video: Video) -> None:
        """Record the end, then free the render slot. Downloading the files needs no slot."""
        await super().completed(job, video)
        self.ended(job.index + 1, "completed")

    def _due_for(self, record: Record) -> Job | None:
        step = next_step(record, time.time(), wants_file=False)
        if step == "nothing":
            self.ended(record.id, record.state)
            return None
        return job_of(self._journal, record, step)

    async def _record(self, job_id: int) -> Record:
        """Read a row, and retry until the database answers: DBOS never runs a failed workflow again."""
        while True:
            try:
                return await anyio.to_thread.run_sync(self._journal.get, job_id)
            except JournalError as exc:
                logger.warning("row %d waits: %s", job_id, exc)
                await anyio.sleep(RETRY_SECONDS)

    def _retry(self, job_id: int, run: int) -> None:
        # A later run was given all open rows by `reopen`.
        if run == self._run and job_id in self.open:
            self._put(job_id)

    def _put(self, job_id: int) -> None:
        self._inbox.append(job_id)
        self._changed.notify()

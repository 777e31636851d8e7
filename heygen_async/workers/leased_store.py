"""The job store of one campaign in one worker: its jobs are the rows on which the worker has leases."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Literal

import anyio
import anyio.to_thread
import attrs

from heygen_async.account.server_clock import ServerClock
from heygen_async.api.handles.video import Video
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import Step, next_step
from heygen_async.bulk.jobs.outcomes import Completed, Result
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Changes
from heygen_async.bulk.journal.journal_store import JournalStore, job_of
from heygen_async.bulk.journal.stored_files import Stored
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.prices.request_length import length_of
from heygen_async.changed import Changed
from heygen_async.errors import DeadlineExceededError, HeyGenError, NotFoundError, RenderFailedError
from heygen_async.workers.leased_journal import LeasedJournal

logger: logging.Logger = logging.getLogger("heygen_async")

COMMIT_SECONDS = 0.25  # real seconds for which changes are gathered: the database works in real time
RETRY_SECONDS = 30.0  # until a row that could not be settled is tried again
FINISH_SECONDS = 2.0  # real seconds for the last changes, when the worker leaves
FRESH_SECONDS = 5.0  # from the request to record an intent to the POST; a worker that was frozen meanwhile asks again

AfterRender = Literal["store files", "hand on", "let go"]


@attrs.frozen(eq=False)
class _Together:
    """A change of a row that is made in one statement with all others of its kind."""

    kind: Callable[[Sequence[tuple[Any, ...]]], set[int]]
    row: tuple[Any, ...]  # its first value is the row's number

    def __call__(self) -> None:
        """Make the change alone."""
        self.kind([self.row])


class _LeasedChanges(Changes):
    """Changes of one moment: those of a kind are made in one statement, and then the others, all in one commit."""

    def __init__(self, journal: LeasedJournal) -> None:
        super().__init__()
        self._journal = journal
        self.afterwards: dict[Callable[[Sequence[int]], None], list[int]] = defaultdict(list)

    def apply(self) -> None:
        """Make the changes; a row that is not this worker's any more fails alone."""
        self.errors.clear()
        kinds: dict[Any, dict[int, tuple[int, Any]]] = defaultdict(dict)
        others = []
        for place, change in enumerate(self.changes):
            if isinstance(change, _Together):
                kinds[change.kind][change.row[0]] = (place, change.row)
            else:
                others.append((place, change))
        for kind, rows in kinds.items():
            done = kind([row for _, row in rows.values()])
            self.errors.update({rows[job_id][0]: self._journal.why_not(job_id) for job_id in set(rows) - done})
        self.make(others)
        for change_of_leases, job_ids in self.afterwards.items():
            change_of_leases(job_ids)


class LeasedStore(JournalStore):
    """A job store that is filled with rows as the feeder hands them out, as long as the worker lives.

    Attributes:
        open: Rows that this worker has and that lack something.
        is_held: True while no row is to be sent, because the workers are paused.
        elsewhere: Returns rows of this worker that another store of the campaign still has.
    """

    def __init__(
        self,
        journal: LeasedJournal,
        campaign: str,
        *,
        after_render: Callable[[], AfterRender],
        rates: Rates | None = None,
        clock: ServerClock | None = None,
    ) -> None:
        """Record in *journal* what becomes of the rows of *campaign*, and of their leases when they are rendered."""
        super().__init__(journal, to_come=_never, rates=rates, states=(), clock=clock)
        self.open: set[int] = set()
        self.is_held: bool = False
        self.elsewhere: Callable[[], Collection[int]] = frozenset
        self._leased = journal
        self._campaign = campaign
        self._after_render = after_render
        self._inbox: deque[Record] = deque()
        self._again: list[int] = []  # rows to be taken in once more
        self._files: dict[int, Stored] = {}
        self._ended: set[int] = set()  # recorded as failed or unknown, so that nothing is left to do
        self._run = 0
        self._closed = False
        self._changed = Changed()
        self._timer = ThreadPoolExecutor(1)

    async def take(self, job_ids: Sequence[int] | None = None) -> None:
        """Take in rows that were handed to this worker; without *job_ids*, all that it has."""
        elsewhere = self.elsewhere()
        found = await anyio.to_thread.run_sync(self._leased.leased, self._campaign, job_ids)
        records = [record for record in found if record.id not in elsewhere]
        rendered = [record.id for record in records if record.state == "completed"]
        if rendered:
            self._files.update(await anyio.to_thread.run_sync(self._files_of, rendered))
        for record in records:
            if record.id not in self.open:
                self.open.add(record.id)
                self._inbox.append(record)
        self._changed.notify()

    def _files_of(self, job_ids: Sequence[int]) -> Mapping[int, Stored]:
        return self._journal.files_of(job_ids)

    async def next_open(self) -> Job | None:
        """Return None: all rows come over `next`, those that were sent before, too."""
        return None

    async def next(self) -> Job | None:
        """Return the next row that needs work; None after `close`."""
        while not self._closed:
            if self._again:
                again, self._again = self._again, []
                await self.take(again)
            for _ in range(len(self._inbox)):
                record = self._inbox.popleft()
                if self.is_held and record.state == "planned":
                    self._inbox.append(record)
                elif (job := await self._due_for(record)) is not None:
                    return job
            if not self._again and not self._closed:
                await self._changed.wait()
        return None

    def hold(self, *, is_held: bool) -> None:
        """Hand out no planned rows for now, or hand them out again."""
        if is_held != self.is_held:
            self.is_held = is_held
            self._changed.notify()

    def reopen(self) -> None:
        """Open the store for another run, which gets the rows anew by `take`."""
        self._closed = False
        self._inbox.clear()
        self._again.clear()
        self.open.clear()
        self._files.clear()
        self._handed_out.clear()
        self._batches.clear()
        self._run += 1

    def close(self) -> None:
        """Hand out no more rows to the run."""
        self._closed = True
        self._changed.notify()

    async def _due_for(self, record: Record) -> Job | None:
        if record.id in self._handed_out:
            return None  # it goes out again with its batch
        step = next_step(record, self._clock.moment(), wants_file=False)
        if step == "submit" and record.batch is not None and record.state != "planned":
            step = await anyio.to_thread.run_sync(self._step_of_batch, record)
        if record.state == "completed" and self._after_render() == "store files":
            step = "follow"  # its addresses have expired: it is read again, and then its files are stored
        if step == "nothing":
            await self._let_go(record.id)
            return None
        return job_of(self._journal, record, step)

    def _step_of_batch(self, record: Record) -> Step:
        members = self._journal.members(record.batch or 0)
        if any(member.id not in self.open for member in members):
            return "reconcile"
        step = self._with_its_mates(record)
        self._handed_out.discard(record.id)
        return step

    def flush(self) -> None:
        """Begin to commit the waiting changes now; the loop does not wait for the database."""
        if self._group is not None:
            self._begin_flush()

    async def finish(self) -> None:
        """Wait until the changes so far are committed, unless the database is away."""
        self.flush()
        last = self._writer.submit(time.monotonic)
        await anyio.to_thread.run_sync(partial(wait, [last], FINISH_SECONDS))
        self._writer.shutdown(wait=False)
        self._timer.shutdown(wait=False)

    # Changes, many in one statement

    def _new_changes(self) -> Changes:
        return _LeasedChanges(self._leased)

    def _flush_soon(self) -> None:
        waits = asyncio.get_running_loop().run_in_executor(self._timer, time.sleep, COMMIT_SECONDS)
        waits.add_done_callback(lambda _: self._begin_flush())

    async def sending(self, jobs: Sequence[Job]) -> str:
        """Write the intent; after a moment in which this worker may have been frozen, once more."""
        while True:
            began = time.monotonic()
            if len(jobs) == 1 and jobs[0].index not in self._batches:
                (price,) = self._prices(jobs)
                record, key = jobs[0].record, jobs[0].key
                facts = (record.id, record.body_hash, record.generation, *price, self._clock.moment().server)
                await self._write(_Together(self._leased.intend_all, facts))
            else:
                key = await super().sending(jobs)
            if time.monotonic() - began < FRESH_SECONDS:
                return key

    async def accepted(self, job: Job, *, video_id: str | None = None, session_id: str | None = None) -> None:
        """Write the id."""
        facts = (job.index + 1, video_id, session_id)
        await self._write(_Together(self._leased.submitted_all, facts))

    async def completed(self, job: Job, video: Video) -> None:
        """Write the end, and free the render slot with it."""
        job_id, seconds = job.index + 1, length_of(video.duration)
        request = job.request
        usd = None if seconds is None else self._rates.price(request.kind, seconds, body_of(request))
        after = self._after_render()
        then = {
            "store files": self._leased.free_slots,
            "hand on": self._leased.hand_on,
            "let go": self._leased.let_go,
        }[after]
        links = (video.video_page_url, video.thumbnail_url, video.gif_url)
        facts = (job_id, video.id, seconds, *(usd or (None, None)), *links)
        await self._write(_Together(self._leased.completed_all, facts), then=(then, job_id))
        if after != "store files":
            self.open.discard(job_id)

    async def _write(
        self, change: Callable[[], None], then: tuple[Callable[[Sequence[int]], None], int] | None = None
    ) -> None:
        changes = self._changes_now()
        if then is not None and isinstance(changes, _LeasedChanges):
            changes.afterwards[then[0]].append(then[1])
        await super()._write(change)

    async def refused(self, error: HeyGenError, *jobs: Job) -> None:
        """Write their end."""
        await super().refused(error, *jobs)
        self._ended.update(job.index + 1 for job in jobs)

    async def failed(self, job: Job, error: HeyGenError) -> None:
        """Write the end, unless the render goes on."""
        await super().failed(job, error)
        if isinstance(error, RenderFailedError | NotFoundError):
            self._ended.add(job.index + 1)

    def files_before(self, job: Job) -> Stored:
        """Return the files of a rendered row that were stored before."""
        return self._files.pop(job.index + 1, {})

    async def settle(self, result: Result, *, for_good: bool) -> None:
        """End the lease on a row that the run has finished, or hand the row out again later if it is open.

        A row stays open if HeyGen did not answer for minutes or a status could not be read; a run in one process
        leaves it to the next run. With *for_good* it is left: a person has to decide. A render that has not ended by
        its deadline is left, too.
        """
        job_id = result.index + 1
        is_over = isinstance(result, Completed) or isinstance(result.error, DeadlineExceededError)
        if for_good or is_over or job_id in self._ended:
            self._ended.discard(job_id)
            if job_id in self.open:
                await self._let_go(job_id)
        else:
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._retry, job_id, self._run)

    async def _let_go(self, job_id: int) -> None:
        self.open.discard(job_id)
        changes = self._changes_now()
        if isinstance(changes, _LeasedChanges):
            changes.afterwards[self._leased.let_go].append(job_id)

    def _retry(self, job_id: int, run: int) -> None:
        # A later run has taken all rows in anew.
        if run == self._run and job_id in self.open:
            self.open.discard(job_id)
            self._again.append(job_id)
            self._changed.notify()


async def _never() -> bool:
    """Tell that no rows come from a source."""
    return False

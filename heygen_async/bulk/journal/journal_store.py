"""The job store of a journal: what is due, and writes that share commits."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from heygen_async.account.server_clock import ServerClock
from heygen_async.api.handles.video import Video
from heygen_async.api.requests.stored import StoredRequest, body_of
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.compact import NumberSet
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import Step, next_step
from heygen_async.bulk.jobs.outcomes import code_of
from heygen_async.bulk.jobs.records import Links, Record, SavedFile, State
from heygen_async.bulk.journal.job_store import JobStore, Named
from heygen_async.bulk.journal.journal import Changes, CommitPace, Journal, UsdRange
from heygen_async.bulk.journal.stored_files import Stored, unstored
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.prices.request_length import length_of
from heygen_async.errors import HeyGenError, JournalError, NotFoundError, RenderFailedError, Spent

RowsToCome = Callable[[], Awaitable[bool]]  # takes rows into the journal; False at the end of the source


class JournalStore(JobStore):
    """The jobs of a journal, which remembers them.

    Attributes:
        is_over: True if the last row was handed out, so that a row that is planned again waits for the next run.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        files: Iterable[str] = (),
        refused: Iterable[Job] = (),
        to_come: RowsToCome | None = None,
        rates: Rates | None = None,
        states: Iterable[State] = ("submitted", "intended", "unknown"),
        clock: ServerClock | None = None,
    ) -> None:
        """Take what is due from *journal* and write to it.

        Args:
            journal: The journal.
            files: Kinds of files that are wanted of each video.
            refused: Jobs that can never be sent as they are, so that the journal does not have them.
            to_come: Takes further rows of a source that is still being read into the journal.
            rates: Prices, for the journal's ledger.
            states: States of the rows that are under way, in the order in which they are handed out.
            clock: Clock of the account, by which the ages of keys are judged.
        """
        self._journal = journal
        self._rates, self._clock = rates or Rates(), clock or ServerClock()
        self._to_come = to_come
        self.left: int | None = journal.due() if to_come is None else None
        # What was under way comes first: it is paid for. Its ids are noted now, because states change during the run.
        self._open = iter([record.id for state in states for record in journal.records(state)])
        self._to_send: deque[Record] = deque()  # of them, those whose POST goes out once more
        self._refused = refused if isinstance(refused, deque) else deque(refused)
        self._unstored = unstored(journal, files)
        self._handed_out = NumberSet()
        self.is_over: bool = False
        self._planned = self._all_planned()
        newest = journal.newest_list()
        self._newest = newest.id if newest is not None and newest.whole and not newest.name else 0
        self._batches: dict[int, int] = {}  # rows on their way, and the numbers of their batches
        self._group: Changes | None = None
        self._pace = CommitPace()
        self._writer = ThreadPoolExecutor(1)  # its thread begins with the first commit that has to travel

    def number_of(self, index: int) -> int:
        """Return the number of a row in its list, else its number in the journal."""
        return self._journal.number_of(index + 1)

    async def next_open(self) -> Job | None:
        """Return a job that an earlier run has submitted, or may have; None when all were handed out."""
        for job_id in self._open:
            record = self._journal.get(job_id)
            if job_id in self._handed_out:
                continue
            step = next_step(record, self._clock.moment(), wants_file=False)
            if step == "submit" and record.seen < self._newest:
                step = "reconcile"  # the list no longer has the row, so it is not sent, not even under its key
            if step == "submit" and record.batch is not None:
                step = self._with_its_mates(record)
            if step != "submit":
                self._count()
                self._handed_out.add(job_id)  # a search may plan it again while it is under way
                return job_of(self._journal, record, step)
            self._to_send.append(record)
        return None

    def _with_its_mates(self, record: Record) -> Step:
        """Hand a batch that must be repeated out as one: it goes out again as it was, or its rows are looked for."""
        batch = record.batch or 0
        members = self._journal.members(batch)
        if len(members) != self._journal.batch(batch).size or any(member.seen < self._newest for member in members):
            return "reconcile"
        self._handed_out.update(member.id for member in members)
        return "submit"

    async def next(self) -> Job | None:
        """Return the next job that is to be sent; None at the end."""
        while True:
            if self._refused:
                return self._refused.popleft()
            record = self._to_send.popleft() if self._to_send else next(self._planned, None)
            if record is not None:
                self._count()
                if self._to_come is not None:
                    self._handed_out.add(record.id)
                return job_of(self._journal, record, "submit")
            if not await self._take_more():
                self._count()
                self.is_over = True
                return None

    def hand_out_again(self, job_id: int) -> None:
        """Hand out a row that ended in this run or before it, and is planned again."""
        self._to_send.append(self._journal.get(job_id))
        self._handed_out.add(job_id)
        if self.left is not None:
            self.left += 1

    async def _take_more(self) -> bool:
        """Take further rows of a source into the journal; return False when there are none to come."""
        if self._to_come is None:
            return False
        try:
            there_are = await self._to_come()
        except JournalError:
            raise
        except Exception as exc:  # noqa: BLE001 - the source is the user's; its error is raised at the end of the run
            there_are = False
            self.broken = exc
        if not there_are:
            self._to_come, self.left = None, 0
        self._planned = self._all_planned()  # from the first: the list may have a row of an earlier one
        return there_are or bool(self._refused)

    def _all_planned(self) -> Iterator[Record]:
        return (record for record in self._journal.records("planned") if record.id not in self._handed_out)

    def _count(self) -> None:
        if self.left is not None:
            self.left = max(0, self.left - 1)

    async def sending(self, jobs: Sequence[Job]) -> str:
        """Write the intent, and which jobs are in the batch: what is sent again must be the same."""
        at, prices = self._clock.moment().server, self._prices(jobs)
        if len(jobs) == 1:
            self._batches.pop(jobs[0].index, None)  # a row of a lost batch that is sent again alone has its own key
            await self._write(lambda: self._journal.intend(_id(jobs[0]), prices[0], at))
            return jobs[0].key
        batch = self._batches.get(jobs[0].index)
        if batch is None:
            key = keys.batch_key([job.key for job in jobs])
            made: list[int] = []
            ids = [_id(job) for job in jobs]
            await self._write(lambda: made.append(self._journal.intend_together(ids, key, prices, at)))
            self._batches.update({job.index: made[-1] for job in jobs})
            return key
        await self._write(lambda: self._each(functools.partial(self._journal.intend, server_at=at), jobs))
        return self._journal.batch(batch).key

    async def accepted(self, job: Job, *, video_id: str | None = None, session_id: str | None = None) -> None:
        """Write the id."""
        await self._write(lambda: self._journal.submitted(_id(job), video_id=video_id, session_id=session_id))

    async def accepted_together(self, jobs: Sequence[Job], batch_id: str) -> None:
        """Write the id."""
        batch = self._batches[jobs[0].index]
        await self._write(lambda: self._journal.submitted_together(batch, batch_id))
        for job in jobs:
            self._batches.pop(job.index, None)

    async def named(self, names: Sequence[Named]) -> None:
        """Write the ids, all of them in one change."""

        def change() -> None:
            for job, video_id, session_id in names:
                self._journal.submitted(_id(job), video_id=video_id, session_id=session_id)

        await self._write(change)

    async def put_back(self, *jobs: Job) -> None:
        """Plan them again."""
        await self._write(lambda: self._each(self._journal.not_sent, jobs))
        for job in jobs:
            self._batches.pop(job.index, None)

    async def refused(self, error: HeyGenError, *jobs: Job) -> None:
        """Write their end."""
        await self._write(lambda: self._each(lambda job_id: self._failed(job_id, error, "no"), jobs))

    async def unknown(self, error: HeyGenError, *jobs: Job) -> None:
        """Write that nobody knows."""

        def change(job_id: int) -> None:
            self._journal.unknown(job_id, code=code_of(error), error=error.message)

        await self._write(lambda: self._each(change, jobs))

    async def completed(self, job: Job, video: Video) -> None:
        """Write the end, and what it cost."""
        seconds, request = length_of(video.duration), job.request
        usd = None if seconds is None else self._rates.price(request.kind, seconds, body_of(request))
        end = functools.partial(self._journal.completed, _id(job), video_id=video.id, duration=seconds)
        links = Links(video.video_page_url, video.thumbnail_url, video.gif_url)
        await self._write(lambda: end(price=usd or (None, None), links=links))

    async def failed(self, job: Job, error: HeyGenError) -> None:
        """Write the end, unless the render goes on: then it stays open and the next run follows it."""
        if isinstance(error, RenderFailedError | NotFoundError):
            await self._write(lambda: self._failed(_id(job), error, error.spent))

    async def next_unstored(self) -> tuple[Job, Stored] | None:
        """Return a job that ended in an earlier run and lacks files, with the files that it has; None at the end."""
        found = next(self._unstored, None)
        return found and (job_of(self._journal, self._journal.get(found[0]), "download"), found[1])

    async def stored(self, job: Job, kind: str, file: SavedFile) -> None:
        """Write the file's name and size."""
        await self._write(lambda: self._journal.stored(_id(job), kind, file))

    async def not_stored(self, job: Job, error: HeyGenError) -> None:
        """Write the reason."""
        await self._write(lambda: self._journal.not_stored(_id(job), code=code_of(error), error=error.message))

    def mates(self, job: Job) -> list[Job]:
        """Return the jobs of the batch that *job* was sent in, in its order; they are not handed out one by one."""
        batch = job.record.batch
        members = [job_of(self._journal, record, "submit") for record in self._journal.members(batch)]
        self._batches.update({member.index: batch for member in members})
        return members

    def batch_id(self, job: Job) -> str:
        """Return HeyGen's id of the batch that a submitted job is in."""
        return self._journal.batch(job.record.batch).batch_id or ""

    def _prices(self, jobs: Iterable[Job]) -> list[UsdRange]:
        prices = [self._rates.estimate(job.request.kind, body_of(job.request)) for job in jobs]
        return [(None, None) if price.unknown else (price.low, price.high) for price in prices]

    def _each(self, change: Callable[[int], None], jobs: Iterable[Job]) -> None:
        for job in jobs:
            change(_id(job))

    def _failed(self, job_id: int, error: HeyGenError, spent: Spent) -> None:
        self._journal.failed(job_id, code=code_of(error), error=error.message, spent=spent)

    async def _write(self, change: Callable[[], None]) -> None:
        """Return when *change* is on disk. Changes that come soon after each other share one commit; see `CommitPace`.

        The commit to a file is made on the event loop: that costs less than a thread, and a loop in virtual time waits
        for it. A change is written even if its writer is cancelled.
        """
        self._pace.note()
        group = self._changes_now()
        place = len(group.changes)
        group.changes.append(change)
        try:
            await group.done.wait()
        except BaseException:
            self.flush()  # a cancelled writer leaves no change unwritten
            raise
        if place in group.errors:
            raise group.errors[place]

    def _changes_now(self) -> Changes:
        if self._group is None:
            self._group = self._new_changes()
            self._flush_soon()
        return self._group

    def _flush_soon(self) -> None:
        self._pace.schedule(self._begin_flush)

    def _new_changes(self) -> Changes:
        return Changes()

    def flush(self) -> None:
        """Commit the waiting changes now."""
        group, self._group = self._group, None
        if group is not None:
            self._commit(group)
            group.done.set()

    def _begin_flush(self) -> None:
        """Commit the waiting changes, on a thread if the journal is in a database server."""
        if self._journal.commits_inline or self._group is None:
            self.flush()
            return
        group, self._group = self._group, None
        done = asyncio.get_running_loop().run_in_executor(self._writer, self._commit, group)
        done.add_done_callback(lambda _: group.done.set())

    def _commit(self, group: Changes) -> None:
        try:
            self._journal.together(group.apply)
        except Exception as exc:  # noqa: BLE001 - it is raised where each change was asked for
            group.failed(exc)


def job_of(journal: Journal, record: Record, step: Step) -> Job:
    """Return a row of the journal as a job."""
    request, key = StoredRequest(kind=record.kind, text=record.text), journal.key(record)
    return Job(request=request, row=record.row, key=key, index=record.id - 1, step=step, record=record)


def _id(job: Job) -> int:
    return job.index + 1

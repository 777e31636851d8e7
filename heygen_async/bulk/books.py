"""Where a run's rows come from and where their fate is written: nowhere, or a journal.

The scheduler asks for the next row and tells what happened, in this order: `sending` before the POST, `accepted` before
anything else is done with its answer, `ended`, `stored`. Each returns when it is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import anyio.lowlevel
import attrs

from heygen_async.api.stored import StoredRequest
from heygen_async.api.videos import Video
from heygen_async.bulk.decisions import Step, next_step
from heygen_async.bulk.journal import Journal, WrongStateError
from heygen_async.bulk.plan import Job, Source, numbered
from heygen_async.bulk.records import Record, State
from heygen_async.errors import HeyGenError, JournalError, NotFoundError, RenderFailedError, Spent


@attrs.define(eq=False)
class _Change:
    """A change on its way to the disk."""

    change: Callable[[], None]
    error: JournalError | None = None
    done: anyio.Event = attrs.field(factory=anyio.Event)

    def apply(self) -> None:
        """Make it; a change that does not fit the row's state fails alone."""
        try:
            self.change()
        except WrongStateError as exc:
            self.error = exc


_UNDER_WAY: tuple[State, ...] = ("submitted", "intended", "unknown")


class Books:
    """No rows, and no memory: subclasses have them."""

    async def next(self) -> Job | None:
        """Return the next row that something is due for; None at the end."""
        return None

    async def sending(self, job: Job) -> None:
        """Its POST is about to go out."""

    async def accepted(self, job: Job, *, video_id: str | None = None, session_id: str | None = None) -> None:
        """Its id has come; for a session, later its video's."""

    async def put_back(self, job: Job) -> None:
        """It was not executed, for a reason that is not its own."""

    async def refused(self, job: Job, error: HeyGenError) -> None:
        """It was not executed, and never will be as it is."""

    async def unknown(self, job: Job, error: HeyGenError) -> None:
        """Whether its POST was executed is not known."""

    async def completed(self, job: Job, video: Video) -> None:
        """Its video is there."""

    async def failed(self, job: Job, error: HeyGenError) -> None:
        """Its render ended without a video, or can no longer be seen."""

    async def stored(self, job: Job, file: Path) -> None:
        """Its video is a file."""


class NoBooks(Books):
    """A run that remembers nothing."""

    def __init__(self, source: Source) -> None:
        """Take rows from *source*."""
        self._jobs = numbered(source)

    async def next(self) -> Job | None:
        """Return the next row; None at the end."""
        return await anext(self._jobs, None)


class JournalBooks(Books):
    """A run that a journal remembers."""

    def __init__(self, journal: Journal, *, wants_files: bool) -> None:
        """Take what is due from *journal* and write to it."""
        self._journal = journal
        self._wants_files = wants_files
        # What was under way comes first: it is paid for. Its ids are noted now, because states change during the run.
        self._open = [record.id for state in _UNDER_WAY for record in journal.records(state)]
        self._unstored = [job_id for job_id, file in journal.files() if missing(file)] if wants_files else []
        self._due = self._rows()
        self._group: list[_Change] = []

    def _rows(self) -> Iterator[tuple[Record, Step]]:
        for job_id in self._open:
            record = self._journal.get(job_id)
            yield record, next_step(record, time.time(), wants_file=self._wants_files)
        for job_id in self._unstored:
            yield self._journal.get(job_id), "download"
        for record in self._journal.records("planned"):
            yield record, "submit"

    async def next(self) -> Job | None:
        """Return the next row that something is due for; None at the end."""
        found = next(self._due, None)
        return None if found is None else job_of(self._journal, *found)

    async def sending(self, job: Job) -> None:
        """Write the intent."""
        await self._write(lambda: self._journal.intend(_id(job)))

    async def accepted(self, job: Job, *, video_id: str | None = None, session_id: str | None = None) -> None:
        """Write the id."""
        await self._write(lambda: self._journal.submitted(_id(job), video_id=video_id, session_id=session_id))

    async def put_back(self, job: Job) -> None:
        """Plan it again."""
        await self._write(lambda: self._journal.not_sent(_id(job)))

    async def refused(self, job: Job, error: HeyGenError) -> None:
        """Write its end."""
        await self._write(lambda: self._failed(job, error, "no"))

    async def unknown(self, job: Job, error: HeyGenError) -> None:
        """Write that nobody knows."""
        await self._write(lambda: self._journal.unknown(_id(job), code=code_of(error), error=error.message))

    async def completed(self, job: Job, video: Video) -> None:
        """Write the end."""
        await self._write(lambda: self._journal.completed(_id(job), video_id=video.id, duration=video.duration))

    async def failed(self, job: Job, error: HeyGenError) -> None:
        """Write the end, unless the render goes on: then it stays open and the next run follows it."""
        if isinstance(error, RenderFailedError | NotFoundError):
            await self._write(lambda: self._failed(job, error, error.spent))

    async def stored(self, job: Job, file: Path) -> None:
        """Write the file's name."""
        await self._write(lambda: self._journal.stored(_id(job), str(file)))

    def _failed(self, job: Job, error: HeyGenError, spent: Spent) -> None:
        self._journal.failed(_id(job), code=code_of(error), error=error.message, spent=spent)

    async def _write(self, change: Callable[[], None]) -> None:
        """Return when *change* is on disk. Whatever is written in the same turn of the loop shares one commit.

        The first to come waits for one turn and then writes for all, inline: an fsync of a shared commit costs less
        than handing it to a thread, and a loop in virtual time sees all of it. Nothing here can be cancelled.
        """
        mine = _Change(change)
        self._group.append(mine)
        with anyio.CancelScope(shield=True):
            if len(self._group) == 1:
                await anyio.lowlevel.checkpoint()
                self._commit()
            else:
                await mine.done.wait()
        if mine.error is not None:
            raise mine.error

    def _commit(self) -> None:
        group, self._group = self._group, []
        try:
            with self._journal.grouped():
                for each in group:
                    each.apply()
        except JournalError as exc:
            for each in group:
                each.error = exc
        for each in group:
            each.done.set()


def job_of(journal: Journal, record: Record, step: Step) -> Job:
    """Return a row of the journal as a job."""
    return Job(
        request=StoredRequest(kind=record.kind, body=record.body),
        row=record.row,
        key=journal.key(record),
        index=record.id - 1,
        step=step,
        record=record,
    )


def code_of(error: HeyGenError) -> str:
    """Return what an error is counted by."""
    return error.code or type(error).__name__


def missing(file: str | None) -> bool:
    """Whether a file that should be there is not, or never was."""
    return file is None or not Path(file).exists()


def _id(job: Job) -> int:
    return job.index + 1

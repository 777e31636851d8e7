"""The job store: hands out jobs and records what became of them.

The stages of a run record each change before they go on: `sending` before the POST, `accepted` before anything else
is done with its answer, `completed` or `failed`, `stored`. Each method returns when the change is durable.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized

from heygen_async.api.handles.video import Video
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.job import Job, Source, numbered
from heygen_async.bulk.jobs.records import SavedFile
from heygen_async.bulk.journal.stored_files import Stored
from heygen_async.errors import HeyGenError

Named = tuple[Job, str | None, str | None]  # a job, its video and its session


class JobStore:
    """Hands out jobs and records what became of them. This one has no jobs and remembers nothing.

    The stages call it in this order: `sending` before the POST, `accepted` before anything else is done with its
    answer, `completed` or `failed`, `stored`. Each returns when the change is durable.

    Attributes:
        left: The number of jobs that are still to be handed out; None if it cannot be known.
        broken: The error of the source, if it raised one; the jobs before it are followed to their end.
    """

    left: int | None = None
    broken: Exception | None = None

    def number_of(self, index: int) -> int:
        """Return the number that people know a job by: that in its list, if there is one."""
        return index + 1

    async def next_open(self) -> Job | None:
        """Return a job that is at HeyGen, or may be, since an earlier run; None when all were handed out."""
        return None

    async def next(self) -> Job | None:
        """Return the next job that is to be sent; None at the end."""
        return None

    async def aclose(self) -> None:
        """Close the source."""

    async def sending(self, jobs: Sequence[Job]) -> str:
        """Record that the POST of *jobs* is about to go out; return the key of the POST."""
        return jobs[0].key if len(jobs) == 1 else keys.batch_key([job.key for job in jobs])

    async def accepted(self, job: Job, *, video_id: str | None = None, session_id: str | None = None) -> None:
        """Record the id that HeyGen has given."""

    async def accepted_together(self, jobs: Sequence[Job], batch_id: str) -> None:
        """Record the id of the batch of *jobs*."""

    async def named(self, names: Sequence[Named]) -> None:
        """Record the videos that sessions or a batch have named."""

    def mates(self, job: Job) -> list[Job]:
        """Return the jobs of the batch that *job* was sent in, in its order; they are not handed out again."""
        return [job]

    def batch_id(self, job: Job) -> str:  # noqa: ARG002 - subclasses use it
        """Return HeyGen's id of the batch that a submitted job is in."""
        return ""

    async def put_back(self, *jobs: Job) -> None:
        """Record that the POST was not executed, for a reason that is not the jobs' own."""

    async def refused(self, error: HeyGenError, *jobs: Job) -> None:
        """Record that *jobs* were not executed, and never will be as they are."""

    async def unknown(self, error: HeyGenError, *jobs: Job) -> None:
        """Record that the outcome of the POST is unknown."""

    async def completed(self, job: Job, video: Video) -> None:
        """Record that the video is there."""

    async def failed(self, job: Job, error: HeyGenError) -> None:
        """Record that the render ended without a video, or can no longer be seen."""

    async def next_unstored(self) -> tuple[Job, Stored] | None:
        """Return a job that ended in an earlier run and lacks files, with the files that it has; None at the end."""
        return None

    def files_before(self, job: Job) -> Stored:  # noqa: ARG002 - subclasses use it
        """Return the files of a job that were stored before its render was looked at again."""
        return {}

    async def stored(self, job: Job, kind: str, file: SavedFile) -> None:
        """Record that a file of the job is on the disk, or that there is none of this kind."""

    async def not_stored(self, job: Job, error: HeyGenError) -> None:
        """Record that a file of the job could not be stored."""


class IterableStore(JobStore):
    """The jobs of an iterable; nothing is remembered."""

    def __init__(self, source: Source) -> None:
        """Take jobs from *source*."""
        self._jobs = numbered(source)
        self.left = len(source) if isinstance(source, Sized) else None

    async def next(self) -> Job | None:
        """Return the next job; None at the end, and when the source raises."""
        try:
            job = await anext(self._jobs, None)
        except Exception as exc:  # noqa: BLE001 - the source is the user's; its error is raised at the end of the run
            job = None
            self.broken = exc
        if self.left is not None:
            self.left = self.left - 1 if job is not None else 0
        return job

    async def aclose(self) -> None:
        """Close the source."""
        await self._jobs.aclose()

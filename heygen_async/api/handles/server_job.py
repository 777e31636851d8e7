"""`ServerJob`, the handle on all jobs at HeyGen but plain videos: lipsyncs, translations, clips, clones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

import attrs

from heygen_async.api.handles import polling
from heygen_async.errors import RenderFailedError
from heygen_async.http.call import Call
from heygen_async.http.caller import Caller

T = TypeVar("T")

_UNDER_WAY = frozenset({"waiting", "queued", "pending", "processing", "running"})


@attrs.frozen(kw_only=True)
class Ends:
    """The final statuses of a kind of job. HeyGen uses different words for different kinds.

    Attributes:
        subject: Name of the kind, for messages.
        succeeded: Statuses of success.
        failed: Statuses of failure.
        files: Fields of which one must be set before a job counts as ended, because HeyGen may say `completed` a
            moment before a file has its address. `clips.video_url` means that of each clip which has not failed.
            Empty if the status is enough.
    """

    subject: str
    succeeded: frozenset[str] = frozenset({"completed"})
    failed: frozenset[str] = frozenset({"failed"})
    files: tuple[str, ...] = ()

    def has_ended(self, found: Any) -> bool:
        """Return True if the status of *found* is final. No status, as of a public voice, counts as final."""
        if found.status is None or found.status in self.failed:
            return True
        return found.status in self.succeeded and (not self.files or any(_is_set(found, name) for name in self.files))

    def check(self, found: T, job_id: str) -> T:
        """Return *found*, or raise `RenderFailedError` if it has failed."""
        status: Any = getattr(found, "status", None)
        if status not in self.failed:
            return found
        code = getattr(found, "failure_code", None)
        reason = _reason(found) or code or f"its status is {status}, and HeyGen gives no reason"
        raise RenderFailedError(f"{self.subject} {job_id} failed: {reason}", code=code, resource_id=job_id, spent="no")


def _is_set(found: Any, name: str) -> bool:
    field, _, inner = name.partition(".")
    value = getattr(found, field)
    if not inner:
        return bool(value)
    return all(getattr(item, inner) or item.status == "failed" for item in value or ())


def _reason(found: Any) -> str | None:
    error = getattr(found, "error", None)
    message = getattr(found, "failure_message", None) or getattr(error, "message", error)
    return message if isinstance(message, str) else None


class ServerJob(Generic[T]):
    """A handle on a job at HeyGen: the id, and methods to follow the job. It need not be closed.

    Attributes:
        id: HeyGen's id of the job.
        ends: Final statuses of this kind of job.
    """

    def __init__(
        self,
        caller: Caller,
        job_id: str,
        read: Callable[[str], Call[T]],
        ends: Ends,
        pace: polling.Pace = polling.RESUMED,
    ) -> None:
        """Create a handle. Use the methods `create` and `job` of the resources instead.

        Args:
            caller: Sends the requests.
            job_id: HeyGen's id of the job.
            read: Returns the call that reads a job by its id.
            ends: Final statuses of this kind of job.
            pace: Times of the polls.
        """
        self.id = job_id
        self._caller = caller
        self._read = read
        self.ends = ends
        self._pace = pace

    def __repr__(self) -> str:
        """Return a text with the kind and the id."""
        return f"ServerJob({self.ends.subject} {self.id!r})"

    async def look(self) -> T:
        """Return the job with its present status. Free of charge."""
        return await self._caller.send(self._read(self.id))

    async def statuses(self) -> AsyncIterator[T]:
        """Yield the job each time its status changes, until it has ended. Free of charge."""
        last = None
        async for found in polling.poll(self.look, self._pace, self._caller.account.clock):
            status: Any = getattr(found, "status", None)
            ended = self.ends.has_ended(found)
            if not ended:
                polling.note_status(status, _UNDER_WAY | self.ends.succeeded)
            if ended or status != last:
                yield found
            if ended:
                return
            last = status

    async def wait(self, *, deadline: float = polling.DEADLINE_SECONDS) -> T:
        """Wait for the end of the job and return its result. Free of charge; a cancelled wait leaves the job running.

        Args:
            deadline: Most seconds to wait.

        Raises:
            RenderFailedError: The job failed, or was cancelled or deleted.
            DeadlineExceededError: The job has not ended yet; it goes on and is paid for.
        """
        found = await polling.wait_for(deadline, self.ends.subject, self.id, self._ended, self._caller.account.clock)
        return self.ends.check(found, self.id)

    async def _ended(self) -> T:
        return [found async for found in self.statuses()][-1]

"""Work at HeyGen that is no plain video: lipsyncs, translations, clips, clones. One way to follow all of them."""

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
    """The words for the end of a kind of job: HeyGen's words differ from kind to kind.

    Attributes:
        subject: What it is called in messages.
        well: Status words of success.
        badly: Status words of failure.
        files: Fields one of which must be set for success to be there: it happens that a job is `completed` a moment
            before its file has an address. `clips.video_url` is that of each clip which has not failed. Empty if the
            word is enough.
    """

    subject: str
    well: frozenset[str] = frozenset({"completed"})
    badly: frozenset[str] = frozenset({"failed"})
    files: tuple[str, ...] = ()

    def reached(self, found: Any) -> bool:
        """True if nothing more will happen to *found*; what has no status, such as a public voice, was never begun."""
        if found.status is None or found.status in self.badly:
            return True
        return found.status in self.well and (not self.files or any(_is_there(found, name) for name in self.files))

    def check(self, found: T, job_id: str) -> T:
        """Return *found*, or raise `RenderFailedError` if it has failed."""
        status: Any = getattr(found, "status", None)
        if status not in self.badly:
            return found
        code = getattr(found, "failure_code", None)
        reason = _reason(found) or code or f"its status is {status}, and HeyGen gives no reason"
        raise RenderFailedError(f"{self.subject} {job_id} failed: {reason}", code=code, resource_id=job_id, spent="no")


def _is_there(found: Any, name: str) -> bool:
    field, _, inner = name.partition(".")
    value = getattr(found, field)
    if not inner:
        return bool(value)
    return all(getattr(item, inner) or item.status == "failed" for item in value or ())


def _reason(found: Any) -> str | None:
    error = getattr(found, "error", None)
    told = getattr(found, "failure_message", None) or getattr(error, "message", error)
    return told if isinstance(told, str) else None


class ServerJob(Generic[T]):
    """Something that is being made at HeyGen: an id and the ways to follow it. It holds nothing that must be closed.

    Attributes:
        id: HeyGen's.
        ends: How it ends.
    """

    def __init__(
        self,
        caller: Caller,
        job_id: str,
        read: Callable[[str], Call[T]],
        ends: Ends,
        pace: polling.Pace = polling.RESUMED,
    ) -> None:
        """Follow *job_id*; the methods `create` and `job` of the resources make these.

        Args:
            caller: Asks.
            job_id: Whose.
            read: Returns the call that reads it.
            ends: Which status words are ends.
            pace: When to look.
        """
        self.id = job_id
        self._caller = caller
        self._read = read
        self.ends = ends
        self._pace = pace

    def __repr__(self) -> str:
        """Name the kind and the id."""
        return f"ServerJob({self.ends.subject} {self.id!r})"

    async def look(self) -> T:
        """Return it as it is now. Costs nothing."""
        return await self._caller.send(self._read(self.id))

    async def statuses(self) -> AsyncIterator[T]:
        """Yield it each time its status changes; the last one has ended. Costs nothing."""
        last = None
        async for found in polling.looks(self.look, self._pace):
            status: Any = getattr(found, "status", None)
            ended = self.ends.reached(found)
            if not ended:
                polling.note_status(status, _UNDER_WAY | self.ends.well)
            if ended or status != last:
                yield found
            if ended:
                return
            last = status

    async def wait(self, *, deadline: float = polling.DEADLINE_SECONDS) -> T:
        """Return what was made. Costs nothing; cancelling leaves the work going on.

        Args:
            deadline: Seconds from now.

        Raises:
            RenderFailedError: HeyGen gave up, or it was cancelled or deleted.
            DeadlineExceededError: Not ended yet; it goes on and is paid for.
        """
        found = await polling.within(deadline, self.ends.subject, self.id, self._ended)
        return self.ends.check(found, self.id)

    async def _ended(self) -> T:
        return [found async for found in self.statuses()][-1]

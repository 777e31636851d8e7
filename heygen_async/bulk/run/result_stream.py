"""What the caller of a run holds: the stream of results, and how errors come out of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol, Self

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from heygen_async.bulk.jobs.outcomes import Result, Summary, Unfinished
from heygen_async.bulk.jobs.records import Merge
from heygen_async.bulk.run.slots import Slots
from heygen_async.errors import HeyGenError


class Work(Protocol):
    """What is at work behind the stream."""

    slots: Slots

    @property
    def summary(self) -> Summary:
        """The tally so far."""

    def unfinished(self) -> list[Unfinished]:
        """Return the rows under way."""

    def seconds_left(self) -> float | None:
        """Return the seconds until everything has ended."""

    def stop_submitting(self) -> None:
        """Send nothing more."""


class Results:
    """The stream of a run's results, in order of ending.

    Attributes:
        summary: The tally so far.
        slots: How many renders run now.
        unread: After an early exit: results that had come in and were not read.
        merge: How the rows met the journal, in a run that has one.
    """

    def __init__(self, stream: MemoryObjectReceiveStream[Result], work: Work) -> None:
        """Read *stream*; made by `run`."""
        self._stream = stream
        self._work = work
        self.summary: Summary = work.summary
        self.slots: Slots = work.slots
        self.unread: list[Result] = []
        self.merge: Merge | None = None

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
    def seconds_left(self) -> float | None:
        """The seconds until all has ended, by render times as learnt so far; None if the rows cannot be counted."""
        return self._work.seconds_left()

    def stop_submitting(self) -> None:
        """Submit nothing more; what is under way is followed to its end."""
        self._work.stop_submitting()

    @property
    def unfinished(self) -> list[Unfinished]:
        """The rows under way now; after an early exit, those whose renders go on at HeyGen."""
        return self._work.unfinished()


def only(exc: BaseException) -> BaseException:
    """Unwrap groups of one, which is how an exception leaves nested tasks; several of ours of one kind count as one."""
    leaves = list(_leaves(exc))
    first = leaves[0]
    same = isinstance(first, HeyGenError) and all(type(leaf) is type(first) for leaf in leaves)
    return first if same or len(leaves) == 1 else exc


def _leaves(exc: BaseException) -> Iterator[BaseException]:
    if isinstance(exc, BaseExceptionGroup):
        for inner in exc.exceptions:
            yield from _leaves(inner)
    else:
        yield exc

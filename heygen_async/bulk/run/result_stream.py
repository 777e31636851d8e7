"""`Results`: the stream of a run's results, and the form in which errors leave a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Generic, Protocol, Self

from heygen_async.bulk.jobs.in_flight import NOT_BEGUN, InFlight, Registry, Stage
from heygen_async.bulk.jobs.job import R
from heygen_async.bulk.jobs.outcomes import Completed, Failed, Result, Summary, Unfinished
from heygen_async.bulk.jobs.records import Merge
from heygen_async.bulk.run.slots import Slots
from heygen_async.changed import Changed
from heygen_async.errors import HeyGenError

UNREAD_AT_MOST = 10_000  # results that were not read yet; past that nothing more is begun


class Work(Protocol):
    """The run behind the stream."""

    slots: Slots

    def seconds_left(self) -> float | None:
        """Return the seconds until everything has ended."""

    def rows_left(self) -> int | None:
        """Return the number of rows that are still to be read; None if it cannot be known."""

    def stop_submitting(self) -> None:
        """Send nothing more."""


class ResultQueue:
    """Results on their way to whoever reads them. Reading one ends its row."""

    def __init__(self, registry: Registry) -> None:
        """End the rows of *registry*."""
        self._registry = registry
        self._results: deque[Result] = deque()
        self._is_over = False
        self.changed: Changed = Changed()

    def __len__(self) -> int:
        """Return the number of results that were not read yet."""
        return len(self._results)

    def put(self, result: Result) -> None:
        """Add a result."""
        self._results.append(result)
        self.changed.notify()

    def close(self) -> None:
        """Add no more."""
        self._is_over = True
        self.changed.notify()

    async def get(self) -> Result | None:
        """Return the next result; None at the end. What was taken out is never lost: the last step does not wait."""
        while not self._results and not self._is_over:
            await self.changed.wait()
        return self._taken() if self._results else None

    def drain(self) -> Iterator[Result]:
        """Yield the results that were not read, and those of rows whose end was on its way to the disk."""
        while self._results:
            yield self._taken()
        for row in list(self._registry.at(Stage.RECORDING)):
            if isinstance(row.result, Completed | Failed):
                self._registry.drop(row)
                yield row.result

    def _taken(self) -> Result:
        result = self._results.popleft()
        row = self._registry.get(result.index)
        if row is not None and row.result is result:
            self._registry.drop(row)
        self.changed.notify()
        return result

    async def wait_for_room(self) -> None:
        """Return when not too many results are unread."""
        while len(self._results) >= UNREAD_AT_MOST:
            await self.changed.wait()


class Results(Generic[R]):
    """The stream of a run's results, in order of ending. R is the type of the rows.

        async for result in results: ...
        results = await results.collect()

    Attributes:
        summary: The tally so far.
        slots: The run's render slots.
        unread: After an early exit: results that had come in and were not read.
        merge: How the rows met the journal, in a run that has one.
        kept: Options of the campaign that this run did not give and so keeps, by name.
    """

    def __init__(self, queue: ResultQueue, registry: Registry, work: Work, summary: Summary) -> None:
        """Read *queue*; made by `run`."""
        self._queue = queue
        self._registry = registry
        self._work = work
        self._left: list[Unfinished[R]] | None = None
        self.summary: Summary = summary
        self.slots: Slots = work.slots
        self.unread: list[Result[R]] = []
        self.merge: Merge | None = None
        self.kept: Mapping[str, Any] = {}

    def __repr__(self) -> str:
        """Return a text with the tally."""
        completed, failed = self.summary.completed, self.summary.failed.total()
        total = "" if self.total is None else f" of {self.total}"
        return f"Results({completed + failed}{total} rows: {completed} completed, {failed} failed)"

    def _repr_html_(self) -> str:
        """Return the tally as a table, for notebooks."""
        return self.summary._repr_html_()

    def __aiter__(self) -> Self:
        """Iterate once."""
        return self

    async def __anext__(self) -> Result[R]:
        """Return the next result."""
        result = await self._queue.get()
        if result is None:
            raise StopAsyncIteration
        return result

    async def collect(self) -> list[Result[R]]:
        """Wait for the end of the run and return all results that were not read yet, in the order of the rows."""
        return sorted([result async for result in self], key=lambda result: result.index)

    async def to_records(self) -> list[dict[str, Any]]:
        """Wait for the end of the run and return its results as plain dicts, in the order of the rows.

        `pandas.DataFrame(await results.to_records())` is a table of them. See `Ended.to_record`.
        """
        return [result.to_record() for result in await self.collect()]

    def leave(self) -> None:
        """Sort the rows of a run that is left: results that came in become `unread`, all others `unfinished`."""
        if self._left is None:
            self.unread += self._queue.drain()
            self._left = [_unfinished(row) for row in self._registry.left]

    @property
    def seconds_left(self) -> float | None:
        """The seconds until everything has ended, by the render times learnt so far; None if rows cannot be counted."""
        return self._work.seconds_left()

    @property
    def total(self) -> int | None:
        """The number of rows of this run; None if the source has no length and is not at its end."""
        left = self._work.rows_left()
        ended = self.summary.completed + self.summary.failed.total()
        return None if left is None else ended + self._registry.unended + left

    def stop_submitting(self) -> None:
        """Submit nothing more; what was submitted is followed to its end."""
        self._work.stop_submitting()

    @property
    def unfinished(self) -> list[Unfinished[R]]:
        """The rows under way now; after the run, all rows that it took and that have no result, also rows not sent."""
        if self._left is not None:
            return self._left
        return [_unfinished(row) for row in self._registry.left if row.stage not in NOT_BEGUN]


def _unfinished(row: InFlight) -> Unfinished:
    return Unfinished(job=row.job, resource_id=row.resource_id, spent=row.spent)


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

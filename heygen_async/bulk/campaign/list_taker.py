"""Taking a list into a journal: each row becomes an entry with its identity, and the journal decides what it is."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import attrs

from heygen_async.api.requests.kinds import kind_of
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.compact import NumberTable
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.records import Entry, Merge
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.row_lists import as_json
from heygen_async.bulk.prices.price import Rates
from heygen_async.bulk.rows.readers.read_rows import Row, cells_of
from heygen_async.bulk.rows.spreadsheet import PREFIX
from heygen_async.bulk.run.result_stream import only
from heygen_async.errors import InvalidInputError
from heygen_async.http import wire

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream

PAGE_ROWS = 500  # in one commit
_TAG_DIGITS = 8
_REQUEST_BITS = 2**31 - 1


class ListTaker:
    """Takes the rows of one list into a journal. Sends no request.

    Attributes:
        merge: The counts so far.
        refused: Jobs that can never be sent as they are.
        mark: Number of the list.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        name: str = "",
        tag_titles: bool = False,
        again: bool = False,
        rates: Rates | None = None,
    ) -> None:
        """Begin a list of *journal*.

        Args:
            journal: The journal.
            name: Campaign of workers that the list belongs to: equal rows of other campaigns are other rows.
            tag_titles: Add a tag to each title; see `RunSettings`.
            again: Render rows again that have a video made by another request.
            rates: Prices, to tell what these rows would cost.
        """
        self.merge: Merge = Merge(again=again)
        self.refused: deque[Job] = deque()
        self.mark: int = journal.begin_list(name)
        self._journal = journal
        self._source: str | None = None
        self._prefix = f"{name}/" if name else ""
        self._tag_titles = tag_titles
        self._rates = rates or Rates()
        self._numbering = keys.Numbering()
        self._met = NumberTable()  # hashes of names or cells, and parts of those of their requests

    async def take_all(self, jobs: AsyncIterator[Job]) -> None:
        """Take all of *jobs*, a page at a time. A database server merges a page while the next one is prepared."""
        if self._journal.commits_inline:
            async for page in _pages(jobs):
                self.take(page)
            self.end()
            return
        try:
            async with anyio.create_task_group() as tasks:
                sent, received = anyio.create_memory_object_stream[list[Entry]]()
                tasks.start_soon(self._merge_each, received)
                async with sent:
                    async for page in _pages(jobs):
                        await sent.send(self._entries(page))
        except BaseExceptionGroup as group:
            raise only(group) from None
        await anyio.to_thread.run_sync(self.end)

    async def _merge_each(self, pages: MemoryObjectReceiveStream[list[Entry]]) -> None:
        async with pages:
            async for entries in pages:
                await self._journal.off_loop(partial(self._merge, entries))

    def take(self, jobs: list[Job]) -> None:
        """Take some jobs in one commit."""
        self._merge(self._entries(jobs))

    def _entries(self, jobs: list[Job]) -> list[Entry]:
        if self._source is None and jobs and (source := getattr(jobs[0].row, "source", None)):
            self._source = str(source)
            self._journal.name_source(self.mark, self._source)
        return [entry for job in jobs if (entry := self._entry(job)) is not None]

    def _merge(self, entries: list[Entry]) -> None:
        self._journal.merge(entries, self.mark, self.merge, self._price)

    def end(self) -> None:
        """Note that the list was taken in whole."""
        self._numbering, self._met = keys.Numbering(), NumberTable()  # no row is compared with it any more
        self._journal.end_list(self.mark, self.merge)

    def _entry(self, job: Job) -> Entry | None:
        """Return the entry of a job; None if it repeats another one or cannot be sent."""
        try:
            if job.problem is not None:
                raise job.problem
            entry = self._new_entry(job)
            return None if self._is_repeated(entry, job) else entry
        except InvalidInputError as exc:
            self.refused.append(attrs.evolve(job, problem=exc))
            return None

    def _new_entry(self, job: Job) -> Entry:
        kind, body = job.request.kind, body_of(job.request)
        wire.dumps([body, job.name])  # refuses a request that cannot be stored nor sent
        cells = {name: cell for name, cell in cells_of(job.row).items() if not str(name).startswith(PREFIX)}
        row = cells or job.row
        _check_storable(row, job.index)
        request = keys.body_hash(kind, body)
        identity = self._numbering.identity(request) if job.name is None else keys.named(job.name)
        if self._tag_titles and kind_of(kind).has_title:
            body["title"] = f"{body.get('title') or ''} [{identity[:_TAG_DIGITS]}]".strip()
        return Entry(
            identity=self._prefix + identity,
            is_named=job.name is not None,
            row=row,
            row_hash=_row_hash(row, is_named=job.name is not None),
            kind=kind,
            body=body,
            body_hash=request,
            again=_has_failed(job.row),
            line=job.row.line if isinstance(job.row, Row) else None,
        )

    def _is_repeated(self, entry: Entry, job: Job) -> bool:
        """Return True if an earlier row of the list has the same name, or the same cells, and the same request.

        Raises:
            InvalidInputError: An earlier row has the same name and another request.
        """
        if not entry.is_named and entry.row_hash is None:
            return False
        name = hash(entry.identity if entry.is_named else (entry.row_hash, entry.body_hash))
        request = hash(entry.body_hash) & _REQUEST_BITS
        met = self._met.get(name)
        if met is None:
            self._met[name] = request
            return False
        if met != request:
            raise InvalidInputError(
                f"item {job.index}: an earlier row has the same id {job.name!r:.60} and another request; give each row "
                "an id of its own"
            )
        self.merge.repeated += 1
        return True

    def _price(self, entry: Entry) -> tuple[float, float]:
        price = self._rates.estimate(entry.kind, entry.body)
        return price.low, price.high


async def _pages(jobs: AsyncIterator[Job]) -> AsyncIterator[list[Job]]:
    page: list[Job] = []
    async for job in jobs:
        page.append(job)
        if len(page) == PAGE_ROWS:
            yield page
            page = []
    yield page


def _check_storable(row: Any, index: int) -> None:
    """Refuse a row that a journal cannot keep.

    Raises:
        InvalidInputError: A cell has half a character (a lone surrogate) or contains itself, or a column is no text.
    """
    try:
        as_json(row).encode()
    except (TypeError, ValueError, RecursionError) as exc:
        raise InvalidInputError(
            f"item {index}: a journal cannot keep its row: {exc}; give text (read from its source as UTF-8), numbers, "
            "lists, and mappings by text"
        ) from exc


def _row_hash(row: Any, *, is_named: bool) -> str | None:
    """Return the hash of a row's cells; None without cells, or if a row with a name has no stable form."""
    if row is None:
        return None
    try:
        return keys.row_hash(row)
    except InvalidInputError:
        if is_named:
            return None
        raise


def _has_failed(row: Any) -> bool:
    """Return True if a row comes from a list of failed rows, which `export` writes."""
    cells: Mapping[str, Any] = cells_of(row)
    return bool(cells.get(f"{PREFIX}error_code"))

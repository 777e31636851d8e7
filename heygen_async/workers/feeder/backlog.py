"""The backlog of a campaign: its rows in the journal that nobody has, a page at a time, in the order of its list."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import cast

import anyio.to_thread

from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.journal_store import job_of
from heygen_async.bulk.journal.postgres import PostgresBackend
from heygen_async.bulk.journal.queries import PAGE_ROWS
from heygen_async.workers.fleet_tables import LACKS_A_FILE

_FREE = "id NOT IN (SELECT job_id FROM leases)"
_OF_CAMPAIGN = "seen IN (SELECT id FROM lists WHERE name = ?)"


class BacklogJournal(Journal):
    """A journal that is asked for rows which no worker has."""

    def __init__(self, address: str) -> None:
        """Open the journal at *address*; calls wait for a database that is away as long as it takes."""
        super().__init__(address)
        cast("PostgresBackend", self._db).patience = math.inf

    def give_up(self) -> None:
        """End all waiting for a database that is away."""
        cast("PostgresBackend", self._db).give_up()

    def planned(self, campaign: str, after: int) -> list[Record]:
        """Return a page of rows of the campaign's newest list that are to be sent, after the number *after*."""
        newest = "seen = (SELECT max(id) FROM lists WHERE name = ?)"
        query = f"SELECT id FROM jobs WHERE state = 'planned' AND {newest} AND id > ? AND {_FREE} ORDER BY id LIMIT ?"  # noqa: S608 - our own words
        return self.records_of([job_id for (job_id,) in self._rows(query, campaign, after, PAGE_ROWS)])

    def left_open(self, campaign: str) -> list[int]:
        """Return the rows that were sent, or may have been, and that nobody follows."""
        query = (
            f"SELECT id FROM jobs WHERE state IN ('intended', 'submitted', 'unknown') AND {_OF_CAMPAIGN} AND {_FREE}"  # noqa: S608 - our own words
        )
        return [job_id for (job_id,) in self._rows(query, campaign)]

    def without_files(self, campaign: str, kinds: Sequence[str]) -> list[int]:
        """Return the completed rows that lack a file of *kinds*."""
        query = f"SELECT id FROM jobs WHERE state = 'completed' AND {_OF_CAMPAIGN} AND {_FREE} AND {LACKS_A_FILE}"  # noqa: S608 - our own words
        return [job_id for (job_id,) in self._rows(query, campaign, list(kinds))] if kinds else []


class Backlog(JobStore):
    """The rows of a campaign that are to be sent and that nobody has."""

    def __init__(self, journal: BacklogJournal, campaign: str) -> None:
        """Read the rows of *campaign* in *journal*."""
        self._journal = journal
        self._campaign = campaign
        self._page: deque[Record] = deque()
        self._after = 0
        self.left = None
        self.is_dry: bool = False

    async def next(self) -> Job | None:
        """Return the next row; None at the end."""
        if not self._page and not self.is_dry:
            page = await anyio.to_thread.run_sync(self._journal.planned, self._campaign, self._after)
            self.is_dry = not page
            self._page.extend(page)
        if not self._page:
            return None
        record = self._page.popleft()
        self._after = record.id
        return job_of(self._journal, record, "submit")

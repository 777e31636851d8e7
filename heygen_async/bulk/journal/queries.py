"""Queries on the journal: rows, counts, files and batches, read without changing anything."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from heygen_async.bulk.jobs import keys
from heygen_async.bulk.jobs.next_step import SEVERAL_FOUND
from heygen_async.bulk.jobs.records import (
    NO_LINKS,
    BatchRecord,
    Expenses,
    Lesson,
    Links,
    Record,
    RowList,
    SavedFile,
    State,
)
from heygen_async.bulk.journal.database import Database
from heygen_async.errors import JournalError

PAGE_ROWS = 500

_OF_NEWEST_LISTS = "(seen IN (SELECT max(id) FROM lists GROUP BY name) OR seen = 0)"
# One query for the present renders and the former ones of all rows. A render is paid for when it is completed or said
# to be; it may be when it is under way or its outcome is unknown. Nobody follows a former render any more.
_PAID = """CASE WHEN state = 'completed' OR spent = 'yes' THEN 'yes'
WHEN state IN ('intended', 'submitted', 'unknown') THEN {under_way} WHEN spent = 'unknown' THEN 'lost' ELSE 'no' END"""
_LEDGER = " UNION ALL ".join(
    f"SELECT {_PAID.format(under_way=word)} AS paid, count(*), sum(low_usd), sum(high_usd) FROM {table} "  # noqa: S608 - our own words
    "WHERE CAST(? AS INTEGER) IS NULL OR run = ? GROUP BY paid"
    for table, word in (("jobs", "'open'"), ("former", "'lost'"))
)
_FIELDS = tuple(field.name for field in attrs.fields(Record))
_COLUMNS = ", ".join({"text": "body", "server_at": "{server_at}"}.get(name, name) for name in _FIELDS)
_SELECT = f"SELECT {_COLUMNS} FROM jobs JOIN requests USING (id)"  # noqa: S608 - our own names


class JournalReader(Database):
    """The part of a journal that only reads.

    Rows are read a page at a time, so a journal of a million rows is never loaded at once.
    """

    def get(self, job_id: int) -> Record:
        """Return a row.

        Raises:
            JournalError: There is no such row.
        """
        found = self._rows(f"{self._select} WHERE id = ?", job_id)
        if not found:
            raise JournalError(f"{self.name}: there is no row {job_id}")
        return _record(found[0])

    def records_of(self, job_ids: Sequence[int]) -> list[Record]:
        """Return the rows with these numbers, in the order of their numbers."""
        found: list[Record] = []
        for begin in range(0, len(job_ids), PAGE_ROWS):
            page = job_ids[begin : begin + PAGE_ROWS]
            query = f"{self._select} WHERE id IN ({placeholders(len(page))}) ORDER BY id"
            found += [_record(row) for row in self._rows(query, *page)]
        return found

    def records(self, *states: State, code: str | None = None, after: int = 0) -> Iterator[Record]:
        """Yield the rows in *states* (all rows if none are given), those that failed with *code* if it is given.

        Rows may change meanwhile: each is yielded at most once, as it is when its page is read. Planned rows are those
        of the newest list only. Rows up to number *after* are left out.
        """
        last = after
        while page := self._page(last, states, code):
            yield from page
            last = page[-1].id

    def _page(self, after: int, states: tuple[State, ...], code: str | None) -> list[Record]:
        conditions = ["id > ?"]
        values: list[Any] = [after]
        if states == ("planned",):
            conditions.append(_OF_NEWEST_LISTS)
        if states:
            conditions.append(f"state IN ({placeholders(len(states))})")
            values += states
        if code is not None:
            conditions.append("error_code = ?")
            values.append(code)
        query = f"{self._select} WHERE {' AND '.join(conditions)} ORDER BY id LIMIT {PAGE_ROWS}"
        return [_record(row) for row in self._rows(query, *values)]

    @property
    def _select(self) -> str:
        return _SELECT.format(server_at=self._db.server_at)

    def key(self, record: Record) -> str:
        """Return the `Idempotency-Key` of a row's POST."""
        return keys.idempotency_key(self.run, record.id, record.body_hash, record.generation)

    def links(self, job_id: int) -> Links:
        """Return the addresses of a row's video; journals of older versions have none."""
        try:
            found = self._rows("SELECT page, thumbnail, gif FROM links WHERE job_id = ?", job_id)
        except JournalError:
            return NO_LINKS
        return Links(*found[0]) if found else NO_LINKS

    def lines(self) -> dict[int, int]:
        """Return the number that each row has in its list, by the row's number here; empty if it is not known."""
        try:
            return dict(self._rows("SELECT job_id, line FROM places"))
        except JournalError:  # written by an older version, and opened for reading only
            return {}

    def number_of(self, job_id: int) -> int:
        """Return the number that people know a row by: that in its list, else its number here."""
        found = self._rows("SELECT line FROM places WHERE job_id = ?", job_id)
        return int(found[0][0]) if found else job_id

    # Counts

    def counts(self) -> Counter[str]:
        """Count the rows by state."""
        return Counter(dict(self._rows("SELECT state, count(*) FROM jobs GROUP BY state")))

    def wanted(self) -> Counter[str]:
        """Count the rows by state; planned and failed rows that the newest list no longer has count as dropped."""
        query = (
            f"SELECT CASE WHEN state IN ('planned', 'failed') AND NOT {_OF_NEWEST_LISTS} THEN 'dropped' ELSE state END "  # noqa: S608 - our own words
            "AS wanted, count(*) FROM jobs GROUP BY wanted"
        )
        return Counter(dict(self._rows(query)))

    def several_found(self) -> dict[int, str]:
        """Return the held rows of which HeyGen may have several renders: what is known of each, by its number."""
        held = self.records("unknown", code=SEVERAL_FOUND)
        return {self.number_of(record.id): (record.error or "").partition("; held")[0] for record in held}

    def due(self) -> int:
        """Count the rows that a run has to do something about: those of the newest list, and those under way."""
        query = (
            f"SELECT count(*) FROM jobs WHERE state IN ('intended', 'submitted', 'unknown') "  # noqa: S608 - our own words
            f"OR (state = 'planned' AND {_OF_NEWEST_LISTS})"
        )
        return int(self._rows(query)[0][0])

    def count_planned(self) -> int:
        """Count the rows of the newest lists that are to be sent."""
        query = f"SELECT count(*) FROM jobs WHERE state = 'planned' AND {_OF_NEWEST_LISTS}"  # noqa: S608 - our own words
        return int(self._rows(query)[0][0])

    def failures(self) -> Counter[str]:
        """Count the failed rows by code."""
        query = "SELECT error_code, count(*) FROM jobs WHERE state = 'failed' GROUP BY error_code"
        return Counter(dict(self._rows(query)))

    def rendered(self) -> dict[str, tuple[int, float]]:
        """Return the number of completed videos and their total seconds, by kind of request."""
        query = "SELECT kind, count(*), coalesce(sum(duration), 0) FROM jobs WHERE state = 'completed' GROUP BY kind"
        return {kind: (count, seconds) for kind, count, seconds in self._rows(query)}

    def newest_list(self) -> RowList | None:
        """Return the list that was merged last; None if there is none."""
        found = self._rows("SELECT id, name, source, whole, row_count FROM lists ORDER BY id DESC LIMIT 1")
        if not found:
            return None
        number, name, source, whole, rows = found[0]
        return RowList(id=number, name=name, source=source, whole=bool(whole), rows=rows)

    def is_wanted(self, record: Record) -> bool:
        """Return True unless the newest list, taken in whole, no longer has the row."""
        newest = self.newest_list()
        return newest is None or not newest.whole or bool(newest.name) or record.seen >= newest.id

    def newest_marks(self) -> set[int]:
        """Return the numbers of the lists whose rows are wanted: the last one of each campaign."""
        return {0, *(mark for (mark,) in self._rows("SELECT max(id) FROM lists GROUP BY name"))}

    # Money

    def ledger(self, run: int | None = None) -> Expenses:
        """Return what was charged and what may be, for all runs or for the renders that one *run* sent."""
        total = Expenses()
        for paid, count, low, high in self._rows(_LEDGER, run, run, run, run):
            total = total.with_renders(paid, count, low or 0.0, high or 0.0)
        return total

    # Files, batches, times

    def files(self) -> Iterator[tuple[int, dict[str, SavedFile]]]:
        """Yield the id of each completed row with its stored files by kind."""
        last = 0
        query = f"SELECT id FROM jobs WHERE state = 'completed' AND id > ? ORDER BY id LIMIT {PAGE_ROWS}"  # noqa: S608 - a number
        while page := [job_id for (job_id,) in self._rows(query, last)]:
            yield from self.files_of(page).items()
            last = page[-1]

    def files_of(self, job_ids: Sequence[int]) -> dict[int, dict[str, SavedFile]]:
        """Return the stored files by kind of each of these rows, which come in the order of their numbers."""
        stored: dict[int, dict[str, SavedFile]] = {job_id: {} for job_id in job_ids}
        query = f"SELECT job_id, kind, file, size_bytes, {self._db.machine} FROM files WHERE job_id BETWEEN ? AND ?"  # noqa: S608 - our own words
        for job_id, kind, file, size, machine in self._rows(query, job_ids[0], job_ids[-1]):
            stored.get(job_id, {})[kind] = SavedFile(file=file, size_bytes=size, machine=machine)
        return stored

    def batch(self, number: int) -> BatchRecord:
        """Return the record of a batch."""
        ((key, size, batch_id),) = self._rows("SELECT key, size, batch_id FROM batches WHERE id = ?", number)
        return BatchRecord(key=key, size=size, batch_id=batch_id)

    def members(self, batch: int) -> list[Record]:
        """Return the rows of a batch whose POST has no answer yet, in the order of the batch."""
        query = f"{self._select} WHERE batch = ? AND state IN ('intended', 'unknown') ORDER BY item"
        return [_record(row) for row in self._rows(query, batch)]

    def lessons(self) -> list[Lesson]:
        """Return the statistics of render times."""
        return [Lesson(*row) for row in self._rows("SELECT kind, size, count, mean, squares FROM lessons")]

    def first_intent(self) -> float | None:
        """Return the Unix time at which the first POST was about to be sent, by the clock that says the earlier one.

        None if there was no POST.
        """
        (found,) = self._rows(f"SELECT min(intended_at), min({self._db.server_at}) FROM jobs")  # noqa: S608 - our own words
        return min((time for time in found if time is not None), default=None)

    # Renders that HeyGen has made

    def knows_session(self, session_id: str) -> bool:
        """Return True if the session belongs to a row, or to a former render of a row."""
        query = "SELECT 1 FROM jobs WHERE session_id = ? UNION SELECT 1 FROM former WHERE session_id = ?"
        return bool(self._rows(query, session_id, session_id))

    def knows_video(self, video_id: str) -> bool:
        """Return True if the video belongs to a row, or to a former render of a row."""
        query = "SELECT 1 FROM jobs WHERE video_id = ? UNION SELECT 1 FROM former WHERE video_id = ?"
        return bool(self._rows(query, video_id, video_id))


def placeholders(count: int) -> str:
    """Return *count* placeholders for the values of a query."""
    return ", ".join("?" * count)


def _record(row: tuple[Any, ...]) -> Record:
    values = dict(zip(_FIELDS, row, strict=True))
    values["row"] = json.loads(values["row"])
    return Record(**values)

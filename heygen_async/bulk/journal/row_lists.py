"""Merging of lists into a journal: which rows are new, known, changed, or no longer wanted.

A journal is compared with a list row by row, first by identity, then by the hash of all cells (the contact is the same
and its request has changed), then by the hash of the request (another row has such a video). The rules are those of
`jobs/row_match.py`.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from heygen_async.bulk.jobs.records import Entry, Match, Merge
from heygen_async.bulk.jobs.row_match import KnownRow, match_of
from heygen_async.bulk.journal.database import atomic
from heygen_async.bulk.journal.queries import PAGE_ROWS, JournalReader
from heygen_async.errors import JournalError

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)  # made once: `json.dumps` would make one a call

PriceOf = Callable[[Entry], tuple[float, float]]


# Lists of one campaign of workers have one name; all lists of a journal of one campaign have the empty name.
_SAME_NAME = (
    "(seen = 0 OR seen IN (SELECT one.id FROM lists one JOIN lists same ON one.name = same.name WHERE same.id = ?))"
)
_MAY_BE_PAID = (
    "(state IN ('completed', 'intended', 'submitted', 'unknown') OR (state = 'failed' AND spent IN ('yes', 'unknown')))"
)
_FACTS = ", ".join(field.name for field in attrs.fields(KnownRow))


class RowLists(JournalReader):
    """The part of a journal that takes lists in."""

    @atomic
    def begin_list(self, name: str = "") -> int:
        """Begin to take a list in; return its number. Until `end_list` it counts as not taken in whole."""
        return self._db.insert("INSERT INTO lists (name, begun) VALUES (?, ?)", (name, time.time()))

    @atomic
    def name_source(self, mark: int, source: str) -> None:
        """Note the file that a list comes from."""
        self._execute("UPDATE lists SET source = ? WHERE id = ?", (source, mark))

    def merge(self, entries: Sequence[Entry], mark: int, merge: Merge, price: PriceOf = lambda _: (0.0, 0.0)) -> None:
        """Merge rows of a list: plan what is new, and leave what has a video as it is, unless `merge.again`.

        Args:
            entries: The rows; a list may be merged in several calls.
            mark: Number of the list, from `begin_list`.
            merge: The counts of these rows are added to it.
            price: Returns the least and the most US dollars of a row, to price what waits for a decision.
        """
        counted = self._merged(entries, mark, merge.again)
        for entry, match in counted:
            merge.count(match)
            if match in {"changed", "equal"}:
                low, high = price(entry)
                merge.low_usd, merge.high_usd = merge.low_usd + low, merge.high_usd + high
            elif match in {"new", "replaced", "retried"}:
                low, high = price(entry)
                merge.due_low_usd, merge.due_high_usd = merge.due_low_usd + low, merge.due_high_usd + high

    def end_list(self, mark: int, merge: Merge) -> None:
        """Note that a list was taken to its end: planned rows that it does not have are dropped."""
        merge.dropped, merge.removed = self._ended(mark)

    def preview(self, merge: Callable[[], None]) -> None:
        """Run *merge* and undo its changes, so that its counts can be shown before anything is decided."""

        def undone() -> None:
            merge()
            raise _UndoneError

        try:
            self.together(undone)
        except _UndoneError:
            return

    @atomic
    def _ended(self, mark: int) -> tuple[int, int]:
        ((name,),) = self._rows("SELECT name FROM lists WHERE id = ?", mark)
        older = "seen < ? AND (seen = 0 OR seen IN (SELECT id FROM lists WHERE name = ?))"
        gone = f"SELECT count(*) FROM jobs WHERE state != 'dropped' AND {older}"  # noqa: S608 - our own words
        ((removed,),) = self._rows(gone, mark, name)
        done = self._execute(f"UPDATE jobs SET state = 'dropped' WHERE state = 'planned' AND {older}", (mark, name))  # noqa: S608 - the same
        self._execute("UPDATE lists SET whole = 1 WHERE id = ?", (mark,))
        return done.rowcount, int(removed)

    @atomic
    def _merged(self, entries: Sequence[Entry], mark: int, again: bool) -> list[tuple[Entry, Match]]:  # noqa: FBT001 - private
        matches: list[tuple[Entry, Match]] = []
        for begin in range(0, len(entries), PAGE_ROWS):
            matches += self._merge_page(entries[begin : begin + PAGE_ROWS], mark, again)
        self._execute("UPDATE lists SET row_count = row_count + ? WHERE id = ?", (len(entries), mark))
        return matches

    def _merge_page(self, entries: Sequence[Entry], mark: int, again: bool) -> list[tuple[Entry, Match]]:  # noqa: FBT001 - private
        page = _Page(self, entries, mark)
        matches: list[tuple[Entry, Match]] = []
        new: list[Entry] = []
        same: list[int] = []
        for entry in entries:
            known = page.find(entry)
            match = page.match(entry, known)
            matches.append((entry, match))
            if (match == "new" and known is None) or (match == "equal" and again):
                new.append(entry)
            elif known is not None and match == "unchanged" and known.is_same_as(entry):
                same.append(known.id)
            elif known is not None:
                self._apply(match, entry, known, mark, again)
        if same:
            among, ids = self._db.among("id", same)
            self._execute(f"UPDATE jobs SET seen = ? WHERE {among}", (mark, *ids))  # noqa: S608 - our own words
        self._plan_new(new, mark)
        self._place(entries, mark)
        return matches

    def _place(self, entries: Sequence[Entry], mark: int) -> None:
        """Note the number that each row has in the list; of repetitions, that of the first."""
        self._db.place({entry.identity: entry.line for entry in reversed(entries) if entry.line}, mark)

    def _apply(self, match: Match, entry: Entry, known: KnownRow, mark: int, again: bool) -> None:  # noqa: FBT001 - private
        """Change a known row as its match says."""
        if match == "repeated":
            return
        self._execute("UPDATE jobs SET seen = ? WHERE id = ?", (mark, known.id))
        if match == "busy":
            return
        if match == "changed" and not again:
            self._give_back(known)
            return
        is_restored = match == "unchanged" and known.body_hash != entry.body_hash
        if match in {"changed", "retried"} or (match != "unchanged" and known.state == "failed") or is_restored:
            self.plan_again(known.id, generation=known.generation + 1)  # before the request changes: it is kept
        self._execute(
            "UPDATE jobs SET identity = ?, row_hash = ?, kind = ?, body_hash = ? WHERE id = ?",
            (entry.identity, entry.row_hash, entry.kind, entry.body_hash, known.id),
        )
        if match == "unchanged" and not is_restored:
            self._execute("UPDATE requests SET row = ? WHERE id = ?", (as_json(entry.row), known.id))
            return
        self._execute("UPDATE jobs SET state = 'planned' WHERE id = ?", (known.id,))
        if is_restored:
            self._restore(known.id, self._newest_former(known.id, entry.body_hash))
        self._execute(
            "UPDATE requests SET row = ?, body = ? WHERE id = ?", (as_json(entry.row), as_json(entry.body), known.id)
        )

    def _give_back(self, known: KnownRow) -> None:
        """Give a row its last video back: it was to be rendered again, and now there is yet another request.

        Without this the row would have no video at all while the user decides about the new request.
        """
        if not known.may_have_former_video or (generation := self._newest_former(known.id)) is None:
            return
        kept = "SELECT row, body FROM former_requests WHERE job_id = ? AND generation = ?"
        if not (found := self._rows(kept, known.id, generation)):  # of a journal that did not keep requests yet
            self._execute("UPDATE jobs SET state = 'dropped' WHERE id = ? AND state = 'planned'", (known.id,))
            return
        self.plan_again(known.id, generation=known.generation + 1)
        self._execute(
            "UPDATE jobs SET body_hash = (SELECT body_hash FROM former WHERE job_id = ? AND generation = ?) "
            "WHERE id = ?",
            (known.id, generation, known.id),
        )
        self._execute("UPDATE requests SET row = ?, body = ? WHERE id = ?", (*found[0], known.id))
        self._restore(known.id, generation)

    def _newest_former(self, job_id: int, body_hash: str | None = None) -> int | None:
        """Return the generation of the newest former video of a row, of all or by one request; None without one."""
        found = self._rows(
            "SELECT max(generation) FROM former WHERE job_id = ? AND state = 'completed' AND body_hash = "
            "coalesce(?, body_hash)",
            job_id,
            body_hash,
        )
        return None if found[0][0] is None else int(found[0][0])

    def _restore(self, job_id: int, generation: int | None) -> None:
        """Give a row the video of a generation back, as it is not to be rendered again after all.

        Its files are fetched again. Its generation is not: a key that was used is never used for another request.
        """
        (facts,) = self._rows(
            "SELECT video_id, session_id, run, low_usd, high_usd FROM former WHERE job_id = ? AND generation = ?",
            job_id,
            generation,
        )
        self._execute(
            "UPDATE jobs SET state = 'completed', spent = 'yes', video_id = ?, session_id = ?, run = ?, low_usd = ?, "
            "high_usd = ?, ended_at = ? WHERE id = ?",
            (*facts, time.time(), job_id),
        )
        for table in ("former", "former_requests"):
            self._execute(f"DELETE FROM {table} WHERE job_id = ? AND generation = ?", (job_id, generation))  # noqa: S608 - our own words

    def _plan_new(self, entries: Sequence[Entry], mark: int) -> None:
        self._db.add_rows(
            [(entry.identity, entry.row_hash, entry.kind, entry.body_hash, mark) for entry in entries],
            [(as_json(entry.row), as_json(entry.body)) for entry in entries],
        )

    def plan_again(self, job_id: int, *, generation: int) -> None:
        """Move the ids and the end of a row to `former`, so that no id is forgotten, and plan the row."""
        self._execute(
            "INSERT INTO former SELECT id, generation, body_hash, state, video_id, session_id, error_code, error, "
            "spent, run, low_usd, high_usd FROM jobs WHERE id = ? AND state NOT IN ('planned', 'dropped')",
            (job_id,),
        )
        self._execute(
            "INSERT INTO former_requests SELECT jobs.id, generation, row, body FROM jobs JOIN requests USING (id) "
            "WHERE jobs.id = ? AND state = 'completed'",
            (job_id,),
        )
        self._execute("DELETE FROM files WHERE job_id = ?", (job_id,))
        self._execute(
            "UPDATE jobs SET generation = ?, state = 'planned', intended_at = NULL, server_at = NULL, "
            "submitted_at = NULL, ended_at = NULL, batch = NULL, item = NULL, video_id = NULL, session_id = NULL, "
            "duration = NULL, file = NULL, error_code = NULL, error = NULL, spent = NULL, run = NULL, "
            "low_usd = NULL, high_usd = NULL "
            "WHERE id = ?",
            (generation, job_id),
        )


class _Page:
    """The rows of a journal that a page of a list may meet."""

    def __init__(self, journal: RowLists, entries: Sequence[Entry], mark: int) -> None:
        self._mark = mark
        self._taken: set[str] = set()  # identities of this page, and rows of the journal that they were matched with
        self._by_identity = {known.identity: known for known in self._known(journal, "identity", entries, mark)}
        strange = [entry for entry in entries if entry.identity not in self._by_identity]
        expected = {entry.identity for entry in entries}
        self._by_row: dict[str, list[KnownRow]] = {}
        with_cells = [entry for entry in strange if entry.row_hash is not None]
        for known in self._known(journal, "row_hash", with_cells, mark):
            if known.identity not in expected and known.seen != mark:
                self._by_row.setdefault(known.row_hash or "", []).append(known)
        self._made = self._made_before(journal, strange, mark)
        self._former = self._former_videos(
            journal, [*self._by_identity.values(), *itertools.chain(*self._by_row.values())]
        )

    def find(self, entry: Entry) -> KnownRow | None:
        """Return the row of the journal with the identity of *entry* or, without one, with its cells."""
        known = self._by_identity.get(entry.identity)
        if known is not None:
            return known
        same_cells = self._by_row.get(entry.row_hash or "", [])
        return same_cells.pop(0) if same_cells and entry.identity not in self._taken else None

    def match(self, entry: Entry, known: KnownRow | None) -> Match:
        """Return what *entry* is; a second row with its identity is a repetition."""
        if entry.identity in self._taken:
            return "repeated"
        self._taken.add(entry.identity)
        former = self._former.get(known.id, ()) if known is not None else ()
        return match_of(entry, known, mark=self._mark, is_made=entry.body_hash in self._made, former=former)

    @staticmethod
    def _known(journal: RowLists, column: str, entries: Sequence[Entry], mark: int) -> list[KnownRow]:
        """Return the rows of the campaign of the list whose *column* is that of one of *entries*."""
        if not entries:
            return []
        among, values = journal._db.among(column, [getattr(entry, column) for entry in entries])  # noqa: SLF001 - a part of it
        query = f"SELECT {_FACTS} FROM jobs WHERE {among} AND {_SAME_NAME}"  # noqa: S608 - our own words
        found = [KnownRow(*row) for row in journal._rows(query, *values, mark)]  # noqa: SLF001 - a part of it
        # PostgreSQL would read the whole table in the order of its numbers to give the few rows in that order.
        return sorted(found, key=lambda known: known.id)

    @staticmethod
    def _former_videos(journal: RowLists, rows: Sequence[KnownRow]) -> dict[int, set[str]]:
        """Return the hashes of the requests of former videos, by row, of rows that were to be rendered again."""
        ids = [known.id for known in rows if known.may_have_former_video]
        found: dict[int, set[str]] = {}
        if ids:
            among, values = journal._db.among("job_id", ids)  # noqa: SLF001 - a part of it
            query = f"SELECT job_id, body_hash FROM former WHERE state = 'completed' AND {among}"  # noqa: S608 - our own words
            for job_id, request in journal._rows(query, *values):  # noqa: SLF001 - a part of it
                found.setdefault(job_id, set()).add(request)
        return found

    @staticmethod
    def _made_before(journal: RowLists, entries: Sequence[Entry], mark: int) -> set[str]:
        """Return the hashes of requests that had a video, or may have had one, before the list was begun."""
        if not entries:
            return set()
        among, values = journal._db.among("body_hash", [entry.body_hash for entry in entries])  # noqa: SLF001 - a part of it
        of_rows = (
            f"SELECT body_hash FROM jobs WHERE {among} AND {_MAY_BE_PAID} AND {_SAME_NAME} "  # noqa: S608 - our own words
            "AND coalesce(intended_at, ended_at) < (SELECT begun FROM lists WHERE id = ?)"
        )
        of_former = (
            f"SELECT body_hash FROM former WHERE {among} AND state = 'completed' "  # noqa: S608 - the same
            f"AND job_id IN (SELECT id FROM jobs WHERE {_SAME_NAME})"
        )
        found = [*journal._rows(of_rows, *values, mark, mark), *journal._rows(of_former, *values, mark)]  # noqa: SLF001 - a part of it
        return {request for (request,) in found}


class _UndoneError(JournalError):
    """The changes of a preview are undone."""

    def __init__(self) -> None:
        super().__init__("a preview: nothing was changed")


def as_json(value: Any) -> str:
    """Return a cell or a body as the journal stores it."""
    return _ENCODER.encode(value)

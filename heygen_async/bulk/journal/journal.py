"""The journal: the durable record of every row of a campaign.

States of a row: planned -> intended (the POST may be under way) -> submitted (HeyGen's id is known) -> completed or
failed; and unknown (the POST was sent, and its outcome is not known). Every method that changes something returns
when the change is on disk, so a record survives a crash of the process and a power loss.

The journal makes no decisions: `jobs/next_step.py` does.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import anyio
import attrs

from heygen_async.bulk.jobs.records import NO_LINKS, Lesson, Links, SavedFile, State
from heygen_async.bulk.journal.database import atomic
from heygen_async.bulk.journal.queries import placeholders
from heygen_async.bulk.journal.row_lists import RowLists
from heygen_async.errors import JournalError, Spent

TOGETHER_SECONDS = 0.25  # in which many changes share one commit
MANY_CHANGES, MANY_IN_SECONDS = 4, 1.0  # from which on they are many
ROUNDS = 4  # of the event loop, in which few changes share one

UsdRange = tuple[float | None, float | None]  # at least and at most

_INTENT = (
    "state = 'intended', server_at = CASE WHEN intended_at IS NULL THEN ? ELSE server_at END, "
    "intended_at = coalesce(intended_at, ?), run = coalesce(run, ?), "
    "low_usd = coalesce(low_usd, ?), high_usd = coalesce(high_usd, ?), error_code = NULL, error = NULL"
)
_NOT_SENT = "intended_at = NULL, server_at = NULL, spent = NULL, run = NULL, low_usd = NULL, high_usd = NULL"


class WrongStateError(JournalError):
    """A change does not fit the state of its row: a mistake in this package, or another process was first."""


@attrs.define(eq=False)
class Changes:
    """Changes that share one commit."""

    changes: list[Callable[[], None]] = attrs.field(factory=list)
    errors: dict[int, Exception] = attrs.field(factory=dict)  # by index in `changes`
    done: anyio.Event = attrs.field(factory=anyio.Event)

    def apply(self) -> None:
        """Make the changes; one that does not fit the state of its row fails alone."""
        self.errors.clear()
        self.make(enumerate(self.changes))

    def make(self, changes: Iterable[tuple[int, Callable[[], None]]]) -> None:
        """Make *changes* one by one; each comes with its index."""
        for place, change in changes:
            try:
                change()
            except WrongStateError as exc:
                self.errors[place] = exc

    def failed(self, error: Exception) -> None:
        """Give *error* to all changes: none of them was made."""
        self.errors = dict.fromkeys(range(len(self.changes)), error)


class CommitPace:
    """The pace of commits, by that of changes.

    Ends of a large run come in bursts: waiting a quarter of a second makes one fsync out of seven. In a small run, an
    end and the next row's intent come together and then nothing for seconds: they wait a few rounds of the event loop.
    """

    def __init__(self) -> None:
        """Begin without changes."""
        self._last: deque[float] = deque(maxlen=MANY_CHANGES)  # times of the last changes

    def note(self) -> None:
        """Note that there is a change."""
        self._last.append(asyncio.get_running_loop().time())

    def schedule(self, commit: Callable[[], None]) -> None:
        """Have *commit* called when the changes are likely to be complete."""
        loop = asyncio.get_running_loop()
        if len(self._last) == MANY_CHANGES and loop.time() - self._last[0] <= MANY_IN_SECONDS:
            loop.call_later(TOGETHER_SECONDS, commit)
        else:
            self._after(ROUNDS, commit)

    def _after(self, rounds: int, commit: Callable[[], None]) -> None:
        if rounds:
            asyncio.get_running_loop().call_soon(self._after, rounds - 1, commit)
        else:
            commit()


class Journal(RowLists):
    """The durable record of a campaign, in an SQLite file or a PostgreSQL database.

    A file has one writer at a time and any number of readers; a database takes any number of both.

    Attributes:
        number: Number of the present run; 0 outside of a run.
    """

    number: int = 0

    # One row

    @atomic
    def begin_run(self) -> int:
        """Begin a run, and return its number: what it sends is charged to it."""
        self.number: int = int(self.meta("runs") or 0) + 1
        self.set_meta(runs=str(self.number))
        return self.number

    @atomic
    def intend(self, job_id: int, price: UsdRange = (None, None), server_at: float | None = None) -> None:
        """Record that the POST is about to be sent: from here on it may have been executed.

        The time of the first intent under a key is kept, also by HeyGen's clock (*server_at*), with the run that sent
        it and the *price*: the least and the most US dollars.
        """
        self._change(job_id, ("planned", "intended", "unknown"), _INTENT, *self._sent(price, server_at))

    def _sent(self, price: UsdRange, server_at: float | None) -> tuple[object, ...]:
        return server_at, time.time(), self.number, *price

    @atomic
    def submitted(self, job_id: int, *, video_id: str | None = None, session_id: str | None = None) -> None:
        """Record HeyGen's id of the render; for an agent first its session's, later its video's."""
        self._change(
            job_id,
            ("intended", "submitted", "unknown"),
            "state = 'submitted', submitted_at = coalesce(submitted_at, ?), video_id = coalesce(?, video_id), "
            "session_id = coalesce(?, session_id), error_code = NULL, error = NULL",
            time.time(),
            video_id,
            session_id,
        )

    @atomic
    def completed(
        self,
        job_id: int,
        *,
        video_id: str,
        duration: float | None,
        price: UsdRange = (None, None),
        links: Links = NO_LINKS,
    ) -> None:
        """Record that the video is rendered. `stored` follows if its file is wanted.

        *price* is what it cost, at least and at most; None keeps the estimate.
        """
        self._change(
            job_id,
            ("submitted", "completed"),
            "state = 'completed', ended_at = ?, video_id = ?, duration = ?, spent = 'yes', "
            "low_usd = coalesce(?, low_usd), high_usd = coalesce(?, high_usd), error_code = NULL, error = NULL",
            time.time(),
            video_id,
            duration,
            *price,
        )
        if links != NO_LINKS:
            self._execute(
                "INSERT INTO links VALUES (?, ?, ?, ?) ON CONFLICT (job_id) DO UPDATE SET "
                "page = excluded.page, thumbnail = excluded.thumbnail, gif = excluded.gif",
                (job_id, *attrs.astuple(links)),
            )

    @atomic
    def corrected(self, job_id: int, *, video_id: str, duration: float | None) -> None:
        """Record that a row which was taken for failed has its video at HeyGen."""
        self._change(
            job_id,
            ("failed",),
            "state = 'completed', video_id = ?, duration = ?, spent = 'yes', error_code = NULL, error = NULL",
            video_id,
            duration,
        )

    @atomic
    def stored(self, job_id: int, kind: str, stored: SavedFile) -> None:
        """Record that a file of the row is on the disk, or that HeyGen has none of this kind."""
        name = ("file = ?, ", (stored.file,)) if kind == "video" else ("", ())
        self._change(job_id, ("completed",), f"{name[0]}error_code = NULL, error = NULL", *name[1])
        self._execute(
            "INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT (job_id, kind) "
            "DO UPDATE SET file = excluded.file, size_bytes = excluded.size_bytes",
            (job_id, kind, stored.file, stored.size_bytes),
        )

    @atomic
    def not_stored(self, job_id: int, *, code: str, error: str) -> None:
        """Record that a file could not be stored. The row stays completed: its file can be fetched later."""
        self._change(job_id, ("completed",), "error_code = ?, error = ?", code, error)

    @atomic
    def failed(self, job_id: int, *, code: str, error: str, spent: Spent) -> None:
        """Record that a row ended without a video."""
        self._change(
            job_id,
            ("planned", "intended", "submitted", "unknown"),
            "state = 'failed', ended_at = ?, error_code = ?, error = ?, spent = ?",
            time.time(),
            code,
            error,
            spent,
        )

    @atomic
    def unknown(self, job_id: int, *, code: str, error: str) -> None:
        """Record that the POST was sent and its outcome is not known."""
        self._change(
            job_id,
            ("intended", "unknown"),
            "state = 'unknown', error_code = ?, error = ?, spent = 'unknown'",
            code,
            error,
        )

    @atomic
    def not_sent(self, job_id: int) -> None:
        """Plan a row again whose POST was refused for a reason that is not its own, such as lack of credit."""
        self._change(job_id, ("intended",), "state = 'planned', batch = NULL, item = NULL, " + _NOT_SENT)

    @atomic
    def begin_again(self, job_id: int) -> None:
        """Plan a failed, unknown or intended row again, under a new key.

        Raises:
            JournalError: The row is in another state; a completed row is never rendered again.
        """
        found = self.get(job_id)
        if found.state not in {"failed", "unknown", "intended"}:
            raise JournalError(f"{self.name}: row {job_id} is {found.state}, so it is not asked for again")
        self.plan_again(job_id, generation=found.generation + 1)

    @atomic
    def look_again(self, job_id: int) -> None:
        """Open a failed row again that is paid for, or may be: its render is read or looked for; nothing is sent."""
        found = self.get(job_id)
        state = "unknown" if (found.video_id or found.session_id) is None else "submitted"
        self._change(job_id, ("failed",), f"state = '{state}', ended_at = NULL")

    # Batches

    @atomic
    def intend_together(
        self, job_ids: Sequence[int], key: str, prices: Sequence[UsdRange] = (), server_at: float | None = None
    ) -> int:
        """Record that rows are about to be sent in one POST under *key*, in this order; return the batch's number."""
        batch = self._db.insert("INSERT INTO batches (key, size) VALUES (?, ?)", (key, len(job_ids)))
        changes = f"{_INTENT}, batch = ?, item = ?"
        for item, job_id in enumerate(job_ids):
            price = prices[item] if prices else (None, None)
            self._change(job_id, ("planned",), changes, *self._sent(price, server_at), batch, item)
        return batch

    @atomic
    def submitted_together(self, batch: int, batch_id: str) -> None:
        """Record HeyGen's id of a batch."""
        self._execute("UPDATE batches SET batch_id = ? WHERE id = ?", (batch_id, batch))
        self._execute(
            "UPDATE jobs SET state = 'submitted', submitted_at = ?, error_code = NULL, error = NULL "
            "WHERE batch = ? AND state IN ('intended', 'unknown')",
            (time.time(), batch),
        )

    # Render times

    def learn(self, lessons: Iterable[Lesson]) -> None:
        """Store statistics of render times, in place of the former ones of the same kind and size."""
        self._learn([attrs.astuple(lesson) for lesson in lessons])

    @atomic
    def _learn(self, rows: Sequence[tuple[Any, ...]]) -> None:
        query = (
            "INSERT INTO lessons VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, size) "
            "DO UPDATE SET count = excluded.count, mean = excluded.mean, squares = excluded.squares"
        )
        self._db.executemany(query, rows)

    # Uploaded assets, by mark (SHA-256 and media type of the content), so that a later run does not upload them again

    def asset(self, mark: str) -> str | None:
        """Return the id of the asset with that mark; None if it was not uploaded."""
        found = self._rows("SELECT asset_id FROM assets WHERE mark = ?", mark)
        return str(found[0][0]) if found else None

    @atomic
    def keep_asset(self, mark: str, asset_id: str) -> None:
        """Store the id of an uploaded asset, in place of a former one."""
        query = "INSERT INTO assets VALUES (?, ?) ON CONFLICT (mark) DO UPDATE SET asset_id = excluded.asset_id"
        self._execute(query, (mark, asset_id))

    @atomic
    def forget_asset(self, mark: str) -> None:
        """Forget an asset that HeyGen has deleted."""
        self._execute("DELETE FROM assets WHERE mark = ?", (mark,))

    def _change(self, job_id: int, states: tuple[State, ...], changes: str, *values: object) -> None:
        """Change a row that is in one of *states*.

        Raises:
            WrongStateError: The row is in another state.
        """
        done = self._execute(
            f"UPDATE jobs SET {changes} WHERE id = ? AND state IN ({placeholders(len(states))})",  # noqa: S608 - our own words
            (*values, job_id, *states),
        )
        if done.rowcount != 1:
            found = self.get(job_id).state
            raise WrongStateError(f"{self.name}: row {job_id} is {found}, not {' or '.join(states)}")

"""POSTs of one group of rows under one key: their history, and which rows fit into one POST."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import attrs

from heygen_async.account.server_clock import ServerClock
from heygen_async.api.handles.batches import BATCH_ITEMS
from heygen_async.api.requests.batch import KINDS, folder_of
from heygen_async.bulk.jobs.in_flight import InFlight
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.jobs.next_step import (
    PostHistory,
)
from heygen_async.errors import HeyGenError
from heygen_async.http.outcomes import InProgress, Lost, NoSlot, Outcome

_INDEX = re.compile(r"\d+")


Rows = tuple[InFlight, ...]


@attrs.define(eq=False)
class Posts:
    """The POSTs of one group of rows under one key: their history."""

    rows: Rows
    needs_room: bool = False  # they wait for slots before they are sent
    first_sent_at: float = 0.0  # by the account's clock, of those that this run sent
    tries: int = 0
    failures: int = 0
    failing_since: float = 0.0
    in_progress_since: float | None = None

    @property
    def lost(self) -> bool:
        """True if an answer to one of the rows was ever missing under its present key."""
        return any(row.lost for row in self.rows)

    def history(
        self, clock: ServerClock, deadline: float, patience: float, answered_at: float = -math.inf
    ) -> PostHistory:
        """Return the history as `next_step` judges it now, by the account's *clock*.

        Of this clock, that of the wall and HeyGen's, the one that is further ahead counts for the age of the key.
        *answered_at* is the time when HeyGen itself last answered any row's POST.
        """
        now, moment = clock.now(), clock.moment()
        sent = [row.first_sent for row in self.rows if row.first_sent is not None]
        ages = [moment.most_since(first) for first in sent] + ([now - self.first_sent_at] if self.first_sent_at else [])
        return PostHistory(
            key_age=max(ages) if ages and min(ages) >= 0 else None,
            lost=self.lost,
            failures=self.failures,
            failing_for=now - self.failing_since if self.failures else 0.0,
            in_progress_for=0.0 if self.in_progress_since is None else now - self.in_progress_since,
            others_pass=bool(self.failures) and answered_at >= self.failing_since,
            deadline=deadline,
            patience=patience,
        )

    def note(self, outcome: Outcome, now: float) -> None:
        """Take one outcome into the history, at *now*."""
        self.tries += 1
        if isinstance(outcome, Lost | InProgress):
            for row in self.rows:
                row.lost = True
        if isinstance(outcome, InProgress):
            self.in_progress_since = now if self.in_progress_since is None else self.in_progress_since
        else:
            self.in_progress_since = None
        if isinstance(outcome, NoSlot | InProgress):
            self.failures = 0  # HeyGen is there and asks for patience
        else:
            self.failures += 1
            self.failing_since = now if self.failures == 1 else self.failing_since


def fits_together(job: Job, others: Sequence[Job]) -> bool:
    """Return True if a row can be asked for in one batch with *others*.

    A row whose POST may have been executed has its own key, under which alone it may be sent again.
    """
    fresh = job.step == "submit" and (job.record is None or job.record.state == "planned")
    if not fresh or job.request.kind not in KINDS:
        return False
    request: Any = job.request
    return not others or (len(others) < BATCH_ITEMS and folder_of(request) == folder_of(others[0].request))  # type: ignore[arg-type]  # of a kind that fits


def blamed_items(error: HeyGenError, count: int) -> set[int]:
    """Return the items that a refusal names ("Invalid payload(s) at index 3, 7."); all of them if it names none."""
    _, found, rest = error.message.partition("at index")
    named = {int(number) for number in _INDEX.findall(rest)} if found else set()
    return named if named and max(named) < count else set(range(count))

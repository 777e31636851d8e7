"""The submitter: intent, POST, id. One row or many in one POST; each row is paid for once either way.

The order is what keeps a row from being paid for twice:

1. The intent is durable before the first byte leaves, so that whoever goes on after a crash knows of the POST.
2. Between the answer and its durable record nothing can cancel the task (`_try` is shielded). A run that is left gives
   POSTs on the wire a last moment to bring their ids, then cuts them off: their rows are left with an unknown outcome.
3. What follows is decided in one place, `next_step.after`, from the outcome and the history of the row. Waiting happens
   here and outside the shield, so that every wait hears that the run is left or told to stop.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol

import anyio
import anyio.lowlevel

from heygen_async.account.admission import Admission
from heygen_async.account.render_pool import Cause
from heygen_async.api.client import Client
from heygen_async.api.renders import route_of
from heygen_async.bulk.jobs.in_flight import AGENT, InFlight, Registry, Stage
from heygen_async.bulk.jobs.next_step import (
    Decision,
    End,
    LookFor,
    RecordId,
    Resend,
    StopRun,
    WaitForSlot,
    after,
    may_send,
)
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.run.finisher import Finisher
from heygen_async.bulk.run.posts import Posts, Rows, blamed_items
from heygen_async.bulk.run.slots import Slots
from heygen_async.bulk.watch.watchlist import Watchlist
from heygen_async.errors import APIError, HeyGenError, JournalError, OutcomeUnknownError
from heygen_async.http.outcomes import Lost, NoSlot, NotSent, Outcome, Refused
from heygen_async.http.retry import is_gateway_page
from heygen_async.telemetry import RetryPlanned, SlotsLearnt, for_row

LAST_CALL_SECONDS = 5.0  # a POST under way may still bring its id when the run is left
FIRST_LOOK_AT_SESSION_SECONDS = 10.0

Submit = Literal["auto", "each", "batch"]


class CanLookFor(Protocol):
    """Finds out what became of POSTs whose outcome is unknown."""

    def look_for(self, row: InFlight, error: HeyGenError) -> None:
        """Begin to look for what the POST of *row* made."""


class Submitter:
    """Sends rows until each is accepted, has failed, or is looked for.

    Attributes:
        is_stopping: True if nothing more is to be sent.
        stopped: The error that made the run stop by itself.
        stopped_at: The index of the row that met it.
    """

    def __init__(
        self,
        client: Client,
        store: JobStore,
        *,
        registry: Registry,
        slots: Slots,
        watchlist: Watchlist,
        finisher: Finisher,
        deadline: float,
        patience: float,
        looker: CanLookFor | None,
    ) -> None:
        """Send through *client*, record in *store*; hand rows on to *watchlist*, *finisher* and *looker*."""
        self.is_stopping: bool = False
        self.stopped: HeyGenError | None = None
        self.stopped_at: int = -1
        self.on_stop: Callable[[], None] = lambda: None
        self._client = client
        self._clock = client.account.clock
        self._store = store
        self._registry = registry
        self._slots = slots
        self._watchlist = watchlist
        self._finisher = finisher
        self._deadline = deadline
        self._patience = patience
        self._looker = looker
        self._on_the_wire: set[anyio.CancelScope] = set()
        self._waits: set[anyio.CancelScope] = set()
        self._answered_at = -math.inf  # when HeyGen itself last answered a POST, of any row

    def last_call(self) -> None:
        """Give POSTs on the wire a last moment to bring their ids."""
        latest = anyio.current_time() + LAST_CALL_SECONDS
        for scope in self._on_the_wire:
            scope.deadline = min(scope.deadline, latest)

    def stop(self, error: HeyGenError | None = None, index: int = -1) -> None:
        """Send nothing more, because of *error* that the row with *index* met; what was sent is followed."""
        if self.stopped is None and error is not None:
            self.stopped, self.stopped_at = error, index
        self.is_stopping = True
        for scope in self._waits:
            scope.cancel()
        self.on_stop()

    @contextlib.contextmanager
    def wait(self, seconds: float = math.inf) -> Iterator[anyio.CancelScope]:
        """Bound a wait: it ends after *seconds*, and at once when nothing more is to be sent."""
        with self._clock.move_on_after(seconds) as scope:
            self._waits.add(scope)
            try:
                if self.is_stopping:
                    scope.cancel()
                yield scope
            finally:
                self._waits.discard(scope)

    async def submit(self, *rows: InFlight) -> None:
        """Send *rows*, in stage SLOTTED: one by itself, several in one POST."""
        groups = deque([Posts(tuple(rows))])
        while groups:
            posts = groups.popleft()
            if posts.needs_room:
                posts, rest = await self._as_many_as_there_is_room_for(posts)
                groups.extendleft([rest] if rest.rows else [])
            groups.extendleft(reversed(await self._submit(posts)))

    async def _submit(self, posts: Posts) -> Sequence[Posts]:
        """Send one group until it is settled, and return the groups that it has to be sent in instead, if any."""
        while True:
            if self.is_stopping:
                await self._give_up(posts)
                return ()
            if not self._may_send(posts):
                await self._settle(posts, LookFor(OutcomeUnknownError(self._too_old(posts.rows))))
                return ()
            if (admission := await self._admitted()) is None:
                continue
            try:
                await anyio.lowlevel.checkpoint_if_cancelled()  # a run that was left meanwhile sends nothing more
                with anyio.CancelScope(shield=True) as scope:
                    self._on_the_wire.add(scope)
                    try:
                        decision = await self._try(posts, admission)
                    finally:
                        self._on_the_wire.discard(scope)
            finally:
                admission.leave()
            if scope.cancelled_caught:
                return ()  # the run is left; the rows stay in SENDING, with an unknown outcome
            if decision is None:
                return ()
            if isinstance(decision, list):
                return decision
            await self._wait_by(decision, posts)

    async def _admitted(self) -> Admission | None:
        """Wait until requests that cost money may be sent; return None if nothing more is to be sent.

        Rows wait here in the stage before, and not among those on the wire: a row that was not sent costs nothing.
        """
        found: list[Admission] = []
        with self.wait():
            found.append(await self._client.admitted())
        return found[0] if found else None

    async def _try(self, posts: Posts, admission: Admission) -> Resend | WaitForSlot | list[Posts] | None:
        """Send a group once and record what came of it; return how to go on, None if the rows are settled."""
        key = await self._store.sending([row.job for row in posts.rows])
        if not self._may_send(posts):  # asked again: the machine may have slept meanwhile
            await self._settle(posts, LookFor(OutcomeUnknownError(self._too_old(posts.rows))))
            return None
        outcome = await self._post(posts, key, admission)
        posts.note(outcome, self._clock.now())
        if not isinstance(outcome, Lost | NotSent):
            self._answered_at = self._clock.now()
        if len(posts.rows) > 1 and not posts.lost and isinstance(outcome, NoSlot | Refused):
            return await self._regroup(posts, outcome)
        decision = after(
            outcome,
            posts.history(self._clock, self._deadline, self._patience, self._answered_at),
            posts.rows[0].kind,
        )
        if isinstance(decision, Resend | WaitForSlot):
            await self._back_off(posts, decision.error)
            return decision
        await self._settle(posts, decision)
        return None

    def _may_send(self, posts: Posts) -> bool:
        """Return True if a POST now cannot make a second render."""
        return may_send(posts.rows[0].kind, posts.history(self._clock, self._deadline, self._patience))

    async def _post(self, posts: Posts, key: str, admission: Admission) -> Outcome:
        for row in posts.rows:
            self._registry.advance(row, Stage.SENDING)
            row.first_sent, row.sent_at = row.first_sent or self._clock.moment(), self._clock.now()
        posts.first_sent_at = posts.first_sent_at or self._clock.now()
        requests = [row.job.request for row in posts.rows]
        if len(requests) == 1:
            with for_row(posts.rows[0].run, posts.rows[0].index):
                return await self._client.attempt(requests[0], key, admission=admission, tried=posts.tries)
        return await self._client.attempt_batch(requests, key, admission=admission, tried=posts.tries)

    async def _settle(self, posts: Posts, decision: Decision) -> None:
        match decision:
            case RecordId(resource_id):
                await self._accept(posts.rows, resource_id)
            case LookFor(error) if self._looker is not None:
                await self._look_for(posts, error)
            case StopRun(error):
                await self._stop_by(posts, error)
            case End(error) | LookFor(error):
                await self._fail(posts, error)
            case _:
                raise AssertionError(f"{decision} settles nothing")

    async def _accept(self, rows: Rows, resource_id: str) -> None:
        is_batch, is_session = len(rows) > 1, rows[0].kind == AGENT
        for item, row in enumerate(rows):  # noted before the journal is written: it may fail
            if is_batch:
                row.batch_id, row.item = resource_id, item
            elif is_session:
                row.session_id = resource_id
            else:
                row.video_id = resource_id
        try:
            if is_batch:
                await self._store.accepted_together([row.job for row in rows], resource_id)
            else:
                await self._store.accepted(rows[0].job, video_id=rows[0].video_id, session_id=rows[0].session_id)
        except JournalError as exc:
            raise exc.told(
                message=f"{exc.message} ({resource_id} was accepted by HeyGen and is paid for)",
                resource_id=resource_id,
                spent="yes",
            ) from exc
        for row in rows:
            self._registry.advance(row, Stage.RENDERING)
            self._slots.accepted(row.ticket)
            self._watchlist.begin(row, first=FIRST_LOOK_AT_SESSION_SECONDS if is_session else None)
        for row in rows:
            await self._finisher.submitted(row, resource_id)

    async def _back_off(self, posts: Posts, error: HeyGenError) -> None:
        """Record that a refusal has to be waited out: rows are planned again, or unknown if an answer was lost."""
        for row in posts.rows:
            self._registry.advance(row, Stage.BACKING_OFF)
        jobs = [row.job for row in posts.rows]
        if posts.lost:
            await self._store.unknown(error, *jobs)
            return
        await self._store.put_back(*jobs)
        posts.first_sent_at = 0.0
        for row in posts.rows:
            row.first_sent = None

    async def _wait_by(self, decision: Resend | WaitForSlot, posts: Posts) -> None:
        """Wait as decided. The slot of the rows is kept meanwhile: an answer that was lost may be of a render."""
        if isinstance(decision, Resend):
            asked = min(decision.error.retry_after or 0.0, self._client.retry.longest)  # more is a gateway's mistake
            seconds = asked or decision.seconds * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
            name = type(decision.error).__name__
            if is_gateway_page(decision.error):
                self._slots.pause(seconds)  # the next row would meet the same page
            self._client.telemetry.emit(
                RetryPlanned(method="POST", route=route_of(posts.rows[0].kind), error=name, seconds=seconds)
            )
            with self.wait(seconds):
                await anyio.sleep_forever()
            return
        self._heed(posts.rows, decision.error)
        await self._wait_for_slots(posts.rows)

    async def _wait_for_slots(self, rows: Rows) -> None:
        with self.wait():
            await self._slots.try_again(*(row.ticket for row in rows))

    def _heed(self, rows: Rows, refusal: HeyGenError) -> Cause:
        """Tell the pool of a 429, and the gates if requests are too fast; return the likely cause."""
        account, tickets = self._client.account, [row.ticket for row in rows]
        cause = self._slots.refused(tickets, refusal.retry_after, crowded=account.reads_are_refused)
        if cause == "pace":
            account.slow_down()
        limit = self._slots.pool.limit
        known = None if limit == math.inf else int(limit)
        self._client.telemetry.emit(SlotsLearnt(limit=known, in_use=self._slots.pool.in_use))
        return cause

    async def _look_for(self, posts: Posts, error: HeyGenError) -> None:
        """Have rows looked for; they keep their slots, because HeyGen may be rendering them."""
        if self._looker is None:
            raise AssertionError("nothing looks for lost answers in this run")
        for row in posts.rows:
            self._registry.advance(row, Stage.LOOKING)
        await self._store.unknown(error, *(row.job for row in posts.rows))
        for row in posts.rows:
            self._looker.look_for(row, error)

    async def _fail(self, posts: Posts, error: HeyGenError) -> None:
        spent = "unknown" if posts.lost else error.spent
        await self._finisher.fail(posts.rows, error.told(spent=spent, attempts=posts.tries))

    async def _stop_by(self, posts: Posts, error: HeyGenError) -> None:
        """Stop the run: the next row would meet the same. Rows that were not made are planned again."""
        first = posts.rows[0].index
        if posts.lost:
            await self._fail(posts, error)
        else:
            await self._store.put_back(*(row.job for row in posts.rows))
            for row in posts.rows:
                self._finisher.put_back(row)
        self.stop(error.told(attempts=posts.tries), first)

    async def _give_up(self, posts: Posts) -> None:
        """Send a group no more, because the run is told to stop: it is planned still, or of unknown outcome."""
        if posts.lost and posts.rows[0].stage is Stage.BACKING_OFF:
            await self._fail(posts, OutcomeUnknownError(self._not_asked_again(posts.rows)))
            return
        for row in posts.rows:
            self._finisher.put_back(row)

    # Batches that were refused as a whole

    async def _regroup(self, posts: Posts, outcome: NoSlot | Refused) -> list[Posts] | None:
        """Split a batch that was not made: what is wrong with one row, or with their number, is not wrong with all."""
        error = outcome.error
        if isinstance(outcome, Refused) and not isinstance(error, APIError):
            await self._fail(posts, error)
            return None
        await self._back_off(posts, error)
        if isinstance(outcome, NoSlot):
            if self._heed(posts.rows, error) == "slots":
                return [Posts(posts.rows, needs_room=True)]
            await self._wait_for_slots(posts.rows)
            return [Posts(posts.rows)]
        self._slots.step_back(row.ticket for row in posts.rows)  # they go out one after the other
        bad = blamed_items(error, len(posts.rows))
        good = tuple(row for item, row in enumerate(posts.rows) if item not in bad)
        alone = [Posts((row,), needs_room=True) for item, row in enumerate(posts.rows) if item in bad]
        return [*alone, Posts(good, needs_room=True)] if good else alone

    async def _as_many_as_there_is_room_for(self, posts: Posts) -> tuple[Posts, Posts]:
        """Wait until the first of the rows has a slot, and return those that have one with the others."""
        count = 0
        while count < len(posts.rows) and (not count or self._slots.pool.is_open):
            await self._wait_for_slots(posts.rows[count : count + 1])
            count += 1
        return Posts(posts.rows[:count]), Posts(posts.rows[count:], needs_room=True)

    # Words about rows

    def _named(self, rows: Rows) -> str:
        first, last = (self._store.number_of(row.index) for row in (rows[0], rows[-1]))
        return f"row {first}" if len(rows) == 1 else f"rows {first} to {last}"

    def _too_old(self, rows: Rows) -> str:
        return (
            f"{self._named(rows)}: an answer was lost more than 23 hours ago, so HeyGen may have forgotten it; "
            "sending the row again could pay twice"
        )

    def _not_asked_again(self, rows: Rows) -> str:
        return (
            f"{self._named(rows)}: an answer was lost, and the run was told to send nothing more before it was asked "
            "again"
        )

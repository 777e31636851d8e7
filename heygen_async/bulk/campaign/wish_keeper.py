"""The run obeys the wishes that people put into its journal: approve, stop, pause, decide, retry, raise the budget."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import anyio
import anyio.to_thread
import attrs

from heygen_async.account.server_clock import ServerClock
from heygen_async.bulk.jobs.outcomes import Result
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.journal import Journal
from heygen_async.bulk.journal.journal_store import JournalStore
from heygen_async.bulk.run.budget import Budget
from heygen_async.bulk.run.guards import Approve, Pause
from heygen_async.bulk.run.result_stream import Results, only
from heygen_async.bulk.wishes.wish import RunState, Wish, WishKind
from heygen_async.bulk.wishes.wish_box import WishBox
from heygen_async.changed import Changed
from heygen_async.errors import JournalError

LOOK_SECONDS = 1.0  # while somebody is asked, or has paused the run
LEISURE_SECONDS = 10.0  # otherwise, if no look at the renders comes before
_OF_A_RUN = frozenset({"stop", "pause", "go_on"})
TOO_LATE = "The run that it was meant for had ended."


async def wait_for_wish(_: Sequence[Result]) -> bool:
    """Ask nobody here: a person approves, or does not, by a wish. Give it as `approve` of a run."""
    await anyio.sleep_forever()
    raise AssertionError  # pragma: no cover - the line before does not return


def _nothing() -> None:
    """Stop nothing: there is no run yet."""


class WishKeeper:
    """Looks for wishes while the run goes on, does what they say, and answers each.

    While renders are looked at, it looks for wishes on the same occasions: a run that waits for HeyGen wakes for both
    at once, every few seconds.

    Attributes:
        occasion: Notified when it is time to look.
        pause: Holds rows back while a person wishes it.
        budget: Budget of the run, if it has one.
    """

    def __init__(
        self, journal: Journal, box: WishBox, keep_budget: Callable[[float], None], clock: ServerClock
    ) -> None:
        """Obey the wishes of *box* by changes of *journal*; *keep_budget* stores a new budget for later runs.

        The speed of *clock* is noted in the journal.
        """
        self.occasion: Changed = Changed()
        self.pause: Pause = Pause()
        self.budget: Budget | None = None
        self._journal = journal
        self._box = box
        self._keep_budget = keep_budget
        self._clock = clock
        self._noted: float | None = None
        self._began = time.time()
        self._state = RunState()
        self._decided: anyio.Event | None = None
        self._approved = False
        self._stop_submitting: Callable[[], None] = _nothing
        self._store: JournalStore | None = None

    def begin(self) -> None:
        """Say that a run has begun, and do what was wished about rows and budget when no run was there."""
        self._state = RunState(budget_usd=None if self.budget is None else self.budget.limit_usd)
        self._box.tell(self._state)
        for wish in self._box.pending():
            if wish.kind not in {"approve", *_OF_A_RUN}:
                self._look_at(wish)

    def approved_before(self) -> bool:
        """Return True if somebody has approved of the first rows when no run was there; the wish is answered."""
        for wish in self._box.pending():
            if wish.kind == "approve" and wish.at >= self._box.list_begun():
                self._box.answer(wish, "Approved: the other rows are made.")
                return True
        return False

    async def decide(self, results: Sequence[Result], ask: Approve) -> bool:
        """Return True if somebody approves of the first rows: whom *ask* asks, or a wish; the first answer counts."""
        self._decided = decided = anyio.Event()
        self._tell(asks=tuple(result.index + 1 for result in results))

        async def ask_here() -> None:
            answer = ask(results)
            self._approved = await answer if inspect.isawaitable(answer) else answer
            decided.set()

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask_here)
                await decided.wait()
                tasks.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            raise only(group) from None
        finally:
            self._decided = None
        self._tell(asks=None)
        return self._approved

    async def run(self, results: Results, store: JournalStore) -> None:
        """Obey until the run is left."""
        self._stop_submitting, self._store = results.stop_submitting, store
        while True:
            with contextlib.suppress(JournalError):  # the run itself finds out that its journal cannot be used
                self._note_speed()
                for wish in await self._pending():
                    self._look_at(wish)
            is_awaited = self._decided is not None or self.pause.is_on
            if is_awaited:
                await anyio.sleep(LOOK_SECONDS)
            else:
                await self.occasion.wait(anyio.current_time() + LEISURE_SECONDS)

    def _note_speed(self) -> None:
        """Note how fast the server is, which it tells with its first answer, for whoever estimates the time left."""
        if self._noted != self._clock.speed and self._journal.commits_inline:
            self._noted = self._clock.speed
            self._journal.set_meta(speed=str(self._noted))

    async def _pending(self) -> list[Wish]:
        """Return the wishes without an answer; a database server that is away must not hold up the event loop."""
        if self._box.commits_inline:
            return self._box.pending()
        return await anyio.to_thread.run_sync(self._box.pending)

    def _look_at(self, wish: Wish) -> None:
        """Do what a wish says and answer it, unless its time has not come."""
        deeds: dict[WishKind, Callable[[Wish], str | None]] = {
            "approve": self._approve,
            "stop": self._stop,
            "pause": lambda _: self._hold(is_on=True),
            "go_on": lambda _: self._hold(is_on=False),
            "budget": self._raise_budget,
            "retry": lambda wish: self._retry(self._journal.records("failed", code=wish.code)),
            "send_again": lambda wish: self._retry(self._undecided(wish)),
            "give_up": self._give_up,
        }
        is_late = wish.kind in _OF_A_RUN and wish.at < self._began
        answer = TOO_LATE if is_late else deeds[wish.kind](wish)
        if answer is not None:
            self._box.answer(wish, answer)

    def _approve(self, wish: Wish) -> str | None:
        if wish.at < self._box.list_begun():
            return "The list was run again since then, so the first rows are to be looked at once more."
        if self._settle(approved=True):
            return "Approved: the other rows are made."
        is_to_come = self._journal.meta("asks_approval") and not self._journal.meta("approved")
        return None if is_to_come else "Nothing waits for an approval."

    def _stop(self, _: Wish) -> str:
        if self._settle(approved=False):
            return "The first rows are not approved of: no other is made."
        self._stop_submitting()
        self._tell(is_stopping=True)
        return "No more videos are begun. Those that are being made are waited for."

    def _settle(self, *, approved: bool) -> bool:
        """Answer the question about the first rows; return False if nobody asks it."""
        if self._decided is None:
            return False
        self._approved = approved
        self._decided.set()
        return True

    def _hold(self, *, is_on: bool) -> str:
        self.pause.set(is_on=is_on)
        self._tell(is_paused=is_on)
        return "Paused: no more videos are begun until somebody says so." if is_on else "The run goes on."

    def _raise_budget(self, wish: Wish) -> str:
        if self.budget is None:
            return "This campaign has no budget, so there is none to raise."
        self.budget.raise_to(wish.usd)
        self._keep_budget(wish.usd)
        self._tell(budget_usd=wish.usd)
        return f"The budget is {wish.usd:,.2f} US dollars now."

    def _undecided(self, wish: Wish) -> list[Record]:
        """Return the rows that a decision is about, and that nobody looks for at present."""
        rows = [record for record in self._journal.records("unknown") if wish.row in {None, record.id}]
        return [record for record in rows if not self.pause.is_under_way(record.id - 1)]

    def _retry(self, rows: Iterable[Record]) -> str:
        """Plan rows again, except failed ones that are paid for, or may be: those are looked for by a later run."""
        planned = paid = 0
        for record in list(rows):
            if record.state == "failed" and record.spent in {"yes", "unknown"}:
                paid += 1
            elif not self.pause.is_under_way(record.id - 1):
                self._journal.begin_again(record.id)
                planned += 1
                if self._store is not None and not self._store.is_over:
                    self._store.hand_out_again(record.id)
        is_late = self._state.is_stopping or (self._store is not None and self._store.is_over)
        when = "when the campaign is resumed after this run" if is_late else "now"
        said = [f"{planned:,} are made again {when}."] if planned or not paid else []
        if paid:
            said.append(f"{paid:,} stay as they are, because they may be paid for: see `heygen-async retry`.")
        return " ".join(said)

    def _give_up(self, wish: Wish) -> str:
        rows = self._undecided(wish)
        for record in rows:
            error = "given up by a person; it may have been paid for"
            self._journal.failed(record.id, code="outcome_unknown", error=error, spent="unknown")
        return f"{len(rows):,} given up."

    def _tell(self, **changes: Any) -> None:
        self._state = attrs.evolve(self._state, **changes)
        self._box.tell(self._state)
        self.occasion.notify()  # whoever is asked now should not wait until the answer is heard

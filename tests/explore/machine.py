"""The user's machine: processes begin and end on it, it sleeps, its clock is set, its disk is full for a while."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import attrs

from heygen_async import HeyGen, Journal, JournalError, Results
from heygen_async.account import account
from heygen_async.errors import BudgetReachedError, HeyGenError
from heygen_async.webhooks.receiver import Receiver
from tests.explore.books import Books
from tests.explore.clock import NightLoop, NightWorld, Wall
from tests.explore.deliveries import SECRET
from tests.explore.disk import JOURNAL
from tests.explore.faults import Network
from tests.explore.habits import AT_A_MOMENT, AT_A_POINT, HOUR, Interruption
from tests.explore.invariants import Invariants
from tests.explore.life import Life
from tests.explore.story import Story
from tests.explore.wire import KEY, ONE_WAY_SECONDS, ORIGIN, Wire

LONGEST_SECONDS = 45 * HOUR  # of one process
LONGEST_ANSWER_SECONDS = 150.0

EMPTY = "no campaign has been begun"  # a journal whose first process died before it had written its tables

Work = Callable[[HeyGen], Awaitable[None]]
Running = Callable[[], Results | None]


def no_results() -> Results | None:
    """Return nothing: the process runs no campaign."""
    return None


@attrs.define(kw_only=True, eq=False)
class Machine:
    """The machine, on which one process runs at a time.

    Attributes:
        folder: The working folder.
        life: The present process.
        receiver: Hears HeyGen's webhooks in the present process.
        boots: Number of times that the machine was started.
    """

    folder: Path
    loop: NightLoop
    world: NightWorld
    wall: Wall
    network: Network
    books: Books
    invariants: Invariants
    story: Story
    life: Life | None = None
    receiver: Receiver | None = None
    boots: int = 1

    @property
    def is_dead(self) -> bool:
        """True if the present process has died."""
        return self.life is not None and self.life.wire.is_dead

    def tell(self, words: str) -> None:
        """Tell the story."""
        self.story.tell(self.world.now(), words)

    def _met(self, kind: str) -> None:
        self.story.met[kind] += 1

    async def run(
        self, work: Work, interruptions: tuple[Interruption, ...] = (), running: Running = no_results
    ) -> Life:
        """Do *work* in a process of its own, and return its life."""
        account._accounts.pop(self.loop, None)
        life = self.life = Life(folder=self.folder, wire=self._wire(), scope=anyio.CancelScope(), deaths=interruptions)
        self.receiver = Receiver(secrets=[SECRET]) if self.books.night.hears else None
        self.loop.on_step = (lambda: life.passes("step")) if life.counts_steps else None
        requests = len(self.world.requests)
        async with anyio.create_task_group() as meanwhile:
            for one in interruptions:
                meanwhile.start_soon(self._interrupt, life, one, running)
            self.loop.on_stall = lambda: self._stalled(life)
            try:
                with life.scope, anyio.move_on_after(LONGEST_SECONDS) as life.limit:
                    await self._guarded(life, work)
                self.invariants.require(
                    not life.limit.cancelled_caught, f"a process does not end in {LONGEST_SECONDS:g} s"
                )
            finally:
                self.loop.on_stall = self.loop.on_step = None
                meanwhile.cancel_scope.cancel()
        self.life = self.receiver = None
        self.story.met.update(life.full)
        if life.wire.is_dead:
            life.bury()
            self._met(life.wire.died_by)
            self.boots += life.wire.died_by.startswith("power cut")
        self.tell(f"  it has ended after {len(self.world.requests) - requests} requests")
        self.invariants.requests_are_few(self.world.requests[requests:])
        return life

    async def _guarded(self, life: Life, work: Work) -> None:
        try:
            async with HeyGen(KEY, base_url=ORIGIN) as heygen:
                life.wire.connect(heygen)
                await work(heygen)
        except HeyGenError as exc:
            self.tell(f"  {type(exc).__name__}: {exc}")
            if isinstance(exc, BudgetReachedError):
                self.invariants.budget_is_used(life.folder / JOURNAL)
            if isinstance(exc, JournalError) and not life.wire.is_dead:
                justified = life.full or EMPTY in str(exc)
                self.invariants.require(justified, f"the journal fails without a reason: {exc}")
        except Exception as exc:  # noqa: BLE001 - any other error is a finding
            if not life.wire.is_dead:
                self.tell("".join(traceback.format_exception(exc)))
                self.invariants.require(holds=False, words=f"an error that is not ours: {_shown(exc)}")

    def _wire(self) -> Wire:
        def on_request(method: str, path: str, texts: list[str]) -> None:
            if wire.is_dead:
                return
            if self.life is not None:
                self.life.passes("request")
            if texts and not wire.is_dead:
                self.tell(f"  {method} {path} of {', '.join(texts)}")
                self.invariants.sent(texts)

        def on_answer(_: str, __: str, texts: list[str]) -> None:
            if texts:
                self.invariants.served()
            if self.life is not None and self.life.wire is wire:
                self.life.passes("answer")

        wire = Wire(
            world=self.world,
            network=self.network,
            on_request=on_request,
            on_answer=on_answer,
            on_lost=self.books.post_lost,
            on_address=self.invariants.key_stays,
        )
        return wire

    def _stalled(self, life: Life) -> None:
        self.invariants.require(holds=False, words="nothing can happen any more, or no time passes: a hang")
        life.wire.is_dead = True
        raise AssertionError("a hang")

    # What happens meanwhile

    async def _interrupt(self, life: Life, one: Interruption, running: Running) -> None:
        if one.kind in AT_A_POINT:
            return  # at a point of its life, not at a time
        await anyio.sleep(one.at)
        self.tell(f"  {one}")
        if one.kind in AT_A_MOMENT:
            life.die(one.kind)
            return
        if one.kind not in {"disk full", "another process", "asleep", "asleep, with a clock that stood still"}:
            self._met(one.kind)
        match one.kind:
            case "asleep" | "asleep, with a clock that stood still":
                await self._sleep(life, one)
            case "clock set":
                self.wall.wrong += one.amount
            case "disk full":
                life.disk.full_until = anyio.current_time() + one.amount
            case "another process" if running() is not None:
                await self._second_process(life)
            case "cancelled":
                self.invariants.note_stop()
                life.scope.cancel()
            case _:
                await self._press(life, one, running)

    async def _sleep(self, life: Life, one: Interruption) -> None:
        """Close the laptop, whose clock of the event loop may stand still meanwhile."""
        if not await self._is_idle(life):
            return
        self._met(one.kind)
        if one.kind == "asleep":
            life.limit.deadline += one.amount
            self.loop.leap(one.amount)
        else:
            self.world.ahead += one.amount

    async def _second_process(self, life: Life) -> None:
        """Try to go on with a campaign that is at work: one looks at it, and another would run it, too."""
        journal = life.folder / JOURNAL
        if not journal.exists():
            return
        self._met("another process")
        with Journal(journal, read_only=True) as opened:
            opened.ledger()
        second = self._wire()
        try:
            async with HeyGen(KEY, base_url=ORIGIN) as heygen:
                second.connect(heygen)
                async with heygen.resume(journal):
                    self.invariants.require(holds=False, words="two processes run one journal at once")
        except JournalError as exc:
            self.invariants.require("in use by" in str(exc), f"another process is refused without its reason: {exc}")

    async def _is_idle(self, life: Life) -> bool:
        """Wait until HeyGen has got all that was sent: it does not sleep. Return False if that takes too long."""
        with anyio.move_on_after(LONGEST_ANSWER_SECONDS):
            while life.wire.under_way:
                await anyio.sleep(ONE_WAY_SECONDS)
        return not life.wire.under_way

    async def _press(self, life: Life, one: Interruption, running: Running) -> None:
        """Press Ctrl-C once, or twice."""
        if not one.kind.startswith("Ctrl-C"):
            return
        results = running()
        if results is not None:
            results.stop_submitting()
            self.invariants.note_stop()
        if one.kind == "Ctrl-C twice":
            await anyio.sleep(1.0)
            self.invariants.note_stop()
            life.scope.cancel()


def _shown(exc: BaseException) -> str:
    if isinstance(exc, BaseExceptionGroup):
        return f"{type(exc).__name__}({'; '.join(map(_shown, exc.exceptions))})"
    return repr(exc)

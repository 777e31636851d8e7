"""The user of a night: starts commands one after the other, and at the end follows the advice of `status`."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
import attrs

from heygen_async import Completed, Failed, HeyGen, Journal, Result, Results
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.campaign.audit import audit
from heygen_async.errors import JournalError
from heygen_async.simulator.account.ledger import Charge
from heygen_async.simulator.http.idempotency import SECONDS_KEPT
from tests.explore.account import end_stuck
from tests.explore.advice import adopt, advice
from tests.explore.books import Books, Known
from tests.explore.disk import JOURNAL
from tests.explore.faults import text_of
from tests.explore.habits import HOUR, Sitting
from tests.explore.invariants import Invariants
from tests.explore.machine import Machine
from tests.explore.night import Night
from tests.explore.trouble import FORGOTTEN

LAST_ROUNDS = 10
PATIENT_ROUNDS = 2  # of the last ones, before rows of unknown outcome are sent again
PLENTY_USD = 1e6
APPROVAL_SECONDS = 30.0
READING_SECONDS = 20.0  # for one result, by a slow reader

Start = Callable[[HeyGen], AbstractAsyncContextManager[Results]]
LAST = Sitting(command="run", habit="to the end")


@attrs.define(kw_only=True, eq=False)
class User:
    """The user of a night."""

    night: Night
    machine: Machine
    books: Books
    invariants: Invariants
    _list: int = 0
    _last: dict[str, Any] = attrs.field(factory=dict)

    @property
    def journal(self) -> Path:
        """The journal of the campaign."""
        return self.machine.folder / JOURNAL

    @property
    def _has_failed(self) -> bool:
        return bool(self.machine.story.faults)

    async def live(self) -> None:
        """Do everything that the user does in the night."""
        self.books.can_be_found = self.can_be_found
        self.machine.story.met["results read slowly"] += self.night.reads_slowly
        for sitting in self.night.sittings:
            self.machine.tell(f"> {sitting}")
            self.machine.story.met[sitting.habit] += 1
            await self._do(sitting)
            await anyio.sleep(sitting.pause)
            if sitting.pause > HOUR:
                self.machine.wall.wrong = 0.0  # a wrong clock is set right until the next day
            if self._has_failed:
                return
        if self.night.has_journal:
            await self._bring_to_an_end()

    def can_be_found(self, text: str) -> bool:
        """Return True if HeyGen's lists show the one render of a text, or soon will: nobody has to pay again."""
        clocks = any(one.kind == "clock set" for sitting in self.night.sittings for one in sitting.interruptions)
        charges = [charge for charge in self.machine.world.ledger if text_of(charge.body) == text]
        shown = len(charges) == 1 and self._is_listed(charges[0])
        comes = not charges and self.machine.network.on_the_way[text] == 1
        return bool(shown or comes) and not clocks

    def _is_listed(self, charge: Charge) -> bool:
        """Return True if a list shows the render of a charge; items of batches that wait for their turn are in none."""
        if charge.kind == "video_agent":
            return True
        render = self.machine.world.find_render(charge.resource_id)
        return bool(charge.body.get("title")) and render is not None and render.started_at is not None

    def _is_forgotten(self, text: str) -> bool:
        """Return True if a render was accepted so long ago that HeyGen has forgotten its key."""
        then = self.machine.world.now() - SECONDS_KEPT
        return any(charge.at < then and text_of(charge.body) == text for charge in self.machine.world.ledger)

    def _rows(self) -> list[Known]:
        return self.books.rows(self.journal) if self.night.has_journal else []

    async def _do(self, sitting: Sitting) -> None:
        if sitting.command == "run":
            await self._run(sitting)
        elif sitting.command == "delete files":
            self._delete_files()
        elif sitting.command == "move folder":
            self._move_folder()
        elif not self.journal.exists():
            return
        elif sitting.command == "resume":
            await self._resume(sitting)
        elif sitting.command == "retry":
            self._retry()
        else:
            await self._audit(sitting)

    # Commands

    async def _run(self, sitting: Sitting) -> None:
        self._list = sitting.list
        options = {**self.night.options, **sitting.options}
        if not self.night.has_journal:
            await self._run_without_journal(sitting, options)
            return
        jobs = list(self.night.jobs(sitting.list))
        before, asked = self.books.newest_list(self.journal), self.books.asked.copy()
        self.books.ask_list(self.journal, sitting.list, again=bool(options.get("again")))
        options["journal"] = str(self.journal)
        await self._follow(
            sitting, options, lambda heygen: heygen.render_many(jobs, **self._given(options)), is_list=True
        )
        number, whole, rows = self.books.newest_list(self.journal)
        if number == before[0] or not (whole or rows):
            self.books.asked = asked  # the list was not taken in
        elif whole:
            self.books.list_is_whole()
        self.invariants.paid_once()

    async def _run_without_journal(self, sitting: Sitting, options: dict[str, Any]) -> None:
        self.books.asked.update(self.night.texts(sitting.list))
        taken: list[Any] = []

        def jobs() -> Iterator[Any]:
            for job in self.night.jobs(sitting.list):
                taken.append(job)
                yield job

        await self._follow(
            sitting, options, lambda heygen: heygen.render_many(jobs(), **self._given(options)), taken=taken
        )

    def _given(self, options: dict[str, Any]) -> Any:
        """Return options as the client takes them."""
        given = dict(options)
        if (folder := given.get("download_to")) is not None:
            given["download_to"] = str(self.machine.folder / folder)
        if given.get("watch") == "webhooks":
            given["watch"] = self.machine.receiver
        word = given.pop("approve", None)
        if "canary" not in self.night.options or "approve" not in self.night.options:
            return given
        if word == "nobody":
            self.machine.story.met["nobody to approve of a canary"] += 1
        elif word is not None:
            given["approve"] = self._approval(word)
        return given

    def _approval(self, word: str) -> Callable[[Sequence[Result]], Awaitable[bool]]:
        async def approve(_: Sequence[Result]) -> bool:
            await anyio.sleep(APPROVAL_SECONDS if word == "later" else 0.0)
            self.machine.story.met["canary not approved" if word == "no" else "canary approved"] += 1
            self.invariants.approved(is_good=word != "no")
            return word != "no"

        return approve

    async def _resume(self, sitting: Sitting) -> None:
        kept = {name: word for name, word in self.night.options.items() if name == "approve"}
        if self.night.hears:
            kept["watch"] = "webhooks"
        options: Any = {**kept, **sitting.options}
        await self._follow(sitting, options, lambda heygen: heygen.resume(self.journal, **self._given(options)))

    def _retry(self) -> None:
        """Do what `heygen-async retry --failed` does."""
        self.books.ask_again([row for row in self.books.rows(self.journal) if row.has_failed_free])
        with contextlib.suppress(JournalError), Journal(self.journal) as opened:
            for record in list(opened.records("failed")):
                if record.spent not in {"yes", "unknown"}:
                    opened.begin_again(record.id)
                else:
                    opened.look_again(record.id)

    async def _audit(self, sitting: Sitting) -> None:
        async def compare(heygen: HeyGen) -> None:
            with Journal(self.journal) as opened:
                async for difference in audit(heygen, opened, fix=True):
                    self.machine.tell(f"  {difference.kind}: {difference.video_id}")

        await self.machine.run(compare, sitting.interruptions)

    def _delete_files(self) -> None:
        for path in sorted(self.machine.folder.glob("videos/*"))[::2]:
            path.unlink()

    def _move_folder(self) -> None:
        folder = self.machine.folder
        self.machine.folder = folder.with_name(f"{folder.name} moved")
        folder.rename(self.machine.folder)

    async def _follow(
        self,
        sitting: Sitting,
        options: dict[str, Any],
        start: Start,
        *,
        is_list: bool = False,
        taken: Sequence[Any] = (),
    ) -> None:
        """Run or resume in a process, and check what it leaves behind."""
        read: list[Completed | Failed] = []
        held: list[Results] = []
        ended: list[bool] = []
        self.invariants.begin_process(self.night, options, self.journal)
        if any(row.state in {"intended", "unknown"} and self._is_forgotten(row.text) for row in self._rows()):
            self.machine.story.met[FORGOTTEN] += 1
        self.invariants.unread = lambda: (one for results in held for one in results._queue._results)
        resubmits = options.get("on_unknown") == "resubmit" and self.night.has_journal
        self.books.begin_process(self.journal, resubmits=resubmits)

        async def follow(heygen: HeyGen) -> None:
            async with start(heygen) as results:
                held.append(results)
                if is_list and not self.machine.is_dead:
                    self.books.list_is_whole()
                async for result in results:
                    await self._read(result, read)
            ended.append(True)

        life = await self.machine.run(follow, sitting.interruptions, lambda: held[0] if held else None)
        if life.wire.is_dead:
            return
        if held:
            self.invariants.places(read, held[0], ended_by_itself=bool(ended) and not sitting.interruptions)
            if not self.night.has_journal:
                self.invariants.known_without_journal(read, held[0], taken)
        if self.night.has_journal and self.journal.exists():
            self.invariants.known_by_journal(self.journal)
        self.invariants.paid_once()

    async def _read(self, result: Result, read: list[Completed | Failed]) -> None:
        read.append(result)
        if isinstance(result, Failed) and result.error.spent != "no":
            self.invariants.given_up.add(text_of(dict(body_of(result.request))) or "")
        if self.night.reads_slowly:
            await anyio.sleep(READING_SECONDS)

    # The end

    async def _bring_to_an_end(self) -> None:
        """Be patient: HeyGen is well, and the user does what `status` says until nothing is due."""
        self.machine.tell("> HeyGen is well again, and the user goes on until nothing is due")
        self._heal()
        options = [self.night.options, *(sitting.options for sitting in self.night.sittings)]
        self._last = {"budget_usd": PLENTY_USD} if any("budget_usd" in one for one in options) else {}
        if "approve" in self.night.options:
            self._last["approve"] = "yes"
        await self._run(attrs.evolve(LAST, list=self._list, options=self._last))
        for number in range(LAST_ROUNDS):
            commands = self._advice()
            if self._has_failed or not commands:
                break
            if number == LAST_ROUNDS - 1:
                self.invariants.require(holds=False, words=f"status advises for ever: {commands}")
            for command in commands:
                self.machine.tell(f"> status says: {command}")
                await self._obey(shlex.split(command)[1:], is_patient=number < PATIENT_ROUNDS)
        if not self._has_failed:
            wanted = self.night.texts(self._list)
            self.invariants.ended(self.journal, self._list, wanted, files="download_to" in self.night.options)

    def _advice(self) -> list[str]:
        return advice(self.journal) if self.books.rows(self.journal) else []

    async def _obey(self, words: list[str], *, is_patient: bool) -> None:
        """Do what a command does."""
        match words:
            case ["resume", _] if self.night.strange:  # who has mended a list runs it again
                await self._run(attrs.evolve(LAST, list=self._list, options=self._last))
            case ["resume", _]:
                await self._resume(attrs.evolve(LAST, options=self._last))
            case ["resume", _, "--on-unknown", "resubmit"]:
                word = {} if is_patient else {"on_unknown": "resubmit"}
                await self._resume(attrs.evolve(LAST, options={**self._last, **word}))
            case ["retry", _, "--failed"]:
                self._retry()
            case ["decide", _, "--row", number, "--adopt", "ID"]:
                is_told = adopt(self.journal, int(number), self.machine.world)
                self.invariants.require(is_told, f"none of the renders that are named for row {number} is its own")
            case ["audit", _]:
                await self._audit(LAST)
            case _:
                raise AssertionError(f"status advises something new: {words}")

    def _heal(self) -> None:
        world = self.machine.world
        world.faults.clear()
        self.machine.network.faults.clear()
        world.slots, world.requests_per_minute, world.url_seconds = 20, None, HOUR
        self.machine.wall.wrong = 0.0
        end_stuck(world)

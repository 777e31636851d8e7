"""The user of a night: starts commands one after the other, and at the end follows the advice of `status`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
import attrs

from heygen_async import Completed, Failed, HeyGen, Journal, Results
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.campaign.audit import audit
from heygen_async.errors import JournalError
from tests.explore.account import end_stuck
from tests.explore.books import OPEN, Books
from tests.explore.faults import text_of
from tests.explore.habits import HOUR, Sitting
from tests.explore.invariants import Invariants
from tests.explore.machine import Machine
from tests.explore.night import Night

LAST_ROUNDS = 8
PATIENT_ROUNDS = 2  # of the last ones, before rows of unknown outcome are sent again
PLENTY_USD = 1e6

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

    @property
    def journal(self) -> Path:
        """The journal of the campaign."""
        return self.machine.folder / "campaign.db"

    @property
    def _has_failed(self) -> bool:
        return bool(self.machine.story.faults)

    async def live(self) -> None:
        """Do everything that the user does in the night."""
        self.books.can_be_found = self.can_be_found
        for sitting in self.night.sittings:
            self.machine.tell(f"> {sitting}")
            self.machine.story.met[sitting.habit] += 1
            await self._do(sitting)
            await anyio.sleep(sitting.pause)
            if self._has_failed:
                return
        if self.night.has_journal:
            await self._bring_to_an_end()

    def can_be_found(self, text: str) -> bool:
        """Return True if HeyGen's lists show the one render of a text: then nobody has to pay for it again."""
        clocks = any(one.kind == "clock set" for sitting in self.night.sittings for one in sitting.interruptions)
        charges = [charge for charge in self.machine.world.ledger if text_of(charge.body) == text]
        shown = len(charges) == 1 and (charges[0].kind == "video_agent" or charges[0].body.get("title"))
        return bool(shown) and not clocks

    async def _do(self, sitting: Sitting) -> None:
        if sitting.command == "run":
            await self._run(sitting)
        elif sitting.command == "delete files":
            self._delete_files()
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
        jobs = list(self.night.jobs(sitting.list))
        if not self.night.has_journal:
            self.books.asked.update(self.night.texts(sitting.list))
            await self._follow(sitting, options, lambda heygen: heygen.render_many(jobs, **self._given(options)))
            return
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

    def _given(self, options: dict[str, Any]) -> Any:
        folder = options.get("download_to")
        return options if folder is None else {**options, "download_to": str(self.machine.folder / folder)}

    async def _resume(self, sitting: Sitting) -> None:
        options: Any = dict(sitting.options)
        await self._follow(sitting, options, lambda heygen: heygen.resume(self.journal, **options))

    def _retry(self, *, looks: bool = True) -> None:
        """Do what `heygen-async retry --failed` does; not *looks* leaves rows as they are that may be paid for."""
        self.books.ask_again([row for row in self.books.rows(self.journal) if row.has_failed_free])
        with contextlib.suppress(JournalError), Journal(self.journal) as opened:
            for record in list(opened.records("failed")):
                if record.spent not in {"yes", "unknown"}:
                    opened.begin_again(record.id)
                elif looks:
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

    async def _follow(self, sitting: Sitting, options: dict[str, Any], start: Start, *, is_list: bool = False) -> None:
        """Run or resume in a process, and check what it leaves behind."""
        read: list[Completed | Failed] = []
        held: list[Results] = []
        self.invariants.begin_process(self.night, options)
        resubmits = options.get("on_unknown") == "resubmit" and self.night.has_journal
        self.books.begin_process(self.journal, resubmits=resubmits)

        async def follow(heygen: HeyGen) -> None:
            async with start(heygen) as results:
                held.append(results)
                if is_list and not self.machine.is_dead:
                    self.books.list_is_whole()
                async for result in results:
                    read.append(result)
                    if isinstance(result, Failed) and result.error.spent != "no":
                        self.invariants.given_up.add(text_of(dict(body_of(result.request))) or "")

        life = await self.machine.run(follow, sitting.interruptions, lambda: held[0] if held else None)
        if life.wire.is_dead:
            return
        if held:
            self.invariants.places(read, held[0])
            if not self.night.has_journal:
                self.invariants.known_without_journal(read, held[0])
        if self.night.has_journal and self.journal.exists():
            self.invariants.known_by_journal(self.journal)
        self.invariants.paid_once()

    # The end

    async def _bring_to_an_end(self) -> None:
        """Be patient: HeyGen is well, and the user does what `status` says until nothing is due."""
        self.machine.tell("> HeyGen is well again, and the user goes on until nothing is due")
        self._heal()
        options = {"budget_usd": PLENTY_USD} if "budget_usd" in self.night.options else {}
        await self._run(attrs.evolve(LAST, list=self._list, options=options))
        for number in range(LAST_ROUNDS):
            if self._has_failed or not self._is_due():
                break
            is_patient = number < PATIENT_ROUNDS
            self._retry(looks=number <= PATIENT_ROUNDS)
            await self._resume(attrs.evolve(LAST, options={} if is_patient else {"on_unknown": "resubmit"}))
        if not self._has_failed:
            wanted = self.night.texts(self._list)
            self.invariants.ended(self.journal, wanted, files="download_to" in self.night.options)

    def _is_due(self) -> bool:
        wanted = self.night.texts(self._list)
        return any(
            row.state in OPEN or (row.state in {"failed", "planned"} and row.text in wanted)
            for row in self.books.rows(self.journal)
        )

    def _heal(self) -> None:
        world = self.machine.world
        world.faults.clear()
        self.machine.network.faults.clear()
        world.slots, world.requests_per_minute, world.url_seconds = 20, None, HOUR
        self.machine.wall.wrong = 0.0
        end_stuck(world)

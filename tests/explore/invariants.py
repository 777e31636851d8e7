"""The invariants of a night: what must be true after every step, and at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from heygen_async import Completed, Failed, Journal, Result, Results
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.prices.price import Rates
from heygen_async.simulator.account.ledger import Seen
from heygen_async.simulator.storage.files import content
from tests.explore.books import Books, Known
from tests.explore.clock import NightWorld
from tests.explore.faults import changed, text_of
from tests.explore.night import Night
from tests.explore.story import Story
from tests.explore.wire import KEY, ORIGIN

CENT = 0.005
LIES = frozenset(
    {"bulk statuses lag or lie", "odd fields"}
)  # a slot is free when HeyGen says that its render has ended
GIVEN_UP = frozenset({"outcome_unknown"})  # as on_unknown="skip" says
STOP_SECONDS = 1.0  # until the last POST leaves: its intent is written first


@attrs.define
class Invariants:
    """Checks, which tell the story what they find.

    Attributes:
        budget_usd: The present budget, if there is one.
        cap: The most renders at once that any run was allowed; None without a bound.
        given_up: Texts of renders that the client has told to be given up, and that may go on.
        canary: Number of rows that go first, alone.
        stopped_at: The time when the user told the present run to send nothing more.
        unread: Returns the results of the present run that the user has not read yet.
    """

    world: NightWorld
    books: Books
    story: Story
    budget_usd: float | None = None
    cap: int | None = 0
    given_up: set[str] = attrs.field(factory=set)
    canary: int | None = None
    stopped_at: float | None = None
    unread: Callable[[], Iterable[Result]] = tuple
    _sent: set[str] = attrs.field(factory=set)  # texts that the present process has sent
    _repeats: bool = False
    _given_usd: float = 0.0

    def begin_process(self, night: Night, options: Mapping[str, Any], journal: Path) -> None:
        """Note the bounds of the next process; a budget cannot undo what is spent, or may be, before it is given."""
        kinds = {one.kind for one in night.troubles}
        self._sent.clear()
        self.canary, self.stopped_at = night.options.get("canary"), None
        self._repeats = "401" in kinds
        if "budget_usd" in options:
            self._given_usd = options["budget_usd"]
            self.budget_usd = max(self._given_usd, self._committed(journal))
        cap = options.get("max_in_flight", 10)
        if cap == "auto" or kinds & LIES:
            self.cap = None
        elif self.cap is not None:
            self.cap = max(self.cap, cap)

    def approved(self, *, is_good: bool) -> None:
        """Note that somebody approved of the first rows, or did not: then no other may be sent."""
        if not is_good:
            self.note_stop()

    def requests_are_few(self, seen: Sequence[Seen]) -> None:
        """Check that a process has not asked without a pause."""
        rows = len(self.books.night.kinds)
        # A file that breaks off again and again, behind an address that is refused again and again, asks for both.
        for_a_file = 12 if "download_to" in self.books.night.options else 6
        for method, least, for_a_row in (("GET", 100, for_a_file), ("POST", 30, 25)):
            minutes = Counter(int(one.at // 60) for one in seen if one.method == method)
            most = max(minutes.values(), default=0)
            self.require(most <= least + for_a_row * rows, f"{most} times {method} in a minute, for {rows} rows")

    def budget_is_used(self, journal: Path) -> None:
        """Check that a run which says that its budget is reached could not have sent one more row."""
        if not self.books.rows(journal):
            return  # a run without a journal
        dearest = max(Rates().estimate(one.kind, dict(body_of(one))).high for one in self.books.night.requests())
        left = self._given_usd - self._committed(journal)
        self.require(left < dearest + CENT, f"the budget is said to be reached, and {left:.2f} USD of it are left")

    def key_stays(self, how: str, address: str) -> None:
        """Check that the key goes to HeyGen only."""
        is_well = address.startswith(f"{ORIGIN}/") if how == "with the key" else KEY not in address
        self.require(is_well, f"{address} gets the key")

    def _committed(self, journal: Path) -> float:
        """Return what a journal has spent, and what it may have."""
        if not self.books.rows(journal):
            return 0.0
        with Journal(journal, read_only=True) as opened:
            ledger = opened.ledger()
        return ledger.high_usd + ledger.at_stake_usd

    def note_stop(self) -> None:
        """Note that the user wants nothing more to be sent; a POST that got one 401 goes out once more all the same."""
        if self.stopped_at is None and not self._repeats:
            self.stopped_at = self.world.now()

    def require(self, holds: object, words: str) -> None:
        """Tell the story of a broken invariant."""
        if not holds:
            self.story.break_off(self.world.now(), words)

    # While a command runs

    def sent(self, texts: Iterable[str]) -> None:
        """Check a POST that leaves the client."""
        late = self.stopped_at is not None and self.world.now() > self.stopped_at + STOP_SECONDS
        self.require(not late, "a row is sent after the user has said stop")
        for text in texts:
            self._sent.add(text)
            self.require(text not in self.books.forbidden, f"{text!r} is sent, and no list has it any more")
            self.require(self.books.asked[text], f"{text!r} is sent, and nobody has asked for it")

    def served(self) -> None:
        """Check the account after a POST."""
        if self.budget_usd is not None:
            charged = self.world.charged_usd
            self.require(charged <= self.budget_usd + CENT, f"{charged} USD charged, the budget is {self.budget_usd}")
        if self.cap is not None:
            running = self._followed()
            if self.books.resubmits:  # what a lost POST of a row has made may run beside what the next one makes
                charges = Counter(text_of(charge.body) for charge in self.world.ledger)
                running = [text for text in running if charges[text] == 1]
            self.require(len(running) <= self.cap, f"{len(running)} renders at once, the cap is {self.cap}")

        self._check_canary()

    def _check_canary(self) -> None:
        if self.canary is None or self.books.resubmits:
            return
        done = [
            text
            for one in self.world.videos.values()
            if one.ended_at is not None
            and not one.faults.failure
            and (text := text_of(one.body)) not in self.books.replaced
        ]
        if len(done) < self.canary:  # a render that was given up is done if it is found again, and else not
            sure = [text for text in done if text not in self.given_up]
            made = len(sure) + len([text for text in self._followed() if text not in self.books.replaced])
            self.require(made <= self.canary, f"{made} rows are sent, and the first {self.canary} are not done")

    def _followed(self) -> list[str]:
        """Return the texts of the renders that run and that the client has not given up."""
        told = (one for one in self.unread() if isinstance(one, Failed) and one.error.spent != "no")
        given_up = self.given_up | {text_of(_body(one.request)) for one in told}
        return [text for text in self._running() if text not in given_up]

    def _running(self) -> list[str]:
        videos = [render.body for render in self.world.videos.values() if _runs(render) and not render.session_id]
        sessions = [
            one.body for one in self.world.sessions.values() if not one.ended and one.thinking_since is not None
        ]
        return [text_of(body) or "" for body in (*videos, *sessions)]

    # After a command

    def paid_once(self) -> None:
        """Check that no text has more charges than it was asked for."""
        for text, count in Counter(text_of(charge.body) for charge in self.world.ledger).items():
            allowed = self.books.asked[text or ""]
            self.require(count <= allowed, f"{text!r} is charged {count} times, and was asked for {allowed} times")

    def places(self, read: list[Completed | Failed], results: Results, *, ended_by_itself: bool) -> None:
        """Check that each row is in exactly one place, and that no result is untrue."""
        found = Counter(one.index for one in (*read, *results.unread, *results.unfinished))
        twice = [index for index, count in found.items() if count > 1]
        self.require(not twice, f"rows {twice} are in two places")
        self.require(not results.slots.in_use, f"{results.slots.in_use} slots are in use at the end")
        self.require(not results.slots.pool.in_use, f"{results.slots.pool.in_use} slots of the account are in use")
        left = [one.index for one in (*results.unread, *results.unfinished)]
        self.require(not (ended_by_itself and left), f"a run has ended by itself, and rows {left} have no result")
        told = {text_of(_body(one.request)) for one in (*read, *results.unread, *results.unfinished)}
        self.require(self._sent <= told, f"{sorted(self._sent - told)} are sent, and in no place")
        open_charges = self.open_charges()
        for one in (*read, *results.unread):
            if isinstance(one, Failed):
                text = text_of(_body(one.request)) or ""
                if one.error.spent != "no":
                    self.given_up.add(text)
                    continue
                if self.books.asked[text] == 1:
                    self.require(
                        not open_charges[text], f"{text!r} is charged, and failed with {one.error!r}, spent no"
                    )

    def known_without_journal(self, read: list[Completed | Failed], results: Results, taken: Sequence[Any]) -> None:
        """Check that every row that was *taken* from the source, and every charge of it, is told of."""
        places = {one.index for one in (*read, *results.unread, *results.unfinished)}
        lost = set(range(len(taken))) - places
        self.require(not lost, f"rows {sorted(lost)} were taken from their source, and are nowhere")
        told = Counter(
            text_of(_body(one.request)) for one in (*read, *results.unread, *results.unfinished) if _spent(one) != "no"
        )
        for text, count in self.open_charges().items():
            self.require(count <= told[text], f"{text!r} is charged {count} times, and told of {told[text]} times")

    def known_by_journal(self, journal: Path) -> None:
        """Check that the journal knows of every charge, and of the money."""
        renders = self.books.renders(journal)
        self._believed(renders)
        told = Counter(one.text for one in renders if one.may_be_paid)
        for text, count in self.open_charges().items():
            self.require(count <= told[text], f"{text!r} is charged {count} times, and the journal knows {told[text]}")
        if renders:
            with Journal(journal, read_only=True) as opened:
                ledger = opened.ledger()
            charged, most = self.world.charged_usd, ledger.high_usd + ledger.at_stake_usd
            self.require(charged <= most + CENT, f"{charged} USD charged, the journal has at most {most:.4f}")

    def _believed(self, renders: Iterable[Known]) -> None:
        """Check that no render is called failed, or completed, that is not."""
        now = self.world.now()
        for one in renders:
            render = None if one.video_id is None else self.world.find_render(one.video_id)
            if render is None or one.state not in {"failed", "completed"}:
                continue
            status = render.status(now)
            is_true = status == one.state or (one.state == "failed" and one.error_code in GIVEN_UP)
            self.require(is_true, f"{one.text!r} is {one.state} in the journal, and {status} at HeyGen")

    def open_charges(self) -> Counter[str]:
        """Count the charges that were not given back, by text."""
        refunded = set(self.world.refunds)
        return Counter(text_of(charge.body) or "" for charge in self.world.ledger if charge.resource_id not in refunded)

    # At the end

    def ended(self, journal: Path, number: int, wanted: Counter[str], *, files: bool) -> None:
        """Check a campaign that was brought to its end with a list."""
        rows = self.books.rows(journal)
        for row in rows:
            self.require(row.state not in {"intended", "submitted"}, f"{row.text!r} is {row.state} at the end")
        if self.books.night.identity == "named":
            named = {row.name for row in rows if row.state == "completed"}
            missing = [f"r{row}" for row, _ in self.books.night.lists[number].lines if f"r{row}" not in named]
            self.require(not missing, f"{missing} are in the list, and have no video at the end")
        else:
            done = Counter(row.text for row in rows if row.state == "completed")
            for text, count in wanted.items():
                self.require(done[text] >= count, f"{text!r} is wanted and has no video at the end")
        for row in rows:
            if row.state == "completed":
                self._check_video(row, files=files and row.text in wanted)
        with Journal(journal, read_only=True) as opened:
            ledger = opened.ledger()
        charged = self.world.charged_usd
        self.require(ledger.low_usd <= charged + CENT, f"{charged} USD charged, the journal has {ledger.low_usd:.4f}")

    def _check_video(self, row: Any, *, files: bool) -> None:
        render = self.world.find_render(row.video_id or "")
        self.require(render is not None, f"{row.text!r} has the video {row.video_id}, which HeyGen does not have")
        if render is None:
            return
        self.require(text_of(render.body) == row.text, f"{row.text!r} has the video of {text_of(render.body)!r}")
        self.require(render.status(self.world.now()) == "completed", f"{row.text!r} is completed here, not at HeyGen")
        if not files:
            return
        self.require(row.file is not None, f"{row.text!r} has no file at the end")
        if row.file is not None and render is not None:
            path = Path(row.file)
            film = content(self.world, render, ".mp4")
            whole = path.exists() and path.read_bytes() in {film, changed(film)}
            self.require(whole, f"the file of {row.text!r} is missing, not whole or of another video")


def _runs(render: Any) -> bool:
    return render.started_at is not None and render.ended_at is None


def _body(request: Any) -> dict[str, Any]:
    return dict(body_of(request))


def _spent(one: Any) -> str:
    if isinstance(one, Completed):
        return "yes"
    return one.error.spent if isinstance(one, Failed) else one.spent

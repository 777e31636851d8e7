"""The books: what the user has asked for, kept apart from the client, and what its journal says, read by plain SQL."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from tests.explore.faults import text_of
from tests.explore.night import Night

OPEN = frozenset({"intended", "submitted", "unknown"})
_QUERY = (
    "SELECT jobs.id, state, spent, video_id, session_id, file, body_hash, seen, error_code, row, body "
    "FROM jobs JOIN requests USING (id)"
)
_FORMER = "SELECT body_hash, state, spent, video_id, session_id FROM former"


@attrs.frozen(kw_only=True)
class Known:
    """A row of the journal, or a former render of one."""

    id: int = 0
    text: str
    state: str
    spent: str | None
    video_id: str | None
    session_id: str | None
    file: str | None = None
    name: str | None = None
    error_code: str | None = None

    @property
    def may_be_paid(self) -> bool:
        """True if the journal tells that this render is paid for, or may be."""
        return self.state == "completed" or self.state in OPEN or self.spent in {"yes", "unknown"}

    @property
    def has_failed_free(self) -> bool:
        """True if the journal tells that it failed and cost nothing."""
        return self.state == "failed" and self.spent in {None, "no"}


@attrs.define
class Books:
    """What was asked for.

    Attributes:
        can_be_found: Returns True if HeyGen's lists show a render of a text, beyond doubt.
        asked: Renders that the user has asked for, by text.
        forbidden: Texts that no list has any more.
        replaced: Texts of rows that have another text now.
        resubmits: True while rows of unknown outcome are to be sent again, which may pay twice.
    """

    night: Night
    can_be_found: Callable[[str], bool] = lambda _: False
    asked: Counter[str] = attrs.field(factory=Counter)
    forbidden: set[str] = attrs.field(factory=set)
    replaced: set[str] = attrs.field(factory=set)
    resubmits: bool = False
    _texts: dict[str, str] = attrs.field(factory=dict)  # by body hash
    _wanted: set[str] = attrs.field(factory=set)  # texts of the list that is being taken
    _dropped: set[str] = attrs.field(factory=set)
    _newly_replaced: set[str] = attrs.field(factory=set)

    def rows(self, journal: Path) -> list[Known]:
        """Return the rows of the journal."""
        return [known for _, known in self._read(journal)[0]]

    def renders(self, journal: Path) -> list[Known]:
        """Return the rows and the former renders."""
        rows, former = self._read(journal)
        return [*(known for _, known in rows), *former]

    def newest_list(self, journal: Path) -> tuple[int, bool, int]:
        """Return number, wholeness and rows of the newest list; zeros without one."""
        if not journal.exists():
            return 0, False, 0
        with sqlite3.connect(journal) as db:
            try:
                found = db.execute("SELECT id, whole, row_count FROM lists ORDER BY id DESC LIMIT 1").fetchone()
            except sqlite3.OperationalError:
                return 0, False, 0
        return (0, False, 0) if found is None else (found[0], bool(found[1]), found[2])

    def ask_list(self, journal: Path, number: int, *, again: bool) -> None:
        """Note what a list asks for, by what the journal knows before it is taken."""
        known = self.rows(journal) if journal.exists() else []
        wanted = self.night.texts(number)
        if self.night.identity == "named":
            made = {one.text for one in self.renders(journal) if one.state == "completed"}
            self._ask_named(known, made, number, again=again)
        else:
            there = Counter(row.text for row in known)
            for text, count in wanted.items():
                self.asked[text] += max(0, count - there[text])
            self._dropped = {row.text for row in known} - set(wanted)
        self._wanted = set(wanted)

    def _ask_named(self, known: list[Known], made: set[str], number: int, *, again: bool) -> None:
        by_name, self._newly_replaced = {row.name: row for row in known}, set()
        for row, version in self.night.lists[number].lines:
            text, found = self.night.text(row, version), by_name.pop(f"r{row}", None)
            if found is None:
                self.asked[text] += 1
            elif found.text != text and found.state not in OPEN:
                had = {one for one in made if one.startswith(f"row {row} version")}  # videos of the row
                free = (found.state in {"planned", "dropped"} or found.has_failed_free) and not had
                asked = (free or again) and text not in had
                self.asked[text] += asked
                if asked or text in had:
                    self._newly_replaced.add(found.text)
        self._dropped = self._newly_replaced | {row.text for row in by_name.values()}

    def list_is_whole(self) -> None:
        """Note that the list was taken in: what it does not have is not sent any more."""
        self.forbidden = (self.forbidden | self._dropped) - self._wanted
        self.replaced = (self.replaced | self._newly_replaced) - self._wanted

    def ask_again(self, rows: list[Known]) -> None:
        """Note that failed rows are to be sent again which cost nothing."""
        self.asked.update(row.text for row in rows)

    def begin_process(self, journal: Path, *, resubmits: bool) -> None:
        """Note what a process is asked for beside its list: to send rows of unknown outcome again, or not."""
        self.resubmits = resubmits
        if resubmits:
            unknown = [row.text for row in self.rows(journal) if row.state in {"intended", "unknown"}]
            self.asked.update(text for text in unknown if not self.can_be_found(text))

    def post_lost(self, texts: list[str]) -> None:
        """Note a POST whose answer told nothing: the user has agreed that it is sent again, or not."""
        if self.resubmits:
            self.asked.update(text for text in texts if not self.can_be_found(text))

    def _read(self, journal: Path) -> tuple[list[tuple[str, Known]], list[Known]]:
        if not journal.exists():
            return [], []
        with sqlite3.connect(journal) as db:
            try:
                found, former = db.execute(_QUERY).fetchall(), db.execute(_FORMER).fetchall()
            except sqlite3.OperationalError:
                return [], []  # its tables were not made yet
        rows = [_known(*row) for row in found]
        self._texts.update({body_hash: known.text for body_hash, known in rows})
        return rows, [
            Known(text=self._texts.get(body_hash, "?"), state=state, spent=spent, video_id=video, session_id=session)
            for body_hash, state, spent, video, session in former
        ]


def _known(
    number: int,
    state: str,
    spent: str | None,
    video: str | None,
    session: str | None,
    file: str | None,
    body_hash: str,
    _seen: int,
    code: str | None,
    row: str,
    body: str,
) -> tuple[str, Known]:
    cells: Any = json.loads(row)
    return body_hash, Known(
        id=number,
        text=text_of(json.loads(body)) or "?",
        state=state,
        spent=spent,
        video_id=video,
        session_id=session,
        file=file,
        name=cells.get("id") if isinstance(cells, dict) else None,
        error_code=code,
    )

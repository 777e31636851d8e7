"""Wishes in a journal: they are put there beside the run that has it, and answered once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from heygen_async import Journal, errors
from heygen_async.bulk.journal.file_lock import FileLock, holder_of
from heygen_async.bulk.wishes.wish import RunState, checked_wish
from heygen_async.bulk.wishes.wish_box import WishBox
from tests.helpers.journal_rows import entry, take_in


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Journal(tmp_path / "c.db", create=True) as journal:
        take_in(journal, entry("1"))
    return tmp_path / "c.db"


@pytest.mark.parametrize(
    ("kind", "details", "kept"),
    [
        ("approve", {"row": 3}, {}),
        ("stop", {}, {}),
        ("pause", {}, {}),
        ("go_on", {"usd": None}, {}),
        ("retry", {}, {}),
        ("retry", {"code": "rendering_failed", "row": 7}, {"code": "rendering_failed"}),
        ("send_again", {"row": 7}, {"row": 7}),
        ("give_up", {"row": None}, {}),
        ("budget", {"usd": 12.5}, {"usd": 12.5}),
    ],
)
def test_a_wish_keeps_what_belongs_to_it(kind: str, details: dict[str, Any], kept: dict[str, Any]) -> None:
    """Other details are left out."""
    assert checked_wish(kind, details) == (kind, kept)


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("delete", {}),
        (None, {}),
        (["stop"], {}),
        ("retry", {"code": 5}),
        ("send_again", {"row": "7"}),
        ("give_up", {"row": True}),
        ("budget", {}),
        ("budget", {"usd": 0}),
        ("budget", {"usd": float("inf")}),
        ("budget", {"usd": float("nan")}),
        ("budget", {"usd": True}),
        ("budget", {"usd": "250"}),
    ],
)
def test_what_is_no_wish_is_refused(kind: Any, details: dict[str, Any]) -> None:
    """It comes from a page, so it may be anything."""
    with pytest.raises(errors.InvalidInputError):
        checked_wish(kind, details)


def test_another_process_puts_wishes_while_a_run_has_the_journal(path: Path) -> None:
    """The run goes on writing, finds the wish, and its answer is seen from outside."""
    code = (
        "import sys; from heygen_async.bulk.wishes.wish_box import WishBox\n"
        "WishBox(sys.argv[1]).put(sys.argv[2], {'code': 'x'})"
    )
    with Journal(path) as journal, WishBox(path) as box:
        journal.intend(1)
        subprocess.run([sys.executable, "-c", code, str(path), "retry"], check=True)
        (wish,) = box.pending()
        assert (wish.kind, wish.code, wish.row, wish.answer) == ("retry", "x", None, None)
        box.answer(wish, "done")
        journal.submitted(1, video_id="v1")
        assert box.pending() == []
    with WishBox(path) as later:
        assert [found.answer for found in later.newest(5)] == ["done"]


def test_what_a_run_says_of_itself_is_read_as_it_was(path: Path) -> None:
    """A journal in which no run has said anything has a state too."""
    state = RunState(asks=(1, 2), is_paused=True, budget_usd=12.5)
    with WishBox(path) as box:
        assert box.state == RunState()
        box.tell(state)
        assert box.state == state
        assert RunState.from_json(json.dumps({"asks": None})) == RunState()


def test_wishes_need_a_journal(tmp_path: Path) -> None:
    """None is created."""
    with pytest.raises(errors.JournalError, match="there is no such journal"):
        WishBox(tmp_path / "nowhere.db")


def test_who_has_a_journal_is_seen_without_taking_it(path: Path) -> None:
    """Also from the process that has it; a process that has ended has nothing."""
    assert holder_of(path.with_name("other.db")) is None
    assert holder_of(path) is None
    lock = FileLock(path)
    assert "process" in (holder_of(path) or "")
    lock.release()
    assert holder_of(path) is None


def test_a_list_that_was_never_taken_in_has_no_beginning(tmp_path: Path, path: Path) -> None:
    """An approval that is older than the list is not one of its rows."""
    Journal(tmp_path / "empty.db", create=True).close()
    with WishBox(tmp_path / "empty.db") as empty, WishBox(path) as box:
        assert empty.list_begun() == 0.0
        assert box.list_begun() > 1e9

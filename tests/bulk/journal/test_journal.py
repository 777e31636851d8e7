"""The journal: durable, locked by its writer, exact about states, and clear about faults of its file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from heygen_async import Journal, Merge, errors
from heygen_async.bulk.jobs.records import SavedFile
from heygen_async.bulk.journal.schema import SCHEMA_VERSION
from tests.helpers.journal_rows import BODY, entry, take_in


def test_each_state_of_a_row_survives_a_reopening(path: Path) -> None:
    """Planned, intended, submitted, completed, stored: each state is there when the file is opened again."""
    steps: list[tuple[str, Any]] = [
        ("planned", lambda journal: take_in(journal, entry())),
        ("intended", lambda journal: journal.intend(1)),
        ("submitted", lambda journal: journal.submitted(1, video_id="v1")),
        ("completed", lambda journal: journal.completed(1, video_id="v1", duration=3.5)),
        ("completed", lambda journal: journal.stored(1, "video", SavedFile(file="out/ada.mp4", size_bytes=9))),
    ]
    for state, step in steps:
        with Journal(path, create=True) as journal:
            step(journal)
        with Journal(path) as journal:
            assert journal.get(1).state == state
    with Journal(path, read_only=True) as journal:
        record = journal.get(1)
    assert (record.video_id, record.duration, record.file, record.spent) == ("v1", 3.5, "out/ada.mp4", "yes")
    assert record.row == {"name": "ada"}
    assert record.body == BODY
    assert record.intended_at is not None


def test_a_key_depends_on_row_request_and_generation(journal: Journal) -> None:
    """A key changes with row, request and generation only, and contains no word of the row."""
    take_in(journal, entry("quinn"), entry("zoe"))
    first = journal.key(journal.get(1))
    assert first == journal.key(journal.get(1))
    assert first != journal.key(journal.get(2))
    journal.intend(1)
    journal.failed(1, code="rendering_failed", error="x", spent="no")
    journal.begin_again(1)
    second = journal.key(journal.get(1))
    take_in(journal, entry("quinn", script="Hello Quinn"))
    third = journal.key(journal.get(1))
    assert len({first, second, third}) == 3
    assert all(
        key.startswith("ha-") and key.isascii() and len(key) < 255 and "quinn" not in key for key in (first, third)
    )


def test_a_repeat_keeps_the_first_intent(journal: Journal) -> None:
    """A repeat keeps the time of the first intent, with which HeyGen's 24 hours begin."""
    take_in(journal, entry())
    journal.intend(1)
    first = journal.get(1).intended_at
    journal.unknown(1, code="ConnectionLostError", error="x")
    journal.intend(1)
    assert journal.get(1).intended_at == first
    journal.not_sent(1)
    assert (journal.get(1).state, journal.get(1).intended_at) == ("planned", None)


def test_a_merge_counts_rows_and_plans_new_and_changed_ones(journal: Journal) -> None:
    """New, changed, unchanged, busy, removed and repeated rows are counted. A row with a video keeps it."""
    assert take_in(journal, entry("ada"), entry("zoe"), entry("bob"), entry("ada")) == Merge(new=3, repeated=1)
    for job_id in (1, 2):
        journal.intend(job_id)
        journal.submitted(job_id, video_id=f"v{job_id}")
    journal.completed(1, video_id="v1", duration=1.0)
    merge = take_in(journal, entry("ada", script="New"), entry("zoe", script="New"), entry("eve", script="Hi Eve"))
    assert merge == Merge(new=1, changed=1, busy=1, removed=1, dropped=1)
    assert merge.waiting == 1
    assert [record.state for record in journal.records()] == ["completed", "submitted", "dropped", "planned"]
    again = take_in(journal, entry("ada", script="New"), again=True)
    assert again == Merge(again=True, changed=1, removed=2, dropped=1)
    assert again.waiting == 0
    assert (journal.get(1).state, journal.get(1).body["script"]) == ("planned", "New")
    assert journal.get(2).body["script"] == "Hi Ada"
    assert journal.knows_video("v1")
    assert take_in(journal, entry("ada", script="New")).unchanged == 1


def test_a_completed_row_stays_completed(journal: Journal) -> None:
    """A completed row is never planned, failed or asked for again: a change that does not fit raises."""
    take_in(journal, entry())
    journal.intend(1)
    journal.submitted(1, video_id="v1")
    journal.completed(1, video_id="v1", duration=None)
    for attempt in (
        lambda: journal.intend(1),
        lambda: journal.failed(1, code="x", error="x", spent="no"),
        lambda: journal.unknown(1, code="x", error="x"),
        lambda: journal.not_sent(1),
        lambda: journal.begin_again(1),
    ):
        with pytest.raises(errors.JournalError, match="row 1 is completed"):
            attempt()
    with pytest.raises(errors.JournalError, match="there is no row 2"):
        journal.get(2)


@pytest.mark.parametrize(("video_id", "state"), [("v1", "submitted"), (None, "unknown")])
def test_a_failed_row_that_may_be_paid_for_is_looked_at_again(
    journal: Journal, video_id: str | None, state: str
) -> None:
    """With an id its render is read, without one it is looked for; its key and its generation stay."""
    take_in(journal, entry())
    journal.intend(1)
    if video_id is not None:
        journal.submitted(1, video_id=video_id)
    journal.failed(1, code="video_not_found", error="gone", spent="yes")
    key = journal.key(journal.get(1))
    journal.look_again(1)
    found = journal.get(1)
    assert (found.state, found.video_id, found.ended_at) == (state, video_id, None)
    assert journal.key(found) == key
    with pytest.raises(errors.JournalError):
        journal.look_again(1)


def test_two_processes_exclude_each_other(path: Path, journal: Journal) -> None:
    """A second writer is told which process has the journal; a reader is let in."""
    code = f"from heygen_async import Journal; Journal({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"in use by process {os.getpid()}" in done.stderr
    with Journal(path, read_only=True) as reader:
        assert reader.counts() == {}


def test_a_killed_process_holds_no_lock(path: Path) -> None:
    """The lock of a killed process is free."""
    code = textwrap.dedent(f"""
        import os, signal
        from heygen_async import Journal
        Journal({str(path)!r}, create=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with Journal(path) as journal:
        assert journal.counts() == {}


def test_a_lock_file_without_a_holder_still_locks(path: Path, journal: Journal) -> None:
    """A lock is held even if its file does not name the holder."""
    path.with_name("campaign.db.lock").write_text("?")
    code = f"from heygen_async import Journal; Journal({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "in use by another process" in done.stderr


def test_a_missing_journal_is_not_created_by_mistake(path: Path) -> None:
    """A typing error in a resume does not begin a new campaign."""
    with pytest.raises(errors.JournalError, match="there is no such journal"):
        Journal(path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"just a text file, long enough to be read as a header......" * 20, "not a journal"), (None, "not a journal")],
)
def test_a_foreign_file_is_left_alone(path: Path, content: bytes | None, message: str) -> None:
    """A file that is not a journal is refused and not changed, be it a database or not."""
    if content is None:
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE t (x)")
        other.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(errors.JournalError, match=message):
        Journal(path, create=True)
    assert path.read_bytes()[100:] == before[100:]


def test_an_empty_file_is_no_campaign_but_can_become_one(path: Path) -> None:
    """An empty file, as a crash right after its creation leaves it, can become a journal."""
    path.touch()
    with pytest.raises(errors.JournalError, match="empty; no campaign"):
        Journal(path)
    Journal(path, create=True).close()
    Journal(path).close()


def test_a_newer_format_is_refused(path: Path) -> None:
    """A journal of a newer format is refused with the advice to upgrade the package."""
    Journal(path, create=True).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    with pytest.raises(errors.JournalError, match=r"newer heygen-async.*upgrade"):
        Journal(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error about a missing folder names it."""
    with pytest.raises(errors.JournalError, match=r"nowhere/c\.db: cannot be opened"):
        Journal(tmp_path / "nowhere" / "c.db", create=True)


def test_a_damaged_file_is_reported(path: Path) -> None:
    """A damaged file is reported as such."""
    with Journal(path, create=True) as journal:
        take_in(journal, *(entry(f"r{n}") for n in range(500)))
    content = bytearray(path.read_bytes())
    content[4096:20000] = os.urandom(20000 - 4096)
    path.write_bytes(content)
    with pytest.raises(errors.JournalError, match=r"damaged|not a journal|malformed"), Journal(path) as journal:
        take_in(journal, entry("new"))


def test_a_full_disk_changes_nothing(path: Path) -> None:
    """A transaction that does not fit on the disk is undone, and the error message how to go on."""
    with Journal(path, create=True) as journal:
        take_in(journal, entry())
        (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
        journal._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(errors.JournalError, match="the disk is full; nothing further was submitted"):
            take_in(journal, *(entry(f"r{n}", script="x" * 4000) for n in range(50)))
        assert journal.counts() == {"planned": 1}


def test_a_reader_cannot_write(path: Path) -> None:
    """A journal that is opened for reading refuses changes in plain words."""
    Journal(path, create=True).close()
    with Journal(path, read_only=True) as journal, pytest.raises(errors.JournalError, match="read-only"):
        journal.set_meta(a="1")


class Crashes(RuleBasedStateMachine):
    """Any sequence of events and crashes charges a generation of a row at most once and loses no id."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.journal = Journal(self.folder / "c.db", create=True)
        self.charged: set[str] = set()  # keys that HeyGen has executed
        self.ids: set[str] = set()
        self.completed: set[int] = set()

    @initialize(count=st.integers(1, 4))
    def plan(self, count: int) -> None:
        take_in(self.journal, *(entry(f"r{n}") for n in range(count)))

    def pick(self, data: Any, *states: str) -> int | None:
        found = [record.id for record in self.journal.records(*states)]  # type: ignore[arg-type]  # plain words
        return data.draw(st.sampled_from(found)) if found else None

    @rule(data=st.data(), executed=st.booleans(), crash=st.booleans())
    def post(self, data: Any, executed: bool, crash: bool) -> None:  # noqa: FBT001
        job_id = self.pick(data, "planned", "intended", "unknown")
        if job_id is None:
            return
        key = self.journal.key(self.journal.get(job_id))
        self.journal.intend(job_id)
        if executed:
            self.charged.add(key)  # HeyGen executes once under a key, however often it is asked
        if crash:
            self.crash()
        elif executed:
            self.ids.add(f"v-{key}")
            self.journal.submitted(job_id, video_id=f"v-{key}")
        else:
            self.journal.unknown(job_id, code="lost", error="lost")

    @rule(data=st.data(), fails=st.booleans())
    def end(self, data: Any, fails: bool) -> None:  # noqa: FBT001
        job_id = self.pick(data, "submitted")
        if job_id is None:
            return
        if fails:
            self.journal.failed(job_id, code="rendering_failed", error="x", spent="no")
        else:
            self.journal.completed(job_id, video_id=str(self.journal.get(job_id).video_id), duration=1.0)
            self.completed.add(job_id)

    @rule(data=st.data())
    def retry(self, data: Any) -> None:
        job_id = self.pick(data, "failed")
        if job_id is not None:
            self.journal.begin_again(job_id)

    @rule()
    def crash(self) -> None:
        self.journal.close()
        self.journal = Journal(self.folder / "c.db")

    @precondition(lambda self: self.charged)
    @invariant()
    def one_charge_a_generation_and_no_id_lost(self) -> None:
        asked = sum(
            record.generation + (record.state not in {"planned", "intended", "unknown"})
            for record in self.journal.records()
        )
        open_ = sum(record.state in {"intended", "unknown"} for record in self.journal.records())
        assert asked <= len(self.charged) <= asked + open_
        assert all(self.journal.knows_video(video_id) for video_id in self.ids)
        assert {record.id for record in self.journal.records("completed")} == self.completed

    def teardown(self) -> None:
        self.journal.close()
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)

"""PostgreSQL backend: the same journal for many processes, on a server that may be away for a while."""

from __future__ import annotations

import math
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heygen_async import Completed, DirectVideo, HeyGen, Job, Journal, JournalError
from heygen_async.bulk.jobs.records import Entry, Expenses, Merge, SavedFile, State
from heygen_async.bulk.journal import postgres
from heygen_async.bulk.journal.journal import WrongStateError
from heygen_async.bulk.journal.postgres_connection import connect, create_database, driver
from heygen_async.bulk.output.report.page import write_report
from heygen_async.simulator import World
from tests.helpers.commands import call
from tests.helpers.journal_rows import entry_of, take_in
from tests.helpers.postgres import CutOff, Postgres


def entries(count: int, word: str = "Hi") -> list[Entry]:
    body = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm"}
    return [entry_of("avatar", {**body, "script": f"{word} {n}"}, f"N{n}") for n in range(count)]


def filled(address: str, count: int = 3) -> Journal:
    journal = Journal(address, create=True)
    take_in(journal, *entries(count))
    return journal


def jobs(count: int) -> list[Job]:
    requests = (DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(count))
    return [Job(request=request, row={"name": f"N{n}"}) for n, request in enumerate(requests)]


async def test_a_run_remembers_in_a_database(heygen: HeyGen, world: World, database: str, tmp_path: Path) -> None:
    """A run with a journal in a database renders each row once, and a second run has no work left."""
    for expected in (6, 0):
        async with heygen.render_many(jobs(6), journal=database, download_to=tmp_path) as results:
            found = [result async for result in results]
        assert [type(result) for result in found] == [Completed] * expected
    assert len(world.ledger) == 6
    with Journal(database, read_only=True) as journal:
        assert journal.counts() == {"completed": 6}
        assert all(Path(str(record.file)).exists() for record in journal.records())


def test_tables_of_an_older_version_get_the_time_of_heygen(database: str) -> None:
    """Whoever only reads finds no time there; a journal that is opened for writing has a place for it."""
    with filled(database) as journal:
        journal.intend(1, server_at=5.0)
        journal._db.execute("ALTER TABLE jobs DROP COLUMN server_at")
    with Journal(database, read_only=True) as journal:
        assert {record.server_at for record in journal.records()} == {None}
    with Journal(database) as journal:
        journal.intend(1, server_at=6.0)
        journal.intend(2, server_at=7.0)
        journal.intend(2, server_at=8.0)
        journal.intend(3, server_at=9.0)
        journal.not_sent(3)
        assert [record.server_at for record in journal.records()] == [None, 7.0, None]
        assert journal.first_intent() == 7.0


def make_every_change(journal: Journal) -> None:
    """Make every change that a row can go through."""
    journal.intend(1, (0.1, 0.5))
    journal.submitted(1, session_id="s1")
    journal.submitted(1, video_id="v1")
    journal.completed(1, video_id="v1", duration=2.5, price=(0.125, 0.25))
    journal.stored(1, "video", SavedFile(file="a.mp4", size_bytes=3))
    journal.not_stored(1, code="disk_full", error="no room")
    batch = journal.intend_together([2, 3], "hb-1", [(0.25, 0.5)] * 2)
    journal.submitted_together(batch, "b1")
    journal.failed(2, code="bad", error="why", spent="yes")
    journal.begin_again(2)
    journal.intend(2)
    journal.unknown(2, code="lost", error="gone")
    journal.intend(2)
    journal.not_sent(2)
    journal.keep_asset("sha", "a1")
    journal.keep_asset("sha", "a2")
    journal.learn([])


@pytest.mark.parametrize("kind", ["file", "database"])
def test_both_backends_have_the_same_records(kind: str, database: str, tmp_path: Path) -> None:
    """A file and a database have the same records after the same changes."""
    place: Any = tmp_path / "c.db" if kind == "file" else database
    with filled(place) as journal:
        make_every_change(journal)
        states: dict[int, State] = {record.id: record.state for record in journal.records()}
        assert states == {1: "completed", 2: "planned", 3: "submitted"}
        assert journal.asset("sha") == "a2"
        assert journal.members(1) == []
        assert journal.batch(1).batch_id == "b1"
        assert journal.knows_video("v1")
        assert not journal.knows_session("s2")
        assert dict(journal.files()) == {1: {"video": SavedFile(file="a.mp4", size_bytes=3)}}
        assert journal.rendered() == {"avatar": (1, 2.5)}
        assert journal.ledger() == Expenses(charged=2, low_usd=0.375, high_usd=0.75, open=1, at_stake_usd=0.5)
        assert journal.ledger(run=7) == Expenses()
        assert take_in(journal, *entries(4, "Ho")) == Merge(new=1, replaced=1, changed=1, busy=1)
        again = take_in(journal, *entries(2, "Ho"), *entries(1, "Ho"), again=True)
        assert again == Merge(again=True, unchanged=1, changed=1, repeated=1, dropped=1, removed=2)
        before = [*journal.records()]
        counts: list[Merge] = []
        journal.preview(lambda: counts.append(take_in(journal, *entries(1))))
        assert counts[-1].dropped == 1
        assert [*journal.records()] == before
        assert journal.get(3).state == "submitted"


@pytest.mark.parametrize("kind", ["database", "file"])
def test_both_backends_give_a_row_its_last_video_back(kind: str, database: str, tmp_path: Path) -> None:
    """A row that was to be rendered anew and is edited once more has its last video, its text and its cells again."""
    with Journal(database if kind == "database" else tmp_path / "c.db", create=True) as journal:
        take_in(journal, *entries(1))
        first = journal.get(1)
        journal.intend(1)
        journal.submitted(1, video_id="v1")
        journal.completed(1, video_id="v1", duration=2.5)
        assert take_in(journal, *entries(1, "Ho"), again=True).changed == 1
        assert journal.get(1).state == "planned"
        for _ in range(2):
            assert take_in(journal, *entries(1, "Hey")).changed == 1
            found = journal.get(1)
            assert (found.state, found.video_id, found.body, found.row) == ("completed", "v1", first.body, first.row)


def test_two_processes_cannot_both_begin_a_row(database: str) -> None:
    """The second process to begin a row is told in which state the row is."""
    with filled(database) as one, Journal(database) as other:
        one.intend(1)
        one.submitted(1, video_id="v1")
        with pytest.raises(WrongStateError, match="row 1 is submitted, not planned or intended"):
            other.intend(1)


def test_two_processes_merge_the_same_list_at_once(database: str) -> None:
    """Two merges of one list at the same time leave each row there once."""
    with filled(database, 0) as one, Journal(database) as other:
        threads = [threading.Thread(target=journal.merge, args=(entries(400), 1, Merge())) for journal in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.counts() == {"planned": 400}


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_server_that_was_restarted_is_found_again(database_server: Postgres, database: str, how: str) -> None:
    """A restart of the server loses no change and repeats none, between two changes or within one."""
    with filled(database) as journal:
        journal.intend(1)
        database_server.restart(how)
        assert journal.get(1).state == "intended"
        database_server.restart(how)
        journal.submitted(1, video_id="v1")

        def change() -> None:
            journal.failed(2, code="x", error="y", spent="no")
            if not restarted:
                restarted.append(True)
                database_server.restart(how)
            journal.failed(3, code="x", error="y", spent="no")

        restarted: list[bool] = []
        journal.together(change)
        assert journal.counts() == {"submitted": 1, "failed": 2}


def test_a_commit_whose_answer_was_lost_is_looked_up(database_server: Postgres, database: str) -> None:
    """A committed change whose answer was lost is not repeated: it would not fit the state of the row."""
    proxy = CutOff(database_server.port)
    with filled(database), Journal(database.replace(str(database_server.port), str(proxy.port))) as journal:
        proxy.is_armed = True
        journal.failed(1, code="x", error="y", spent="no")
        assert not proxy.is_armed
        proxy.is_armed = True
        assert journal.together(journal.counts) == {"planned": 2, "failed": 1}
    proxy.close()


def test_a_server_that_stays_away_is_reported(
    database_server: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that stays away is reported in plain words and without the password."""
    monkeypatch.setattr(postgres, "PATIENCE_SECONDS", 0.5)
    address = database.replace("@", ":secret@")
    with filled(address) as journal:
        database_server.stop()
        try:
            with pytest.raises(JournalError, match="onnection") as caught:
                journal.intend(1)
        finally:
            database_server.start()
        assert "secret" not in str(caught.value) + journal.name
        journal.intend(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda address: address + "_gone",
            "does not exist; check the name, or make it: heygen-async enqueue --create",
        ),
        (lambda address: address, "no campaign has been begun in it yet: heygen-async enqueue"),
        (lambda _: "postgresql://[::1", "must be as in postgresql://user@host:5432/name"),
    ],
)
def test_a_database_that_is_no_journal_is_refused(change: Callable[[str], str], message: str, database: str) -> None:
    """An address without a journal is refused, with advice."""
    with pytest.raises(JournalError, match=message):
        Journal(change(database))


def test_tables_of_another_format_are_refused(database: str) -> None:
    """Tables of another format are refused: workers and commands must be of one version."""
    with filled(database) as journal:
        journal.set_meta(format="99")
    with pytest.raises(JournalError, match="its tables have format 99, and this heygen-async knows 4"):
        Journal(database)


def test_a_reader_cannot_write(database: str) -> None:
    """The server refuses changes of a journal that is opened for reading."""
    filled(database).close()
    with Journal(database, read_only=True) as journal, pytest.raises(JournalError, match="the database is read-only"):
        journal.intend(1)


def test_the_commands_of_a_journal_take_an_address(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """status, retry, export and report take an address; a page without a name gets the database's."""
    monkeypatch.chdir(tmp_path)
    with filled(database) as journal:
        journal.intend(1)
        journal.failed(1, code="bad", error="why", spent="no")
    status = call("status", database)
    assert "failed with bad" in status.output
    assert call("retry", database, "--failed").exit_code == 0
    assert call("export", database, str(tmp_path / "out.csv")).exit_code == 0
    assert call("report", database, "-o", str(tmp_path / "r.html")).exit_code == 0
    assert "N1" in (tmp_path / "r.html").read_text(encoding="utf-8")
    with Journal(database, read_only=True) as journal:
        assert journal.get(1).generation == 1
    assert call("report", database).exit_code == 0
    assert len(list(tmp_path.glob("heygen_*.html"))) == 1
    with Journal(database, read_only=True) as journal:
        assert "3 rows" in write_report(journal, tmp_path / "s.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("_simulator_thread")
def test_a_run_at_the_command_line_takes_an_address(
    world: World, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run --journal postgresql://...` remembers in the database, and asks before it pays again."""
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_text("name\nAda\nBo\n")
    words = ["run", "list.csv", "--journal", database, "--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm"]
    options = ["--no-preflight", "--speed", "500", "--script"]
    assert call(*words, *options, "Hi {{ name }}").exit_code == 0
    assert call(*words, *options, "Hi {{ name }}").exit_code == 7
    changed = call(*words, *options, "Hello {{ name }}")
    assert (changed.exit_code, len(world.ledger)) == (8, 2)
    assert "2 rows have a video made with another request" in changed.output


def test_a_database_is_made_only_if_that_is_asked_for(database_server: Postgres) -> None:
    """A mistyped name makes no database; `create_database` makes one, and does nothing the second time."""
    address = database_server.address(f"made_{uuid.uuid4().hex}")
    with pytest.raises(JournalError, match="does not exist"):
        Journal(address, create=True)
    for _ in range(2):
        create_database(address)
    Journal(address, create=True).close()
    with pytest.raises(JournalError, match="onnection"):
        create_database(address.replace(f":{database_server.port}/", ":1/"))


def test_a_pooler_that_drops_session_settings_is_refused(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection without the settings of the session is refused before any table is made."""
    psycopg = driver()
    whole = psycopg.connect

    def without_options(address: str, **settings: Any) -> Any:
        settings.pop("options")
        return whole(address, **settings)

    monkeypatch.setattr(psycopg, "connect", without_options)
    with pytest.raises(JournalError, match="a connection pooler in between"):
        Journal(database, create=True)

    def refuse(*_: Any, **__: Any) -> None:
        raise psycopg.OperationalError("FATAL: unsupported startup parameter: options")

    monkeypatch.setattr(psycopg, "connect", refuse)
    with pytest.raises(JournalError, match="such as PgBouncer in transaction mode"):
        connect(database)


def test_either_end_notices_a_cut_network(database: str) -> None:
    """The server and the client look after each other within half a minute."""
    with connect(database) as connection:
        asked = [
            connection.execute(f"SHOW {name}").fetchall()[0][0]
            for name in ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
        ]
    assert asked in (["10", "5", "3", "20000"], ["10s", "5s", "3", "20s"])


def test_waiting_for_a_server_can_be_given_up(database_server: Postgres, database: str) -> None:
    """A call that waits for a server as long as it takes ends when it is told to."""
    with filled(database) as journal:
        backend = journal._db
        assert isinstance(backend, postgres.PostgresBackend)
        backend.patience = math.inf
        database_server.stop()
        try:
            threading.Timer(0.5, backend.give_up).start()
            with pytest.raises(JournalError):
                journal.intend(1)
        finally:
            database_server.start()

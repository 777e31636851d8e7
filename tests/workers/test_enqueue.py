"""What is done to a database of workers from outside: queue, pause, limits, decide; by functions and by commands."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from heygen_async import DirectVideo, InvalidInputError, Job, Journal, JournalError, enqueue
from heygen_async.bulk.journal.postgres_connection import connect as connect_to
from heygen_async.workers import dbos_engine
from heygen_async.workers.enqueue import pause, resume, shared
from heygen_async.workers.fleet_status import fleet_status
from heygen_async.workers.fleet_tables import FleetTables
from heygen_async.workers.leased_journal import LeasedJournal, NotMineError
from heygen_async.workers.shared_control import Control, SharedState
from tests.helpers.commands import call
from tests.helpers.postgres import Postgres


@pytest.fixture(scope="module")
def shared_database(database_server: Postgres) -> str:
    """Address of a database that the tests of this file share, with all tables."""
    address = database_server.make(f"shared_{uuid.uuid4().hex}")
    Journal(address, create=True).close()
    with closing(FleetTables(address, create=True)) as tables:
        dbos_engine.prepare(tables.backend, address)
    return address


@pytest.fixture
def tables(shared_database: str) -> Iterator[FleetTables]:
    with closing(FleetTables(shared_database)) as made:
        yield made


@pytest.fixture
def control(tables: FleetTables) -> Control:
    """Limits of an account of its own."""
    return Control(tables, uuid.uuid4().hex)


def jobs(count: int, word: str = "Hi") -> list[Job]:
    requests = (DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"{word} {n}") for n in range(count))
    return [Job(request=request, row={"name": f"N{n}"}) for n, request in enumerate(requests)]


# The limits


def test_a_refusal_lowers_the_cap_and_time_raises_it(control: Control) -> None:
    """The cap stays between one and the number that was asked for."""
    assert control.state() is None
    with pytest.raises(InvalidInputError, match="nothing has been queued in this database yet"):
        control.resume()
    assert control.begin(20, 3) == SharedState(wanted=20, agents=3, cap=20)
    assert control.accepted().cap == 20
    assert control.refused().cap == 1
    assert control.probe().cap == 1
    control._backend.execute("UPDATE limits SET cap = 5, refused_at = refused_at - 1000")
    assert control.probe().cap == 6
    assert control.probe().cap == 6
    assert str(control.state()) == "at most 20 render at once (HeyGen takes 6 now), 3 agents among them"


def test_the_first_reason_of_a_pause_stands(control: Control) -> None:
    """A second pause keeps the first reason, and no rows are admitted until `resume`."""
    control.begin(4, 9)
    assert control.pause("no credit").paused == control.pause("again").paused == "no credit"
    assert control.pause("x").admitted == (0, 0)
    assert control.resume().admitted == (4, 4)


@pytest.mark.parametrize("bad", [0, -1, True, 2.5])
def test_numbers_are_whole_and_positive(control: Control, bad: Any) -> None:
    """Limits below one or with a fraction are refused, as in a run of one process."""
    with pytest.raises(InvalidInputError, match="must be a whole number from 1"):
        control.begin(bad, 1)
    with pytest.raises(InvalidInputError, match="max_agents"):
        control.begin(1, bad)


# Queueing


@pytest.mark.parametrize("place", ["campaign.db", "sqlite:///campaign.db"])
async def test_workers_share_no_file(place: str) -> None:
    """A SQLite file is refused, and the message names the command that works with one."""
    with pytest.raises(InvalidInputError, match=r"a SQLite file has one writer.*heygen-async run --journal FILE"):
        pause(place)
    with pytest.raises(InvalidInputError, match="must be as in postgresql://user@host/name"):
        await enqueue(place, jobs(1))


async def test_a_second_list_keeps_the_settings_of_the_first(shared_database: str) -> None:
    """Options that are not given stay as they are; an option that workers cannot heed is refused by its name."""
    await enqueue(shared_database, jobs(2), campaign="kept", budget_usd=5.0, filename="{name}", deadline=99)
    again = await enqueue(shared_database, jobs(3), campaign="kept", max_in_flight=4, requests_per_second=2.0)
    assert again.kept == {"budget_usd": 5.0, "filename": "{name}", "deadline": 99}
    assert (again.state.wanted, again.state.per_second) == (4, 2.0)
    assert (await enqueue(shared_database, jobs(3), campaign="kept")).state == again.state
    with pytest.raises(InvalidInputError, match="journal: workers have no such option"):
        await enqueue(shared_database, jobs(1), journal="x.db")
    with pytest.raises(InvalidInputError, match="max_in_flight 0"):
        await enqueue(shared_database, jobs(1), max_in_flight=0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        await enqueue(shared_database, jobs(1), colour="red")
    with pytest.raises(InvalidInputError, match="item 0"):
        await enqueue(shared_database, [Job(request=object())], campaign="bad")  # type: ignore[arg-type]  # on purpose


async def test_other_versions_are_refused_by_name(database_server: Postgres) -> None:
    """Tables of another version, and those of a newer DBOS, are refused before anything is written."""
    address = database_server.make(f"old_{uuid.uuid4().hex}")
    await enqueue(address, jobs(1), create=True)
    with Journal(address) as journal:
        journal.set_meta(dbos="999.1.0")
    with pytest.raises(JournalError, match=r"its tables are of DBOS 999.1.0, and \d.* pip install dbos==999.1.0"):
        await enqueue(address, jobs(2))
    with Journal(address) as journal:
        journal.set_meta(fleet="1", fleet_release="0.0.1")
    with pytest.raises(JournalError, match=r"its workers are of heygen-async 0.0.1 \(format 1\), and this is"):
        await enqueue(address, jobs(2))
    with Journal(address) as journal:
        assert journal.counts() == {"planned": 1}


@pytest.mark.parametrize(("package", "extra"), [("dbos", "dbos"), ("psycopg", "postgres")])
async def test_a_missing_package_is_named_with_its_extra(
    package: str, extra: str, shared_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error shows the `pip install` command to type."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInputError, match=rf'pip install "heygen-async\[{extra}\]"'):
        await enqueue(shared_database, jobs(1))


# Leases


async def test_only_the_owner_of_a_lease_changes_a_row(shared_database: str, tables: FleetTables) -> None:
    """A worker without the lease changes nothing; a row that was edited meanwhile is not sent as it was."""
    await enqueue(shared_database, jobs(3, "Lease"), campaign="leases")
    with closing(LeasedJournal(shared_database, "here")) as journal:
        journal.owner = "w1"
        ids = [record.id for record in journal.records("planned") if "Lease" in record.text]
        lease = "INSERT INTO leases VALUES (?, 'leases', ?, true)"
        for job_id, owner in zip(ids, ("w1", "w1", "w2"), strict=True):
            tables.backend.execute(lease, (job_id, owner))
        first, second, third = journal.records_of(ids)
        facts: list[Any] = [(one.id, one.body_hash, one.generation, 0.1, 0.2, None) for one in (first, second, third)]
        facts[1] = (second.id, "edited", 0, None, None, None)
        assert [record.id for record in journal.leased("leases")] == ids[:2]
        assert journal.intend_all(facts) == {first.id}
        assert str(journal.why_not(second.id)).endswith("has changed since it was handed out")
        assert str(journal.why_not(third.id)).endswith("is not this worker's any more")
        assert journal.submitted_all([(first.id, "v1", None), (third.id, "v3", None)]) == {first.id}
        assert journal.completed_all([(first.id, "v1", 2.0, None, None)]) == {first.id}
        with pytest.raises(NotMineError):
            journal.failed(third.id, code="x", error="y", spent="no")
        with pytest.raises(NotMineError):
            journal.begin_again(third.id)
        journal.hand_on([first.id])
        journal.free_slots([second.id])
        journal.let_go([second.id, third.id])
        assert [(lease.job_id, lease.owner) for lease in tables.leases()] == [(first.id, None), (third.id, "w2")]
        tables.forget_leases([first.id, third.id])
        assert [lease.job_id for lease in tables.leases()] == [third.id]
        tables.backend.execute("DELETE FROM leases")


# The commands


def test_the_commands_for_workers(shared_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`enqueue`, `status`, `pause`, `resume`, `retry`, `decide` and `approve` work on the database of workers."""
    database, leads, file = shared_database, tmp_path / "leads.csv", tmp_path / "campaign.toml"
    leads.write_text("name\nAda\nBob\n", encoding="utf-8")
    file.write_text("[run]\ntag_titles = true\ncanary = 1\n[downloads]\nfiles = ['video', 'gif']\n", encoding="utf-8")
    words = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}"]
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    options = ["--database", database, "--campaign", "cli"]
    result = call("enqueue", str(file), str(leads), *words, *options, "--max-in-flight", "4", "--max-agents", "2")
    assert result.exit_code == 0, result
    assert " rows; at most 4 render at once, 2 agents among them" in result.output
    with closing(FleetTables(database)) as tables:
        kept = tables.campaign("cli")
    assert kept is not None
    assert json.loads(kept.settings) | {"files": ["video", "gif"], "canary": 1} == json.loads(kept.settings)
    assert "paused: lunch" in call("pause", "--database", database, "--why", "lunch").output
    assert "paused: lunch" in call("status", database).output
    assert "The workers continue: at most 4 renders at once." in call("resume", database, "--budget", "9").output
    with Journal(database, campaign="cli") as journal:
        ada, bob = (record.id for record in journal.records())
        assert "[" in journal.get(ada).body["title"], "the campaign file's tag_titles"
        journal.intend(ada)
        journal.failed(ada, code="bad", error="why", spent="no")
        journal.intend(bob)
        journal.unknown(bob, code="lost", error="gone")
    status = call("status", database, "--campaign", "cli", "--json")
    assert status.exit_code == 8
    facts = json.loads(status.output)
    assert facts["rows"] == {"failed": 1, "unknown": 1}
    assert {one["name"] for one in facts["fleet"]["campaigns"]} >= {"cli"}
    assert fleet_status(database).exit_code == 8
    assert "Planned again: 1 row; the workers send them" in call("retry", database, "--failed").output
    assert call("retry", database, "--failed").exit_code == 7
    assert "choose one of" in call("decide", database).output
    assert "row 1000" in call("decide", database, "--skip", "--row", "1000").output
    assert "Decided for 1 row: adopt" in call("decide", database, "--adopt", "v9").output
    assert call("decide", database, "--skip").exit_code == 7
    assert "adopt v9: 0 rows to decide about" in call("decide", database, "--adopt", "v9").output
    with Journal(database) as journal:
        assert (journal.get(bob).state, journal.get(bob).video_id) == ("submitted", "v9")
    assert "campaigns are approved" in call("approve", database).output
    assert call("approve", database, "--campaign", "none").exit_code == 7
    state = shared(database)
    assert state is not None
    assert resume(database) == state


@pytest.fixture(scope="module")
def guest(database_server: Postgres) -> str:
    """A role that needs its password, "right", and may create nothing."""
    name = f"guest_{uuid.uuid4().hex}"
    rules = database_server.folder / "data" / "pg_hba.conf"
    rules.write_text(f"host all {name} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}", encoding="utf-8")
    with connect_to(database_server.address()) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'right'".encode())
        connection.execute("SELECT pg_reload_conf()")
    return name


@pytest.mark.parametrize("command", ["enqueue", "worker", "status"])
@pytest.mark.parametrize("password", ["wrong", "right"])
def test_a_wrong_password_and_missing_rights_are_one_line(
    command: str,
    password: str,
    guest: str,
    database_server: Postgres,
    shared_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The line names the reason and not the password; nothing was written, and the exit code is 1."""
    (tmp_path / "leads.csv").write_text("name\nAda\n", encoding="utf-8")
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    empty = database_server.make(f"empty_{uuid.uuid4().hex}") if command == "enqueue" else shared_database
    address = empty.replace("postgres@", f"{guest}:{password}@")
    fields = ["--set", "avatar_id=a", "--set", "voice_id=v", "--script", "Hi {{ name }}", "--no-preflight"]
    words = {
        "enqueue": ["enqueue", str(tmp_path / "leads.csv"), *fields, "--database", address],
        "worker": ["worker", "--database", address],
        "status": ["status", address],
    }
    result = call(*words[command])
    assert result.exit_code == 1, result
    reason = "password authentication failed" if password == "wrong" else "the user may not do this (permission denied"
    assert reason in result.output
    assert ":wrong@" not in result.output
    assert ":right@" not in result.output
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("journal = 'other.db'", "run.journal: other.db; the rows of workers are kept in --database"),
        ("max_in_flight = 'auto'", 'run.max_in_flight: "auto"; workers need a number'),
        ("approve = true", "--approve: there is no canary to approve"),
    ],
)
def test_entries_that_workers_cannot_heed_are_refused(
    entry: str, message: str, shared_database: str, tmp_path: Path
) -> None:
    """An entry of a campaign file that would be ignored is refused by its name."""
    (tmp_path / "leads.csv").write_text("name\nAda\n", encoding="utf-8")
    (tmp_path / "campaign.toml").write_text(f"[run]\n{entry}\n", encoding="utf-8")
    files = [str(tmp_path / name) for name in ("campaign.toml", "leads.csv")]
    result = call("enqueue", *files, "--database", shared_database, "--no-preflight")
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())

"""Workers on one database, seen from inside: the queue, what all share, and one worker in this process."""

from __future__ import annotations

import asyncio
import functools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from heygen_async import (
    AuthenticationError,
    DirectVideo,
    HeyGen,
    InvalidInputError,
    Job,
    Journal,
    JournalError,
    VideoAgent,
)
from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.advisory_lock import AdvisoryLock
from heygen_async.bulk.journal.database import ADDRESSES
from heygen_async.bulk.journal.postgres import connect
from heygen_async.simulator import CompressedTimeLoop, ErrorAnswer, World
from heygen_async.workers import worker as workers
from heygen_async.workers.dbos_engine import AGENTS, QUEUE, QueueControl, QueuedRow
from heygen_async.workers.enqueue import enqueue, pause, queue_again, resume, shared
from heygen_async.workers.queue_store import QueueStore
from heygen_async.workers.shared_control import Control, State, admitted
from heygen_async.workers.worker import Worker, lock_of
from tests.helpers.commands import call
from tests.helpers.fleet import fleet, people

SPEED = 100.0  # of the loop; what the database and its queue do takes its real time


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Let renders take a hundredth of their time; virtual time would stand still while threads wait."""
    return "asyncio", {"loop_factory": functools.partial(CompressedTimeLoop, SPEED)}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often."""
    monkeypatch.setattr(workers, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(workers, "ALIVE_SECONDS", 0.1)


def jobs(count: int, word: str = "Hi") -> list[Job]:
    return [Job(request=direct(f"{word} {n}"), row={"name": f"N{n}"}) for n in range(count)]


def direct(script: str) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=script)


@pytest.fixture
def control(database: str) -> Iterator[Control]:
    Journal(database, create=True).close()
    made = Control(database)
    yield made
    made.close()


@pytest.fixture
def office(database: str) -> Iterator[QueueControl]:
    made = QueueControl(database)
    yield made
    made.close()


# The queue


def test_a_row_is_queued_once(office: QueueControl) -> None:
    """Its key is the workflow's id."""
    office.begin(2, 1, per_second=5)
    rows = [QueuedRow(job_id=n + 1, key=f"ha-{n}", is_agent=n == 0) for n in range(3)]
    assert office.is_empty()
    assert office.add(rows) == office.add(rows) == 3
    waiting = office._client.list_workflows(status="ENQUEUED")
    assert sorted((one.workflow_id, one.queue_name) for one in waiting) == [
        ("ha-1", QUEUE),
        ("ha-2", QUEUE),
        ("heygen-agent-ha-0", AGENTS),
    ]
    assert not office.is_empty()
    assert office.running() == {}
    assert office.hand_on("nobody") == 0


def test_what_runs_at_once_can_be_changed(office: QueueControl) -> None:
    """Down to nothing, and up again."""
    office.begin(2, 1, per_second=None)
    for most in (0, 7):
        office.admit(most, 1)
        queue = office._client.retrieve_queue(QUEUE)
        assert queue is not None
        assert queue.global_concurrency == most


@pytest.mark.parametrize("place", ["campaign.db", "sqlite:///campaign.db"])
async def test_workers_share_no_file(place: str) -> None:
    """A file has one writer: so it is said, with what to do instead."""
    for refused in (lambda: QueueControl(place), lambda: pause(place)):
        with pytest.raises(InvalidInputError, match=r"a SQLite file has one writer.*heygen-async run --journal FILE"):
            refused()
    with pytest.raises(InvalidInputError, match="must be as in postgresql://user@host/name"):
        await enqueue(place, jobs(1))


def test_a_database_that_is_not_there_is_told(database: str) -> None:
    """By DBOS's words, which name no password."""
    with pytest.raises(JournalError, match="DBOS cannot use it"):
        QueueControl(database.replace("/heygen_", "/no:such@"))


# What all share


def test_a_refusal_clamps_and_time_raises(control: Control, database: str) -> None:
    """Never above what was asked for, never below one."""
    assert control.state() is None
    with pytest.raises(InvalidInputError, match="nothing has been queued in this database yet"):
        control.resume()
    assert control.begin(20, 3) == State(wanted=20, agents=3, cap=20)
    assert control.refused(12).cap == 12
    assert control.refused(15).cap == 12
    assert control.refused(0).cap == 1
    assert control.accepted(9).cap == 9
    assert control.accepted(99).cap == 20
    assert control.refused(5).cap == control.probe().cap == 5
    control._tables.execute("UPDATE control SET refused_at = refused_at - 1000")
    assert control.probe().cap == 6
    assert control.probe().cap == 6
    assert str(shared(database)) == "at most 20 render at once (HeyGen takes 6 now), 3 agents among them"


def test_the_first_reason_of_a_pause_stands(control: Control, database: str) -> None:
    """And nothing is admitted until somebody says so."""
    control.begin(4, 3)
    assert control.pause("no credit").paused == control.pause("again").paused == "no credit"
    assert admitted(control.pause("x")) == (0, 0)
    assert resume(database) == State(wanted=4, agents=3, cap=4)
    assert pause(database).paused == "a person paused it"


@pytest.mark.parametrize("bad", [0, -1, True, 2.5])
def test_numbers_are_whole_and_positive(control: Control, bad: Any) -> None:
    """As of a run in one process."""
    with pytest.raises(InvalidInputError, match="must be a whole number from 1"):
        control.begin(bad, 1)
    with pytest.raises(InvalidInputError, match="max_agents"):
        control.begin(1, bad)


def test_agents_are_few_and_have_slots_like_all() -> None:
    """No more turns than slots."""
    state = State(wanted=10, agents=3, cap=5)
    assert admitted(state) == (5, 3)
    assert admitted(attrs.evolve(state, cap=2)) == (2, 2)


# The rows of one worker


async def test_a_workflow_waits_for_the_end_of_its_row(database: str) -> None:
    """Run again it joins; one whose row was asked for otherwise since, or has ended, is over at once."""
    await enqueue(database, jobs(2))
    with Journal(database) as journal:
        asked: list[Record] = []
        store = QueueStore(journal, asked.append)
        key = journal.key(journal.get(1))
        assert await store.render(1, "ha-old") == "superseded"
        assert [record.id for record in asked] == [1], "under its present key it must be queued"
        first, second = (asyncio.ensure_future(store.render(1, key)) for _ in range(2))
        job = await store.next()
        assert job is not None
        assert (job.index, job.step, job.key) == (0, "submit", key)
        await store.sending([job])
        await store.accepted(job, video_id="v1")
        journal.completed(1, video_id="v1", duration=1.0)
        store.begin_again()
        store.close()
        assert await store.next() is None
        store.begin_again()
        waits = asyncio.ensure_future(store.next())
        assert [await first, await second] == ["completed", "completed"]
        store.close()
        assert await waits is None
        store.ended(1, "twice")


# A worker


async def worked(heygen: HeyGen, database: str, **options: Any) -> Worker:
    """Let one worker do all there is."""
    one = Worker(heygen=heygen, address=database, until_done=True, **options)
    with anyio.fail_after(120 * SPEED):
        await one.work()
    return one


async def test_a_worker_renders_what_is_queued(heygen: HeyGen, world: World, database: str, tmp_path: Path) -> None:
    """Each row once, with its file; the same list again is nothing new, a changed row is one more."""
    agent = Job(request=VideoAgent(prompt="A welcome, 10 seconds"), row={"name": "Zoe"})
    rows = [*jobs(4), agent]
    for queued, more in ((5, 5), (5, 0)):
        done = await enqueue(database, rows, campaign="spring", max_in_flight=3, max_agents=1)
        assert (done.queued, done.merge.new) == (queued, more)
    one = await worked(heygen, database, download_to=str(tmp_path / "out"))
    assert one.ended == {"completed": 5}
    assert len(world.ledger) == 5
    assert world.peak_rendering <= 3
    assert len(list((tmp_path / "out").iterdir())) == 5
    changed = await enqueue(database, [*jobs(1, "Ho"), *rows[1:]], campaign="spring")
    assert (changed.queued, changed.merge.changed, changed.merge.unchanged) == (1, 1, 4)
    assert (await worked(heygen, database)).ended == {"completed": 1}
    assert (await enqueue(database, jobs(1), campaign="autumn")).merge.new == 1


async def test_a_row_that_is_changed_and_changed_back_is_rendered_again(
    heygen: HeyGen, world: World, database: str
) -> None:
    """It has its old key again, whose workflow has ended; it must not wait for ever."""
    for word in ("Hi", "Ho", "Hi"):
        await enqueue(database, jobs(1, word), campaign="spring")
        assert (await worked(heygen, database)).ended == {"completed": 1}
    with Journal(database, read_only=True) as journal:
        assert journal.counts() == {"completed": 1}
    assert len(world.ledger) == 2, "within a day HeyGen answers the old key with the video that it has"


async def test_without_credit_all_workers_pause(heygen: HeyGen, world: World, database: str) -> None:
    """Until somebody says that there is some; nothing was lost, nothing paid twice."""
    world.faults.append(ErrorAnswer(method="POST", status=402, code="insufficient_credit", times=1))
    await enqueue(database, jobs(3), max_in_flight=1)
    one = Worker(heygen=heygen, address=database, until_done=True)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.work)
        while (state := await anyio.to_thread.run_sync(shared, database)) is None or state.paused is None:
            await anyio.to_thread.run_sync(time.sleep, 0.1)
        assert "insufficient_credit" in state.paused
        assert not world.ledger
        await anyio.to_thread.run_sync(resume, database)
    assert one.ended == {"completed": 3}
    assert len(world.ledger) == 3


async def test_a_key_that_is_refused_ends_a_worker(heygen: HeyGen, world: World, database: str) -> None:
    """Its rows go back to the others."""
    world.faults.append(ErrorAnswer(method="POST", status=401, code="unauthorized"))
    await enqueue(database, jobs(2))
    with pytest.raises(BaseExceptionGroup) as caught:
        await worked(heygen, database)
    assert caught.group_contains(AuthenticationError)
    office = QueueControl(database)
    assert office.running() == {}
    assert not office.is_empty()
    office.close()


async def test_a_worker_that_was_taken_for_dead_stops(heygen: HeyGen, database: str) -> None:
    """Others may have its rows; so it may not begin, nor go on when the server was away and another was quicker."""
    await enqueue(database, jobs(1))
    one, other = Worker(heygen=heygen, address=database), AdvisoryLock(database)
    other.take(lock_of(one.name))
    with pytest.raises(JournalError, match="others have taken it for dead"):
        await one.work()
    other.release(lock_of(one.name))
    with pytest.raises(BaseExceptionGroup) as caught:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.work)
            while other.is_free(lock_of(one.name)):
                await anyio.sleep(0.05 * SPEED)
            cut_off(database)
            while not other.take(lock_of(one.name)):  # before the worker looks again
                pass
    assert caught.group_contains(JournalError, match="others have taken it for dead")
    other.close()


def cut_off(database: str) -> None:
    """Let whoever holds a lock lose its connection, as when the server is restarted."""
    with connect(database) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")


async def test_a_worker_goes_on_with_the_rows_of_a_dead_one(database: str, tmp_path: Path) -> None:
    """Killed in the midst of its renders: they are followed, not paid for again."""
    world = World(slots=4, render_seconds=lambda _: 300.0)
    with fleet(world, database, tmp_path, speed=SPEED) as crew:
        await anyio.to_thread.run_sync(functools.partial(crew.enqueue, people(6, 0), max_in_flight=3))
        crew.start()
        assert await anyio.to_thread.run_sync(crew.until, lambda: crew.account.charges >= 3, 90.0), crew.said()
        crew.kill()
        async with HeyGen("simulator-key", base_url=crew.account.base_url) as heygen:
            one = await worked(heygen, database)
        assert one.ended == {"completed": 6}
        assert crew.account.charges == 6


async def test_too_high_a_number_is_clamped_for_all(
    heygen: HeyGen, world: World, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what HeyGen refuses; refused rows wait and go when there is room, and none is paid for twice."""
    monkeypatch.setattr(workers, "SETTLE_SECONDS", 0.2)
    world.slots = 2
    await enqueue(database, jobs(8), max_in_flight=6)
    one = await worked(heygen, database)
    assert one.ended == {"completed": 8}
    assert len(world.ledger) == 8
    assert world.peak_rendering == 2
    state = shared(database)
    assert state is not None
    assert state.refused_at is not None
    assert state.cap < 6


async def test_what_was_lost_and_not_found_waits_for_a_person(heygen: HeyGen, world: World, database: str) -> None:
    """The worker is done with it: it does not look for ever."""
    world.faults.append(ErrorAnswer(method="POST", path="/v3/video-agents", status=500))
    await enqueue(database, [Job(request=VideoAgent(prompt="A welcome"), row={"name": "Zoe"})])
    one = await worked(heygen, database)
    assert one.ended == {"failed": 1}
    with Journal(database, read_only=True) as journal:
        assert journal.counts() == {"unknown": 1}


async def test_what_was_lost_and_not_found_is_sent_again(heygen: HeyGen, world: World, database: str) -> None:
    """If that was asked for: under a new key, by a workflow of that name, and it counts once."""
    world.faults.append(ErrorAnswer(method="POST", path="/v3/video-agents", status=500, times=1))
    await enqueue(database, [Job(request=VideoAgent(prompt="A welcome"), row={"name": "Zoe"})])
    one = Worker(heygen=heygen, address=database, until_done=True, on_unknown="resubmit")
    await one.work()
    assert one.ended == {"completed": 1}
    assert len(world.ledger) == 1
    with Journal(database, read_only=True) as journal:
        assert [(record.state, record.generation) for record in journal.records()] == [("completed", 1)]


async def test_heygen_out_of_reach_is_waited_for(database: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing was sent, so nothing is lost; somebody may have pulled a plug."""
    await enqueue(database, jobs(1))
    async with HeyGen("simulator-key", base_url="http://127.0.0.1:9") as heygen:
        one = Worker(heygen=heygen, address=database)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.work)
            while "HeyGen cannot be reached, trying again in 10 s" not in caplog.text:
                await anyio.sleep(0.1 * SPEED)
            tasks.cancel_scope.cancel()
    with Journal(database, read_only=True) as journal:
        assert journal.counts() == {"planned": 1}


async def test_a_row_that_waits_for_a_look_is_handed_out_again(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker has no next run that would do it; what a person must decide is over, what has ended too."""
    monkeypatch.setattr("heygen_async.workers.queue_store.AGAIN_SECONDS", 0.1 * SPEED)
    await enqueue(database, jobs(2))
    with Journal(database) as journal:
        store = QueueStore(journal, lambda _: None)
        first, second = (asyncio.ensure_future(store.render(n, journal.key(journal.get(n)))) for n in (1, 2))
        job, other = await store.next(), await store.next()
        assert job is not None
        assert other is not None
        await store.settle(1, "failed", for_good=False)
        again = await store.next()
        assert again is not None
        assert again.index == 0
        await store.settle(1, "held", for_good=True)
        assert await first == "held"
        journal.failed(2, code="x", error="y", spent="no")
        await store.settle(2, "failed", for_good=False)
        assert await second == "failed"


async def test_a_row_with_a_new_key_has_a_new_workflow(database: str) -> None:
    """Whoever takes the old one over finds a key that is no longer the row's: then another must be there."""
    await enqueue(database, jobs(1))
    with Journal(database) as journal:
        asked: list[str] = []
        store = QueueStore(journal, lambda record: asked.append(journal.key(record)))
        key = journal.key(journal.get(1))
        old = asyncio.ensure_future(store.render(1, key))
        assert await store.next() is not None
        journal.intend(1)
        journal.begin_again(1)
        await store.supersede(1)
        assert await old == "superseded"
        assert await store.render(1, key) == "superseded"
        assert asked == [journal.key(journal.get(1))] * 2
        assert key not in asked
        journal.failed(1, code="x", error="y", spent="no")
        assert await store.render(1, key) == "superseded"
        assert len(asked) == 2, "a row that has ended is not queued"


@pytest.mark.parametrize(("package", "extra"), [("dbos", "dbos"), ("psycopg", "postgres")])
def test_what_is_not_installed_is_named(
    package: str, extra: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to type."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInputError, match=rf'pip install "heygen-async\[{extra}\]"'):
        QueueControl(database)


# The commands


def test_the_commands_for_workers(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queue, look, pause, go on, try again."""
    assert database.startswith(ADDRESSES)
    (tmp_path / "leads.csv").write_text("name\nAda\nBob\n", encoding="utf-8")
    words = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}"]
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    said = call("enqueue", str(tmp_path / "leads.csv"), *words, "--database", database, "--max-in-flight", "4")
    assert said.exit_code == 0, said
    assert "2 rows are queued; at most 4 render at once, 3 agents among them" in said.output
    assert "paused: lunch" in call("pause", "--database", database, "--why", "lunch").output
    assert "workers: paused: lunch" in call("status", database).output
    assert "The workers go on: at most 4 renders at once." in call("resume", database).output
    with Journal(database) as journal:
        journal.intend(1)
        journal.failed(1, code="bad", error="why", spent="no")
    assert "2 rows are queued again" in call("retry", database, "--failed").output
    assert call("retry", database, "--failed").exit_code == 7
    assert queue_again(database) == 2

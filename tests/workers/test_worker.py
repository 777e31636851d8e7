"""The parts of workers on one database: the queue, the shared state, the job store, and one worker in this process."""

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
from heygen_async.workers.shared_control import Control, SharedState, admitted
from heygen_async.workers.worker import Worker, lock_of
from tests.helpers.commands import call
from tests.helpers.fleet import fleet, people

SPEED = 100.0  # of the loop; the database and its queue take real time


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Let renders take a hundredth of their time. Virtual time would stand still while threads wait."""
    return "asyncio", {"loop_factory": functools.partial(CompressedTimeLoop, SPEED)}


@pytest.fixture(autouse=True)
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers look at the database several times a second, to keep the tests short."""
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
def queues(database: str) -> Iterator[QueueControl]:
    made = QueueControl(database)
    yield made
    made.close()


# The queue


def test_a_row_is_queued_once(queues: QueueControl) -> None:
    """A row's key is the id of its workflow, so that a second `add` has no effect."""
    queues.begin(2, 1, per_second=5)
    rows = [QueuedRow(job_id=n + 1, key=f"ha-{n}", is_agent=n == 0) for n in range(3)]
    assert queues.is_empty()
    assert queues.add(rows) == queues.add(rows) == 3
    waiting = queues._client.list_workflows(status="ENQUEUED")
    assert sorted((one.workflow_id, one.queue_name) for one in waiting) == [
        ("ha-1", QUEUE),
        ("ha-2", QUEUE),
        ("heygen-agent-ha-0", AGENTS),
    ]
    assert not queues.is_empty()
    assert queues.running() == {}
    assert queues.hand_on("nobody") == 0


def test_the_cap_of_a_queue_can_be_changed(queues: QueueControl) -> None:
    """A cap may fall to zero and rise again."""
    queues.begin(2, 1, per_second=None)
    for most in (0, 7):
        queues.admit(most, 1)
        queue = queues._client.retrieve_queue(QUEUE)
        assert queue is not None
        assert queue.global_concurrency == most


@pytest.mark.parametrize("place", ["campaign.db", "sqlite:///campaign.db"])
async def test_workers_share_no_file(place: str) -> None:
    """A SQLite file is refused, and the message names the command that works with one."""
    for refused in (lambda: QueueControl(place), lambda: pause(place)):
        with pytest.raises(InvalidInputError, match=r"a SQLite file has one writer.*heygen-async run --journal FILE"):
            refused()
    with pytest.raises(InvalidInputError, match="must be as in postgresql://user@host/name"):
        await enqueue(place, jobs(1))


def test_a_missing_database_is_named_without_its_password(database: str) -> None:
    """The error repeats the message of DBOS, in which no password stands."""
    with pytest.raises(JournalError, match="DBOS cannot use it"):
        QueueControl(database.replace("/heygen_", "/no:such@"))


# The shared state


def test_a_refusal_lowers_the_cap_and_time_raises_it(control: Control, database: str) -> None:
    """The cap stays between one and the number that was asked for."""
    assert control.state() is None
    with pytest.raises(InvalidInputError, match="nothing has been queued in this database yet"):
        control.resume()
    assert control.begin(20, 3) == SharedState(wanted=20, agents=3, cap=20)
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
    """A second pause keeps the first reason, and no rows are admitted until `resume`."""
    control.begin(4, 3)
    assert control.pause("no credit").paused == control.pause("again").paused == "no credit"
    assert admitted(control.pause("x")) == (0, 0)
    assert resume(database) == SharedState(wanted=4, agents=3, cap=4)
    assert pause(database).paused == "a person paused it"


@pytest.mark.parametrize("bad", [0, -1, True, 2.5])
def test_numbers_are_whole_and_positive(control: Control, bad: Any) -> None:
    """Limits below one or with a fraction are refused, as in a run of one process."""
    with pytest.raises(InvalidInputError, match="must be a whole number from 1"):
        control.begin(bad, 1)
    with pytest.raises(InvalidInputError, match="max_agents"):
        control.begin(1, bad)


def test_agents_are_limited_by_the_cap_too() -> None:
    """No more agents are admitted than renders."""
    state = SharedState(wanted=10, agents=3, cap=5)
    assert admitted(state) == (5, 3)
    assert admitted(attrs.evolve(state, cap=2)) == (2, 2)


# The rows of one worker


async def test_a_workflow_waits_for_the_end_of_its_row(database: str) -> None:
    """A workflow that is started again waits for the same end; with an old key it returns at once."""
    await enqueue(database, jobs(2))
    with Journal(database) as journal:
        requeued: list[Record] = []
        store = QueueStore(journal, requeued.append)
        key = journal.key(journal.get(1))
        assert await store.render(1, "ha-old") == "superseded"
        assert [record.id for record in requeued] == [1], "the row must be queued under its present key"
        first, second = (asyncio.ensure_future(store.render(1, key)) for _ in range(2))
        job = await store.next()
        assert job is not None
        assert (job.index, job.step, job.key) == (0, "submit", key)
        await store.sending([job])
        await store.accepted(job, video_id="v1")
        journal.completed(1, video_id="v1", duration=1.0)
        store.reopen()
        store.close()
        assert await store.next() is None
        store.reopen()
        waits = asyncio.ensure_future(store.next())
        assert [await first, await second] == ["completed", "completed"]
        store.close()
        assert await waits is None
        store.ended(1, "twice")


# A worker


async def work_until_done(heygen: HeyGen, database: str, **options: Any) -> Worker:
    """Let one worker render all rows."""
    one = Worker(heygen=heygen, address=database, until_done=True, **options)
    with anyio.fail_after(120 * SPEED):
        await one.work()
    return one


async def test_a_worker_renders_what_is_queued(heygen: HeyGen, world: World, database: str, tmp_path: Path) -> None:
    """Each row is rendered once and its file stored; queueing the list again adds only the row that was changed."""
    agent = Job(request=VideoAgent(prompt="A welcome, 10 seconds"), row={"name": "Zoe"})
    rows = [*jobs(4), agent]
    for queued, more in ((5, 5), (5, 0)):
        done = await enqueue(database, rows, campaign="spring", max_in_flight=3, max_agents=1)
        assert (done.queued, done.merge.new) == (queued, more)
    one = await work_until_done(heygen, database, download_to=str(tmp_path / "out"))
    assert one.ended == {"completed": 5}
    assert len(world.ledger) == 5
    assert world.peak_rendering <= 3
    assert len(list((tmp_path / "out").iterdir())) == 5
    waiting = await enqueue(database, [*jobs(1, "Ho"), *rows[1:]], campaign="spring")
    assert (waiting.queued, waiting.merge.waiting) == (0, 1)
    changed = await enqueue(database, [*jobs(1, "Ho"), *rows[1:]], campaign="spring", again=True)
    assert (changed.queued, changed.merge.changed, changed.merge.unchanged) == (1, 1, 4)
    assert (await work_until_done(heygen, database)).ended == {"completed": 1}
    assert (await enqueue(database, jobs(1), campaign="autumn")).merge.new == 1


async def test_a_row_that_is_changed_and_changed_back_is_rendered_again(
    heygen: HeyGen, world: World, database: str
) -> None:
    """A row with an old key, whose workflow has ended, is queued again and does not wait for ever."""
    for word in ("Hi", "Ho", "Hi"):
        await enqueue(database, jobs(1, word), campaign="spring", again=True)
        assert (await work_until_done(heygen, database)).ended == {"completed": 1}
    with Journal(database, read_only=True) as journal:
        assert journal.counts() == {"completed": 1}
    assert len(world.ledger) == 3, "a request that comes back has a new key: HeyGen would replay the old answer"


async def test_without_credit_all_workers_pause(heygen: HeyGen, world: World, database: str) -> None:
    """A 402 pauses all workers until `resume`; then each row is rendered and paid for once."""
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


async def test_a_refused_api_key_ends_a_worker(heygen: HeyGen, world: World, database: str) -> None:
    """A worker whose API key is refused fails, and its rows go back to the queue."""
    world.faults.append(ErrorAnswer(method="POST", status=401, code="unauthorized"))
    await enqueue(database, jobs(2))
    with pytest.raises(BaseExceptionGroup) as caught:
        await work_until_done(heygen, database)
    assert caught.group_contains(AuthenticationError)
    queues = QueueControl(database)
    assert queues.running() == {}
    assert not queues.is_empty()
    queues.close()


async def test_a_worker_that_was_taken_for_dead_stops(heygen: HeyGen, database: str) -> None:
    """A worker stops if another holds its lock: at the start, or after a lost connection."""
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
            end_lock_connections(database)
            while not other.take(lock_of(one.name)):  # before the worker looks again
                pass
    assert caught.group_contains(JournalError, match="others have taken it for dead")
    other.close()


def end_lock_connections(database: str) -> None:
    """End the connections of all that hold a lock, as a restart of the server does."""
    with connect(database) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")


async def test_a_worker_goes_on_with_the_rows_of_a_dead_one(database: str, tmp_path: Path) -> None:
    """Renders of a killed worker are followed by another one and not paid for again."""
    world = World(slots=4, render_seconds=lambda _: 300.0)
    with fleet(world, database, tmp_path, speed=SPEED) as crew:
        await anyio.to_thread.run_sync(functools.partial(crew.enqueue, people(6, 0), max_in_flight=3))
        crew.start()
        assert await anyio.to_thread.run_sync(crew.until, lambda: crew.account.charges >= 3, 90.0), crew.logs()
        crew.kill()
        async with HeyGen("simulator-key", base_url=crew.account.base_url) as heygen:
            one = await work_until_done(heygen, database)
        assert one.ended == {"completed": 6}
        assert crew.account.charges == 6


async def test_a_cap_above_the_accounts_slots_is_lowered_for_all(
    heygen: HeyGen, world: World, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refusals lower the cap of all workers; refused rows are sent when a slot is free, and each is paid for once."""
    monkeypatch.setattr(workers, "SETTLE_SECONDS", 0.2)
    world.slots = 2
    await enqueue(database, jobs(8), max_in_flight=6)
    one = await work_until_done(heygen, database)
    assert one.ended == {"completed": 8}
    assert len(world.ledger) == 8
    assert world.peak_rendering == 2
    state = shared(database)
    assert state is not None
    assert state.refused_at is not None
    assert state.cap < 6


async def test_a_lost_render_that_is_not_found_waits_for_a_person(heygen: HeyGen, world: World, database: str) -> None:
    """A row whose lost POST left no trace at HeyGen is `unknown`, and the worker ends."""
    world.faults.append(ErrorAnswer(method="POST", path="/v3/video-agents", status=500))
    await enqueue(database, [Job(request=VideoAgent(prompt="A welcome"), row={"name": "Zoe"})])
    one = await work_until_done(heygen, database)
    assert one.ended == {"failed": 1}
    with Journal(database, read_only=True) as journal:
        assert journal.counts() == {"unknown": 1}


async def test_a_lost_render_that_is_not_found_is_sent_again(heygen: HeyGen, world: World, database: str) -> None:
    """With `resubmit` the row is sent again under a new key and counts once."""
    world.faults.append(ErrorAnswer(method="POST", path="/v3/video-agents", status=500, times=1))
    await enqueue(database, [Job(request=VideoAgent(prompt="A welcome"), row={"name": "Zoe"})])
    one = Worker(heygen=heygen, address=database, until_done=True, on_unknown="resubmit")
    await one.work()
    assert one.ended == {"completed": 1}
    assert len(world.ledger) == 1
    with Journal(database, read_only=True) as journal:
        assert [(record.state, record.generation) for record in journal.records()] == [("completed", 1)]


async def test_a_worker_waits_until_heygen_can_be_reached(database: str, caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection is tried again; the row stays planned, because no request left."""
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


async def test_a_row_that_the_run_left_open_is_handed_out_again(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open row is handed out again later; the workflow ends if the row has, or if a person must decide."""
    monkeypatch.setattr("heygen_async.workers.queue_store.RETRY_SECONDS", 0.1 * SPEED)
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
    """A row with a new key is queued under it, and the workflow of the old key ends without a POST."""
    await enqueue(database, jobs(1))
    with Journal(database) as journal:
        requeued: list[str] = []
        store = QueueStore(journal, lambda record: requeued.append(journal.key(record)))
        key = journal.key(journal.get(1))
        old = asyncio.ensure_future(store.render(1, key))
        assert await store.next() is not None
        journal.intend(1)
        journal.begin_again(1)
        await store.supersede(1)
        assert await old == "superseded"
        assert await store.render(1, key) == "superseded"
        assert requeued == [journal.key(journal.get(1))] * 2
        assert key not in requeued
        journal.failed(1, code="x", error="y", spent="no")
        assert await store.render(1, key) == "superseded"
        assert len(requeued) == 2, "a row that has ended is not queued"


@pytest.mark.parametrize(("package", "extra"), [("dbos", "dbos"), ("psycopg", "postgres")])
def test_a_missing_package_is_named_with_its_extra(
    package: str, extra: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error shows the `pip install` command to type."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInputError, match=rf'pip install "heygen-async\[{extra}\]"'):
        QueueControl(database)


# The commands


def test_the_commands_for_workers(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`enqueue`, `status`, `pause`, `resume` and `retry` work on the database that workers share."""
    assert database.startswith(ADDRESSES)
    (tmp_path / "leads.csv").write_text("name\nAda\nBob\n", encoding="utf-8")
    (tmp_path / "campaign.toml").write_text("[run]\ntag_titles = true\n", encoding="utf-8")
    words = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}"]
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    files = [str(tmp_path / name) for name in ("campaign.toml", "leads.csv")]
    result = call("enqueue", *files, *words, "--database", database, "--max-in-flight", "4")
    assert result.exit_code == 0, result
    assert "2 rows are queued; at most 4 render at once, 3 agents among them" in result.output
    assert "paused: lunch" in call("pause", "--database", database, "--why", "lunch").output
    assert "workers: paused: lunch" in call("status", database).output
    assert "The workers continue: at most 4 renders at once." in call("resume", database).output
    with Journal(database) as journal:
        assert "[" in journal.get(1).body["title"], "the campaign file's tag_titles"
        journal.intend(1)
        journal.failed(1, code="bad", error="why", spent="no")
    assert "2 rows are queued again" in call("retry", database, "--failed").output
    assert call("retry", database, "--failed").exit_code == 7
    assert queue_again(database) == 2

"""Workers on one database: rows, files, guards and takeovers, with one or two workers in this process."""

from __future__ import annotations

import asyncio
import functools
import platform
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from heygen_async import (
    AuthenticationError,
    DirectVideo,
    HeyGen,
    InvalidInputError,
    Job,
    Journal,
    JournalError,
    Receiver,
    VideoAgent,
    Worker,
    enqueue,
    shared_signals,
)
from heygen_async.bulk.campaign.decision import decide
from heygen_async.bulk.journal.postgres_connection import connect
from heygen_async.otel import OpenTelemetryObserver
from heygen_async.simulator import CompressedTimeLoop, ErrorAnswer, Server, World
from heygen_async.workers import dbos_engine, heartbeat, leased_store
from heygen_async.workers.enqueue import approve, look_again, resume, shared
from heygen_async.workers.feeder import fleet_feeder
from heygen_async.workers.fleet_status import fleet_status
from heygen_async.workers.fleet_tables import FleetTables
from tests.helpers.commands import call
from tests.helpers.deliveries import SECRET, body_of, signed
from tests.helpers.fleet import fleet, people
from tests.helpers.postgres import Postgres

SPEED = 100.0  # of the loop; the database and its queue take real time


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Let renders take a hundredth of their time. Virtual time would stand still while threads wait."""
    return "asyncio", {"loop_factory": functools.partial(CompressedTimeLoop, SPEED)}


@pytest.fixture(autouse=True)
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers look at the database several times a second, to keep the tests short."""
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(fleet_feeder, "TICK_SECONDS", 0.1)
    monkeypatch.setattr(fleet_feeder, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(dbos_engine, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(dbos_engine, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(leased_store, "COMMIT_SECONDS", 0.02)


@pytest.fixture(scope="session")
def template(database_server: Postgres) -> str:
    """Name of a database with all tables: to copy it is quicker than to make them."""
    name = f"template_{uuid.uuid4().hex}"
    address = database_server.make(name)
    Journal(address, create=True).close()
    with closing(FleetTables(address, create=True)) as tables:
        dbos_engine.prepare(tables.backend, address)
    return name


@pytest.fixture
def database(database_server: Postgres, template: str) -> str:
    """Address of a database with tables and without rows."""
    return database_server.make(f"heygen_{uuid.uuid4().hex}", template)


def jobs(count: int, word: str = "Hi") -> list[Job]:
    return [Job(request=direct(f"{word} {n}"), row={"name": f"N{n}"}) for n in range(count)]


def direct(script: str) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=script)


def agent() -> Job:
    return Job(request=VideoAgent(prompt="A welcome, 10 seconds"), row={"name": "Zoe"})


async def work_until_done(heygen: HeyGen, database: str, **options: Any) -> Worker:
    """Let one worker do everything that is due."""
    one = Worker(heygen=heygen, address=database, until_done=True, **options)
    with anyio.fail_after(120 * SPEED):
        await one.work()
    return one


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Look several times a second until *condition* holds."""
    with anyio.fail_after(60 * SPEED):
        while not await condition():
            await anyio.sleep(0.1 * SPEED)


@asynccontextmanager
async def working(one: Worker) -> AsyncIterator[None]:
    """Let a worker work meanwhile."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.work)
        yield
        tasks.cancel_scope.cancel()


def off_loop(function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
    return anyio.to_thread.run_sync(functools.partial(function, *args))


def counts(database: str) -> dict[str, int]:
    with Journal(database, read_only=True) as journal:
        return dict(journal.counts())


# Rows


async def test_a_worker_renders_what_is_queued(heygen: HeyGen, world: World, database: str, tmp_path: Path) -> None:
    """Each row is rendered once and its file stored; queueing the list again adds only the row that was changed."""
    rows = [*jobs(4), agent()]
    for queued, more in ((5, 5), (5, 0)):
        done = await enqueue(database, rows, campaign="spring", max_in_flight=3, max_agents=1)
        assert (done.queued, done.merge.new) == (queued, more)
    one = await work_until_done(heygen, database, download_to=str(tmp_path / "out"))
    assert one.ended == {"completed": 5}
    assert (len(world.ledger), world.peak_rendering <= 3) == (5, True)
    assert len(list((tmp_path / "out").iterdir())) == 5
    with Journal(database, read_only=True) as journal:
        assert all(record.server_at is not None for record in journal.records()), "HeyGen's time of each POST is kept"
    status = fleet_status(database)
    assert (status.exit_code, status.slots, status.open_lines) == (0, 0, [])
    waiting = await enqueue(database, [*jobs(1, "Ho"), *rows[1:]], campaign="spring")
    assert (waiting.queued, waiting.merge.waiting) == (0, 1)
    for word in ("Ho", "Hi"):  # changed and changed back: the first video is there, and is taken again
        await enqueue(database, [*jobs(1, word), *rows[1:]], campaign="spring", again=True)
        assert (await work_until_done(heygen, database)).ended == {"completed": 1}
    assert (await enqueue(database, jobs(1), campaign="autumn")).merge.new == 1
    assert counts(database) == {"completed": 5, "planned": 1}
    assert len(world.ledger) == 7, "a request that comes back has a new key: HeyGen would replay the old answer"


async def test_files_are_work_like_any_other(heygen: HeyGen, world: World, database: str, tmp_path: Path) -> None:
    """Files that a worker has left are stored by the next one, without another charge; a campaign names a folder."""
    await enqueue(database, jobs(3), max_in_flight=3)
    assert (await work_until_done(heygen, database)).ended == {"completed": 3}
    with connect(database) as connection:  # as a worker that died while it stored files
        connection.execute("INSERT INTO leases VALUES (1, '', 'dead', false)")
        connection.execute("UPDATE leases SET owner = NULL")
    assert (await work_until_done(heygen, database, download_to=str(tmp_path / "a"))).ended == {"completed": 3}
    assert len(list((tmp_path / "a").iterdir())) == 3
    await enqueue(database, jobs(4), download_to=tmp_path / "b", files=["video", "thumbnail"], filename="{name}")
    assert fleet_status(database).campaigns[0].without_files == 3
    await work_until_done(heygen, database)
    assert len(list((tmp_path / "b").iterdir())) == 2 + 3, (
        "a video and a still of the new row, and stills of the others"
    )
    assert len(world.ledger) == 4
    assert fleet_status(database).exit_code == 0


async def test_requests_and_files_of_a_workers_row_are_children_of_its_span(
    server: Server, database: str, tmp_path: Path
) -> None:
    """Each row that a worker takes has a span, and its POST, its looks and its file have spans below it."""
    exported, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exported))
    observer = OpenTelemetryObserver(requests="rows", tracer_provider=tracers)
    await enqueue(database, jobs(2), download_to=tmp_path / "out")
    async with HeyGen("simulator-key", base_url=server.base_url, observers=[observer]) as heygen:
        await work_until_done(heygen, database)
    spans = exported.get_finished_spans()
    rows = {span.context.span_id for span in spans if span.name == "heygen.row" and span.context is not None}
    below = Counter((span.name, span.parent.span_id) for span in spans if span.parent is not None)
    assert len(rows) == 2
    for name in ("POST /v3/videos", "GET /v3/videos/{video_id}", "heygen.download"):
        assert {row for found, row in below if found == name} == rows


async def test_a_worker_that_is_refused_ends(heygen: HeyGen, world: World, database: str) -> None:
    """A worker whose API key is refused fails in one error, and its rows are left to the others."""
    world.faults.append(ErrorAnswer(method="POST", status=401, code="unauthorized"))
    await enqueue(database, jobs(2))
    with pytest.raises(AuthenticationError):
        await work_until_done(heygen, database)
    assert counts(database) == {"planned": 2}
    with closing(FleetTables(database)) as tables:
        assert [lease.owner for lease in tables.leases()] == [None, None]


async def test_without_credit_all_workers_pause(heygen: HeyGen, world: World, database: str) -> None:
    """A 402 pauses all workers until `resume`; then each row is rendered and paid for once."""
    world.faults.append(ErrorAnswer(method="POST", status=402, code="insufficient_credit", times=1))
    await enqueue(database, jobs(3), max_in_flight=1)
    one = Worker(heygen=heygen, address=database, until_done=True)

    async def is_paused() -> bool:
        state = await off_loop(shared, database)
        return state is not None and state.paused is not None and "insufficient_credit" in state.paused

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.work)
        await until(is_paused)
        assert not world.ledger
        await off_loop(resume, database)
    assert one.ended == {"completed": 3}
    assert len(world.ledger) == 3


async def test_a_cap_above_the_accounts_slots_is_lowered_for_all(heygen: HeyGen, world: World, database: str) -> None:
    """Refusals lower the cap of all workers; refused rows are sent when a slot is free, and each is paid for once."""
    world.slots = 2
    await enqueue(database, jobs(8), max_in_flight=6)
    one = await work_until_done(heygen, database)
    assert one.ended == {"completed": 8}
    assert (len(world.ledger), world.peak_rendering) == (8, 2)
    state = shared(database)
    assert state is not None
    assert state.refused_at is not None
    assert state.cap < 6


async def test_batches(heygen: HeyGen, world: World, database: str) -> None:
    """With submit="batch", rows go out together."""
    await enqueue(database, jobs(5), max_in_flight=5, submit="batch")
    assert (await work_until_done(heygen, database)).ended == {"completed": 5}
    assert len(world.ledger) == 5
    with Journal(database, read_only=True) as journal:
        assert journal.batch(1).size == 5


# Lost answers


async def test_a_lost_render_that_is_not_found_waits_for_a_person(heygen: HeyGen, world: World, database: str) -> None:
    """A row whose lost POST left no trace is held, which a worker tells by its exit code; a decision sends it again."""
    world.faults.append(ErrorAnswer(method="POST", path="/v3/video-agents", status=500, times=1))
    await enqueue(database, [agent()])
    assert (await work_until_done(heygen, database)).ended == {"failed": 1}
    assert counts(database) == {"unknown": 1}
    assert fleet_status(database).exit_code == 8
    with Journal(database) as journal:
        assert decide(journal, "resubmit") == 1
    look_again(database)
    assert (await work_until_done(heygen, database)).ended == {"completed": 1}
    assert len(world.ledger) == 1


async def test_a_campaign_sends_lost_rows_again(heygen: HeyGen, world: World, database: str) -> None:
    """With on_unknown="resubmit" in the campaign the row is sent again, if need be twice, and counts once."""
    world.faults.append(ErrorAnswer(method="POST", path="/v3/video-agents", status=500, times=2))
    await enqueue(database, [agent()], on_unknown="resubmit")
    assert (await work_until_done(heygen, database)).ended == {"completed": 1}
    with Journal(database, read_only=True) as journal:
        assert [(record.state, record.generation) for record in journal.records()] == [("completed", 2)]


async def test_a_worker_waits_until_heygen_can_be_reached(database: str, caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection is tried again; the row stays planned, because no request left."""
    await enqueue(database, jobs(1), patience=600.0)

    async def is_told() -> bool:
        return "HeyGen cannot be reached, trying again in 10 s" in caplog.text

    async with (
        HeyGen("simulator-key", base_url="http://127.0.0.1:9") as heygen,
        working(Worker(heygen=heygen, address=database)),
    ):
        await until(is_told)
    assert counts(database) == {"planned": 1}


# Guards


async def test_a_budget_is_the_fleets(heygen: HeyGen, world: World, database: str) -> None:
    """The budget is never crossed, its end is an exit code, and a higher one lets the others go."""
    await enqueue(database, jobs(6), max_in_flight=2, budget_usd=0.5)
    await work_until_done(heygen, database)
    status = fleet_status(database)
    assert status.exit_code == 6
    assert "budget of 0.50 USD" in str(status.campaigns[0])
    with Journal(database, read_only=True) as journal:
        assert journal.ledger().high_usd <= 0.5
    assert 0 < len(world.ledger) < 6
    await off_loop(functools.partial(resume, budget_usd=50.0), database)
    await work_until_done(heygen, database)
    assert counts(database) == {"completed": 6}


async def test_a_canary_waits_for_an_approval(heygen: HeyGen, world: World, database: str) -> None:
    """The first rows go alone, the others when a person has approved; a second list keeps the setting."""
    await enqueue(database, jobs(5), canary=2, approve=True)
    assert (await enqueue(database, jobs(6))).kept == {"canary": 2}

    async def waits() -> bool:
        return bool((await off_loop(fleet_status, database)).campaigns[0].waits)

    async with working(Worker(heygen=heygen, address=database)):
        await until(waits)
        assert len(world.ledger) == 2
        assert "2 rows rendered, to be approved" in str(fleet_status(database).campaigns[0])
        assert await off_loop(approve, database) == 1

        async def is_over() -> bool:
            return bool(await off_loop(counts, database) == {"completed": 6})

        await until(is_over)
    assert fleet_status(database).campaigns[0].waits is None


async def test_a_breaker_stops_the_fleet(heygen: HeyGen, world: World, database: str) -> None:
    """When so many of the last rows have failed alike, no others are sent."""
    world.faults.append(ErrorAnswer(method="POST", status=400, code="invalid_parameter"))
    await enqueue(database, jobs(9), max_in_flight=1, breaker=(2, 3))
    assert (await work_until_done(heygen, database)).ended["failed"] < 9
    assert "failed with invalid_parameter" in str(fleet_status(database).campaigns[0].stopped)


async def test_campaigns_and_accounts_are_apart(heygen: HeyGen, world: World, database: str) -> None:
    """Two campaigns have their own counts, and a worker takes only rows of its account."""
    await enqueue(database, jobs(2), campaign="a/b", account="agency")
    await enqueue(database, jobs(3), campaign="a", account="client")
    await work_until_done(heygen, database, account="agency")
    assert len(world.ledger) == 2
    with Journal(database, read_only=True, campaign="a/b") as one, Journal(database, campaign="a") as other:
        assert (one.counts(), other.counts()) == ({"completed": 2}, {"planned": 3})
        assert (one.ledger().charged, other.ledger().charged) == (2, 0)
    names = [status.name for status in fleet_status(database, "client").campaigns]
    assert names == ["a"]


# Workers


async def test_a_worker_that_was_taken_for_dead_goes_on_under_a_new_name(
    heygen: HeyGen, world: World, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that others have buried finds out, lets its rows go, and takes new ones; nothing is paid twice."""
    world.render_seconds = lambda _: 60.0
    await enqueue(database, jobs(6), max_in_flight=3)
    one = Worker(heygen=heygen, address=database, until_done=True)

    async def is_rendering() -> bool:
        return len(world.ledger) >= 2

    def bury() -> None:
        with connect(database) as connection:
            connection.execute("DELETE FROM workers")
            connection.execute("UPDATE leases SET owner = NULL")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.work)
        await until(is_rendering)
        await off_loop(bury)
    assert "was taken for dead" in caplog.text
    assert counts(database) == {"completed": 6}
    assert len(world.ledger) == 6


async def test_a_worker_that_waits_hears_of_new_rows(
    heygen: HeyGen, world: World, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of a second list begins at once, though feeder and queue are looked at seldom while nothing is to do."""
    monkeypatch.setattr(fleet_feeder, "IDLE_SECONDS", 600.0)
    monkeypatch.setattr(dbos_engine, "IDLE_SECONDS", 600.0)
    await enqueue(database, jobs(1))

    async def is_idle() -> bool:
        return len(world.ledger) == 1 and one._looks_often is False

    async def is_over() -> bool:
        return bool(await off_loop(counts, database) == {"completed": 2})

    one = Worker(heygen=heygen, address=database)
    async with working(one):
        await until(is_idle)
        await enqueue(database, jobs(2))
        await until(is_over)
    assert one.ended == {"completed": 2}


async def test_new_settings_reach_a_worker_that_runs(
    heygen: HeyGen, world: World, database: str, tmp_path: Path
) -> None:
    """Rows that begin after a second `enqueue` heed its settings; those under way end once, as they were begun."""
    world.render_seconds = lambda _: 400.0
    await enqueue(database, jobs(2), download_to=tmp_path / "old", max_in_flight=2)

    async def is_rendering() -> bool:
        return len(world.ledger) == 2

    async def is_over() -> bool:
        return bool(await off_loop(counts, database) == {"completed": 4})

    one = Worker(heygen=heygen, address=database)
    async with working(one):
        await until(is_rendering)
        await enqueue(database, jobs(4), download_to=tmp_path / "new", max_in_flight=4)
        await until(is_over)
        status = await off_loop(fleet_status, database)
        while status.campaigns[0].under_way:
            await anyio.sleep(0.1 * SPEED)
            status = await off_loop(fleet_status, database)
    assert one.ended == {"completed": 4}
    assert [len(list((tmp_path / name).glob("*.mp4"))) for name in ("old", "new")] == [2, 2]
    assert len(world.ledger) == 4


async def test_a_worker_goes_on_with_the_rows_of_a_dead_one(database: str, tmp_path: Path) -> None:
    """Renders of a killed worker are followed by another one and not paid for again; it feeds, too."""
    world = World(slots=4, render_seconds=lambda _: 300.0)
    with fleet(world, database, tmp_path, speed=SPEED) as crew:
        await off_loop(functools.partial(crew.enqueue, people(6, 0), max_in_flight=3))
        crew.start()
        assert await off_loop(crew.until, lambda: crew.account.charges >= 3, 90.0), crew.logs()
        crew.kill()
        async with HeyGen("simulator-key", base_url=crew.account.base_url) as heygen:
            one = await work_until_done(heygen, database)
        assert one.ended == {"completed": 6}
        assert crew.account.charges == 6


def test_a_delivery_to_another_process_wakes_the_worker_that_has_the_row(database: str, tmp_path: Path) -> None:
    """`worker --watch` looks at once when this process hears of the end; by itself it would look after 20 s."""
    world = World(render_seconds=lambda _: 0.2)
    receiver = Receiver(SECRET)

    async def deliver(video_id: str) -> None:
        async with shared_signals(database, receiver):
            await anyio.wait_all_tasks_blocked()
            body = body_of(video_id=video_id)
            assert receiver.receive(body, signed(body))
            with anyio.fail_after(15.0):
                while await off_loop(crew.counts) != {"completed": 1}:
                    await anyio.sleep(0.1)  # of real time: the worker is another process

    with fleet(world, database, tmp_path, speed=1.0) as crew:
        crew.enqueue(people(1, 0), max_in_flight=1)
        crew.start(1, "--watch")
        assert crew.until(lambda: crew.counts() == {"submitted": 1}, 60.0), crew.logs()
        assert crew.until(lambda: crew.account.ask(lambda seen: not seen.rendering), 5.0)
        asyncio.run(deliver(crew.account.ask(lambda seen: next(iter(seen.videos)))))
        assert crew.stop() == [0]


async def test_a_worker_needs_a_campaign(heygen: HeyGen, database_server: Postgres) -> None:
    """A SQLite file, a missing database and one without a campaign are refused in one line."""
    with pytest.raises(InvalidInputError, match="a SQLite file has one writer"):
        await Worker(heygen=heygen, address="campaign.db").work()
    with pytest.raises(JournalError, match="does not exist; check the name"):
        await Worker(heygen=heygen, address=database_server.address("nowhere")).work()
    with pytest.raises(JournalError, match="no campaign has been begun in it yet"):
        await Worker(heygen=heygen, address=database_server.make(f"empty_{uuid.uuid4().hex}")).work()


# The command


@pytest.mark.usefixtures("_simulator_thread")
def test_the_command_ends_with_the_exit_codes_of_a_run(
    world: World, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored files end in 0, a held row in 8, and a refused key in 3 with one line."""
    monkeypatch.chdir(tmp_path)
    Path("leads.csv").write_text("name\nAda\nBo\n", encoding="utf-8")
    words = ["enqueue", "leads.csv", "--database", database, "--no-preflight"]
    direct_mode = ["--set", "avatar_id=look_anna", "--set", "voice_id=voice_warm", "--script", "Hi {{ name }}"]
    assert call(*words, *direct_mode).exit_code == 0
    work = ["worker", "--database", database, "--until-done", "--speed", "500"]
    done = call(*work)
    assert done.exit_code == 0, done
    assert "row 2 completed" in done.output
    assert len(list(Path("videos").glob("*.mp4"))) == 2
    exported = call("export", database, "out.csv", "--campaign", "leads")
    assert exported.exit_code == 0
    assert f"{platform.node()}:{tmp_path}/videos/" in Path("out.csv").read_text(encoding="utf-8-sig")
    assert "Everything" not in call("report", database, "--campaign", "leads").output
    world.faults.append(ErrorAnswer(method="POST", path="/v3/video-agents", status=500, times=1))
    assert call(*words, "--campaign", "agents", "--limit", "1", "--mode", "agent", "--prompt", "Hi").exit_code == 0
    held = call(*work)
    assert held.exit_code == 8
    assert "campaign agents: 1 unknown" in held.output
    assert call("decide", database, "--skip").exit_code == 0
    failed = call(*work)
    assert failed.exit_code == 5
    monkeypatch.setenv("HEYGEN_API_KEY", "wrong")
    assert call(*words, "--campaign", "more", *direct_mode).exit_code == 0
    refused = call(*work)
    assert refused.exit_code == 3
    assert "Traceback" not in refused.output

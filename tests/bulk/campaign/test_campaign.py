"""A run with a memory: gone on with, run again, recovered; every row paid for once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from aiohttp import web

from heygen_async import (
    CinematicAvatar,
    Completed,
    DirectVideo,
    Failed,
    HeyGen,
    Job,
    Journal,
    Result,
    VideoAgent,
    errors,
)
from heygen_async.bulk.jobs.next_step import KEY_SECONDS
from heygen_async.simulator import (
    DropAfterAccept,
    DropBefore,
    ErrorAnswer,
    FailedRender,
    RateLimitStorm,
    Server,
    Slow,
    World,
    serve,
)


def script(n: int, text: str = "Hi number") -> DirectVideo:
    return DirectVideo(avatar_id="a", voice_id="v", script=f"{text} {n}")


def jobs(count: int, text: str = "Hi number") -> list[Job]:
    return [Job(request=script(n, text), row={"n": str(n)}) for n in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaign.db"


async def collect(heygen: HeyGen, source: Any, path: Path, **settings: Any) -> list[Result]:
    async with heygen.render_many(source, journal=path, **settings) as results:
        return [result async for result in results]


async def resume(heygen: HeyGen, path: Path, **settings: Any) -> list[Result]:
    async with heygen.resume(path, **settings) as results:
        return [result async for result in results]


def states(path: Path) -> dict[str, int]:
    with Journal(path, read_only=True) as journal:
        return dict(journal.counts())


def age(path: Path, seconds: float) -> None:
    """Make all intents older."""
    with Journal(path) as journal:
        journal._db.execute("UPDATE jobs SET intended_at = intended_at - ?", (seconds,))


async def test_a_run_is_remembered_and_not_paid_for_again(heygen: HeyGen, world: World, path: Path) -> None:
    """The same rows again: nothing is sent. The mixture of modes is remembered alike."""
    requests = [
        *jobs(3),
        Job(request=CinematicAvatar(prompt="walks", avatar_id="a"), row={"n": "c"}),
        Job(request=VideoAgent(prompt="welcome"), row={"n": "v"}),
    ]
    assert len(await collect(heygen, requests, path)) == 5
    assert states(path) == {"completed": 5}
    asked = len(world.requests)
    assert await collect(heygen, requests, path) == []
    assert len(world.requests) == asked
    assert len(world.ledger) == 5


async def test_new_and_changed_rows_are_rendered_and_the_rest_is_left(heygen: HeyGen, world: World, path: Path) -> None:
    """An edited script is a new request under a new key; a row that went away is reported."""
    await collect(heygen, jobs(4), path)
    changed = [*jobs(3)[:2], Job(request=script(2, "Hello"), row={"n": "2"}), Job(request=script(9), row={"n": "9"})]
    async with heygen.render_many(changed, journal=path) as results:
        ended = [result async for result in results]
    assert results.merge is not None
    assert (results.merge.new, results.merge.changed, results.merge.unchanged, results.merge.removed) == (1, 1, 2, 1)
    assert {result.row["n"] for result in ended} == {"2", "9"}
    assert len(world.ledger) == 6
    assert len({charge.idempotency_key for charge in world.ledger}) == 6


@pytest.mark.parametrize("leave_at", [1.0, 30.0, 100.0, 200.0])
async def test_a_run_that_was_left_is_gone_on_with(
    heygen: HeyGen, world: World, path: Path, tmp_path: Path, leave_at: float
) -> None:
    """Without the source: requests and settings are in the journal. Each row is paid for once and has its file."""
    with anyio.move_on_after(leave_at):
        await collect(heygen, jobs(20), path, max_in_flight=5, download_to=tmp_path / "out", filename="{number}-{n}")
    await resume(heygen, path)
    assert states(path) == {"completed": 20}
    assert world.charged_once_per("script")
    assert len(world.ledger) == 20
    assert {file.name for file in (tmp_path / "out").iterdir()} == {f"{n + 1:04}-{n}.mp4" for n in range(20)}
    assert world.peak_rendering <= 5


async def test_a_cut_off_post_goes_out_again_under_its_key(heygen: HeyGen, world: World, path: Path) -> None:
    """The intent was written, the answer never came; HeyGen gives its first answer again."""
    world.faults.append(Slow(method="POST", times=2, seconds=100))
    with anyio.move_on_after(1):
        await collect(heygen, jobs(2), path)
    assert states(path) == {"intended": 2}
    assert len(world.ledger) == 2
    await anyio.sleep(200)
    await resume(heygen, path)
    assert states(path) == {"completed": 2}
    assert len(world.ledger) == 2


async def test_a_lost_agent_is_found_and_adopted(heygen: HeyGen, world: World, path: Path) -> None:
    """In the same run, after the grace: its session is at HeyGen, with its prompt as first message."""
    world.faults.append(DropAfterAccept(nth=1))
    agents = [Job(request=VideoAgent(prompt=f"Welcome {n}"), row={"n": n}) for n in range(3)]
    results = await collect(heygen, agents, path)
    assert all(isinstance(result, Completed) for result in results)
    assert len(world.ledger) == 3
    assert states(path) == {"completed": 3}


async def test_nobody_looks_for_a_lost_agent_too_soon(heygen: HeyGen, world: World, path: Path) -> None:
    """A list read while HeyGen is still at work on the POST would show nothing, and the row would be paid twice."""
    world.faults.append(DropAfterAccept(nth=1))
    await collect(heygen, [VideoAgent(prompt="Welcome")], path)
    lists = [seen.at for seen in world.requests if (seen.method, seen.route) == ("GET", "/v3/video-agents")]
    assert min(lists) - world.ledger[0].at >= 120


async def test_an_agent_that_is_nowhere_is_held(heygen: HeyGen, world: World, path: Path) -> None:
    """The default: a person decides; it stays unknown and every resume looks again."""
    world.faults.append(DropBefore(method="POST", nth=1))
    results = await collect(heygen, [VideoAgent(prompt="Welcome")], path)
    assert isinstance(results[0], Failed)
    assert "no render at HeyGen fits it; held" in str(results[0].error)
    assert states(path) == {"unknown": 1}
    assert len(await resume(heygen, path)) == 1
    assert states(path) == {"unknown": 1}
    assert world.ledger == []


@pytest.mark.parametrize(("on_unknown", "state", "charges"), [("resubmit", "completed", 1), ("skip", "failed", 0)])
async def test_a_person_may_decide_about_unknown_rows(
    heygen: HeyGen, world: World, path: Path, on_unknown: str, state: str, charges: int
) -> None:
    """Submit them again, or give them up."""
    world.faults.append(DropBefore(method="POST", nth=1))
    await collect(heygen, [VideoAgent(prompt="Welcome")], path)
    await resume(heygen, path, on_unknown=on_unknown)
    assert states(path) == {state: 1}
    assert len(world.ledger) == charges


async def test_two_matches_are_a_conflict(heygen: HeyGen, world: World, path: Path) -> None:
    """Two sessions with the very prompt: never a guess, not even if told to resubmit."""
    world.faults.append(DropAfterAccept(nth=1))
    async with heygen.render_many([VideoAgent(prompt="Welcome")], journal=path, on_unknown="resubmit") as results:
        await anyio.sleep(10)
        await heygen.video_agents.create(VideoAgent(prompt="Welcome"))
        result = await anext(results)
    assert isinstance(result, Failed)
    assert "2 renders at HeyGen fit it" in str(result.error)
    assert states(path) == {"unknown": 1}
    assert len(world.ledger) == 2


async def test_a_video_whose_key_is_too_old_is_looked_for_by_its_title(
    heygen: HeyGen, world: World, path: Path
) -> None:
    """After 23 hours HeyGen may have forgotten the key: then only a look tells."""
    world.faults.append(Slow(method="POST", times=1, seconds=100))
    request = DirectVideo(avatar_id="a", voice_id="v", script="Hi", title="For Ada")
    with anyio.move_on_after(1):
        await collect(heygen, [request], path)
    age(path, KEY_SECONDS)
    await anyio.sleep(200)
    await resume(heygen, path)
    assert states(path) == {"completed": 1}
    assert len(world.ledger) == 1
    assert world.request_counts()["POST /v3/videos"] == 1


async def test_a_video_without_a_title_cannot_be_told_from_others(heygen: HeyGen, world: World, path: Path) -> None:
    """It is held."""
    world.faults.append(Slow(method="POST", times=1, seconds=100))
    with anyio.move_on_after(1):
        await collect(heygen, jobs(1), path)
    age(path, KEY_SECONDS)
    await anyio.sleep(200)
    assert isinstance((await resume(heygen, path))[0], Failed)
    assert states(path) == {"unknown": 1}


async def test_old_and_foreign_renders_are_not_adopted(heygen: HeyGen, world: World, path: Path) -> None:
    """What was there before the intent, and what belongs to another row, is no match."""
    world.faults.append(Slow(method="POST", nth=3, seconds=100))
    title = "Same title"
    older = DirectVideo(avatar_id="a", voice_id="v", script="older", title=title)
    await heygen.videos.create(older)
    rows = [
        Job(request=DirectVideo(avatar_id="a", voice_id="v", script=s, title=title), row={"n": s}) for s in ("1", "2")
    ]
    with anyio.move_on_after(10):
        await collect(heygen, rows, path, max_in_flight=1)
    with anyio.move_on_after(400):
        await resume(heygen, path)
    assert world.charged_once_per("script")


async def test_lists_that_fail_leave_the_row_open(heygen: HeyGen, world: World, path: Path) -> None:
    """A search that did not happen is no answer."""
    world.faults += [DropAfterAccept(nth=1), ErrorAnswer(method="GET", path="/v3/video-agents", status=500)]
    results = await collect(heygen, [VideoAgent(prompt="Welcome")], path)
    assert isinstance(results[0], Failed)
    assert results[0].error.spent == "unknown"
    world.faults.clear()
    await resume(heygen, path)
    assert states(path) == {"completed": 1}
    assert len(world.ledger) == 1


async def test_a_failed_render_is_made_again_only_when_asked(heygen: HeyGen, world: World, path: Path) -> None:
    """Under a new key; completed rows are left alone."""
    world.faults.append(FailedRender(contains="number 1", times=1))
    await collect(heygen, jobs(3), path)
    assert states(path) == {"completed": 2, "failed": 1}
    assert await resume(heygen, path) == []
    with Journal(path) as journal:
        for record in journal.records("failed"):
            journal.begin_again(record.id)
    await resume(heygen, path)
    assert states(path) == {"completed": 3}
    assert len(world.ledger) == 4
    assert len({charge.idempotency_key for charge in world.ledger}) == 4


async def test_out_of_credit_leaves_the_rest_planned(heygen: HeyGen, world: World, path: Path) -> None:
    """Resumed when there is money again."""
    world.faults.append(ErrorAnswer(method="POST", status=402, code="insufficient_credit", between=(200, 1e9)))
    with pytest.raises(errors.InsufficientCreditError):
        await collect(heygen, jobs(40), path, max_in_flight=5)
    assert set(states(path)) == {"completed", "planned"}
    world.faults.clear()
    await resume(heygen, path)
    assert states(path) == {"completed": 40}
    assert len(world.ledger) == 40


async def test_a_run_can_be_told_to_submit_no_more(heygen: HeyGen, world: World, path: Path) -> None:
    """What is under way is followed to its end; the rest is for later."""
    async with heygen.render_many(jobs(30), journal=path, max_in_flight=5) as results:
        await anext(results)
        results.stop_submitting()
        ended = 1 + len([result async for result in results])
    assert 1 < ended == len(world.ledger) < 12
    assert states(path) == {"completed": ended, "planned": 30 - ended}


async def test_a_missing_file_is_fetched_without_a_new_render(
    heygen: HeyGen, world: World, path: Path, tmp_path: Path
) -> None:
    """The download failed; the video is there."""
    world.faults.append(ErrorAnswer(path="/files/*", status=500))
    await collect(heygen, jobs(2), path, download_to=tmp_path / "out")
    assert states(path) == {"completed": 2}
    world.faults.clear()
    results = await resume(heygen, path)
    assert all(isinstance(result, Completed) and result.file and result.file.exists() for result in results)
    assert len(world.ledger) == 2


async def test_a_video_that_was_deleted_meanwhile_cannot_be_fetched(
    heygen: HeyGen, world: World, path: Path, tmp_path: Path
) -> None:
    """Told, and the row keeps what it knows: it was rendered and paid for."""
    world.faults.append(ErrorAnswer(path="/files/*", status=500))
    await collect(heygen, jobs(1), path, download_to=tmp_path / "out")
    await heygen.videos.delete(str(world.ledger[0].video_id))
    results = await resume(heygen, path)
    assert isinstance(results[0], Completed)
    assert "deleted at HeyGen" in str(results[0].error)
    assert states(path) == {"completed": 1}


async def test_a_stuck_render_stays_open_and_is_followed_again(heygen: HeyGen, world: World, path: Path) -> None:
    """Nothing is reported failed that may yet finish."""
    world.render_seconds = lambda _: 500.0
    results = await collect(heygen, jobs(1), path, deadline=100)
    assert isinstance(results[0], Failed)
    assert states(path) == {"submitted": 1}
    results = [*await resume(heygen, path), *await resume(heygen, path), *await resume(heygen, path)]
    await anyio.sleep(500)
    await resume(heygen, path)
    assert states(path) == {"completed": 1}
    assert len(world.ledger) == 1


async def test_repeated_rows_are_rendered_once(heygen: HeyGen, world: World, path: Path) -> None:
    """A contact list with the same line twice is not paid twice."""
    async with heygen.render_many([*jobs(3), *jobs(2)], journal=path) as results:
        assert len([result async for result in results]) == 3
    assert results.merge is not None
    assert results.merge.repeated == 2
    assert len(world.ledger) == 3


async def test_names_tell_rows_apart(heygen: HeyGen, world: World, path: Path) -> None:
    """A recipient's id is who they are: another city is a change, not another person."""
    await collect(heygen, [Job(request=script(1), row={"city": "Rome"}, name="ada")], path)
    async with heygen.render_many([Job(request=script(2), row={"city": "Pisa"}, name="ada")], journal=path) as results:
        assert len([result async for result in results]) == 1
    assert results.merge is not None
    assert (results.merge.changed, results.merge.new) == (1, 0)


async def test_two_journals_are_two_campaigns(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """The same rows in two files are paid for twice: that is what two campaigns mean."""
    await collect(heygen, jobs(2), tmp_path / "a.db")
    await collect(heygen, jobs(2), tmp_path / "b.db")
    assert len(world.ledger) == 4


async def test_a_copied_journal_pays_no_second_time_within_a_day(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Both copies use the same keys, and HeyGen answers the second with the first one's videos."""
    world.faults.append(ErrorAnswer(method="POST", status=402, code="insufficient_credit"))
    with pytest.raises(errors.InsufficientCreditError):
        await collect(heygen, jobs(5), tmp_path / "a.db")
    world.faults.clear()
    (tmp_path / "b.db").write_bytes((tmp_path / "a.db").read_bytes())
    await resume(heygen, tmp_path / "a.db")
    await resume(heygen, tmp_path / "b.db")
    assert states(tmp_path / "a.db") == states(tmp_path / "b.db") == {"completed": 5}
    assert len(world.ledger) == 5


async def test_a_wrong_key_stops_and_everything_can_go_on(server: Server, world: World, path: Path) -> None:
    """401 is not about a row."""
    async with HeyGen("wrong", base_url=server.base_url) as heygen:
        with pytest.raises(errors.AuthenticationError):
            await collect(heygen, jobs(3), path)
    assert states(path) == {"planned": 3}
    async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
        await resume(heygen, path)
    assert states(path) == {"completed": 3}


async def test_a_key_that_stops_working_while_looking_breaks_the_run(path: Path) -> None:
    """The row stays as open as it is."""
    world = World()
    async with serve(world) as server, HeyGen("simulator-key", base_url=server.base_url) as heygen:
        world.faults += [DropAfterAccept(nth=1), ErrorAnswer(method="GET", status=401, code="unauthorized")]
        with pytest.raises(errors.AuthenticationError):
            await collect(heygen, [VideoAgent(prompt="Welcome")], path)
    assert states(path) == {"unknown": 1}


async def test_rows_without_rows_are_told_apart_by_their_requests(heygen: HeyGen, world: World, path: Path) -> None:
    """Plain requests have their body for a name; a thousand of them are taken in in batches."""
    world.render_seconds = lambda _: 1.0
    with anyio.move_on_after(1):
        await collect(heygen, (script(n) for n in range(1100)), path)
    assert sum(states(path).values()) == 1100


async def test_the_intent_is_on_disk_before_the_first_byte_leaves(path: Path, tmp_path: Path) -> None:
    """The files as they lie there when the POST arrives, copied as a power loss would leave them, hold the intent."""
    seen = []

    async def photograph(request: web.Request) -> web.Response:
        if request.method == "POST":
            (tmp_path / "after").mkdir(exist_ok=True)
            for name in ("campaign.db", "campaign.db-wal"):
                (tmp_path / "after" / name).write_bytes((tmp_path / name).read_bytes())
            with Journal(tmp_path / "after" / "campaign.db") as left:
                seen.append((left.get(1).state, left.key(left.get(1)) == request.headers["Idempotency-Key"]))
                assert left._rows("PRAGMA synchronous")[0][0] == 2  # FULL: a commit is an fsync
        raise web.HTTPForbidden(text="{}")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", photograph)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with HeyGen("k", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}") as heygen:
            await collect(heygen, jobs(1), path)
    finally:
        await runner.cleanup()
    assert seen == [("intended", True)]
    assert states(path) == {"failed": 1}


async def test_a_file_that_went_away_is_fetched_again(heygen: HeyGen, world: World, path: Path, tmp_path: Path) -> None:
    """Unchanged rows are skipped, but not without a look at their files."""
    await collect(heygen, jobs(3), path, download_to=tmp_path / "out")
    (lost, *_) = sorted((tmp_path / "out").iterdir())
    lost.unlink()
    results = await collect(heygen, jobs(3), path, download_to=tmp_path / "out")
    assert [result.index for result in results] == [0]
    assert len(list((tmp_path / "out").iterdir())) == 3
    assert len(world.ledger) == 3


async def test_a_tag_in_the_title_finds_a_video_whose_key_is_too_old(heygen: HeyGen, world: World, path: Path) -> None:
    """A run can opt into it; agents have no title."""
    world.faults.append(Slow(method="POST", times=2, seconds=100))
    rows = [*jobs(2), Job(request=VideoAgent(prompt="Welcome"), row={"n": "a"})]
    with anyio.move_on_after(1):
        await collect(heygen, rows, path, tag_titles=True)
    titles = [str(charge.body.get("title")) for charge in world.ledger if charge.kind == "avatar"]
    assert all(title.startswith("[") and len(title) == 10 for title in titles)
    age(path, KEY_SECONDS)
    await anyio.sleep(200)
    await resume(heygen, path, on_unknown="resubmit")
    assert states(path) == {"completed": 3}
    assert world.charged_once_per("script")


async def test_a_refusal_of_the_repeat_is_no_proof_about_the_first(heygen: HeyGen, world: World, path: Path) -> None:
    """The first POST may have been executed: the row stays unknown, its key's age is kept, it is not planned anew."""
    world.faults.append(Slow(method="POST", times=2, seconds=100))
    with anyio.move_on_after(1):
        await collect(heygen, jobs(2), path)
    with Journal(path, read_only=True) as journal:
        first = journal.get(1).intended_at
    await anyio.sleep(200)
    world.faults[:] = [
        ErrorAnswer(method="POST", nth=1, status=403, code="forbidden"),
        ErrorAnswer(method="POST", nth=1, status=402, code="insufficient_credit"),
    ]
    with pytest.raises(errors.InsufficientCreditError):
        await resume(heygen, path)
    assert states(path) == {"unknown": 2}
    with Journal(path, read_only=True) as journal:
        assert journal.get(1).intended_at == first
    world.faults.clear()
    await resume(heygen, path)
    assert states(path) == {"completed": 2}
    assert len(world.ledger) == 2


async def test_a_network_that_is_gone_stops_the_run_and_costs_no_row(server: Server, world: World, path: Path) -> None:
    """Not every row is a failure because the cable is out; the run says so and can go on."""
    async with HeyGen("simulator-key", base_url="http://127.0.0.1:1") as nowhere:
        with pytest.raises(errors.ConnectionFailedError) as caught:
            await collect(nowhere, jobs(50), path)
    assert caught.value.attempts == 12
    assert states(path) == {"planned": 50}
    async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
        await resume(heygen, path)
    assert states(path) == {"completed": 50}
    assert len(world.ledger) == 50


async def test_a_resumed_run_gives_no_file_name_twice(heygen: HeyGen, world: World, path: Path, tmp_path: Path) -> None:
    """Two people called Ada, one rendered before the interruption, one after it: two files."""
    adas = [Job(request=script(n), row={"name": "Ada", "n": str(n)}) for n in range(6)]
    with anyio.move_on_after(150):
        await collect(heygen, adas, path, max_in_flight=2, download_to=tmp_path / "out", filename="{name}")
    assert 0 < len(list((tmp_path / "out").iterdir())) < 6
    await resume(heygen, path)
    names = {"Ada.mp4", *(f"Ada-{n}.mp4" for n in range(2, 7))}
    assert {file.name for file in (tmp_path / "out").iterdir()} == names
    with Journal(path, read_only=True) as journal:
        assert len({stored["video"].file for _, stored in journal.files()}) == 6


async def test_two_lost_agents_with_one_prompt_do_not_adopt_the_same_session(
    heygen: HeyGen, world: World, path: Path
) -> None:
    """One of the two POSTs was executed: one row gets its session, the other is held."""
    world.faults += [DropAfterAccept(nth=1), DropBefore(method="POST", nth=1)]
    twins = [Job(request=VideoAgent(prompt="Welcome"), row={"n": str(n)}) for n in range(2)]
    await collect(heygen, twins, path)
    assert states(path) == {"completed": 1, "unknown": 1}
    assert len(world.ledger) == 1


async def test_files_are_fetched_again_a_few_at_a_time(
    heygen: HeyGen, world: World, path: Path, tmp_path: Path
) -> None:
    """A folder that was emptied is no flood of requests: the width of the downloads bounds it."""
    await collect(heygen, jobs(12), path, max_downloads=3, download_to=tmp_path / "out")
    for file in (tmp_path / "out").iterdir():
        file.unlink()
    world.latency_seconds = 1.0
    start = anyio.current_time()
    assert len(await resume(heygen, path)) == 12
    assert anyio.current_time() - start >= 12 / 3
    assert len(list((tmp_path / "out").iterdir())) == 12
    assert len(world.ledger) == 12


async def test_a_journal_that_cannot_be_written_stops_before_the_post(heygen: HeyGen, world: World, path: Path) -> None:
    """No intent on disk, no POST."""
    running = heygen.render_many(jobs(3), journal=path)
    with pytest.raises(errors.JournalError, match="the disk is full"):
        async with running as results:
            journal = results._work._store._journal  # type: ignore[attr-defined]  # to fill its disk
            full = (
                "CREATE TRIGGER full BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
            journal._db.execute(full)
            async for _ in results:
                pass
    assert world.ledger == []
    assert states(path) == {"planned": 3}


async def test_a_row_that_waits_for_a_slot_is_planned_not_unknown(heygen: HeyGen, world: World, path: Path) -> None:
    """A 429 says that nothing was executed: after a crash there is nothing to look for."""
    world.slots = 1
    agents = [Job(request=VideoAgent(prompt=f"Welcome {n}"), row={"n": str(n)}) for n in range(3)]
    with anyio.move_on_after(60):
        await collect(heygen, agents, path)
    assert states(path) == {"submitted": 1, "planned": 2}
    await resume(heygen, path)
    assert states(path) == {"completed": 3}
    assert len(world.ledger) == 3


async def test_a_run_finds_out_how_many_slots_there_are(heygen: HeyGen, world: World, path: Path) -> None:
    """The word "auto" is kept for the resume, and a function is kept as that word."""
    await collect(heygen, jobs(30), path, max_in_flight=lambda: 30)
    assert states(path) == {"completed": 30}
    assert world.peak_rendering == 10
    refused = sum(seen.status == 429 for seen in world.requests)
    assert await resume(heygen, path) == []
    assert refused <= 25


async def test_a_429_after_a_lost_answer_does_not_make_it_undone(heygen: HeyGen, world: World, path: Path) -> None:
    """The first POST was executed and its answer lost; its repeat met a 429. A day later it must not be paid again."""
    world.faults += [DropAfterAccept(nth=1), RateLimitStorm(method="POST")]
    with anyio.move_on_after(60):
        await collect(heygen, jobs(1), path)
    assert states(path) == {"unknown": 1}
    assert len(world.ledger) == 1
    world.faults.clear()
    age(path, KEY_SECONDS)
    await anyio.sleep(1000)
    await resume(heygen, path)
    assert len(world.ledger) == 1
    assert states(path) == {"unknown": 1}


async def test_a_refusal_long_after_a_lost_answer_is_no_proof_either(heygen: HeyGen, world: World, path: Path) -> None:
    """Lost, then told to wait, then refused: three answers to one row, and the first may have made the video."""
    world.faults += [
        DropAfterAccept(nth=1),
        RateLimitStorm(method="POST", times=3),
        ErrorAnswer(method="POST", nth=1, status=403, code="forbidden"),
    ]
    results = await collect(heygen, jobs(1), path)
    assert isinstance(results[0], Failed)
    assert results[0].error.spent == "unknown"
    assert states(path) == {"unknown": 1}
    world.faults.clear()
    await resume(heygen, path)
    assert states(path) == {"completed": 1}
    assert len(world.ledger) == 1


async def test_rows_that_wait_for_a_slot_are_not_sent_after_a_stop(heygen: HeyGen, world: World, path: Path) -> None:
    """No more is submitted: that holds for them too: they stay planned."""
    world.slots = 1
    async with heygen.render_many(jobs(5), journal=path, max_in_flight=3) as results:
        await anyio.sleep(10)
        results.stop_submitting()
        ended = [result async for result in results]
    assert len(ended) == len(world.ledger) == 1
    assert states(path) == {"completed": 1, "planned": 4}
    await resume(heygen, path)
    assert states(path) == {"completed": 5}
    assert len(world.ledger) == 5


async def test_a_lost_agent_is_not_sent_again_after_a_stop(heygen: HeyGen, world: World, path: Path) -> None:
    """It was looked for and not found; sending it anew is for the next run."""
    world.faults.append(DropBefore(method="POST", nth=1))
    async with heygen.render_many([VideoAgent(prompt="Welcome")], journal=path, on_unknown="resubmit") as results:
        await anyio.sleep(10)
        results.stop_submitting()
        assert [result async for result in results] == []
    assert world.ledger == []
    assert states(path) == {"planned": 1}


async def test_a_journal_that_fails_while_looking_breaks_the_run(heygen: HeyGen, world: World, path: Path) -> None:
    """It is not a row's failure."""
    world.faults.append(DropAfterAccept(nth=1))
    with pytest.raises(errors.JournalError, match="the disk is full"):
        async with heygen.render_many([VideoAgent(prompt="Welcome")], journal=path) as results:
            await anyio.sleep(60)
            full = "SELECT RAISE(ABORT, 'database or disk is full')"
            journal = results._work._store._journal  # type: ignore[attr-defined]  # to fill its disk
            journal._db.execute(f"CREATE TRIGGER full BEFORE UPDATE ON jobs BEGIN {full}; END")
            async for _ in results:
                pass
    assert states(path) == {"unknown": 1}

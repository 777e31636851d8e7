"""Runs with a journal: interrupted, resumed, repeated and recovered, with every row paid for once."""

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
from heygen_async.http.retry import KEY_SECONDS
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
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"{text} {n}")


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
    """Make all intents older by *seconds*."""
    with Journal(path) as journal:
        journal._db.execute("UPDATE jobs SET intended_at = intended_at - ?", (seconds,))


async def test_a_run_is_remembered_and_not_paid_for_again(heygen: HeyGen, world: World, path: Path) -> None:
    """A second run of the same rows sends no request, whatever their kinds."""
    requests = [
        *jobs(3),
        Job(request=CinematicAvatar(prompt="walks", avatar_id="look_anna"), row={"n": "c"}),
        Job(request=VideoAgent(prompt="welcome"), row={"n": "v"}),
    ]
    assert len(await collect(heygen, requests, path)) == 5
    assert states(path) == {"completed": 5}
    asked = len(world.requests)
    assert await collect(heygen, requests, path) == []
    assert len(world.requests) == asked
    assert len(world.ledger) == 5


async def test_new_and_changed_rows_are_rendered_and_the_rest_is_left(heygen: HeyGen, world: World, path: Path) -> None:
    """An edited row waits for a word before it is paid for again, a new row is rendered, a missing row is reported."""
    await collect(heygen, jobs(4), path)
    changed = [*jobs(3)[:2], Job(request=script(2, "Hello"), row={"n": "2"}), Job(request=script(9), row={"n": "9"})]
    async with heygen.render_many(changed, journal=path) as results:
        assert [result.row["n"] async for result in results] == ["9"]
    assert results.merge is not None
    assert (results.merge.waiting, len(world.ledger)) == (1, 5)
    changed.append(Job(request=script(10), row={"n": "10"}))
    async with heygen.render_many(changed, journal=path, again=True) as results:
        ended = [result async for result in results]
    assert results.merge is not None
    assert (results.merge.new, results.merge.changed, results.merge.unchanged, results.merge.removed) == (1, 1, 3, 1)
    assert {result.row["n"] for result in ended} == {"2", "10"}
    assert len(world.ledger) == 7
    assert len({charge.idempotency_key for charge in world.ledger}) == 7


@pytest.mark.unmeasured
@pytest.mark.parametrize("leave_at", [1.0, 30.0, 100.0, 200.0])
async def test_an_interrupted_run_is_resumed(
    heygen: HeyGen, world: World, path: Path, tmp_path: Path, leave_at: float
) -> None:
    """A resume needs the journal only: each row is paid for once and has its file."""
    with anyio.move_on_after(leave_at):
        await collect(heygen, jobs(20), path, max_in_flight=5, download_to=tmp_path / "out", filename="{number}-{n}")
    await resume(heygen, path)
    assert states(path) == {"completed": 20}
    assert world.charged_once_per("script")
    assert len(world.ledger) == 20
    assert {file.name for file in (tmp_path / "out").iterdir()} == {f"{n + 1:04}-{n}.mp4" for n in range(20)}
    assert world.peak_rendering <= 5


async def test_a_cut_off_post_is_repeated_under_its_key(heygen: HeyGen, world: World, path: Path) -> None:
    """A POST that was cut off is repeated under its key, and HeyGen gives its first answer again."""
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
    """An agent whose answer was lost is found by its prompt in HeyGen's list, in the same run."""
    world.faults.append(DropAfterAccept(nth=1))
    agents = [Job(request=VideoAgent(prompt=f"Welcome {n}"), row={"n": n}) for n in range(3)]
    results = await collect(heygen, agents, path)
    assert all(isinstance(result, Completed) for result in results)
    assert len(world.ledger) == 3
    assert states(path) == {"completed": 3}


async def test_a_lost_agent_is_not_searched_for_too_soon(heygen: HeyGen, world: World, path: Path) -> None:
    """A lost agent is searched for only when HeyGen must be done with its POST, or it might be paid for twice."""
    world.faults.append(DropAfterAccept(nth=1))
    await collect(heygen, [VideoAgent(prompt="Welcome")], path)
    lists = [seen.at for seen in world.requests if (seen.method, seen.route) == ("GET", "/v3/video-agents")]
    assert min(lists) - world.ledger[0].at >= 120


async def test_a_lost_agent_without_a_match_is_held(heygen: HeyGen, world: World, path: Path) -> None:
    """A lost agent without a match is held as unknown, and every resume searches again."""
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
    """`on_unknown` submits an unknown row again, or gives it up."""
    world.faults.append(DropBefore(method="POST", nth=1))
    await collect(heygen, [VideoAgent(prompt="Welcome")], path)
    await resume(heygen, path, on_unknown=on_unknown)
    assert states(path) == {state: 1}
    assert len(world.ledger) == charges


async def test_a_row_that_has_left_the_list_is_not_submitted_again(heygen: HeyGen, world: World, path: Path) -> None:
    """A lost row that the newest list lacks is given up by `resubmit`, as it may have been paid for."""
    world.faults.append(DropBefore(method="POST", times=2))
    await collect(heygen, [VideoAgent(prompt="Ada"), VideoAgent(prompt="Unsubscribed")], path)
    ended = await collect(heygen, [VideoAgent(prompt="Ada")], path, on_unknown="resubmit")
    assert states(path) == {"completed": 1, "failed": 1}
    assert [charge.body["prompt"] for charge in world.ledger] == ["Ada"]
    (failed,) = [result for result in ended if isinstance(result, Failed)]
    assert "because the list no longer has it" in failed.error.message
    assert failed.error.spent == "unknown"


async def test_two_matches_are_a_conflict(heygen: HeyGen, world: World, path: Path) -> None:
    """With two matching sessions the row is held, even if `on_unknown` is `resubmit`."""
    world.faults.append(DropAfterAccept(nth=1))
    async with heygen.render_many([VideoAgent(prompt="Welcome")], journal=path, on_unknown="resubmit") as results:
        await anyio.sleep(10)
        await heygen.video_agents.create(VideoAgent(prompt="Welcome"))
        result = await anext(results)
    assert isinstance(result, Failed)
    assert "2 renders at HeyGen may be it" in str(result.error)
    assert states(path) == {"unknown": 1}
    assert len(world.ledger) == 2


async def test_a_video_whose_key_is_too_old_is_searched_for_by_its_title(
    heygen: HeyGen, world: World, path: Path
) -> None:
    """A video whose key is older than 23 hours is not sent again but searched for by its title."""
    world.faults.append(Slow(method="POST", times=1, seconds=100))
    request = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi", title="For Ada")
    with anyio.move_on_after(1):
        await collect(heygen, [request], path)
    age(path, KEY_SECONDS)
    await anyio.sleep(200)
    await resume(heygen, path)
    assert states(path) == {"completed": 1}
    assert len(world.ledger) == 1
    assert world.request_counts()["POST /v3/videos"] == 1


async def test_a_video_without_a_title_cannot_be_told_from_others(heygen: HeyGen, world: World, path: Path) -> None:
    """A video without a title cannot be searched for, so its row is held."""
    world.faults.append(Slow(method="POST", times=1, seconds=100))
    with anyio.move_on_after(1):
        await collect(heygen, jobs(1), path)
    age(path, KEY_SECONDS)
    await anyio.sleep(200)
    assert isinstance((await resume(heygen, path))[0], Failed)
    assert states(path) == {"unknown": 1}


async def test_old_and_foreign_renders_are_not_adopted(heygen: HeyGen, world: World, path: Path) -> None:
    """Renders from before the intent and renders of other rows are no match."""
    world.faults.append(Slow(method="POST", nth=3, seconds=100))
    title = "Same title"
    older = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="older", title=title)
    await heygen.videos.create(older)
    rows = [
        Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=s, title=title), row={"n": s})
        for s in ("1", "2")
    ]
    with anyio.move_on_after(10):
        await collect(heygen, rows, path, max_in_flight=1)
    with anyio.move_on_after(400):
        await resume(heygen, path)
    assert world.charged_once_per("script")


async def test_lists_that_fail_leave_the_row_open(heygen: HeyGen, world: World, path: Path) -> None:
    """A search that fails leaves the row open for the next run."""
    world.faults += [DropAfterAccept(nth=1), ErrorAnswer(method="GET", path="/v3/video-agents", status=500)]
    results = await collect(heygen, [VideoAgent(prompt="Welcome")], path)
    assert isinstance(results[0], Failed)
    assert results[0].error.spent == "unknown"
    world.faults.clear()
    await resume(heygen, path)
    assert states(path) == {"completed": 1}
    assert len(world.ledger) == 1


async def test_a_failed_render_is_repeated_only_on_request(heygen: HeyGen, world: World, path: Path) -> None:
    """A failed render is repeated only on request, under a new key; completed rows are left alone."""
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


@pytest.mark.unmeasured
async def test_rows_without_credit_stay_planned(heygen: HeyGen, world: World, path: Path) -> None:
    """Rows that are not sent for lack of credit stay planned, and a resume sends them."""
    world.faults.append(ErrorAnswer(method="POST", status=402, code="insufficient_credit", between=(200, 1e9)))
    with pytest.raises(errors.InsufficientCreditError):
        await collect(heygen, jobs(40), path, max_in_flight=5)
    assert set(states(path)) == {"completed", "planned"}
    world.faults.clear()
    await resume(heygen, path)
    assert states(path) == {"completed": 40}
    assert len(world.ledger) == 40


async def test_a_run_can_be_told_to_submit_no_more(heygen: HeyGen, world: World, path: Path) -> None:
    """After `stop_submitting`, rows under way are followed to their end and the others stay planned."""
    async with heygen.render_many(jobs(30), journal=path, max_in_flight=5) as results:
        await anext(results)
        results.stop_submitting()
        ended = 1 + len([result async for result in results])
    assert 1 < ended == len(world.ledger) < 12
    assert states(path) == {"completed": ended, "planned": 30 - ended}


async def test_a_missing_file_is_fetched_without_a_new_render(
    heygen: HeyGen, world: World, path: Path, tmp_path: Path
) -> None:
    """A file whose download failed is fetched by the next run without a new render."""
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
    """The deletion of a rendered video is reported, and its row stays completed."""
    world.faults.append(ErrorAnswer(path="/files/*", status=500))
    await collect(heygen, jobs(1), path, download_to=tmp_path / "out")
    await heygen.videos.delete(str(world.ledger[0].video_id))
    results = await resume(heygen, path)
    assert isinstance(results[0], Completed)
    assert "deleted at HeyGen" in str(results[0].error)
    assert states(path) == {"completed": 1}


async def test_a_stuck_render_stays_open_and_is_followed_again(heygen: HeyGen, world: World, path: Path) -> None:
    """A render past its deadline stays open, and the next runs follow it."""
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
    """A row that stands in the list twice is rendered once."""
    async with heygen.render_many([*jobs(3), *jobs(2)], journal=path) as results:
        assert len([result async for result in results]) == 3
    assert results.merge is not None
    assert results.merge.repeated == 2
    assert len(world.ledger) == 3


async def test_names_tell_rows_apart(heygen: HeyGen, world: World, path: Path) -> None:
    """The name of a job is its identity: another city under the same name is a change, not a new row."""
    await collect(heygen, [Job(request=script(1), row={"city": "Rome"}, name="ada")], path)
    async with heygen.render_many([Job(request=script(2), row={"city": "Pisa"}, name="ada")], journal=path) as results:
        assert [result async for result in results] == []
    assert results.merge is not None
    assert (results.merge.waiting, results.merge.new) == (1, 0)
    assert 0.05 <= results.merge.low_usd < results.merge.high_usd < 1.0


async def test_two_journals_are_two_campaigns(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Equal rows in two journals belong to two campaigns and are paid for twice."""
    await collect(heygen, jobs(2), tmp_path / "a.db")
    await collect(heygen, jobs(2), tmp_path / "b.db")
    assert len(world.ledger) == 4


async def test_a_copied_journal_does_not_pay_again_within_a_day(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A copy of a journal sends the same keys, so HeyGen answers with the same videos for a day."""
    world.faults.append(ErrorAnswer(method="POST", status=402, code="insufficient_credit"))
    with pytest.raises(errors.InsufficientCreditError):
        await collect(heygen, jobs(5), tmp_path / "a.db")
    world.faults.clear()
    (tmp_path / "b.db").write_bytes((tmp_path / "a.db").read_bytes())
    await resume(heygen, tmp_path / "a.db")
    await resume(heygen, tmp_path / "b.db")
    assert states(tmp_path / "a.db") == states(tmp_path / "b.db") == {"completed": 5}
    assert len(world.ledger) == 5


async def test_a_refused_api_key_stops_the_run_and_fails_no_row(server: Server, world: World, path: Path) -> None:
    """A refused API key stops the run and fails no row."""
    async with HeyGen("wrong", base_url=server.base_url) as heygen:
        with pytest.raises(errors.AuthenticationError):
            await collect(heygen, jobs(3), path)
    assert states(path) == {"planned": 3}
    async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
        await resume(heygen, path)
    assert states(path) == {"completed": 3}


async def test_an_api_key_that_is_refused_during_a_search_breaks_the_run(path: Path) -> None:
    """An API key that is refused during a search stops the run, and the row stays unknown."""
    world = World()
    async with serve(world) as server, HeyGen("simulator-key", base_url=server.base_url) as heygen:
        world.faults += [DropAfterAccept(nth=1), ErrorAnswer(method="GET", status=401, code="unauthorized")]
        with pytest.raises(errors.AuthenticationError):
            await collect(heygen, [VideoAgent(prompt="Welcome")], path)
    assert states(path) == {"unknown": 1}


async def test_requests_without_rows_are_identified_by_their_bodies(heygen: HeyGen, world: World, path: Path) -> None:
    """Requests without rows are identified by their bodies; a thousand of them are merged in batches."""
    world.render_seconds = lambda _: 1.0
    with anyio.move_on_after(1):
        await collect(heygen, (script(n) for n in range(1100)), path)
    assert sum(states(path).values()) == 1100


async def test_the_intent_is_on_disk_before_the_first_byte_leaves(path: Path, tmp_path: Path) -> None:
    """Copies of the files from the arrival of the POST, as a power loss would leave them, hold the intent."""
    seen = []

    async def copy_files(request: web.Request) -> web.Response:
        if request.method == "POST":
            (tmp_path / "after").mkdir(exist_ok=True)
            for name in ("campaign.db", "campaign.db-wal"):
                (tmp_path / "after" / name).write_bytes((tmp_path / name).read_bytes())
            with Journal(tmp_path / "after" / "campaign.db") as left:
                seen.append((left.get(1).state, left.key(left.get(1)) == request.headers["Idempotency-Key"]))
                assert left._rows("PRAGMA synchronous")[0][0] == 2  # FULL: a commit is an fsync
        return web.json_response({"error": {"code": "forbidden", "message": "no"}}, status=403)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", copy_files)
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


async def test_a_missing_file_of_an_unchanged_row_is_fetched_again(
    heygen: HeyGen, world: World, path: Path, tmp_path: Path
) -> None:
    """The missing file of an unchanged row is fetched again."""
    await collect(heygen, jobs(3), path, download_to=tmp_path / "out")
    (lost, *_) = sorted((tmp_path / "out").iterdir())
    lost.unlink()
    results = await collect(heygen, jobs(3), path, download_to=tmp_path / "out")
    assert [result.index for result in results] == [0]
    assert len(list((tmp_path / "out").iterdir())) == 3
    assert len(world.ledger) == 3


async def test_a_tag_in_the_title_finds_a_video_whose_key_is_too_old(heygen: HeyGen, world: World, path: Path) -> None:
    """With `tag_titles` a video is found although its key is too old; agents have no title."""
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


async def test_a_refused_repeat_leaves_the_row_unknown(heygen: HeyGen, world: World, path: Path) -> None:
    """A refused repeat leaves the row unknown, with its first intent: the first POST may have been executed."""
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


@pytest.mark.unmeasured
async def test_a_network_that_is_down_stops_the_run_and_fails_no_row(server: Server, world: World, path: Path) -> None:
    """A network that is down stops the run and fails no row."""
    async with HeyGen("simulator-key", base_url="http://127.0.0.1:1") as nowhere:
        with pytest.raises(errors.ConnectionFailedError) as caught:
            await collect(nowhere, jobs(6), path)
    assert caught.value.attempts > 12
    assert states(path) == {"planned": 6}
    async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
        await resume(heygen, path)
    assert states(path) == {"completed": 6}
    assert len(world.ledger) == 6


async def test_a_resumed_run_gives_each_file_its_own_name(
    heygen: HeyGen, world: World, path: Path, tmp_path: Path
) -> None:
    """Two people called Ada, one rendered before the interruption and one after it, get two files."""
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
    """If one of two equal POSTs was executed, one row gets its session and the other is held."""
    world.faults += [DropAfterAccept(nth=1), DropBefore(method="POST", nth=1)]
    twins = [Job(request=VideoAgent(prompt="Welcome"), row={"n": str(n)}) for n in range(2)]
    await collect(heygen, twins, path)
    assert states(path) == {"completed": 1, "unknown": 1}
    assert len(world.ledger) == 1


async def test_files_are_fetched_again_a_few_at_a_time(
    heygen: HeyGen, world: World, path: Path, tmp_path: Path
) -> None:
    """Missing files are fetched `max_downloads` at a time."""
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
    """Without an intent on disk, no POST is sent."""
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
    """A 429 proves that its POST was not executed, so the row is planned and needs no search after a crash."""
    world.slots = 1
    agents = [Job(request=VideoAgent(prompt=f"Welcome {n}"), row={"n": str(n)}) for n in range(3)]
    with anyio.move_on_after(60):
        await collect(heygen, agents, path)
    assert states(path) == {"submitted": 1, "planned": 2}
    await resume(heygen, path)
    assert states(path) == {"completed": 3}
    assert len(world.ledger) == 3


@pytest.mark.unmeasured
async def test_a_run_finds_out_how_many_slots_there_are(heygen: HeyGen, world: World, path: Path) -> None:
    """The journal keeps `auto` for the resume, and keeps a function as that word."""
    await collect(heygen, jobs(30), path, max_in_flight=lambda: 30)
    assert states(path) == {"completed": 30}
    assert world.peak_rendering == 10
    refused = sum(seen.status == 429 for seen in world.requests)
    assert await resume(heygen, path) == []
    assert refused <= 25


async def test_a_429_after_a_lost_answer_leaves_the_row_unknown(heygen: HeyGen, world: World, path: Path) -> None:
    """A 429 to the repeat leaves the row unknown: the first POST was executed and must not be paid for again."""
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


async def test_a_refusal_long_after_a_lost_answer_leaves_the_row_unknown(
    heygen: HeyGen, world: World, path: Path
) -> None:
    """A refusal after a lost answer and some 429s leaves the row unknown: the first POST may have made the video."""
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
    """Rows that wait for a slot when submitting stops stay planned."""
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
    """A lost agent without a match is sent anew by the next run, not after a stop."""
    world.faults.append(DropBefore(method="POST", nth=1))
    async with heygen.render_many([VideoAgent(prompt="Welcome")], journal=path, on_unknown="resubmit") as results:
        await anyio.sleep(10)
        results.stop_submitting()
        assert [result async for result in results] == []
    assert world.ledger == []
    assert states(path) == {"planned": 1}


async def test_a_journal_that_fails_during_a_search_breaks_the_run(heygen: HeyGen, world: World, path: Path) -> None:
    """A journal that fails during a search breaks the run; the row has not failed."""
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

"""Runs of many rows: slots, order, failures, early exit, and every row paid for once."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest

from heygen_async import (
    CinematicAvatar,
    Completed,
    DirectVideo,
    Event,
    Failed,
    HeyGen,
    Job,
    JobEnded,
    JobRendered,
    JobSubmitted,
    Result,
    VideoAgent,
    errors,
)
from heygen_async.simulator import (
    DropAfterAccept,
    DropBefore,
    ErrorAnswer,
    ExpiredUrl,
    FailedRender,
    Server,
    Slow,
    Stuck,
    Truncated,
    World,
)


def script(n: int) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {n}")


async def collect(heygen: HeyGen, requests: object, **settings: object) -> list[Result]:
    async with heygen.render_many(requests, **settings) as results:  # type: ignore[call-overload]  # any keyword
        return [result async for result in results]


async def test_all_rows_end_and_slots_are_kept(heygen: HeyGen, world: World) -> None:
    """Thirty rows on ten slots: at most ten at once, each charged once, each result with its row."""
    rows = [{"n": n} for n in range(30)]
    results = await collect(heygen, [Job(request=script(row["n"]), row=row) for row in rows])
    assert sorted(result.row["n"] for result in results) == list(range(30))
    assert all(isinstance(result, Completed) for result in results)
    assert world.peak_rendering == 10
    assert world.charged_once_per("script")
    assert len(world.ledger) == 30


async def test_results_come_in_order_of_ending(heygen: HeyGen, world: World) -> None:
    """Results come in order of ending: a short render that was sent last comes first."""
    world.render_seconds = lambda body: 300.0 - 50 * int(body["script"].split()[-1])
    results = await collect(heygen, [script(n) for n in range(5)])
    assert [result.index for result in results] == [4, 3, 2, 1, 0]
    assert [result.seconds for result in results] == pytest.approx([100, 150, 200, 250, 300], abs=7)


async def test_the_three_modes_mix(heygen: HeyGen, world: World) -> None:
    """All three modes share one pool and one stream of results."""
    requests = [
        script(1),
        VideoAgent(prompt="A welcome"),
        CinematicAvatar(prompt="walks", avatar_id="look_anna"),
        VideoAgent(prompt="A farewell"),
    ]
    results = await collect(heygen, requests, max_in_flight=2)
    assert {result.index for result in results if isinstance(result, Completed)} == {0, 1, 2, 3}
    assert world.peak_rendering == 2
    assert [charge.kind for charge in world.ledger].count("video_agent") == 2


async def test_an_empty_plan_ends(heygen: HeyGen, world: World) -> None:
    """A run without rows ends without requests and results."""
    assert await collect(heygen, []) == []
    assert world.requests == []


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_rows_are_read_no_faster_than_slots_free_up(heygen: HeyGen, world: World, asynchronous: bool) -> None:  # noqa: FBT001
    """Rows are read one by one as slots become free, not ahead."""
    read = 0

    def rows() -> Iterator[DirectVideo]:
        nonlocal read
        for n in range(100_000):
            read += 1
            yield script(n)

    async def rows_later() -> AsyncIterator[DirectVideo]:
        for request in rows():
            await anyio.sleep(0)
            yield request

    async with heygen.render_many(rows_later() if asynchronous else rows(), max_in_flight=5) as results:
        for _ in range(20):
            await anext(results)
        assert read <= 20 + 5 + 1
    assert len(results.unfinished) <= 5


async def test_a_hundred_thousand_queued_rows_are_no_tasks(heygen: HeyGen, world: World) -> None:
    """Memory does not grow with the queue: a task for each row would be hundreds of megabytes."""
    world.render_seconds = lambda body: 60.0
    async with heygen.render_many((script(n) for n in range(100_000)), max_in_flight=10) as results:
        await anext(results)
        tracemalloc.start()
        for _ in range(30):
            await anext(results)
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        tasks = len(anyio.get_running_tasks())
    assert grown < 5_000_000
    assert tasks < 60


async def test_a_bad_row_is_a_value(heygen: HeyGen, world: World) -> None:
    """A row that HeyGen refuses and a render that fails are results, and their slots become free."""
    world.faults.append(FailedRender(contains="number 3", code="rendering_failed"))
    refused = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="x", extra={"nonsense": 1})
    results = await collect(heygen, [refused, *(script(n) for n in range(1, 6))], max_in_flight=2)
    failed = {result.index: result for result in results if isinstance(result, Failed)}
    assert {index: (f.code, f.error.spent) for index, f in failed.items()} == {
        0: ("invalid_parameter", "no"),
        3: ("rendering_failed", "no"),
    }
    assert len(results) == 6


async def test_an_agent_whose_answer_is_lost_is_a_failed_row_at_stake(heygen: HeyGen, world: World) -> None:
    """An agent whose answer is lost is not sent twice; its row fails, and the summary counts it as at stake."""
    world.faults.append(DropAfterAccept(nth=1))
    async with heygen.render_many([VideoAgent(prompt="one"), VideoAgent(prompt="two")]) as results:
        ended = [result async for result in results]
    lost = next(result for result in ended if isinstance(result, Failed))
    assert isinstance(lost.error, errors.OutcomeUnknownError)
    assert (results.summary.completed, results.summary.at_stake) == (1, 1)
    assert len(world.ledger) == 2


@pytest.mark.unmeasured
async def test_three_hundred_rows_through_trouble(heygen: HeyGen, world: World) -> None:
    """With 5 % of answers lost, 5 % 503 and half the slots expected, 300 rows end and are charged once."""
    world.faults += [
        DropAfterAccept(probability=0.05),
        ErrorAnswer(status=503, code="service_unavailable", probability=0.05),
    ]
    results = await collect(heygen, (script(n) for n in range(300)), max_in_flight=20)
    assert sum(isinstance(result, Completed) for result in results) == 300
    assert len(world.ledger) == 300
    assert world.charged_once_per("script")
    assert world.peak_rendering == 10
    statuses = [seen.status for seen in world.requests]
    assert 429 in statuses
    assert 503 in statuses


async def test_leaving_early_loses_no_id(heygen: HeyGen, world: World) -> None:
    """After an early exit every id is in the results or listed as unfinished, and no request follows."""
    async with heygen.render_many((script(n) for n in range(100)), max_in_flight=10) as results:
        first = [await anext(results) for _ in range(5)]
    asked = len(world.requests)
    await anyio.sleep(1000)
    assert len(world.requests) == asked
    known = {result.resource_id for result in [*first, *results.unread, *results.unfinished]}
    assert {charge.video_id for charge in world.ledger} <= known
    assert {left.spent for left in results.unfinished} == {"yes"}


async def test_a_post_under_way_brings_its_id_before_a_run_is_left(heygen: HeyGen, world: World) -> None:
    """A run that is left waits some seconds for the answers of POSTs under way."""
    world.faults.append(Slow(method="POST", seconds=3))
    with anyio.move_on_after(1):
        async with heygen.render_many([script(1), script(2)]) as results:
            await anext(results)
    assert {left.resource_id for left in results.unfinished} == {charge.video_id for charge in world.ledger}
    assert len(world.ledger) == 2


async def test_a_post_that_brings_no_id_in_time_is_listed_as_unknown(heygen: HeyGen, world: World) -> None:
    """A POST without an answer within five seconds of leaving is listed as unknown."""
    world.faults.append(Slow(method="POST", seconds=100))
    start = anyio.current_time()
    with anyio.move_on_after(1):
        async with heygen.render_many([script(1)]) as results:
            await anext(results)
    assert anyio.current_time() - start == pytest.approx(6, abs=0.1)
    assert [(left.resource_id, left.spent, left.index) for left in results.unfinished] == [(None, "unknown", 0)]


async def test_out_of_credit_stops_submitting_and_follows_the_rest(heygen: HeyGen, world: World) -> None:
    """Without credit the accepted rows are followed to their end; then the run names the row where it stopped."""
    world.faults.append(ErrorAnswer(method="POST", status=402, code="insufficient_credit", between=(200, 1e9)))
    ended: list[Result] = []
    with pytest.raises(errors.InsufficientCreditError) as caught:
        async with heygen.render_many((script(n) for n in range(1000)), max_in_flight=5) as results:
            async for result in results:
                ended.append(result)  # noqa: PERF401 - what came before the error counts
    assert len(ended) == len(world.ledger) > 0
    assert all(isinstance(result, Completed) for result in ended)
    assert any(f"row {len(ended) + 1} on" in note for note in caught.value.__notes__)


async def test_a_key_that_stops_working_breaks_the_run_and_names_what_goes_on(heygen: HeyGen, world: World) -> None:
    """A refused API key breaks the run, and the error has the ids of the renders that go on."""
    world.faults.append(ErrorAnswer(method="GET", status=401, code="unauthorized"))
    with pytest.raises(errors.AuthenticationError) as caught:
        await collect(heygen, [script(1), script(2)])
    assert all(str(charge.video_id) in "".join(caught.value.__notes__) for charge in world.ledger)


async def test_an_error_of_the_caller_comes_out_as_it_is(heygen: HeyGen, world: World) -> None:
    """An error of the caller ends the run and is not wrapped in a group."""
    with pytest.raises(ZeroDivisionError):
        async with heygen.render_many([script(1)]) as results:
            async for _ in results:
                1 / 0  # noqa: B018 - an error


async def test_an_error_of_the_source_comes_out_as_it_is(heygen: HeyGen, world: World) -> None:
    """An error of the source breaks the run and is not wrapped in a group."""

    def broken() -> Iterator[DirectVideo]:
        yield script(1)
        raise LookupError("row 2")

    with pytest.raises(LookupError, match="row 2"):
        await collect(heygen, broken())


async def test_two_errors_at_once_come_as_a_group(heygen: HeyGen, world: World) -> None:
    """Two errors at once are raised as a group."""

    async def broken() -> AsyncIterator[DirectVideo]:
        try:
            await anyio.sleep_forever()
        finally:
            raise LookupError("while leaving")
        yield script(1)

    with pytest.raises(BaseExceptionGroup) as caught:
        async with heygen.render_many(broken()):
            await anyio.sleep(1)
            raise ZeroDivisionError
    assert {type(exc) for exc in caught.value.exceptions} >= {ZeroDivisionError}


async def test_a_stuck_render_gives_its_slot_back_at_the_deadline(heygen: HeyGen, world: World) -> None:
    """A render past the deadline is a failed row that is paid for, and its slot becomes free."""
    world.faults.append(Stuck(contains="number 0"))
    results = await collect(heygen, (script(n) for n in range(4)), max_in_flight=1, deadline=3000)
    stuck = next(result for result in results if isinstance(result, Failed))
    assert isinstance(stuck.error, errors.DeadlineExceededError)
    assert stuck.error.spent == "yes"
    assert stuck.resource_id == stuck.error.resource_id == world.ledger[0].video_id
    assert len(results) == 4


async def test_refused_bulk_statuses_are_no_end(heygen: HeyGen, world: World) -> None:
    """If bulk statuses are refused, each video is asked for by itself."""
    world.faults.append(ErrorAnswer(path="/v3/videos/statuses", status=404, code="not_found"))
    results = await collect(heygen, [script(n) for n in range(5)])
    assert all(isinstance(result, Completed) for result in results)
    assert world.request_counts()["GET /v3/videos/statuses"] == 1


async def test_a_video_deleted_elsewhere_is_a_failed_row(heygen: HeyGen, world: World) -> None:
    """A video that is deleted while it renders is a failed row that was paid for."""
    world.render_seconds = lambda body: 200.0

    async with heygen.render_many([script(1)]) as results:
        await anyio.sleep(50)
        await heygen.videos.delete(str(world.ledger[0].video_id))
        result = await anext(results)
    assert isinstance(result, Failed)
    assert isinstance(result.error, errors.NotFoundError)
    assert (result.error.spent, result.error.resource_id) == ("yes", world.ledger[0].video_id)


async def test_agents_that_fail_are_failed_rows(heygen: HeyGen, world: World) -> None:
    """An agent that fails is a failed row, before it names a video and after."""
    world.faults += [
        FailedRender(contains="early", while_thinking=True),
        FailedRender(contains="late", code="rendering_failed"),
    ]
    results = await collect(heygen, [VideoAgent(prompt="early"), VideoAgent(prompt="late"), VideoAgent(prompt="fine")])
    assert {result.index: type(result).__name__ for result in results} == {0: "Failed", 1: "Failed", 2: "Completed"}


async def test_watching_asks_in_bulk(heygen: HeyGen, world: World) -> None:
    """One request asks for all renders, and the details of those that have ended come with it."""
    random.seed(2)  # the list of videos is trusted once two ends fall into one look, which may be late
    await collect(heygen, [script(n) for n in range(40)], max_in_flight=20)
    counts = world.request_counts()
    assert counts["GET /v3/videos/{video_id}"] < 30
    assert counts["GET /v3/videos/statuses"] + counts["GET /v3/videos"] < 40 * 8


async def test_what_happens_is_told(heygen: HeyGen, world: World, events: list[Event]) -> None:
    """Each row has an event for its submission, its render and its end."""
    world.faults.append(FailedRender(contains="number 1"))
    await collect(heygen, [script(0), script(1)])
    told = [event for event in events if isinstance(event, JobSubmitted | JobRendered | JobEnded)]
    assert [type(event).__name__ for event in told].count("JobSubmitted") == 2
    assert {event.status for event in told if isinstance(event, JobRendered)} == {"completed", "failed"}
    assert {event.error for event in told if isinstance(event, JobEnded)} == {None, "RenderFailedError"}


async def test_files_are_stored_under_their_names(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Files are named by their rows, and no part files are left over."""
    jobs = [Job(request=script(n), row={"name": name}) for n, name in enumerate(["Ada", "Ada", "A/D:A?"])]
    results = await collect(heygen, jobs, download_to=tmp_path / "out", filename="{name}")
    files = {result.file.name for result in results if isinstance(result, Completed) and result.file}
    assert files == {"Ada.mp4", "Ada-2.mp4", "A_D_A_.mp4"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == files
    assert all(path.read_bytes()[4:8] == b"ftyp" for path in (tmp_path / "out").iterdir())


async def test_a_refused_address_is_asked_for_again(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A file whose address has expired or whose download breaks is fetched again, without a new render."""
    world.faults += [
        ExpiredUrl(contains="number 0", times=1),
        Truncated(path="/files/*", nth=1),
        ErrorAnswer(path="/files/*", nth=3, status=503, code="service_unavailable"),
    ]
    results = await collect(heygen, [script(0), script(1)], download_to=tmp_path)
    assert all(isinstance(result, Completed) and result.file and result.file.exists() for result in results)
    assert len(world.ledger) == 2


async def test_a_file_that_cannot_be_stored_is_no_failed_render(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A video without its file is completed and paid for, and the result has the reason."""
    world.faults.append(ErrorAnswer(path="/files/*", status=500, code="internal_error"))
    async with heygen.render_many([script(0)], download_to=tmp_path) as results:
        result = await anext(results)
    assert isinstance(result, Completed)
    assert isinstance(result.error, errors.DownloadError)
    assert result.file is None
    assert (results.summary.completed, results.summary.not_stored) == (1, 1)


async def test_a_disk_that_refuses_is_named(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """An error of the disk is named in the result."""
    (tmp_path / "taken").write_text("a file where the folder should be")
    results = await collect(heygen, [script(0)], download_to=tmp_path / "taken")
    assert isinstance(results[0], Completed)
    assert "it cannot be written" in str(results[0].error)


@pytest.mark.parametrize("slots", [0, -1, 2.5, True, "10"])
async def test_slots_must_be_a_number(heygen: HeyGen, slots: object) -> None:
    """A number of slots that is not a positive integer is refused before a request is sent."""
    with pytest.raises(errors.InvalidInputError, match="max_in_flight"):
        await collect(heygen, [script(1)], max_in_flight=slots)


async def test_something_else_is_no_job(heygen: HeyGen, world: World) -> None:
    """A bad value in the source fails with its place; the rows around it are rendered."""
    results = await collect(heygen, [script(1), "Hi", script(2)])
    assert {result.index: type(result.error) for result in results} == {
        0: type(None),
        1: errors.InvalidInputError,
        2: type(None),
    }
    assert "requests, item 1: a str" in str(next(result.error for result in results if result.error))
    assert len(world.ledger) == 2


async def test_two_runs_share_a_client(server: Server, world: World) -> None:
    """Two runs on one client keep their rows apart."""
    world.slots = 20
    async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
        ended: dict[str, int] = {}

        async def one(name: str) -> None:
            ended[name] = len(await collect(heygen, [script(n) for n in range(15)]))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one, "a")
            tasks.start_soon(one, "b")
    assert ended == {"a": 15, "b": 15}


async def test_an_asynchronous_source_ends(heygen: HeyGen) -> None:
    """A run ends when its asynchronous source is used up."""

    async def rows() -> AsyncIterator[DirectVideo]:
        for n in range(3):
            yield script(n)

    assert len(await collect(heygen, rows())) == 3


async def test_trouble_with_bulk_statuses_passes(heygen: HeyGen, world: World) -> None:
    """Lost connections and 5xx answers to a sweep pass: the next sweep finds the ended renders."""
    world.faults += [
        DropBefore(path="/v3/videos/statuses", times=7),
        ErrorAnswer(path="/v3/videos/statuses", times=7, status=502, html=True),
    ]
    results = await collect(heygen, [script(n) for n in range(3)])
    assert all(isinstance(result, Completed) for result in results)


async def test_trouble_with_details_passes(heygen: HeyGen, world: World) -> None:
    """A row whose details cannot be read is looked at again on the next sweep."""
    world.faults.append(ErrorAnswer(path="/v3/videos/v*", status=503, times=12))
    world.faults.append(ErrorAnswer(path="/v3/videos/[!s]*", status=503, times=12))
    results = await collect(heygen, [script(n) for n in range(3)])
    assert all(isinstance(result, Completed) for result in results)


async def test_a_key_refused_on_details_breaks_the_run(heygen: HeyGen, world: World) -> None:
    """An API key that is refused for details breaks the run, even if sweeps still pass."""
    world.faults.append(ErrorAnswer(path="/v3/videos/[!s]*", status=401, code="unauthorized"))
    with pytest.raises(errors.AuthenticationError):
        await collect(heygen, [script(n) for n in range(3)])


async def test_two_refusals_for_lack_of_credit_tell_of_the_first(heygen: HeyGen, world: World) -> None:
    """If several POSTs are refused for lack of credit, the error names the first row."""
    world.balance_usd = 0.0
    world.latency_seconds = 1.0
    with pytest.raises(errors.InsufficientCreditError) as caught:
        await collect(heygen, [script(n) for n in range(8)])
    assert any("row 1 on" in note for note in caught.value.__notes__)
    assert world.ledger == []


async def test_files_under_way_are_unfinished(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A run that is left while a file is stored lists the video as unfinished and paid for."""
    world.render_seconds = lambda _: 100.0
    world.faults.append(Slow(path="/files/*", seconds=500))
    with anyio.move_on_after(300):
        async with heygen.render_many([script(1)], download_to=tmp_path) as results:
            await anyio.sleep(200)
            assert [left.spent for left in results.unfinished] == ["yes"]
            await anyio.sleep_forever()
    assert [left.resource_id for left in results.unfinished] == [world.ledger[0].video_id]


async def test_a_video_that_is_not_seen_yet_is_no_failure(heygen: HeyGen, world: World) -> None:
    """A 404 soon after the submission does not end a row, since HeyGen's lists may lag; one that stays does."""
    world.render_seconds = lambda _: 15.0
    world.faults.append(ErrorAnswer(path="/v3/videos/[!s]*", status=404, code="video_not_found", times=3))
    results = await collect(heygen, [script(1)])
    assert isinstance(results[0], Completed)


@pytest.mark.parametrize("cut_off", [True, False])
async def test_a_run_that_was_left_holds_no_slots_of_the_next(heygen: HeyGen, world: World, cut_off: bool) -> None:  # noqa: FBT001
    """A run gives all its slots back to the client's pool, however it ends."""
    if cut_off:
        world.faults.append(Slow(method="POST", seconds=100, times=20))
    with anyio.move_on_after(20):
        await collect(heygen, (script(n) for n in range(50)), max_in_flight=20)
    assert heygen.pool.in_use == 0
    await anyio.sleep(3000)
    start = anyio.current_time()
    assert len(await collect(heygen, [script(n) for n in range(100, 110)], max_in_flight=10)) == 10
    assert anyio.current_time() - start < 1500
    assert heygen.pool.in_use == 0

"""The list of the newest videos: it saves requests where it may, and is never the only witness."""

from __future__ import annotations

import math

import anyio
import pytest
from hypothesis import given, strategies as st

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Result
from heygen_async.bulk.watch.ended import GATHERED_SECONDS
from heygen_async.bulk.watch.render_times import pause_of
from heygen_async.simulator import AlteredAnswer, ErrorAnswer, FailedRender, Fault, NullVideoUrl, World

LIST, STATUSES, DETAILS = "GET /v3/videos", "GET /v3/videos/statuses", "GET /v3/videos/{video_id}"


def scripts(count: int) -> list[DirectVideo]:
    return [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"row {n}") for n in range(count)]


def by_row(body: dict[str, str]) -> float:
    """Render times that differ from row to row."""
    return 60.0 + 37 * (int(body["script"].split()[1]) % 7)


async def collect(heygen: HeyGen, count: int, slots: int) -> list[Result]:
    async with heygen.render_many(scripts(count), max_in_flight=slots, submit="each") as results:
        return await results.collect()


async def test_ends_of_one_look_are_read_together(heygen: HeyGen, world: World) -> None:
    """Renders that end at one time take one request for their details, not one each."""
    world.render_seconds = lambda _: 60.0
    results = await collect(heygen, 8, 8)
    assert all(isinstance(result, Completed) and result.video.video_url for result in results)
    assert world.request_counts()[LIST] == 1
    assert world.request_counts()[DETAILS] == 0


@pytest.mark.unmeasured
async def test_a_list_that_has_agreed_takes_the_place_of_the_statuses(heygen: HeyGen, world: World) -> None:
    """From then on one request tells of statuses and details; the statuses are asked for now and then."""
    world.render_seconds = by_row
    assert all(isinstance(result, Completed) for result in await collect(heygen, 100, 10))
    counts = world.request_counts()
    assert counts[LIST] > 5 * counts[DETAILS]
    assert 0 < counts[STATUSES] < counts[LIST]


async def test_a_list_that_lags_is_used_no_more(heygen: HeyGen, world: World) -> None:
    """What the statuses call ended and the list does not is read by itself, and costs no time."""
    world.render_seconds, world.list_lag_seconds = lambda _: 60.0, 500.0
    results = await collect(heygen, 30, 10)
    assert all(isinstance(result, Completed) for result in results)
    assert world.request_counts()[LIST] == 1
    assert world.request_counts()[DETAILS] == 30
    assert world.now() < 3 * (60 + 10)


async def test_a_list_that_begins_to_lag_is_found_out(heygen: HeyGen, world: World) -> None:
    """It is compared with the statuses again and again: a slot is not held for long because of it."""
    world.render_seconds = by_row

    async with (
        heygen.render_many(scripts(60), max_in_flight=10, submit="each") as results,
        anyio.create_task_group() as tasks,
    ):

        async def lag() -> None:
            await anyio.sleep(500)
            world.list_lag_seconds = 1e6

        tasks.start_soon(lag)
        ended = await results.collect()
    assert all(isinstance(result, Completed) for result in ended)
    assert world.now() < 1500


ONLY_THE_LIST = "/v3/video[s]"  # a pattern; a plain path would match all paths below it
FAULTS: dict[str, Fault] = {
    "503": ErrorAnswer(method="GET", path=ONLY_THE_LIST, status=503),
    "403": ErrorAnswer(method="GET", path=ONLY_THE_LIST, status=403, code="forbidden"),
    "no list": AlteredAnswer(method="GET", path=ONLY_THE_LIST, fields={"data": {}}),
    "empty": AlteredAnswer(method="GET", path=ONLY_THE_LIST, fields={"data": []}),
    "other videos": AlteredAnswer(method="GET", path=ONLY_THE_LIST, fields={"data.*.id": "somebody-elses"}),
    "no words": AlteredAnswer(method="GET", path=ONLY_THE_LIST, fields={"data.*.status": None}),
    "no addresses yet": NullVideoUrl(polls=1),
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("nth", [1, 3])
async def test_what_the_list_does_not_tell_is_read_in_another_way(
    heygen: HeyGen, world: World, name: str, nth: int
) -> None:
    """A list that fails, or has not all renders, loses no end, neither before it is trusted nor afterwards."""
    world.render_seconds = by_row
    world.faults += [FAULTS[name], FailedRender(contains="row 7")]
    results = await collect(heygen, 30 * nth, 10)
    failed = [result.index for result in results if isinstance(result, Failed)]
    assert failed == [n for n in range(30 * nth) if str(n).startswith("7")]
    assert world.now() < 30 * nth / 10 * (180 + 60) + 100


async def test_videos_of_others_are_passed_over(heygen: HeyGen, world: World) -> None:
    """Where others use the account, renders stand further down; those that the list has no more are asked for."""
    world.slots, world.render_seconds = 500, lambda body: 1e5 if body.get("title") == "theirs" else 100.0
    theirs = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="row 0", title="theirs")
    async with heygen.render_many(scripts(20), max_in_flight=5, submit="each") as results:
        for _ in range(150):
            await heygen.videos.create(theirs)
        ended = await results.collect()
    assert len(ended) == 20
    assert all(isinstance(result, Completed) for result in ended)


@pytest.mark.unmeasured
async def test_ends_of_a_large_run_are_gathered(heygen: HeyGen, world: World) -> None:
    """Of more renders than a page has, ends are read by pages; slots are free at once, failures are told at once."""
    world.slots, world.render_seconds = 150, by_row
    world.faults.append(FailedRender(contains="row 8"))
    results = await collect(heygen, 400, 150)
    assert sum(isinstance(result, Completed) for result in results) == 400 - 1 - 10
    counts = world.request_counts()
    assert counts[LIST] + counts[DETAILS] < 200
    assert world.now() < 3 * 300 + GATHERED_SECONDS


async def test_pages_with_gathered_ends_tell_of_other_renders(heygen: HeyGen, world: World) -> None:
    """In a large run a look at the pages that have the details of gathered ends takes the place of the statuses."""
    world.slots, world.render_seconds = 150, by_row
    results = await collect(heygen, 600, 150)
    assert all(isinstance(result, Completed) and result.video.video_url for result in results)
    counts = world.request_counts()
    assert counts[LIST] + counts[DETAILS] < 150
    assert counts[STATUSES] + counts[LIST] + counts[DETAILS] < 600
    ends = [seen.at for seen in world.requests if seen.route == "/v3/videos" and seen.method == "GET"]
    swept = {seen.at for seen in world.requests if seen.route == "/v3/videos/statuses"}
    assert any(at not in swept for at in ends)


@pytest.mark.parametrize("lag", [100.0, 1e6])
async def test_in_a_large_run_a_list_that_lags_holds_no_slot(heygen: HeyGen, world: World, lag: float) -> None:
    """What the list says of renders under way is not heeded once it has called an ended one running."""
    world.slots, world.render_seconds, world.list_lag_seconds = 150, by_row, lag
    results = await collect(heygen, 450, 150)
    assert all(isinstance(result, Completed) for result in results)
    assert world.request_counts()[LIST] <= 6
    assert world.now() < 3 * 300 + GATHERED_SECONDS


@given(st.floats(1e-3, 50), st.floats(0.1, 20), st.floats(1, 100))
def test_the_pause_is_the_one_that_costs_the_least(rate: float, price: float, shares: float) -> None:
    """At the best pause the slots that are held in vain are worth the requests; any other pause costs more."""

    def cost(pause: float) -> float:
        return rate * shares * pause / 2 + price / pause

    pause = pause_of(rate, price, shares)
    assert math.isclose(rate * shares * pause / 2, price / pause)
    assert cost(pause) < min(cost(0.8 * pause), cost(1.25 * pause))

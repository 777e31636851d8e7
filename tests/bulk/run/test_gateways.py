"""Pages of gateways, single refusals and machines that slept: none of them ends a row that is paid for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import anyio
import pytest

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Job, Results, VideoAgent, errors
from heygen_async.simulator import DropBefore, ErrorAnswer, VirtualTimeLoop, World


def dv(text: object) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=str(text))


async def ends(results: Results) -> list[Completed | Failed]:
    return [result async for result in results]


PAGES = [
    ErrorAnswer(method="POST", nth=2, status=408, html=True, after_accept=True),
    ErrorAnswer(method="POST", nth=2, status=425, html=True, after_accept=True),
    ErrorAnswer(method="POST", nth=2, status=499, html=True, after_accept=True),
    ErrorAnswer(method="POST", nth=2, status=307, html=True, after_accept=True),
    ErrorAnswer(method="POST", nth=2, status=407, html=True, after_accept=True),
    ErrorAnswer(method="POST", nth=2, status=404, html=True, after_accept=True),
    ErrorAnswer(method="POST", nth=2, status=403, html=True, after_accept=True),
    ErrorAnswer(method="POST", nth=2, status=401, html=True, after_accept=True),
    ErrorAnswer(method="POST", nth=2, status=200, code="internal_error", after_accept=True),
    ErrorAnswer(method="POST", nth=2, status=401, code="unauthorized"),
]


@pytest.mark.unmeasured
@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.status}-{'page' if page.html else page.code}")
async def test_a_page_after_an_accepted_post_is_no_refusal(
    heygen: HeyGen, world: World, tmp_path: Path, page: ErrorAnswer
) -> None:
    """The POST is asked again under its key: the row has its video, which is paid for once."""
    world.faults.append(page)
    async with heygen.render_many([dv(n) for n in range(4)], journal=tmp_path / "j.db") as results:
        found = await ends(results)
    assert [type(result) for result in found] == [Completed] * 4
    assert len(world.ledger) == 4


@pytest.mark.unmeasured
async def test_a_gateway_that_closes_for_minutes_is_sat_out(heygen: HeyGen, world: World) -> None:
    """Nothing is lost, few requests are made meanwhile, and the rows that wait have cost nothing."""
    world.faults.append(ErrorAnswer(method="POST", status=403, html=True, between=(0, 300)))
    async with heygen.render_many([dv(n) for n in range(40)], max_in_flight=8) as results:
        found = await ends(results)
    assert [type(result) for result in found] == [Completed] * 40
    assert len(world.ledger) == 40
    refused = [request for request in world.requests if request.status == 403]
    assert len(refused) < 8 * 20


async def test_a_gateway_that_asks_to_wait_for_weeks_is_asked_again(heygen: HeyGen, world: World) -> None:
    """The date in its Retry-After is the end of the month; the trouble passes in a minute."""
    world.faults.append(
        ErrorAnswer(method="POST", status=503, html=True, retry_after=str(30 * 86_400), between=(0, 60))
    )
    async with heygen.render_many([dv("a")]) as results:
        found = await ends(results)
    assert [type(result) for result in found] == [Completed]
    assert anyio.current_time() < 3600


@pytest.mark.unmeasured
async def test_a_gateway_that_stays_closed_stops_the_run(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """After its patience the run ends, instead of spending as much on each row, and can be resumed."""
    world.faults.append(ErrorAnswer(method="POST", status=403, html=True, nth=None))
    path = tmp_path / "j.db"
    with pytest.raises(errors.ContractError, match="HTML page"):
        async with heygen.render_many(
            [dv(n) for n in range(20)], max_in_flight=4, journal=path, patience=600
        ) as results:
            await ends(results)
    assert 600 < anyio.current_time() < 900
    world.faults.clear()
    async with heygen.resume(path) as results:
        await ends(results)
    assert len(world.ledger) == 20


@pytest.mark.unmeasured
async def test_two_hours_without_a_connection_lose_nothing(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Renders that were under way are followed afterwards, past their deadline; all are paid for once."""
    world.render_seconds = lambda body: 120.0
    world.faults.append(DropBefore(between=(60, 7260)))
    async with heygen.render_many(
        [dv(n) for n in range(20)], max_in_flight=5, journal=tmp_path / "j.db", deadline=600
    ) as results:
        found = await ends(results)
    assert [type(result) for result in found] == [Completed] * 20
    assert len(world.ledger) == 20
    assert anyio.current_time() > 7260
    asked = [request for request in world.requests if 60 < request.at - world.requests[0].at < 7200]
    assert len(asked) < 3600  # half a one each second, in all


async def test_a_page_in_place_of_a_status_is_no_end(heygen: HeyGen, world: World) -> None:
    """Pages of 404 for four minutes, in sweeps and in details: the videos are there afterwards."""
    world.faults += [
        ErrorAnswer(method="GET", path="/v3/videos", status=404, html=True, between=(0, 240)),
        ErrorAnswer(method="GET", path="/v3/video-agents", status=404, html=True, between=(0, 240)),
    ]
    async with heygen.render_many([dv(1), VideoAgent(prompt="a"), dv(2)]) as results:
        found = await ends(results)
    assert [type(result) for result in found] == [Completed] * 3


@pytest.mark.parametrize("path", ["/v3/videos/statuses", "/v3/videos/v*", "/v3/video-agents/*"])
async def test_one_401_of_a_look_ends_nothing(heygen: HeyGen, world: World, path: str) -> None:
    """A gateway that refuses the key once is asked again."""
    world.faults.append(ErrorAnswer(method="GET", path=path, nth=1, status=401, code="unauthorized"))
    jobs: list[DirectVideo | VideoAgent] = [*(dv(n) for n in range(6)), VideoAgent(prompt="a")]
    async with heygen.render_many(jobs) as results:
        found = await ends(results)
    assert [type(result) for result in found] == [Completed] * 7


@pytest.mark.parametrize("request_", [dv("a"), VideoAgent(prompt="a")])
async def test_a_machine_that_slept_looks_before_it_gives_up(
    heygen: HeyGen, world: World, request_: DirectVideo | VideoAgent
) -> None:
    """The clock leaps two hours while renders are under way, and all have ended meanwhile."""
    jobs = [Job(request=request_, row={"n": str(n)}) for n in range(3)]
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop.call_later(30, loop.leap, 7200.0)
    async with heygen.render_many(jobs) as results:
        found = await ends(results)
    assert anyio.current_time() > 7200
    assert [type(result) for result in found] == [Completed] * 3
    assert len(world.ledger) == 3


@pytest.mark.parametrize("rounds", range(7))
async def test_a_machine_that_falls_asleep_before_a_repetition_does_not_send_it(
    heygen: HeyGen, world: World, tmp_path: Path, rounds: int
) -> None:
    """The laptop is closed for a day while the intent of a repetition is on its way to the disk."""
    world.faults.append(ErrorAnswer(method="POST", nth=1, status=503, after_accept=True, retry_after="10"))
    loop = asyncio.get_running_loop()

    def fall_asleep(after: int) -> None:
        assert isinstance(loop, VirtualTimeLoop)
        if after:
            loop.call_soon(fall_asleep, after - 1)
        else:
            loop.leap(25 * 3600.0)

    loop.call_later(10, fall_asleep, rounds)
    async with heygen.render_many([dv(1)], journal=tmp_path / "j.db") as results:
        (found,) = await ends(results)
    assert isinstance(found, Failed)
    assert found.error.spent == "unknown"
    assert world.request_counts()["POST /v3/videos"] == 1
    assert len(world.ledger) == 1

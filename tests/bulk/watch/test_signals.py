"""Runs that learn of ends by webhooks: sooner, with fewer requests; lost or forged deliveries do no harm."""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from aiohttp import web

from heygen_async import Completed, DirectVideo, Event, HeyGen, JobRendered, Receiver, WebhookError
from heygen_async.simulator import DuplicateDelivery, ForgedDelivery, LostDelivery, World


def rows(count: int) -> list[DirectVideo]:
    return [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {n}") for n in range(count)]


@pytest.fixture
async def receiver(heygen: HeyGen, world: World) -> AsyncIterator[Receiver]:
    """A receiver that HeyGen delivers to over HTTP, by the clock of the world."""
    receiving = Receiver()

    async def take(request: web.Request) -> web.Response:
        body, now = await request.read(), world.unix_time(world.now())
        try:
            receiving.receive(body, request.headers, path=request.path, now=now)
        except WebhookError:
            return web.Response(status=401)
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.001)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{receiving.path}"
    made = await heygen.raw("POST", "/v3/webhooks/endpoints", body={"url": url}, costs=False)
    receiving.trust(made["data"]["secret"])
    yield receiving
    receiving.close()
    await runner.cleanup()


async def lags(
    heygen: HeyGen, world: World, events: list[Event], watch: Receiver | str, count: int = 60
) -> list[float]:
    """Render *count* videos and return the seconds by which each end was noticed late."""
    noticed: dict[int, float] = {}
    world.render_seconds = lambda _: 100.0
    before = len(world.ledger)
    async with heygen.render_many(rows(count), max_in_flight=10, watch=watch) as results:  # type: ignore[arg-type]  # a word or a receiver
        async for result in results:
            assert isinstance(result, Completed)
            noticed[result.index] = anyio.current_time()
    charged = {int(str(charge.body["script"]).rsplit(" ", 1)[1]): charge.at for charge in world.ledger[before:]}
    assert len([event for event in events if isinstance(event, JobRendered)]) >= count
    return [at - charged[index] - 100.0 for index, at in noticed.items()]


def sweeps(world: World) -> int:
    """Return the number of looks at many videos: at their statuses, or at the list."""
    counts = world.request_counts()
    return counts["GET /v3/videos/statuses"] + counts["GET /v3/videos"]


async def test_ends_are_noticed_when_they_are_told(
    heygen: HeyGen, world: World, events: list[Event], receiver: Receiver
) -> None:
    """With webhooks ends are noticed sooner than by sweeps, and there are fewer sweeps."""
    swept = await lags(heygen, world, events, "sweep")
    looks = sweeps(world)
    told = await lags(heygen, world, events, receiver)
    assert statistics.fmean(told) < 0.5 < statistics.fmean(swept)
    assert sweeps(world) - looks < looks


async def test_an_end_that_is_told_takes_one_request(heygen: HeyGen, world: World, receiver: Receiver) -> None:
    """A delivery leads to one look at its video, which has the details, and to no look at all the others."""
    world.render_seconds = lambda body: 60.0 + 7.3 * (int(str(body["script"]).rsplit(" ", 1)[1]) % 10)
    async with heygen.render_many(rows(100), max_in_flight=10, watch=receiver) as results:
        assert all(isinstance(result, Completed) for result in await results.collect())
    assert world.request_counts()["GET /v3/videos/{video_id}"] == 100
    assert sweeps(world) < 80


async def test_ends_that_are_told_together_are_seen_among_many(
    heygen: HeyGen, world: World, receiver: Receiver
) -> None:
    """Of more renders than a look has room for, those that deliveries name come first."""
    world.slots = 150
    world.render_seconds = lambda body: 100.0 if int(str(body["script"]).rsplit(" ", 1)[1]) % 5 == 0 else 1000.0
    ended: list[float] = []
    async with heygen.render_many(rows(150), max_in_flight=150, watch=receiver) as results:
        ended += [anyio.current_time() - world.ledger[0].at async for _ in results]
    assert len(ended) == 150
    assert ended[29] < 100 + 60


async def test_lost_and_repeated_deliveries_only_cost_time(
    heygen: HeyGen, world: World, events: list[Event], receiver: Receiver
) -> None:
    """If deliveries are lost or repeated, sweeps still find every end, and each row is charged once."""
    world.faults += [LostDelivery(probability=0.5), DuplicateDelivery(probability=0.3)]
    found = await lags(heygen, world, events, receiver)
    assert len(found) == 60
    assert max(found) < 45
    assert world.charged_once_per("script")


async def test_a_forged_delivery_ends_nothing(
    heygen: HeyGen, world: World, events: list[Event], receiver: Receiver
) -> None:
    """A forged delivery ends no row: only an answer of HeyGen does."""
    world.faults += [ForgedDelivery(probability=1.0)]
    found = await lags(heygen, world, events, receiver, count=10)
    assert min(found) >= 0.0


async def test_a_campaign_that_goes_on_hears_too(
    heygen: HeyGen, world: World, receiver: Receiver, tmp_path: Path
) -> None:
    """A resume is given the receiver again, which cannot be kept in the journal, and hears of ends."""
    world.render_seconds = lambda _: 100.0
    async with heygen.render_many(rows(3), journal=tmp_path / "c.db", watch=receiver):
        while len(world.ledger) < 3:
            await anyio.sleep(1)
    begun = anyio.current_time()
    async with heygen.resume(tmp_path / "c.db", watch=receiver.signals) as results:
        assert len([result async for result in results]) == 3
    assert anyio.current_time() - begun < 102

"""Limits of requests that nobody has told: a run finds them, and is about as fast as one that was told."""

from __future__ import annotations

import random

import anyio
import pytest

from heygen_async import Completed, DirectVideo, HeyGen
from heygen_async.account.render_pool import InFlight
from heygen_async.simulator import World, serve

pytestmark = pytest.mark.unmeasured


async def rendered(world: World, count: int, *, told: float | None, slots: InFlight) -> float:
    """Return the seconds that a run of so many rows takes; *told* is the client's `requests_per_second`."""
    random.seed(1)
    requests = (DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"row {n}") for n in range(count))
    start = anyio.current_time()
    async with (
        serve(world) as server,
        HeyGen("simulator-key", base_url=server.base_url, requests_per_second=told) as heygen,
        heygen.render_many(requests, max_in_flight=slots) as results,
    ):
        assert sum([isinstance(result, Completed) async for result in results]) == count
    assert world.charged_once_per("script")
    return anyio.current_time() - start


def limited(limit: str, slots: int, per_minute: float) -> World:
    return World(slots=slots, render_seconds=lambda _: 120.0, **{limit: per_minute})  # type: ignore[arg-type]  # a number


@pytest.mark.parametrize("limit", ["requests_per_minute", "posts_per_minute"])
@pytest.mark.parametrize(("slots", "per_minute"), [(200, 120.0), (50, 300.0), (20, 60.0)])
async def test_an_untold_limit_is_not_taken_for_few_slots(limit: str, slots: int, per_minute: float) -> None:
    """A run that was not told of the limit takes at most 1.3 times as long as one that was."""
    told = await rendered(limited(limit, slots, per_minute), 3 * slots, told=per_minute / 60, slots=slots)
    world = limited(limit, slots, per_minute)
    untold = await rendered(world, 3 * slots, told=None, slots=slots)
    assert untold <= 1.3 * told
    assert sum(seen.status == 429 for seen in world.requests) < 0.4 * len(world.requests)


async def test_rows_go_in_batches_once_requests_turn_out_to_be_few() -> None:
    """A run that begins with a POST a row goes on with batches at a narrow limit that it was not told of."""
    world = limited("requests_per_minute", 200, 60.0)
    await rendered(world, 600, told=None, slots=200)
    assert world.request_counts()["POST /v3/videos/batches"] > 5
    assert len(world.requests) < 3 * 600


@pytest.mark.parametrize("slots", [3, 10, 50, 200])
async def test_where_slots_are_the_limit_few_posts_are_refused(slots: int) -> None:
    """The probes of a pool of any size cost some refusals at first and few later, and no time."""
    count = min(5 * slots, 400)
    told = await rendered(World(slots=slots), count, told=None, slots=slots)
    for in_flight, at_first in (("auto", 0), (2 * slots, min(64, slots))):  # that many POSTs too many go out together
        world = World(slots=slots)
        took = await rendered(world, count, told=None, slots=in_flight)  # type: ignore[arg-type]  # "auto" or a number
        assert sum(seen.status == 429 for seen in world.requests) <= at_first + 10 + 0.02 * count
        assert took <= 1.05 * told

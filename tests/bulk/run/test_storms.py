"""Storms of 429s: how a run gets through them, and how soon it is back at full speed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import anyio
import pytest

from heygen_async import DirectVideo, HeyGen
from heygen_async.simulator import RateLimitStorm, Server, World

SLOTS, RENDER_SECONDS = 20, 120.0
FULL_SPEED = SLOTS / (RENDER_SECONDS + 3)  # renders per second; an end is noticed after 3 s on average
BEGIN = 300.0  # of the storm


def rows() -> Iterator[DirectVideo]:
    return (DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"row {n}") for n in range(100_000))


@pytest.fixture(autouse=True)
def _same_pauses() -> None:
    """The client draws its pauses in a storm by chance: here always the same ones."""
    random.seed(1)


async def run_for(server: Server, seconds: float, *, slots: int = SLOTS) -> None:
    """Render without end, and stop after so many seconds."""
    with anyio.move_on_after(seconds):
        async with (
            HeyGen("simulator-key", base_url=server.base_url) as heygen,
            heygen.render_many(rows(), max_in_flight=slots) as results,
        ):
            async for _ in results:
                pass


@pytest.mark.unmeasured
@pytest.mark.parametrize("method", [None, "GET", "POST"])
@pytest.mark.parametrize(("retry_after", "minutes"), [(None, 3), (0, 3), (1, 3), (30, 3), (1e9, 3), (1, 30)])
async def test_a_storm_is_over_two_minutes_after_its_end(
    server: Server, world: World, method: str | None, retry_after: float | None, minutes: int
) -> None:
    """Whatever the storm: less than one request a second is refused, and two minutes later the run has its speed."""
    end = BEGIN + 60.0 * minutes
    world.slots, world.render_seconds = 2 * SLOTS, lambda _: RENDER_SECONDS
    world.faults.append(RateLimitStorm(method=method, retry_after=retry_after, between=(BEGIN, end)))
    start = anyio.current_time()
    await run_for(server, end + 520)
    refused = [seen.at - start for seen in world.requests if seen.status == 429]
    assert len(refused) < 60 * minutes / 4
    busy = [second for second, count in Counter(int(at) for at in refused).items() if count > 1]
    assert len(busy) <= 1  # the burst that meets the storm first
    begun = sum(end + 120 < charge.at - start <= end + 520 for charge in world.ledger)
    assert begun >= 0.9 * 400 * FULL_SPEED


@pytest.mark.unmeasured
async def test_a_storm_without_pattern_is_got_over_as_well(server: Server, world: World) -> None:
    """If half of the requests are refused for ten minutes, the run is back at full speed two minutes later, too."""
    world.slots, world.render_seconds = 2 * SLOTS, lambda _: RENDER_SECONDS
    world.faults.append(RateLimitStorm(probability=0.5, retry_after=1, between=(BEGIN, 900.0)))
    start = anyio.current_time()
    await run_for(server, 1420)
    begun = sum(1020 < charge.at - start <= 1420 for charge in world.ledger)
    assert begun >= 0.9 * 400 * FULL_SPEED


async def test_posts_that_are_refused_do_not_delay_watching(server: Server, world: World) -> None:
    """While all POSTs are refused, ends are noticed as soon as ever: videos are read a few seconds after their end."""
    world.slots, world.render_seconds = 2 * SLOTS, lambda _: RENDER_SECONDS
    world.faults.append(RateLimitStorm(method="POST", between=(60.0, 1e9)))
    start = anyio.current_time()
    await run_for(server, 400)
    (read,) = [seen.at - start for seen in world.requests if seen.route == "/v3/videos" and seen.method == "GET"]
    assert read < RENDER_SECONDS + 8


@pytest.mark.unmeasured
async def test_more_refused_rows_than_posts_at_once_do_not_block_a_run(server: Server, world: World) -> None:
    """All 64 POSTs that a run sends at once are refused while no render runs: the run goes on after the storm."""
    world.slots, world.render_seconds = 400, lambda _: RENDER_SECONDS
    world.faults.append(RateLimitStorm(method="POST", between=(0.0, 200.0)))
    await run_for(server, 400, slots=200)
    assert world.peak_rendering >= 180

"""A run that waits for HeyGen sleeps: it wakes for its looks, and for nothing else."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async import DirectVideo, HeyGen
from heygen_async.simulator import VirtualTimeLoop, World, serve

ROW = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada")
LATER = 1800.0  # seconds; by then everything has settled


class CountingLoop(VirtualTimeLoop):
    """A loop that counts the moments at which something wakes it."""

    def __init__(self) -> None:
        self.wakes = 0
        super().__init__()

    def _select(self, poll: Any, timeout: float | None) -> Any:
        before = self.time()
        found = super()._select(poll, timeout)
        self.wakes += before >= LATER and self.time() != before
        return found


@pytest.mark.unmeasured
@pytest.mark.parametrize("in_flight", [2, lambda: 2], ids=["a number", "a function"])
def test_a_run_that_waits_wakes_twice_a_look_at_most(tmp_path: Path, in_flight: int | Callable[[], int]) -> None:
    """Slots full, nothing ends: the rows that wait, the journal's wishes and the watch cause no wake-ups alone."""
    world = World(slots=2, render_seconds=lambda _: 9e4)

    async def half_an_hour() -> None:
        async with serve(world) as server, HeyGen("simulator-key", base_url=server.base_url) as heygen:
            with anyio.move_on_after(2 * LATER):
                async with heygen.render_many(
                    [ROW] * 4, max_in_flight=in_flight, journal=tmp_path / "c.db", deadline=9e4
                ) as results:
                    await results.collect()

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        runner.run(half_an_hour())
        loop = runner.get_loop()
        assert isinstance(loop, CountingLoop)
        looks = sum(seen.at >= LATER for seen in world.requests)
        assert 0 < loop.wakes <= 2 * looks

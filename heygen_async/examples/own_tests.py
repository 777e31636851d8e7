"""Test a program of your own with pytest against the simulator: an hour of rendering takes seconds.

Costs nothing, and needs neither a key nor a network. It needs pytest.

    python -m heygen_async.examples.own_tests

pytest finds the fixtures `heygen_world`, `heygen_server` and `heygen_client` by itself. They work in the same way in
asynchronous tests: see `heygen-async guide testing`.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterable

from heygen_async import Completed, DirectVideo, HeyGen, Job
from heygen_async.simulator import DropAfterAccept, FailedRender, Server, World


async def greet(names: Iterable[str], *, api_key: str, base_url: str) -> dict[str, bool]:
    """Render a greeting for each name, and return which of them have a video. This is the program under test."""
    jobs = [
        Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {name}!"), row=name)
        for name in names
    ]
    async with HeyGen(api_key, base_url=base_url) as heygen:
        async with heygen.render_many(jobs) as results:
            return {result.row: isinstance(result, Completed) async for result in results}


def test_everybody_is_paid_for_once(heygen_server: Server, heygen_world: World) -> None:
    """HeyGen accepts the first request and drops the connection, and there is one charge for each name all the same."""
    heygen_world.faults.append(DropAfterAccept(nth=1))
    greeted = asyncio.run(greet(["Ada", "Ben"], api_key="simulator-key", base_url=heygen_server.base_url))
    assert greeted == {"Ada": True, "Ben": True}
    assert heygen_world.charged_once_per("script")
    assert len(heygen_world.ledger) == 2


def test_a_failed_render_harms_no_other(heygen_server: Server, heygen_world: World) -> None:
    """One render fails at HeyGen and is not billed; the other one has its video."""
    heygen_world.slots = 2
    heygen_world.faults.append(FailedRender(contains="Ben"))
    greeted = asyncio.run(greet(["Ada", "Ben"], api_key="simulator-key", base_url=heygen_server.base_url))
    assert greeted == {"Ada": True, "Ben": False}
    assert len(heygen_world.refunds) == 1


def main() -> None:
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", "-v", __file__]))  # noqa: S603 - this file


if __name__ == "__main__":
    main()

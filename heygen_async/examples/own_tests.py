"""Test a program of your own against the simulator, in virtual time.

Costs nothing, and needs neither a key nor a network. An hour of rendering takes milliseconds.

    python -m heygen_async.examples.own_tests

With pytest, the fixtures `heygen_world` and `heygen_server` do the same: see `heygen-async guide testing`.
"""

from collections.abc import Iterable

from heygen_async import Completed, DirectVideo, HeyGen, Job
from heygen_async.simulator import DropAfterAccept, FailedRender, World, run, serve


async def greet(names: Iterable[str], *, api_key: str, base_url: str) -> dict[str, bool]:
    """Render a greeting for each name, and return which of them have a video. This is the program under test."""
    jobs = [
        Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {name}!"), row=name)
        for name in names
    ]
    async with HeyGen(api_key, base_url=base_url) as heygen:
        async with heygen.render_many(jobs) as results:
            return {result.row: isinstance(result, Completed) async for result in results}


async def test_everybody_is_paid_for_once() -> None:
    """HeyGen accepts the first request and drops the connection, and there is one charge for each name all the same."""
    world = World(faults=[DropAfterAccept(nth=1)])
    async with serve(world) as server:
        greeted = await greet(["Ada", "Ben"], api_key="simulator-key", base_url=server.base_url)
    assert greeted == {"Ada": True, "Ben": True}
    assert world.charged_once_per("script")
    assert len(world.ledger) == 2


async def test_a_failed_render_harms_no_other() -> None:
    """One render fails at HeyGen and is not billed; the other one has its video."""
    world = World(slots=2, faults=[FailedRender(contains="Ben")])
    async with serve(world) as server:
        greeted = await greet(["Ada", "Ben"], api_key="simulator-key", base_url=server.base_url)
    assert greeted == {"Ada": True, "Ben": False}
    assert len(world.refunds) == 1


def main() -> None:
    for test in (test_everybody_is_paid_for_once, test_a_failed_render_harms_no_other):
        run(test)
        print("passed:", test.__name__)


if __name__ == "__main__":
    main()

"""A share of renders that fail, and outages at a time of day."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import anyio
import pytest
from hypothesis import given, strategies as st

from heygen_async import DirectVideo, Failed, HeyGen, Job
from heygen_async.simulator import Server, World
from heygen_async.simulator.faults.scenarios import Outage, failing_renders

TEN = dt.datetime(2026, 11, 30, 21, 30, tzinfo=dt.UTC)
HELLO = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi")


async def failed_rows(heygen: HeyGen, count: int) -> dict[int, str | None]:
    """Render *count* rows, and return the codes of those that failed."""
    jobs = (Job(request=HELLO, row={"n": number}) for number in range(count))
    async with heygen.render_many(jobs) as results:
        return {row.index: row.error.code async for row in results if isinstance(row, Failed)}


async def test_a_share_of_the_renders_fails(heygen: HeyGen, world: World) -> None:
    """The share holds, each code of HeyGen is met, and failed renders are not billed."""
    world.faults[:] = failing_renders(0.2)
    failed = await failed_rows(heygen, 300)
    assert 300 * 0.12 < len(failed) < 300 * 0.28
    codes = Counter(failed.values())
    assert codes["rendering_failed"] > codes["content_policy_violation"] > 0
    assert codes["voice_provider_error"]
    assert len(world.refunds) == len(failed)


@pytest.mark.parametrize("share", [0.0, 1.0])
async def test_none_or_all_may_fail(heygen: HeyGen, world: World, share: float) -> None:
    world.faults[:] = failing_renders(share)
    assert len(await failed_rows(heygen, 20)) == 20 * share


@given(st.floats(0, 1))
def test_the_faults_together_have_the_share(share: float) -> None:
    """A render is spared if each fault spares it."""
    spared = 1.0
    for fault in failing_renders(share):
        assert fault.probability is not None
        spared *= 1 - fault.probability
    assert spared == pytest.approx(1 - share)


def test_a_seed_fails_the_same_renders() -> None:
    """Which renders fail depends on the seed, not on anything else."""

    def numbers(seed: int) -> list[int]:
        world = World(seed=seed, faults=failing_renders(0.1))
        return [number for number in range(200) if world.faults_of_render({}, number).faults]

    assert numbers(7) == numbers(7)
    assert numbers(7) != numbers(8)


@pytest.mark.parametrize(
    ("begins", "seconds", "between"),
    [
        (dt.time(22, 0), 600.0, (1800.0, 2400.0)),
        (dt.time(21, 0), 600.0, (84_600.0, 85_200.0)),  # it is over: the next one is tomorrow
        (dt.time(21, 25), 600.0, (0.0, 300.0)),  # it is under way
        (1200.0, 60.0, (1200.0, 1260.0)),
    ],
)
def test_an_outage_is_the_next_one_of_its_time(
    begins: dt.time | float, seconds: float, between: tuple[float, float]
) -> None:
    assert Outage(begins=begins, seconds=seconds).between(TEN) == between


@pytest.mark.parametrize("kind", ["503", "drop"])
async def test_an_outage_lets_a_run_wait(heygen: HeyGen, server: Server, kind: str) -> None:
    """Nothing is executed during it, and everything goes on after it; nothing is lost."""
    world = server.world
    outage = Outage(begins=dt.time(22, 0), seconds=600, kind="drop" if kind == "drop" else "503")
    world.faults.append(outage.fault(TEN))
    await anyio.sleep(1800)
    failed = await failed_rows(heygen, 3)
    assert not failed
    assert world.since_start() > 2400
    assert all(charge.at >= outage.between(TEN)[1] for charge in world.ledger)
    assert len(world.ledger) == 3

"""A machine whose clock is wrong by hours pays for each row once: HeyGen's `Date` is a second clock."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Journal, Result, VideoAgent
from heygen_async.account import account
from heygen_async.bulk.campaign.audit import audit
from heygen_async.bulk.jobs.next_step import GRACE_SECONDS
from heygen_async.simulator import DropAfterAccept, DropBefore, ErrorAnswer, RateLimitStorm, Server, World

HOUR = 3600.0
EPOCH = 1_790_000_000.0


@attrs.define
class Machine:
    """A machine with a clock that may be wrong.

    Attributes:
        server: The simulated HeyGen.
        journal: The journal.
        wrong: Seconds by which the clock is ahead.
    """

    server: Server
    journal: Path
    wrong: float = 0.0

    def time(self) -> float:
        return EPOCH + asyncio.get_running_loop().time() + self.wrong

    async def run(self, *requests: Any, seconds: float = 1e6, **options: Any) -> list[Result]:
        """Go on with the campaign in a process of its own, and leave it after some seconds."""
        account._accounts.pop(asyncio.get_running_loop(), None)  # another process has seen no answer
        found: list[Result] = []
        with anyio.move_on_after(seconds):
            async with (
                HeyGen("simulator-key", base_url=self.server.base_url) as heygen,
                heygen.render_many(requests, journal=self.journal, **options) as results,
            ):
                async for result in results:
                    found.append(result)  # noqa: PERF401 - kept when the block is left
        return found

    async def lose_an_answer(self, *requests: Any, **options: Any) -> None:
        """Send rows in one POST whose answer is lost, and end before it can be sent again."""
        faults = self.server.world.faults
        faults += [DropAfterAccept(nth=1), RateLimitStorm(method="POST", between=(0.0, 300.0), retry_after=60)]
        assert not await self.run(*requests, seconds=10, **options)
        faults.clear()
        assert len(self.server.world.ledger) == len(requests)


@pytest.fixture
def world() -> World:
    return World(epoch=EPOCH)


@pytest.fixture
async def machine(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(server, tmp_path / "c.db")
    monkeypatch.setattr(time, "time", machine.time)
    return machine


def dv(**fields: Any) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi", **fields)


@pytest.mark.parametrize(("then", "now"), [(20, 0), (0, -20), (48, 0), (-48, 0), (0, 48)])
async def test_a_forgotten_key_is_not_trusted_because_a_clock_was_wrong(
    machine: Machine, world: World, then: float, now: float
) -> None:
    """A clock is wrong by hours at the POST, or 25 hours later: a POST under a forgotten key does not go out."""
    machine.wrong = then * HOUR
    await machine.lose_an_answer(dv())
    await anyio.sleep(25 * HOUR)
    machine.wrong = now * HOUR
    (ended,) = await machine.run(dv())
    assert len(world.ledger) == 1
    assert isinstance(ended, Failed)
    assert ended.error.spent == "unknown"


@pytest.mark.parametrize("then", [48, 1, 0, -48])
async def test_a_render_is_found_though_the_clock_was_wrong_at_its_post(
    machine: Machine, world: World, then: float
) -> None:
    """HeyGen's list is read back to HeyGen's time of the POST, so that no row is sent again that it has."""
    machine.wrong = then * HOUR
    await machine.lose_an_answer(dv(title="Hi Ben"))
    await anyio.sleep(25 * HOUR)
    machine.wrong = 0.0
    (ended,) = await machine.run(dv(title="Hi Ben"), on_unknown="resubmit")
    assert isinstance(ended, Completed)
    assert [charge.video_id for charge in world.ledger] == [ended.video.id]


async def test_a_batch_is_not_sent_again_under_a_forgotten_key(machine: Machine, world: World) -> None:
    """The rows of a batch have HeyGen's time of their POST, too."""
    machine.wrong = 20 * HOUR
    await machine.lose_an_answer(dv(title="a"), dv(title="b"), submit="batch")
    await anyio.sleep(25 * HOUR)
    machine.wrong = 0.0
    await machine.run(dv(title="a"), dv(title="b"), submit="batch")
    assert len(world.ledger) == 2


async def test_a_key_is_trusted_again_within_its_hours(machine: Machine, world: World) -> None:
    """Clocks that agree change nothing: an hour later the POST goes out again under its key, and is paid for once."""
    await machine.lose_an_answer(dv())
    await anyio.sleep(HOUR)
    (ended,) = await machine.run(dv())
    assert isinstance(ended, Completed)
    assert len(world.ledger) == 1


async def test_a_search_waits_by_the_clock_that_shows_less(machine: Machine, world: World) -> None:
    """A clock that was an hour behind at the POST does not let a search begin before HeyGen's lists can be trusted."""
    machine.wrong = -HOUR
    await machine.lose_an_answer(VideoAgent(prompt="Hi"))
    sent_at = world.ledger[0].at
    machine.wrong = 0.0
    (ended,) = await machine.run(VideoAgent(prompt="Hi"), on_unknown="resubmit")
    searched_at = min(seen.at for seen in world.requests if seen.method == "GET" and seen.route == "/v3/video-agents")
    assert searched_at - sent_at >= GRACE_SECONDS - 5
    assert isinstance(ended, Completed)
    assert len(world.ledger) == 1


async def test_an_audit_looks_back_to_heygens_time_of_the_first_post(machine: Machine, heygen: HeyGen) -> None:
    """A clock that was ahead by two days hides no video from an audit."""
    machine.wrong = 48 * HOUR
    await machine.lose_an_answer(dv())
    with Journal(machine.journal) as journal:
        assert [found.kind async for found in audit(heygen, journal)] == ["not in the journal"]


@pytest.mark.parametrize("fault", [DropBefore, ErrorAnswer])
async def test_a_run_goes_on_without_the_answer_that_tells_the_time(
    machine: Machine, world: World, fault: type[DropBefore | ErrorAnswer]
) -> None:
    """An account that is not shown, or a dropped connection, stops no run."""
    world.faults.append(fault(method="GET", path="/v3/users/me"))
    (ended,) = await machine.run(dv())
    assert isinstance(ended, Completed)


async def test_a_campaign_that_is_done_asks_nothing(machine: Machine, world: World) -> None:
    """The time is asked for once by a run that has work, and not by one that has none."""
    await machine.run(dv())
    asked = len(world.requests)
    assert [seen.route for seen in world.requests].count("/v3/users/me") == 1
    assert not await machine.run(dv())
    assert len(world.requests) == asked


async def test_a_journal_of_an_older_version_is_read_and_gone_on_with(machine: Machine, world: World) -> None:
    """Its keys are judged by this machine's clock alone; what is sent from now on has HeyGen's time."""
    await machine.lose_an_answer(dv())
    with sqlite3.connect(machine.journal) as connection:
        connection.execute("ALTER TABLE jobs DROP COLUMN server_at")
    connection.close()
    with Journal(machine.journal, read_only=True) as journal:
        assert [(record.state, record.server_at) for record in journal.records()] == [("unknown", None)]
        assert journal.first_intent() == pytest.approx(EPOCH, abs=10)
    (ended,) = await machine.run(dv())
    assert isinstance(ended, Completed)
    assert len(world.ledger) == 1
    await machine.run(dv(title="new"))
    with Journal(machine.journal, read_only=True) as journal:
        old, new = journal.records()
        assert old.server_at is None
        assert new.server_at == pytest.approx(new.intended_at, abs=2)

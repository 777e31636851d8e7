"""The agent queue: few agents at a time, and no other row waits behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async import Completed, DirectVideo, HeyGen, Job, VideoAgent, VideoRequest
from heygen_async.bulk.jobs.in_flight import InFlight, Registry, Stage
from heygen_async.bulk.journal.job_store import JobStore
from heygen_async.bulk.run import agent_queue
from heygen_async.bulk.run.agent_queue import AgentQueue
from heygen_async.simulator import World


def agent(number: int) -> VideoAgent:
    return VideoAgent(prompt=f"A welcome for Ada {number}, 20 seconds")


def direct(number: int) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {number}")


async def rendered(heygen: HeyGen, requests: list[VideoRequest], **options: object) -> tuple[list[str], int]:
    """Return the kinds of the results in order of ending, and the highest number of agents under way."""
    most, kinds = 0, []

    async def count() -> None:
        nonlocal most
        while True:
            await anyio.sleep(1.0)
            most = max(most, sum(one.kind == "video_agent" for one in map(request_of, results.unfinished)))

    async with heygen.render_many(requests, **options) as results, anyio.create_task_group() as tasks:  # type: ignore[call-overload] # a test's shorthand
        tasks.start_soon(count)
        async for result in results:
            assert isinstance(result, Completed)
            kinds.append(result.request.kind)
        tasks.cancel_scope.cancel()
    return kinds, most


def request_of(left: object) -> VideoRequest:
    return left.request  # type: ignore[attr-defined, no-any-return] # of `Unfinished`


@pytest.mark.unmeasured
@pytest.mark.parametrize(("options", "most"), [({}, 3), ({"max_agents": 1}, 1), ({"max_agents": None}, 8)])
async def test_agents_are_few_at_a_time(
    heygen: HeyGen, world: World, options: dict[str, int | None], most: int
) -> None:
    """Three agents run at once by default; other rows use the other slots, and each row is charged once."""
    requests: list[VideoRequest] = [*map(agent, range(8)), *map(direct, range(8))]
    kinds, found = await rendered(heygen, requests, max_in_flight=8, **options)
    assert found == most
    assert sorted(kinds) == ["avatar"] * 8 + ["video_agent"] * 8
    assert len(world.ledger) == 16
    if most < 8:
        assert kinds[-1] == "video_agent"
        assert world.peak_rendering > most


@pytest.mark.unmeasured
async def test_nothing_but_agents_ends_too(heygen: HeyGen, world: World) -> None:
    """A list of agents only ends with one slot, with more slots, and in batches."""
    for options in ({"max_in_flight": 1}, {"max_in_flight": 10}, {"max_in_flight": 10, "submit": "batch"}):
        kinds, most = await rendered(heygen, [agent(n) for n in range(7)], **options)
        assert (len(kinds), most) == (7, min(3, int(str(options["max_in_flight"]))))


async def test_a_journal_keeps_the_number(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """The journal keeps the number of agents, and agents that an earlier run left count in the next."""
    journal = tmp_path / "c.db"
    async with heygen.render_many([agent(n) for n in range(6)], journal=journal, max_agents=2) as results:
        async for _ in results:
            break
    most = 0
    async with heygen.resume(journal) as results:
        ended = 0
        async for _ in results:
            ended += 1
            most = max(most, len(results.unfinished))
    assert most <= 2
    assert len(world.ledger) == 6
    assert world.charged_once_per("prompt")


@pytest.mark.parametrize("submit", ["each", "batch"])
async def test_an_agent_that_waits_is_sent_though_the_other_ended_while_the_source_was_read(
    heygen: HeyGen, world: World, submit: Any
) -> None:
    """The free place is found when the source answers at last; no later event has to tell of it."""

    async def slow_source() -> AsyncIterator[VideoAgent]:
        yield agent(1)
        yield agent(2)
        await anyio.sleep(3600)

    with anyio.fail_after(10_000):
        async with heygen.render_many(slow_source(), max_agents=1, submit=submit) as results:
            assert [type(result) async for result in results] == [Completed, Completed]
    assert len(world.ledger) == 2


async def test_a_run_that_is_stopped_sends_no_agent_that_waits(heygen: HeyGen, world: World) -> None:
    async with heygen.render_many([agent(n) for n in range(9)], max_in_flight=9) as results:
        async for _ in results:
            results.stop_submitting()
    assert len(world.ledger) <= 4


class _Listed(JobStore):
    """A store with the jobs of a list."""

    def __init__(self, jobs: Iterator[Job]) -> None:
        self.read = 0
        self._jobs = jobs

    async def next(self) -> Job | None:
        job = next(self._jobs, None)
        self.read += job is not None
        return job


async def test_no_more_rows_are_read_ahead_than_a_thousand() -> None:
    """At most a thousand agents are set aside while other rows are searched for."""
    store = _Listed(Job(request=agent(n), index=n) for n in range(5 * agent_queue.ASIDE))
    registry = Registry()
    queue = AgentQueue(store, registry, 1)
    first = await queue.next(object())
    assert isinstance(first, InFlight)
    assert first.index == 0
    assert await queue.next(object()) is None
    assert (store.read, queue.waiting) == (agent_queue.ASIDE + 1, agent_queue.ASIDE)
    assert await queue.next(object()) is None
    registry.drop(first)
    second = await queue.next(object())
    assert isinstance(second, InFlight)
    assert (second.index, second.stage) == (1, Stage.SLOTTED)
    registry.check()

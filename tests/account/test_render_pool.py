"""The account's render slots, learnt from refusals: in virtual time, without a server."""

from __future__ import annotations

import anyio
import pytest

from heygen_async.account.render_pool import PROBE_AGAIN_SECONDS, PROBE_SECONDS, RenderPool
from heygen_async.bulk.run.slots import START, Slots


async def filled(pool: RenderPool, count: int) -> list[object]:
    """Let *count* renders be accepted."""
    tickets = [object() for _ in range(count)]
    for ticket in tickets:
        await pool.enter(ticket)
        pool.succeeded(ticket)
    return tickets


async def refuse(pool: RenderPool, wait: float | None = 5.0, *, crowded: bool = False) -> object:
    """Let one more be refused."""
    ticket = object()
    await pool.enter(ticket)
    pool.refused([ticket], wait, crowded=crowded)
    return ticket


async def waited(pool: RenderPool, ticket: object | None = None) -> float:
    """Return the seconds until one more is let in."""
    start = anyio.current_time()
    await pool.enter(ticket or object())
    return anyio.current_time() - start


async def test_nothing_is_known_at_first() -> None:
    """Then nobody waits."""
    pool = RenderPool()
    await filled(pool, 100)
    assert (pool.accepted, pool.in_use, pool.peak) == (100, 100, 100)
    assert anyio.current_time() < 1


async def test_a_refusal_says_how_many_there_are() -> None:
    """Ten run, the eleventh is refused: ten it is, until one more is tried after some minutes."""
    pool = RenderPool()
    await filled(pool, 10)
    await refuse(pool)
    assert pool.limit == 10
    assert await waited(pool) == pytest.approx(PROBE_SECONDS)


async def test_an_end_makes_room_at_once() -> None:
    """Whatever Retry-After said: a place is free for certain."""
    pool = RenderPool()
    tickets = await filled(pool, 10)
    await refuse(pool, 60.0)
    async with anyio.create_task_group() as tasks:
        start = anyio.current_time()
        tasks.start_soon(pool.enter, object())
        await anyio.sleep(3)
        pool.leave(tickets[0])
    assert anyio.current_time() - start == 3.0


async def test_a_first_refusal_with_nothing_running_waits_as_told() -> None:
    """Others use the whole pool: one at a time is tried, when HeyGen said, or after a while if it did not say."""
    pool = RenderPool()
    await refuse(pool, 30.0)
    assert pool.limit == 1
    assert await waited(pool) == pytest.approx(30.0)
    other = RenderPool()
    await refuse(other, None)
    assert await waited(other) == pytest.approx(5.0)


async def test_a_pool_that_grew_is_found_step_by_step() -> None:
    """A try that is accepted is soon followed by the next one."""
    pool = RenderPool()
    await filled(pool, 10)
    await refuse(pool)
    probe = object()
    await pool.enter(probe)
    pool.succeeded(probe)
    assert pool.limit == 11
    assert await waited(pool) == pytest.approx(PROBE_AGAIN_SECONDS)


async def test_a_try_that_is_refused_is_not_repeated_soon() -> None:
    """And nobody else tries while it is under way."""
    pool = RenderPool()
    await filled(pool, 10)
    await refuse(pool)
    probe = object()
    await pool.enter(probe)
    with anyio.move_on_after(1000) as scope:
        await pool.enter(object())
    assert scope.cancelled_caught
    pool.refused([probe], 5.0, crowded=False)
    assert await waited(pool) == pytest.approx(PROBE_SECONDS)


async def test_a_try_that_failed_for_its_own_reasons_is_no_news() -> None:
    """The next one tries instead."""
    pool = RenderPool()
    await filled(pool, 10)
    await refuse(pool)
    probe = object()
    await pool.enter(probe)
    pool.leave(probe)
    assert await waited(pool) == 0.0


async def test_refusals_of_requests_in_general_say_nothing_of_the_pool() -> None:
    """They only close it for a while."""
    pool = RenderPool()
    await filled(pool, 3)
    await refuse(pool, 20.0, crowded=True)
    assert pool.limit == float("inf")
    assert await waited(pool) == pytest.approx(20.0)


async def test_answers_out_of_order_do_not_hide_what_runs() -> None:
    """A refusal that overtakes acceptances clamps too low; the acceptances put that right."""
    pool = RenderPool()
    tickets = [object() for _ in range(5)]
    for ticket in tickets:
        await pool.enter(ticket)
    pool.refused([tickets[4]], 1.0, crowded=False)
    assert pool.limit == 1
    for ticket in tickets[:4]:
        pool.succeeded(ticket)
    assert pool.limit == 4


async def test_a_slow_start_doubles_until_the_first_refusal() -> None:
    """Four, eight, sixteen: each accepted render allows one more."""
    slots = Slots("auto", RenderPool())
    tickets = [await slots.take() for _ in range(START)]
    with anyio.move_on_after(10) as scope:
        await slots.take()
    assert scope.cancelled_caught
    for ticket in tickets:
        slots.pool.succeeded(ticket)
    tickets += [await slots.take() for _ in range(START)]
    assert (slots.total, slots.in_use) == (2 * START, 2 * START)
    slots.pool.refused([tickets[2 * START - 1]], 1.0, crowded=False)
    assert slots.total == START
    slots.pool.succeeded(tickets[START])
    assert slots.total == START + 1


async def test_a_server_that_queues_is_not_fed_without_end() -> None:
    """It refuses nothing; that most renders wait there is the sign."""
    slots = Slots("auto", RenderPool())
    for _ in range(30):
        slots.pool.succeeded(await slots.take())
    slots.pool.observe(waiting=5, running=25)
    assert slots.total > 30
    slots.pool.observe(waiting=20, running=10)
    assert slots.total == 30
    with anyio.move_on_after(100) as scope:
        await slots.take()
    assert scope.cancelled_caught
    assert slots.in_use == 30


async def test_two_runs_share_a_pool_and_keep_their_own_numbers() -> None:
    """What one run learns the other knows."""
    pool = RenderPool()
    one, other = Slots(3, pool), Slots(5, pool)
    for slots, count in ((one, 3), (other, 2)):
        for _ in range(count):
            pool.succeeded(await slots.take())
    await refuse(pool)
    assert (one.total, other.total, pool.limit) == (3, 5, 5)
    with anyio.move_on_after(100) as scope:
        await other.take()
    assert scope.cancelled_caught
    assert other.in_use == 2


async def test_a_function_may_change_its_mind() -> None:
    """It is asked again and again."""
    allowed = 1
    slots = Slots(lambda: allowed, RenderPool())
    await slots.take()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(slots.take)
        await anyio.sleep(10)
        assert slots.in_use == 1
        allowed = 2
    assert slots.in_use == 2

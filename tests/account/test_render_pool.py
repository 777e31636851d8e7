"""The account's render slots, learnt from refusals: in virtual time, without a server."""

from __future__ import annotations

import anyio
import pytest

from heygen_async.account.render_pool import PROBE_AGAIN_SECONDS, RenderPool
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
    """Ten run, the eleventh is refused: ten it is. One more is tried soon, then seldom, while these are refused too."""
    pool = RenderPool()
    await filled(pool, 10)
    await refuse(pool)
    pauses = []
    for _ in range(5):
        probe = object()
        pauses.append(await waited(pool, probe))
        assert pool.limit == 10
        pool.refused([probe], 1.0, crowded=False)
    assert pauses == pytest.approx([5.0, 15.0, 60.0, 400.0, 400.0])


async def test_a_refusal_at_a_known_number_begins_no_new_series() -> None:
    """Where a series of probes was refused, a further refusal is followed by a probe after minutes."""
    pool = RenderPool()
    tickets = await filled(pool, 10)
    await refuse(pool)
    for _ in range(3):
        await refuse(pool)
    pool.leave(tickets[0])
    await refuse(pool)
    assert pool.limit == 9
    assert await waited(pool) == pytest.approx(400.0)


async def test_a_refusal_for_too_many_requests_is_found_out() -> None:
    """If renders beyond the limit are accepted soon after, requests were too many: the limit is dropped again."""
    pool = RenderPool()
    await filled(pool, 10)
    assert pool.refused([object()], 1.0, crowded=False) == "slots"
    for number in range(3):
        assert pool.limit == 10 + number
        probe = object()
        assert await waited(pool, probe) == pytest.approx(1.0 if number else 5.0)
        pool.succeeded(probe)
    assert pool.limit > 13
    await filled(pool, 50)
    assert anyio.current_time() == pytest.approx(7.0)
    assert pool.refused([object()], 1.0, crowded=False) == "pace"
    assert pool.refused([object()], 1.0, crowded=False) == "storm"  # of the same burst
    assert pool.limit > 63


async def test_requests_are_blamed_only_while_the_number_of_renders_grows() -> None:
    """At the third refusal with as many renders, slots are the reason again; at once, if a retry is refused."""
    for refusals_in_a_row in (False, True):
        pool = await blaming_requests()
        causes = []
        for _ in range(3):
            ticket = object()
            await pool.enter(ticket)
            causes.append(pool.refused([ticket], 1.0, crowded=False))
            if not refusals_in_a_row:
                pool.leave(next(iter(pool._accepted)))
                await filled(pool, 1)
        assert causes == (["pace", "slots", "slots"] if refusals_in_a_row else ["pace", "pace", "slots"])
        assert pool.limit == pool.accepted


async def blaming_requests() -> RenderPool:
    """A pool that has found out that a refusal was about requests."""
    pool = RenderPool()
    await filled(pool, 10)
    await refuse(pool)
    await filled(pool, 3)
    return pool


async def test_a_refusal_with_room_is_not_about_slots() -> None:
    """Renders end and POSTs are still refused: when the first is accepted again, the limit is dropped."""
    pool = RenderPool()
    tickets = await filled(pool, 20)
    await refuse(pool)
    for ticket in tickets[:10]:
        pool.leave(ticket)
    await refuse(pool)
    assert pool.limit == 10
    began = anyio.current_time()
    await filled(pool, 30)
    assert anyio.current_time() - began < 20
    assert pool.limit > 40


@pytest.mark.parametrize(
    ("asked", "least", "most"), [(0.0, 1.0, 10.0), (None, 5.0, 10.0), (30.0, 30.0, 30.0), (1e9, 30.0, 30.0)]
)
async def test_a_pause_has_bounds(asked: float | None, least: float, most: float) -> None:
    """A pause has a second at least, and half a minute at most, whatever HeyGen asks."""
    pool, pauses = RenderPool(), []
    for _ in range(10):
        ticket = object()
        pauses.append(await waited(pool, ticket))
        pool.refused([ticket], asked, crowded=False)
    assert (min(pauses[1:]), max(pauses)) == pytest.approx((least, most))


async def test_after_a_refusal_one_tries_at_a_time() -> None:
    """Until a POST is accepted only one is under way; one without an answer is waited for half a minute."""
    pool = RenderPool()
    await filled(pool, 5)
    await refuse(pool, 1.0)
    pool.leave(next(iter(pool._accepted)))
    pool.leave(next(iter(pool._accepted)))
    first = object()
    assert await waited(pool, first) == 0.0
    assert await waited(pool) == pytest.approx(30.0)
    pool.succeeded(first)
    assert pool.limit == 5


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
    assert await waited(pool) == pytest.approx(15.0)


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
    with anyio.move_on_after(4) as scope:
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

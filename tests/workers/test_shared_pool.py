"""The places of one worker, where the queue says who may begin."""

from __future__ import annotations

import anyio
import pytest

from heygen_async.workers.shared_pool import SharedPool


async def test_a_refused_row_keeps_its_place_and_tries_again_alone() -> None:
    """Others that come from the queue go on; the refused ones wait, and one at a time finds out."""
    told: list[bool] = []
    pool, began = SharedPool(told.append), anyio.current_time()
    for ticket in "abc":
        await pool.enter(ticket)
    pool.succeeded("a")
    pool.refused(["b"], 3.0, crowded=False)
    pool.refused(["c"], None, crowded=True)
    assert (told, pool.accepted, pool.in_use) == ([False], 1, 1)
    order: list[str] = []

    async def again(ticket: str) -> None:
        await pool.enter(ticket)
        order.append(ticket)
        await anyio.sleep(1.0)
        pool.succeeded(ticket)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(again, "b")
        tasks.start_soon(again, "c")
    assert anyio.current_time() - began == pytest.approx(7.0, abs=0.1)
    assert told == [False, True, True]
    pool.seen(waiting=5, running=1)
    for ticket in "abc":
        pool.leave(ticket)
    assert (pool.in_use, pool.peak, sorted(order)) == (0, 3, ["b", "c"])


async def test_a_refused_row_that_leaves_lets_the_next_one_try() -> None:
    """Whatever it leaves for."""
    pool = SharedPool(lambda _: None)
    for ticket in "ab":
        await pool.enter(ticket)
    pool.refused(["a", "b"], 1.0, crowded=False)
    await pool.enter("a")
    pool.leave("a")
    with anyio.fail_after(5):
        await pool.enter("b")

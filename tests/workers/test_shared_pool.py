"""The render pool of one worker, whose rows already have a slot from the shared queue."""

from __future__ import annotations

import anyio
import pytest

from heygen_async.workers.shared_pool import SharedPool


async def test_a_refused_row_keeps_its_place_and_tries_again_alone() -> None:
    """Rows that were not refused go on; refused rows wait and then try again, one at a time."""
    reports: list[bool] = []
    pool, began = SharedPool(reports.append), anyio.current_time()
    for ticket in "abc":
        await pool.enter(ticket)
    pool.succeeded("a")
    pool.refused(["b"], 3.0, crowded=False)
    pool.refused(["c"], None, crowded=True)
    assert (reports, pool.accepted, pool.in_use) == ([False], 1, 1)
    order: list[str] = []

    async def try_again(ticket: str) -> None:
        await pool.enter(ticket)
        order.append(ticket)
        await anyio.sleep(1.0)
        pool.succeeded(ticket)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(try_again, "b")
        tasks.start_soon(try_again, "c")
    assert anyio.current_time() - began == pytest.approx(7.0, abs=0.1)
    assert reports == [False, True, True]
    pool.observe(waiting=5, running=1)
    for ticket in "abc":
        pool.leave(ticket)
    assert (pool.in_use, pool.peak, sorted(order)) == (0, 3, ["b", "c"])


async def test_a_refused_row_that_leaves_lets_the_next_one_try() -> None:
    """A refused row that leaves the pool does not block the retries of the others."""
    pool = SharedPool(lambda _: None)
    for ticket in "ab":
        await pool.enter(ticket)
    pool.refused(["a", "b"], 1.0, crowded=False)
    await pool.enter("a")
    pool.leave("a")
    with anyio.fail_after(5):
        await pool.enter("b")

"""`Changed`: tasks that wait are woken, and no wake-up is lost between a check and the wait."""

from __future__ import annotations

import math

import anyio

from heygen_async.changed import Changed


async def test_all_tasks_that_wait_are_woken_once() -> None:
    """A task that waits again waits for the next change; a change without waiting tasks is forgotten."""
    changed, woken = Changed(), list[int]()

    async def wait(n: int) -> None:
        await changed.wait()
        woken.append(n)
        await changed.wait()
        woken.append(n)

    changed.notify()
    async with anyio.create_task_group() as tasks:
        for n in range(3):
            tasks.start_soon(wait, n)
        await anyio.sleep(1)
        assert woken == []
        changed.notify()
        changed.notify()
        await anyio.sleep(1)
        assert sorted(woken) == [0, 1, 2]
        changed.notify()
    assert sorted(woken) == [0, 0, 1, 1, 2, 2]


async def test_a_wait_ends_at_its_time_or_at_a_change_before() -> None:
    """A time bounds a wait; a change before it ends the wait at once, and a time that is over does not hold it up."""
    changed, ended = Changed(), list[float]()

    async def wait(until: float) -> None:
        await changed.wait(began + until)
        ended.append(anyio.current_time() - began)

    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for until in (-1.0, 5.0, 20.0, math.inf):
            tasks.start_soon(wait, until)
        await anyio.sleep(10)
        changed.notify()
    assert ended == [0.0, 5.0, 10.0, 10.0]


async def test_a_wait_that_was_cancelled_is_not_woken() -> None:
    """A change after a cancelled wait does no harm, and neither does the time at which it would have ended."""
    changed = Changed()
    with anyio.move_on_after(1) as scope:
        await changed.wait(anyio.current_time() + 2)
    assert scope.cancelled_caught
    began = anyio.current_time()
    changed.notify()
    await changed.wait(began + 5)
    assert anyio.current_time() - began == 5

"""`Changed`: tasks that wait are woken, and no wake-up is lost between a check and the wait."""

from __future__ import annotations

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

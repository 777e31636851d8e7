"""Resources of event loops: one for each, closed when its loop ends."""

from __future__ import annotations

import asyncio
import gc
import threading

from heygen_async.per_loop import PerLoop


def test_each_loop_has_a_resource_of_its_own_that_ends_with_it() -> None:
    """`asyncio.run` closes the resource at its end, without a word from the program."""
    closed: list[list[int]] = []

    async def close(resource: list[int]) -> None:
        closed.append(resource)

    resources = PerLoop[list[int]](list, close)

    async def use(number: int) -> None:
        assert not resources.is_open
        (await resources.get()).append(number)
        (await resources.get()).append(number)
        assert resources.is_open

    for number in (1, 2):
        asyncio.run(use(number))
        assert closed[-1] == [number, number]
    assert len(closed) == 2
    assert not resources.is_open


def test_loops_in_threads_have_resources_of_their_own() -> None:
    """Several threads with a loop each use one client at once, and each closes its own connections."""
    closed: list[int] = []

    async def close(resource: list[int]) -> None:
        closed.append(threading.get_ident())

    resources = PerLoop[list[int]](list, close)
    meeting = threading.Barrier(4)
    used: list[list[int]] = []

    async def use() -> None:
        used.extend([await resources.get() for _ in range(50)])
        await asyncio.to_thread(meeting.wait, 20)
        used.append(await resources.get())

    threads = [threading.Thread(target=lambda: asyncio.run(use())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({id(one) for one in used}) == len(set(closed)) == len(closed) == 4


def test_a_resource_is_closed_once() -> None:
    """After `aclose` there is a new resource at the next use; `aclose` without one does nothing."""
    closed: list[list[int]] = []

    async def close(resource: list[int]) -> None:
        closed.append(resource)

    resources = PerLoop[list[int]](list, close)

    async def main() -> None:
        await resources.aclose()
        first = await resources.get()
        await resources.aclose()
        await resources.aclose()
        assert closed == [first]
        assert await resources.get() is not first

    asyncio.run(main())
    assert len(closed) == 2
    gc.collect()

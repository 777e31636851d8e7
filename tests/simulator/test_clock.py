"""Event loops with virtual and compressed time."""

from __future__ import annotations

import asyncio
import email.utils
import threading
import time

import aiohttp
import anyio
import anyio.to_thread
import pytest

from heygen_async.simulator import CompressedTimeLoop, Server, VirtualTimeLoop, World, run, serve


def test_a_day_passes_in_a_moment() -> None:
    """Timers fire at their times and in their order, without real waiting."""
    seen: list[tuple[str, float]] = []

    async def note(name: str, after: float) -> None:
        await anyio.sleep(after)
        seen.append((name, anyio.current_time()))

    async def main() -> float:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(note, "late", 86_400.5)
            tasks.start_soon(note, "soon", 1.25)
        return anyio.current_time()

    start = time.monotonic()
    assert run(main) == 86_400.5
    assert time.monotonic() - start < 5
    assert seen == [("soon", 1.25), ("late", 86_400.5)]


async def test_answers_have_the_date_of_the_world(http: aiohttp.ClientSession, world: World) -> None:
    """`Date` goes on with virtual time, and is the time in which `created_at` counts."""
    world.epoch = 1_796_040_000.0
    for hours in (0, 5):
        await anyio.sleep(hours * 3600)
        async with http.get("/v3/users/me") as answer:
            date = email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()
        assert date == pytest.approx(1_796_040_000 + hours * 3600, abs=1)


def test_a_timer_is_not_early_by_a_rounding_error() -> None:
    """Who waits until a time and asks for the time then is not told an earlier one, again and again."""

    async def main() -> int:
        loop, wakes = asyncio.get_running_loop(), 0
        assert isinstance(loop, VirtualTimeLoop)
        loop.leap(22.159999999999997 - loop.time())
        while loop.time() < 22.16 and wakes < 10:
            woken = loop.create_future()
            loop.call_at(22.16, woken.set_result, None)
            await woken
            wakes += 1
        return wakes

    assert run(main) == 1


def test_timeouts_follow_the_loop() -> None:
    """Timeouts use the virtual clock."""

    async def main() -> bool:
        with anyio.move_on_after(3600) as scope:
            await anyio.sleep_forever()
        return scope.cancelled_caught

    assert run(main) is True


@pytest.mark.parametrize("where", ["executor", "anyio", "own limiter"])
def test_no_time_passes_while_a_thread_works(where: str) -> None:
    """The virtual clock stands still while a thread works, so a short timeout does not expire."""

    async def main() -> float:
        limiter = anyio.CapacityLimiter(1)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.watch_threads(limiter)
        start = anyio.current_time()
        with anyio.fail_after(0.001):
            if where == "executor":
                await loop.run_in_executor(None, time.sleep, 0.05)
            else:
                await anyio.to_thread.run_sync(time.sleep, 0.05, limiter=limiter if where == "own limiter" else None)
        return anyio.current_time() - start

    assert run(main) == 0


def test_no_time_passes_under_hold() -> None:
    """The virtual clock stands still inside `hold`."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        done = asyncio.Event()
        thread = threading.Timer(0.05, loop.call_soon_threadsafe, [done.set])
        thread.start()
        with loop.hold(), anyio.fail_after(10):
            await done.wait()
        thread.join()
        held = anyio.current_time()
        await anyio.sleep(5)
        assert anyio.current_time() == 5
        return held

    assert run(main) == 0


def test_without_a_timer_the_loop_waits_as_usual() -> None:
    """Without timers, the loop waits until a thread wakes it."""

    async def main() -> str:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        thread = threading.Timer(0.02, loop.call_soon_threadsafe, [future.set_result, "woken"])
        thread.start()
        found = await future
        thread.join()
        return found

    assert run(main) == "woken"


async def test_sockets_come_before_timers(server: Server) -> None:
    """A request over loopback takes no virtual time, even with short timers."""
    async with aiohttp.ClientSession() as session, anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.sleep, 0.000_001)
        start = anyio.current_time()
        for _ in range(50):
            async with session.get(f"{server.base_url}/_simulator/report") as answer:
                await answer.read()
        assert anyio.current_time() - start <= 0.000_001


def test_a_loop_runs_again() -> None:
    """A second run continues at the time of the first."""
    loop = VirtualTimeLoop()
    try:
        loop.run_until_complete(asyncio.sleep(10))
        loop.run_until_complete(asyncio.sleep(10))
        assert loop.time() == 20
    finally:
        loop.close()


def test_compressed_time_runs_faster() -> None:
    """With speed 300, a minute of the loop takes at least a fifth of a real second, and less than one."""

    async def main() -> float:
        assert isinstance(asyncio.get_running_loop(), CompressedTimeLoop)
        start = anyio.current_time()
        await anyio.sleep(60)
        return anyio.current_time() - start

    start = time.monotonic()
    passed = run(main, speed=300)
    assert 60 <= passed < 300
    assert 0.2 <= time.monotonic() - start < 1


def test_compressed_time_waits_for_sockets_without_timers() -> None:
    """Without timers, a loop in compressed time waits until a thread wakes it."""

    async def main() -> bool:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        thread = threading.Timer(0.02, loop.call_soon_threadsafe, [done.set])
        thread.start()
        await done.wait()
        thread.join()
        return True

    assert run(main, speed=1000)


def test_run_raises_the_exception_of_the_program() -> None:
    """`run` raises the exception of the program."""

    async def main() -> None:
        await anyio.sleep(1)
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        run(main)


async def test_a_server_closes_at_once_with_a_request_under_way() -> None:
    """A server closes without waiting for a slow answer, and leaves no task."""
    before = len(asyncio.all_tasks())
    async with aiohttp.ClientSession() as session, anyio.create_task_group() as tasks:
        async with serve(World(latency_seconds=1000)) as server:

            async def get() -> None:
                with pytest.raises(aiohttp.ClientError):
                    await session.get(f"{server.base_url}/v3/users/me")

            tasks.start_soon(get)
            await anyio.sleep(1)
            assert [seen.status for seen in server.world.requests] == [None]
        assert anyio.current_time() < 2
    assert len(asyncio.all_tasks()) == before

"""Signals by PostgreSQL: what one process hears wakes the runs of others."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from heygen_async import Completed, DirectVideo, HeyGen, JournalError, Receiver, shared_signals
from heygen_async.bulk.campaign import shared_signals as module
from heygen_async.bulk.journal.postgres_connection import connect
from heygen_async.simulator import World, serve_in_thread
from tests.helpers.deliveries import SECRET, body_of, signed

OTHER_PROCESS = """
import asyncio, sys
from heygen_async import shared_signals

async def main(address):
    async with shared_signals(address) as signals:
        heard = aiter(signals)
        print("listens", flush=True)
        for _ in range(3):
            print(await anext(heard), flush=True)

asyncio.run(main(sys.argv[1]))
"""


def in_real_time(main: Callable[[], Awaitable[None]]) -> None:
    """Run *main* in an ordinary event loop, since the database runs in real time; it must end within 60 s."""

    async def limited() -> None:
        with anyio.fail_after(60):
            await main()

    asyncio.run(limited())


def deliver(receiver: Receiver, **data: Any) -> None:
    """Let HeyGen deliver a success to *receiver*."""
    body = body_of(**data)
    assert receiver.receive(body, signed(body, event_id=str(data)))


def test_a_delivery_reaches_another_process(database: str) -> None:
    """The ids of a delivery to one process are heard in another one, in their order."""
    command = [sys.executable, "-c", OTHER_PROCESS, database]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "listens\n"
        receiver = Receiver(SECRET)

        async def main() -> None:
            async with shared_signals(database, receiver) as signals:
                here = aiter(signals)
                await anyio.wait_all_tasks_blocked()
                deliver(receiver, video_id="v1", session_id="s1")
                deliver(receiver, video_id="bad id\0" * 99)  # not passed on to others, and harmless
                deliver(receiver, video_id="v2")
                assert [await anext(here) for _ in range(2)] == ["v1", "s1"]
                for expected in ("v1", "s1", "v2"):
                    assert other.stdout is not None
                    assert await anyio.to_thread.run_sync(other.stdout.readline) == f"{expected}\n"

        in_real_time(main)
        assert other.wait(20) == 0


def test_a_process_hears_its_own_signals_once(database: str) -> None:
    """The echo of the database is not passed on; another listener of the process has all of it."""

    async def main() -> None:
        receiver = Receiver(SECRET)
        async with shared_signals(database, receiver) as signals, shared_signals(database) as others:
            mine, theirs = aiter(signals), aiter(others)
            await anyio.wait_all_tasks_blocked()
            for name in ("v1", "v2"):
                deliver(receiver, video_id=name)
            assert [await anext(theirs) for _ in range(2)] == ["v1", "v2"]
            assert [await anext(mine) for _ in range(2)] == ["v1", "v2"]
            with anyio.move_on_after(0.2):
                pytest.fail(await anext(mine))

    in_real_time(main)


def test_a_run_is_woken_by_a_delivery_to_another_process(database: str) -> None:
    """A run that would look after 20 s looks at once when some other process hears of the end."""
    world = World(render_seconds=lambda *_: 0.2)
    submitted: list[str] = []

    async def main() -> None:
        receiver = Receiver(SECRET)
        async with (
            shared_signals(database, receiver),
            shared_signals(database) as signals,
            HeyGen("simulator-key", base_url=server.base_url) as heygen,
        ):
            began = time.monotonic()
            jobs = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada")]
            async with heygen.render_many(jobs, watch=signals) as results:
                while not world.videos:
                    await anyio.sleep(0.05)
                await anyio.sleep(0.4)
                submitted.extend(world.videos)
                deliver(receiver, video_id=submitted[0])
                assert [type(result) async for result in results] == [Completed]
            assert time.monotonic() - began < 15  # the first look by itself comes after 20 s

    with serve_in_thread(world, speed=1.0) as server:
        in_real_time(main)


def test_a_database_that_comes_back_is_used_again(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost connections cost the signals of that time; both sides connect anew."""
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.1)

    async def main() -> None:
        receiver = Receiver(SECRET)
        async with shared_signals(database, receiver), shared_signals(database) as others:
            heard = aiter(others)
            await anyio.wait_all_tasks_blocked()
            deliver(receiver, video_id="before")
            assert await anext(heard) == "before"
            with connect(database) as admin:
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            found = ""
            for number in range(200):
                deliver(receiver, video_id=f"after_{number}")
                with anyio.move_on_after(0.1):
                    found = await anext(heard)
                    break
            assert found.startswith("after_")

    in_real_time(main)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgresql://me:secret@127.0.0.1:1/videos", "postgresql://127.0.0.1:1/videos"),
        ("postgresql://[", "must be as in postgresql"),
    ],
)
def test_a_database_out_of_reach_is_an_error_at_the_start(database_server: object, address: str, message: str) -> None:
    """A wrong address is found out when the block is entered; the message has no password."""

    async def main() -> None:
        with pytest.raises(JournalError, match=message) as caught:
            async with shared_signals(address):
                pass
        assert "secret" not in str(caught.value)

    in_real_time(main)

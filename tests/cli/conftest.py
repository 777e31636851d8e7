"""Fixtures of the command line's tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import anyio
import pytest

from heygen_async.simulator import World, run, serve


@pytest.fixture
def _simulator_thread(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve the simulator in a thread, 500 times faster than real time, with its address and key in the environment."""
    started, finished = threading.Event(), threading.Event()

    async def main() -> None:
        async with serve(world) as server:
            monkeypatch.setenv("HEYGEN_API_BASE", server.base_url)
            started.set()
            await anyio.to_thread.run_sync(finished.wait)

    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    thread = threading.Thread(target=lambda: run(main, speed=500))
    thread.start()
    assert started.wait(20)
    yield
    finished.set()
    thread.join(20)

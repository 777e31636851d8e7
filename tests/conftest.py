"""Fixtures of all tests: virtual time, a simulated HeyGen on 127.0.0.1, and a client for it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import threading
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import aiohttp
import anyio
import hypothesis
import pytest

from heygen_async import DirectVideo, Event, HeyGen
from heygen_async.simulator import Server, VirtualTimeLoop, World, run, serve
from heygen_async.simulator.clock import CompressedTimeLoop
from tests.helpers.postgres import Postgres, binary, postgres
from tests.helpers.simulator_ask import Ask, asker
from tests.helpers.simulators import Simulators
from tests.helpers.unmeasured import is_unmeasured, unmeasured

# Tests that wait for a browser or for commands. If they came last, the other processes would have nothing to do.
BEGIN_FIRST = ("tests/live/test_browser.py", "tests/project/test_documents.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that wait the longest."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(BEGIN_FIRST))


def pytest_collection_finish() -> None:
    """Spare the garbage collector thousands of tests and modules, which it would visit again and again."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool | None, bool | None]:
    """Run an unmeasured test, with its fixtures, without the measurement of coverage."""
    with unmeasured() if is_unmeasured(item) else contextlib.nullcontext():
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def no_stored_credentials() -> Iterator[None]:
    """Hide the credentials file of the person who runs the tests: /dev/null is no folder, so it holds no file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEYGEN_CONFIG_DIR", os.devnull)
        yield


# No time limit for an example: it would fail on a busy machine.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run every asynchronous test in virtual time."""
    return "asyncio", {"loop_factory": VirtualTimeLoop}


@pytest.fixture
def world() -> World:
    """An account with ten render slots and no charges."""
    return World()


@pytest.fixture
async def server(world: World) -> AsyncIterator[Server]:
    """A running simulator of `world`."""
    async with serve(world) as running:
        yield running


@pytest.fixture
async def http(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """A plain HTTP session with the simulator's address and key."""
    async with aiohttp.ClientSession(server.base_url, headers={"x-api-key": "simulator-key"}) as session:
        yield session


@pytest.fixture
def ask(http: aiohttp.ClientSession, world: World) -> Ask:
    """A function that sends a request and returns status and JSON, which must fit the contract."""
    return asker(http, world)


@pytest.fixture
def events() -> list[Event]:
    """Events that the client of the `heygen` fixture has sent to its observer."""
    return []


@pytest.fixture
async def heygen(server: Server, events: list[Event]) -> AsyncIterator[HeyGen]:
    """A client of the simulator."""
    async with HeyGen("simulator-key", base_url=server.base_url, observers=[events.append]) as client:
        yield client


@pytest.fixture
def hello() -> DirectVideo:
    """A valid request."""
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada")


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    """The process that runs simulators."""
    opened = Simulators()
    yield opened
    opened.close()


@pytest.fixture
def simulator(simulators: Simulators) -> Iterator[str]:
    """Address of `heygen-async simulate` in a process of its own, 500 times as fast as real time."""
    with simulators.run() as address:
        yield address


@pytest.fixture(scope="session")
def database_server() -> Iterator[Postgres]:
    """A PostgreSQL server for the tests. Without one they are skipped, or fail if HEYGEN_TESTS_NEED_POSTGRES is set."""
    if binary("initdb") is None and not os.environ.get("HEYGEN_TESTS_NEED_POSTGRES"):
        pytest.skip("PostgreSQL is not installed")
    with postgres() as server:
        yield server


@pytest.fixture
def database(database_server: Postgres) -> str:
    """Address of an empty database."""
    return database_server.make(f"heygen_{uuid.uuid4().hex}")


@pytest.fixture
def _compressed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every new event loop 500 times faster than real time, for programs that make their own."""
    monkeypatch.setattr(asyncio.events, "new_event_loop", functools.partial(CompressedTimeLoop, 500.0))


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

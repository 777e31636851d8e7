"""What all tests share: virtual time, a simulated HeyGen on 127.0.0.1, and a client for it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import hypothesis
import pytest

from heygen_async import DirectVideo, Event, HeyGen
from heygen_async.simulator import Server, VirtualTimeLoop, World, serve
from tests.helpers.postgres import Postgres, binary, postgres
from tests.helpers.simulator_ask import Ask, asker


@pytest.fixture(scope="session", autouse=True)
def nobody_is_logged_in() -> Iterator[None]:
    """Keep the credentials file of whoever runs the tests out of them: below a file there are no files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEYGEN_CONFIG_DIR", os.devnull)
        yield


# A time limit for each example tells of the machine, not of the code: it fails when others use the processor.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run every asynchronous test in virtual time."""
    return "asyncio", {"loop_factory": VirtualTimeLoop}


@pytest.fixture
def world() -> World:
    """An account with ten slots and nothing on its books."""
    return World()


@pytest.fixture
async def server(world: World) -> AsyncIterator[Server]:
    """The simulator, listening."""
    async with serve(world) as running:
        yield running


@pytest.fixture
async def http(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """Plain HTTP to the simulator, with its key."""
    async with aiohttp.ClientSession(server.base_url, headers={"x-api-key": "simulator-key"}) as session:
        yield session


@pytest.fixture
def ask(http: aiohttp.ClientSession, world: World) -> Ask:
    """Send a request and return status and JSON; whatever comes must fit the contract."""
    return asker(http, world)


@pytest.fixture
def events() -> list[Event]:
    """What the client of the `heygen` fixture has told its observer."""
    return []


@pytest.fixture
async def heygen(server: Server, events: list[Event]) -> AsyncIterator[HeyGen]:
    """A client of the simulator."""
    async with HeyGen("simulator-key", base_url=server.base_url, observers=[events.append]) as client:
        yield client


@pytest.fixture
def hello() -> DirectVideo:
    """A request that is fine."""
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada")


@pytest.fixture
def simulator() -> Iterator[str]:
    """`heygen-async simulate` in a process of its own: its address."""
    command = [sys.executable, "-m", "heygen_async.cli", "simulate", "--port", "0", "--speed", "500"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert found is not None
        try:
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 130


@pytest.fixture(scope="session")
def database_server() -> Iterator[Postgres]:
    """A PostgreSQL of the tests' own; HEYGEN_TESTS_NEED_POSTGRES makes its absence a failure."""
    if binary("initdb") is None and not os.environ.get("HEYGEN_TESTS_NEED_POSTGRES"):
        pytest.skip("PostgreSQL is not on this machine")
    with postgres() as server:
        yield server


@pytest.fixture
def database(database_server: Postgres) -> str:
    """The address of an empty database."""
    return database_server.make(f"heygen_{uuid.uuid4().hex}")

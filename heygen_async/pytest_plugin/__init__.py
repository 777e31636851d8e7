"""Fixtures for the tests of programs that use HeyGen. pytest loads this plugin by itself.

    async def test_greets_everybody(heygen_server, heygen_world):
        await my_program(base_url=heygen_server.base_url, api_key="simulator-key")
        assert heygen_world.charged_once_per("script")

They work in plain tests and in those that anyio's plugin or pytest-asyncio runs, in either mode. If the event loop of
the test is in virtual or compressed time, the simulator runs in it. Otherwise it runs in a thread, `heygen_speed` times
as fast as real time, and a `HeyGen` keeps step with it.
"""

# Every test session loads this file, so it imports what the fixtures need only when they are used.

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from heygen_async.heygen import HeyGen
    from heygen_async.simulator import Server, World

KEY = "simulator-key"


def pytest_configure(config: pytest.Config) -> None:
    """Add the fixtures that pytest-asyncio has to know as its own."""
    if config.pluginmanager.has_plugin("asyncio"):
        config.pluginmanager.import_plugin("heygen_async.pytest_plugin.asyncio_fixtures")


@pytest.fixture
def heygen_speed() -> float:
    """Seconds of the simulator per second, where it runs in a thread. Override it to return another number."""
    return 400.0


@pytest.fixture
def heygen_world() -> World:
    """A simulated account with ten slots and a million US dollars. Its settings may be changed during the test."""
    from heygen_async.simulator import World  # noqa: PLC0415 - see above

    return World()


@pytest.fixture
def heygen_server(request: pytest.FixtureRequest, heygen_world: World, heygen_speed: float) -> Iterator[Server]:
    """A running simulator that serves `heygen_world` at its `base_url`."""
    if (kind := _kind_of(request)) is not None:
        yield request.getfixturevalue(f"_heygen_server_{kind}")
        return
    from heygen_async.simulator import serve_in_thread  # noqa: PLC0415 - see above

    with serve_in_thread(heygen_world, speed=heygen_speed) as server:
        yield server


@pytest.fixture
def heygen_client(request: pytest.FixtureRequest, heygen_server: Server) -> Iterator[Any]:
    """A `HeyGen` of `heygen_server`; in a plain test a `heygen_async.sync.HeyGen`."""
    if (kind := _kind_of(request)) is not None:
        yield request.getfixturevalue(f"_heygen_client_{kind}")
        return
    import importlib  # noqa: PLC0415 - see above

    blocking = importlib.import_module("heygen_async.sync")
    with blocking.HeyGen(KEY, base_url=heygen_server.base_url) as client:
        yield client


def _kind_of(request: pytest.FixtureRequest) -> str | None:
    """Return the kind of the asynchronous fixtures for a test, by the plugin that runs it; None for a plain test."""
    item = request.node
    if "anyio_backend" in request.fixturenames:
        backend = request.getfixturevalue("anyio_backend_name")
        if backend != "asyncio":
            _refuse(item.name, backend)
        return "anyio"
    if item.get_closest_marker("trio") is not None:
        _refuse(item.name, "trio")
    if request.config.pluginmanager.has_plugin("asyncio"):
        from heygen_async.pytest_plugin.asyncio_fixtures import loop_scope_of  # noqa: PLC0415 - see above

        scope = loop_scope_of(item)
        return None if scope is None else f"asyncio_{scope}"
    return None


def _refuse(test: str, backend: str) -> None:
    pytest.fail(
        f"{test}: heygen_async runs on asyncio, and this test runs on {backend}. Let the fixture `anyio_backend` "
        'return "asyncio", or mark the test for asyncio',
        pytrace=False,
    )


@contextlib.asynccontextmanager
async def served(world: World, speed: float) -> AsyncIterator[Server]:
    """Serve *world* in the running event loop if its time is simulated, else in a thread."""
    import asyncio  # noqa: PLC0415 - see above

    from heygen_async.simulator import is_simulated, serve, serve_in_thread  # noqa: PLC0415 - see above

    if is_simulated(asyncio.get_running_loop()):
        async with serve(world) as server:
            yield server
        return
    with serve_in_thread(world, speed=speed) as server:
        yield server


@contextlib.asynccontextmanager
async def connected(server: Server) -> AsyncIterator[HeyGen]:
    """Yield a client of *server*."""
    import asyncio  # noqa: PLC0415 - see above

    from heygen_async.heygen import HeyGen  # noqa: PLC0415 - see above

    async with HeyGen(KEY, base_url=server.base_url) as client:
        yield client
    await asyncio.sleep(0)  # closed transports end in the next round of the loop, which may be its last


@pytest.fixture
async def _heygen_server_anyio(heygen_world: World, heygen_speed: float) -> AsyncIterator[Server]:
    async with served(heygen_world, heygen_speed) as server:
        yield server


@pytest.fixture
async def _heygen_client_anyio(heygen_server: Server) -> AsyncIterator[HeyGen]:
    async with connected(heygen_server) as client:
        yield client

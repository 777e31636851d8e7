"""Fixtures for the tests of programs that use HeyGen.

In a ``conftest.py``::

    pytest_plugins = ["heygen_async.simulator.pytest_plugin"]

and in a test, which anyio's plugin runs::

    @pytest.mark.anyio
    async def test_greets_everybody(heygen_server, heygen_world):
        await my_program(base_url=heygen_server.base_url, api_key="simulator-key")
        assert heygen_world.charged_once_per("script")

For virtual time, let the ``anyio_backend`` fixture return ``("asyncio", {"loop_factory": VirtualTimeLoop})``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from heygen_async.simulator.server import Server, serve
from heygen_async.simulator.world.world import World


@pytest.fixture
def heygen_world() -> World:
    """A simulated account with ten slots and a million US dollars. Its settings may be changed during the test."""
    return World()


@pytest.fixture
async def heygen_server(heygen_world: World) -> AsyncIterator[Server]:
    """A running simulator that serves `heygen_world` at its `base_url`."""
    async with serve(heygen_world) as server:
        yield server

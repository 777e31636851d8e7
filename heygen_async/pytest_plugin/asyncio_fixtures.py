"""The fixtures of the plugin for tests that pytest-asyncio runs. Only with pytest-asyncio this module is loaded.

Each is there once for each scope of an event loop, because a fixture must run in the loop of its test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from heygen_async.pytest_plugin import connected, served

if TYPE_CHECKING:
    from heygen_async.heygen import HeyGen
    from heygen_async.simulator import Server, World


def loop_scope_of(item: pytest.Item) -> str | None:
    """Return the scope of the event loop in which pytest-asyncio runs a test; None if it does not run it."""
    marker = item.get_closest_marker("asyncio")
    if marker is None or not pytest_asyncio.is_async_test(item):
        return None
    scope = marker.kwargs.get("loop_scope") or item.config.getini("asyncio_default_test_loop_scope")
    return str(scope or "function")


def _add(scope: Any) -> None:
    """Add the fixtures for event loops of *scope*, each of a function of its own, which pytest-asyncio marks."""

    async def server(heygen_world: World, heygen_speed: float) -> AsyncIterator[Server]:
        async with served(heygen_world, heygen_speed) as running:
            yield running

    async def client(heygen_server: Server) -> AsyncIterator[HeyGen]:
        async with connected(heygen_server) as opened:
            yield opened

    for kind, function in (("server", server), ("client", client)):
        name = f"_heygen_{kind}_asyncio_{scope}"
        globals()[name] = pytest_asyncio.fixture(loop_scope=scope, name=name)(function)


for _scope in ("function", "class", "module", "package", "session"):
    _add(_scope)

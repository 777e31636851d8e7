"""A simulator in a thread of its own, for programs whose event loop runs in real time, or that have none."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import anyio.from_thread

from heygen_async.simulator.clock import CompressedTimeLoop, VirtualTimeLoop
from heygen_async.simulator.server import Server, serve
from heygen_async.simulator.world.world import World

SPEED = 400.0


@contextlib.contextmanager
def serve_in_thread(world: World | None = None, *, speed: float = SPEED) -> Iterator[Server]:
    """Serve *world* within the block, in an event loop that is *speed* times as fast as real time.

        with serve_in_thread(World(slots=2)) as server:
            asyncio.run(my_program(base_url=server.base_url, api_key="simulator-key"))

    `HeyGen` keeps step with it. The world may be read and changed meanwhile.

    Args:
        world: Account to serve; None means a new one.
        speed: Seconds of the simulator per second of real time.
    """
    loop: Any = functools.partial(CompressedTimeLoop, speed)
    with (
        anyio.from_thread.start_blocking_portal("asyncio", {"loop_factory": loop}) as portal,
        portal.wrap_async_context_manager(serve(world)) as server,
    ):
        yield server


def is_simulated(loop: asyncio.AbstractEventLoop) -> bool:
    """Return True if *loop* has a clock of its own, virtual or compressed, which a server in it shares."""
    return isinstance(loop, CompressedTimeLoop | VirtualTimeLoop)

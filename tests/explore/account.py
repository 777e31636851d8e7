"""What happens to the account without anybody's doing: the pool changes, and stuck renders end at last."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from typing import Any

import anyio

from tests.explore.clock import NightWorld
from tests.explore.night import Night
from tests.explore.trouble import HOUR

STUCK_SECONDS = 3 * HOUR  # while a stuck render has the only slot, nothing else goes on


@contextlib.asynccontextmanager
async def account_lives(night: Night, world: NightWorld) -> AsyncIterator[None]:
    """Let the account live in the background."""
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(_change_pool(world, one.slots)) for one in night.troubles if one.slots]
    tasks.append(loop.create_task(_end_stuck(world)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _change_pool(world: NightWorld, times: tuple[tuple[float, int], ...]) -> None:
    began = anyio.current_time()
    for at, slots in times:
        await anyio.sleep(max(0.0, began + at - anyio.current_time()))
        world.slots = slots


async def _end_stuck(world: NightWorld) -> None:
    while True:
        await anyio.sleep(STUCK_SECONDS)
        end_stuck(world)


def end_stuck(world: NightWorld) -> None:
    """Let the renders end that never would."""
    now = world.now()
    for render in [*world.videos.values(), *(one.render for one in world.sessions.values())]:
        if not render.faults.stuck or render.ended_at is not None:
            continue
        render.faults.faults = ()
        if render.started_at is None:
            continue
        farm, session = world.render_farm, world.sessions.get(render.session_id or "")
        end: Any = farm._release_slot
        if session is not None:
            end = functools.partial(world.agent_farm._finish_rendering, session)
        farm.timeline.schedule(now + 1, functools.partial(farm._end, render, end))

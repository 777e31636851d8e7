"""Leaps of virtual time, for tests in which hours pass without anything new."""

from __future__ import annotations

import asyncio

from heygen_async.simulator import VirtualTimeLoop


def leap_later(after: float, seconds: float) -> None:
    """Move the clock forward by *seconds*, *after* so many seconds from now."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop.call_later(after, loop.leap, seconds)

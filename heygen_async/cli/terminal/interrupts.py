"""Ctrl-C: once to wind down, twice to leave at once."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator

import anyio
from rich.console import Console

from heygen_async import Results
from heygen_async.cli.exits import InterruptedRunError


@contextlib.asynccontextmanager
async def interruptible(results: Results, console: Console, way_back: str) -> AsyncIterator[None]:
    """Let SIGINT or SIGTERM stop the submitting, and a second one end the block.

    Raises:
        InterruptedRunError: After the second signal; `way_back` was printed.
    """
    try:
        async with anyio.create_task_group() as tasks:
            await tasks.start(_listen, results, console, way_back)
            yield
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        interrupted, others = group.split(InterruptedRunError)
        if interrupted is not None and others is None:
            raise InterruptedRunError(way_back) from None
        raise (group.exceptions[0] if len(group.exceptions) == 1 else group) from None


async def _listen(
    results: Results, console: Console, way_back: str, *, task_status: anyio.abc.TaskStatus[None]
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            results.stop_submitting()
            left = len(results.unfinished)
            console.print(
                f"Stopping: nothing more is submitted. {left} renders that are paid for are followed to their end."
            )
            console.print("Ctrl-C once more leaves at once; they go on at HeyGen.")
            break
        async for _ in signals:
            console.print(f"Left. {way_back}")
            raise InterruptedRunError(way_back)

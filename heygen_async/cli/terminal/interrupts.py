"""Ctrl-C during a run: the first stops submitting, the second exits at once."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator

import anyio
from rich.console import Console

from heygen_async import Results
from heygen_async.cli.exits import InterruptedRunError


@contextlib.asynccontextmanager
async def interruptible(results: Results, console: Console, resume_hint: str) -> AsyncIterator[None]:
    """Stop submitting rows at the first SIGINT or SIGTERM, and end the block at the second.

    Raises:
        InterruptedRunError: After the second signal; *resume_hint* was printed.
    """
    try:
        async with anyio.create_task_group() as tasks:
            await tasks.start(_listen, results, console, resume_hint)
            yield
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        interrupted, others = group.split(InterruptedRunError)
        if interrupted is not None and others is None:
            raise InterruptedRunError(resume_hint) from None
        raise (group.exceptions[0] if len(group.exceptions) == 1 else group) from None


async def _listen(
    results: Results, console: Console, resume_hint: str, *, task_status: anyio.abc.TaskStatus[None]
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            results.stop_submitting()
            rendering = len(results.unfinished)
            console.print(
                f"Stopping: no more videos are begun. {rendering} that are being made are paid for and waited for."
            )
            console.print("Press Ctrl-C again to leave at once: they are finished at HeyGen, and nothing is lost.")
            break
        async for _ in signals:
            console.print(f"Left. {resume_hint}")
            raise InterruptedRunError(resume_hint)

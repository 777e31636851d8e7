"""Asking a person whether the rows after the canary may be rendered."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence

import anyio
from rich.prompt import Confirm

from heygen_async import Result
from heygen_async.cli.progress import Board


def asking(board: Board) -> Callable[[Sequence[Result]], Awaitable[bool]]:
    """Return what asks at the terminal of *board*."""
    return functools.partial(_approve, board)


async def _approve(board: Board, ended: Sequence[Result]) -> bool:
    """Show the first videos and ask whether the others may be made."""
    with board.paused():
        for result in ended:
            board.console.print(f"  {getattr(result, 'file', None) or result.resource_id}", markup=False)
        question = f"The first {len(ended)} are there. Render the others?"
        return await anyio.to_thread.run_sync(
            functools.partial(Confirm.ask, question, console=board.console), abandon_on_cancel=True
        )

"""Asking a person whether the rows after the canary may be rendered."""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable, Sequence

from heygen_async import Result
from heygen_async.cli.terminal.ask import TypedLines
from heygen_async.cli.terminal.progress import ProgressBoard


def asking(board: ProgressBoard) -> Callable[[Sequence[Result]], Awaitable[bool]]:
    """Return what asks at the terminal of *board*."""
    return functools.partial(_approve, board)


async def _approve(board: ProgressBoard, ended: Sequence[Result]) -> bool:
    """Show the first videos and ask whether the others may be made; where nobody answers, they may not."""
    with board.paused():
        for result in ended:
            board.console.print(f"  {getattr(result, 'file', None) or result.resource_id}", markup=False)
        lines = TypedLines(sys.stdin)
        try:
            return await _answer(board, lines, f"The first {len(ended)} are there. Render the others? [y/n]: ")
        finally:
            lines.close()


async def _answer(board: ProgressBoard, lines: TypedLines, question: str) -> bool:
    while True:
        board.console.print(question, end="", markup=False)
        line = await lines.read()
        if line is None or line.strip().lower() in {"n", "no"}:
            return False
        if line.strip().lower() in {"y", "yes"}:
            return True

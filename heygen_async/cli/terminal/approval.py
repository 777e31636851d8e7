"""Question to a person after the canary: may the other rows be rendered?"""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable, Sequence

from heygen_async import Result
from heygen_async.bulk.campaign.wish_keeper import wait_for_wish
from heygen_async.cli.terminal.ask import TypedLines
from heygen_async.cli.terminal.progress import ProgressBoard
from heygen_async.plain_text import clean


def approval_prompt(board: ProgressBoard) -> Callable[[Sequence[Result]], Awaitable[bool]]:
    """Return the `approve` function of a run: it asks at the terminal of *board*."""
    return functools.partial(_approve, board)


def approver(board: ProgressBoard, *, is_served: bool) -> Callable[[Sequence[Result]], Awaitable[bool]]:
    """Return the `approve` function of a run: the terminal is asked, or only the live page if there is no terminal."""
    return wait_for_wish if is_served and not sys.stdin.isatty() else approval_prompt(board)


async def _approve(board: ProgressBoard, ended: Sequence[Result]) -> bool:
    """Print the canary's files or ids and ask for a yes. No more input counts as a no."""
    with board.paused():
        for result in ended:
            board.console.print(clean(f"  {getattr(result, 'file', None) or result.resource_id}"), markup=False)
        lines = TypedLines(sys.stdin)
        try:
            there = f"The first {len(ended)} are there" if ended else "The first rows are there from an earlier run"
            return await _answer(board, lines, f"{there}. Render the others? [y/n]: ")
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

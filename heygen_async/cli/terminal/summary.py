"""Summary of a run: rows, reasons, requests, and facts about its money, time and files."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from heygen_async import Summary
from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.terminal.progress import ProgressBoard
from heygen_async.plain_text import clean


def show_summary(console: Console, summary: Summary, board: ProgressBoard, facts: dict[str, str]) -> None:
    """Print the summary of a run: completed and failed rows, reasons, requests, and *facts* about it."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row(
        "Completed",
        Text(f"{summary.completed} of {counted(summary.completed + summary.failed.total(), 'row')}", style="green"),
    )
    reasons = clean(", ".join(f"{count} {code}" for code, count in summary.failed.most_common()))
    table.add_row(
        "Failed",
        Text(f"{summary.failed.total()}" + (f": {reasons}" if reasons else ""), style="red" if reasons else ""),
    )
    if summary.not_stored:
        table.add_row(
            "Not stored",
            Text(f"{summary.not_stored} completed, but their files could not be downloaded", style="yellow"),
        )
    if summary.at_stake:
        table.add_row(
            "Look at these",
            Text(f"{counted(summary.at_stake, 'failed row')} may have been paid for all the same", style="yellow"),
        )
    table.add_row("Requests", f"{board.requests.total()} ({_retries(board)})")
    for name, value in facts.items():
        table.add_row(name, Text(clean(value)))
    console.print()
    console.print(table)


_RETRY_REASONS = {
    "ServerError": "after a server error",
    "RateLimitError": "after being told to wait",
    "ConnectionLostError": "after a lost connection",
    "ConnectionFailedError": "after a failed connection",
    "AttemptTimeoutError": "after a time-out",
    "ContractError": "after an unreadable answer",
    "RequestInProgressError": "while the first was still being answered",
}


def _retries(board: ProgressBoard) -> str:
    if not board.retries:
        return "none repeated"
    reasons = [f"{count} {_RETRY_REASONS.get(name, f'after {name}')}" for name, count in board.retries.most_common()]
    return f"{board.retries.total()} repeated: {', '.join(reasons)}"

"""Rendering of a plan, shared by `run` and `demo`: the run itself and its results.csv."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from heygen_async import Campaign, HeyGen, Journal, Results
from heygen_async.bulk.output.results_csv import ResultsCsv
from heygen_async.bulk.plan.plan import Plan
from heygen_async.cli.rendering.compare_list import is_begun
from heygen_async.cli.rendering.follow_run import (
    check_writable,
    follow,
    resume_hint_for,
    waits_for_approval,
)
from heygen_async.cli.rendering.results_files import ResultsKeeper, free_name
from heygen_async.cli.terminal.approval import approver
from heygen_async.cli.terminal.bill import Bill
from heygen_async.cli.terminal.progress import ProgressBoard


def is_waited_for(journal: Path | str | None) -> bool:
    """Return True if the journal's campaign waits for an approval of its first rows."""
    if journal is None or not is_begun(journal):
        return False
    with Journal(journal, read_only=True) as opened:
        return waits_for_approval(opened)


async def render_campaign(
    campaign: Campaign,
    plan: Plan,
    heygen: HeyGen,
    board: ProgressBoard,
    *,
    journal: Path | str | None = None,
    is_served: bool = False,
    **chosen: Any,
) -> tuple[Results, Bill]:
    """Render all rows of a plan and write each to `results.csv` as it ends. Costs money.

    Rows that are still under way when the run ends early are written as well, with their ids. With a journal,
    results.csv is written from it later. If the run *is_served* on a page, that page may approve. *chosen* are options
    of `HeyGen.run` that stand above those of the campaign.
    """
    folder = campaign.beside(campaign.downloads.folder)
    check_writable(folder)
    asks = campaign.run.approve or is_waited_for(journal) or (is_served and campaign.run.canary is not None)
    approve = approver(board, is_served=is_served) if asks else None
    board.bill.rates = board.feed.bill.rates = campaign.rates.knowing(plan.looks)
    running = heygen.run(plan, **{**campaign.options(), **chosen, "journal": journal, "approve": approve})
    if journal is not None:
        with contextlib.closing(ResultsKeeper(journal, folder)) as keeper:
            return await follow(running, board, resume_hint_for(journal), [keeper])
    with ResultsCsv(free_name(folder), plan.table.find_columns(), plan.table.name) as output:
        return await follow(running, board, f"{output.path} lists every row", [output.add])

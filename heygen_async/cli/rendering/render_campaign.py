"""One run of a contact list, as `run` and `demo` share it: render what is planned, write the results."""

from __future__ import annotations

from pathlib import Path

from heygen_async import Campaign, HeyGen, Results
from heygen_async.bulk.output.results_csv import ResultsCsv
from heygen_async.bulk.plan.plan import Plan
from heygen_async.cli.rendering.follow_run import check_writable, follow, way_back_to
from heygen_async.cli.terminal.approval import asking
from heygen_async.cli.terminal.bill import Bill
from heygen_async.cli.terminal.progress import ProgressBoard


async def render_campaign(
    campaign: Campaign, plan: Plan, heygen: HeyGen, board: ProgressBoard, *, journal: Path | None = None
) -> tuple[Results, Bill]:
    """Render all rows and write `results.csv` as they end.

    Rows that are still under way when the run is left are written too, with their ids.
    """
    folder = campaign.beside(campaign.downloads.folder)
    check_writable(folder)
    approve = asking(board) if campaign.run.approve else None
    running = heygen.run(plan, **{**campaign.options(), "journal": journal, "approve": approve})
    if journal is not None:
        return await follow(running, board, way_back_to(journal))
    with ResultsCsv(folder / "results.csv", plan.table.find_columns()) as output:
        return await follow(running, board, f"{output.path} lists every row", [output.add])

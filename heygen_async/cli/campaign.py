"""One run of a contact list, as `run` and `demo` share it: render what is planned, write the results."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import anyio
import attrs
import click

from heygen_async import HeyGen, Result, Results
from heygen_async.bulk.containers import FileKind
from heygen_async.bulk.decisions import OnUnknown
from heygen_async.bulk.outputs import ResultsCsv
from heygen_async.bulk.planning import Plan
from heygen_async.bulk.storing import MAX_DOWNLOADS
from heygen_async.cli.bill import Bill
from heygen_async.cli.given import Given
from heygen_async.cli.progress import Board
from heygen_async.cli.running import check_writable, follow, way_back_to


@attrs.frozen(kw_only=True)
class Campaign:
    """What to make of which rows, and where it goes.

    Attributes:
        given: The rows, the request of each, and the names of the files.
        folder: For files and results.
        max_in_flight: Renders at once.
        deadline: Seconds a render.
        download: Whether to store the files.
        files: What to store of each video.
        max_downloads: Files at once.
        budget_usd: What it may cost.
        canary: How many rows go first.
        approve: Whether somebody is asked before the others go.
        breaker: So many failures with one code, of so many last rows, stop it.
    """

    given: Given
    folder: Path
    max_in_flight: int
    deadline: float
    download: bool = True
    files: tuple[FileKind, ...] = ("video",)
    max_downloads: int = MAX_DOWNLOADS
    budget_usd: float | None = None
    canary: int | None = None
    approve: bool = False
    breaker: tuple[int, int] | None = None

    def plan(self) -> Plan:
        """Check and price every row."""
        return self.given.plan(stores=self.download)


async def render_campaign(
    campaign: Campaign,
    plan: Plan,
    heygen: HeyGen,
    board: Board,
    *,
    journal: Path | None = None,
    on_unknown: OnUnknown = "hold",
) -> tuple[Results, Bill]:
    """Render all rows and write `results.csv` as they end.

    Rows that are still under way when the run is left are written too, with their ids.
    """
    check_writable(campaign.folder)
    running = heygen.render_many(
        plan.jobs(),
        max_in_flight=campaign.max_in_flight,
        deadline=campaign.deadline,
        download_to=campaign.folder if campaign.download else None,
        filename=campaign.given.filename,
        files=campaign.files,
        max_downloads=campaign.max_downloads,
        budget_usd=campaign.budget_usd,
        canary=campaign.canary,
        approve=functools.partial(_approve, board) if campaign.approve else None,
        breaker=campaign.breaker,
        journal=journal,
        on_unknown=on_unknown,
    )
    if journal is not None:
        return await follow(running, board, way_back_to(journal))
    with ResultsCsv(campaign.folder / "results.csv", plan.table.find_columns()) as output:
        return await follow(running, board, f"{output.path} lists every row", [output.add])


async def _approve(board: Board, ended: Sequence[Result]) -> bool:
    """Show the first videos and ask whether the others may be made."""
    with board.paused():
        for result in ended:
            board.console.print(f"  {getattr(result, 'file', None) or result.resource_id}", markup=False)
        return await anyio.to_thread.run_sync(
            functools.partial(
                click.confirm, f"The first {len(ended)} are there. Render the others?", err=board.feed.is_on
            ),
            abandon_on_cancel=True,
        )

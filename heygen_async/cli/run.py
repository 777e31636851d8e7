"""`heygen-async run`: a contact list becomes videos."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from heygen_async import HeyGen, InvalidInputError
from heygen_async.bulk.decisions import OnUnknown
from heygen_async.bulk.downloads import KINDS, checked_kinds
from heygen_async.bulk.storing import MAX_DOWNLOADS
from heygen_async.cli import running
from heygen_async.cli.campaign import Campaign, render_campaign
from heygen_async.cli.feed import Feed, as_json
from heygen_async.cli.given import Given, given
from heygen_async.cli.journal import check_journal
from heygen_async.cli.progress import Board, wide_console


class Usd(click.ParamType[float]):
    """An amount in US dollars."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read `250`, `250usd`, `$250`."""
        text = str(value).strip().lower().removeprefix("$").removesuffix("usd").strip()
        try:
            return float(text)
        except ValueError:
            self.fail(f"{value!r} is not an amount in US dollars, such as 250 or 250usd", param, ctx)


@click.command()
@given
@click.option(
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("videos"),
    show_default=True,
    help="Folder for the files and results.csv.",
)
@click.option(
    "--max-in-flight",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Renders at once; the pay-as-you-go account has 10.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=1),
    default=3600.0,
    show_default=True,
    help="Seconds for each render.",
)
@click.option("--no-download", is_flag=True, help="Leave the files at HeyGen.")
@click.option(
    "--files",
    default="video",
    show_default=True,
    metavar="KIND,...",
    help=f"What to store of each video: some of {', '.join(KINDS)}.",
)
@click.option(
    "--max-downloads",
    type=click.IntRange(min=1),
    default=MAX_DOWNLOADS,
    show_default=True,
    help="Files at once; downloads hold no render slots.",
)
@click.option(
    "--budget",
    "budget_usd",
    type=Usd(),
    metavar="USD",
    help="Send no row that could cost more than what is left of this: 250, 250usd, $250.",
)
@click.option(
    "--canary", type=click.IntRange(min=1), help="Send the first N rows alone; the others when those are there."
)
@click.option("--approve", is_flag=True, help="Ask before the rows after the canary are sent.")
@click.option(
    "--breaker",
    nargs=2,
    type=click.IntRange(min=1),
    metavar="K N",
    help="Send no more when K of the last N rows have failed with one code.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    help="Remember the run in this file, so that it can go on after anything: `heygen-async resume`.",
)
@running.on_unknown
@running.base_url
@running.speed
@as_json
def run(
    wanted: Given,
    *,
    folder: Path,
    max_in_flight: int,
    deadline: float,
    no_download: bool,
    files: str,
    max_downloads: int,
    budget_usd: float | None,
    canary: int | None,
    approve: bool,
    breaker: tuple[int, int] | None,
    journal: Path | None,
    on_unknown: OnUnknown,
    base_url: str | None,
    speed: float,
    feed: Feed,
) -> None:
    """Render one personalised video for each row of CONTACTS. Costs money.

    CONTACTS is a .csv, .jsonl, .xlsx or .parquet file. Every row is checked before the first is sent.
    Needs HEYGEN_API_KEY in the environment.
    """
    if journal is not None:
        check_journal(journal)
    if approve and canary is None:
        raise InvalidInputError("--approve: nothing to approve of; say how many rows go first: --canary 3")
    campaign = Campaign(
        given=wanted,
        folder=folder,
        max_in_flight=max_in_flight,
        deadline=deadline,
        download=not no_download,
        files=checked_kinds(kind.strip() for kind in files.split(",")),
        max_downloads=max_downloads,
        budget_usd=budget_usd,
        canary=canary,
        approve=approve,
        breaker=breaker,
    )
    sys.exit(running.start(lambda: _run(campaign, base_url, journal, on_unknown, feed), speed, base_url))


async def _run(
    campaign: Campaign, base_url: str | None, journal: Path | None, on_unknown: OnUnknown, feed: Feed
) -> int:
    console = wide_console(stderr=feed.is_on)
    plan = campaign.plan()
    plan.check()
    if not plan.rows:
        console.print(f"{plan.table.name}: there are no rows, so there is nothing to do")
        return 7
    unused = [str(note.column) for note in plan.problems]
    if unused:
        console.print(f"columns that nothing uses: {', '.join(unused)}", markup=False, highlight=False)
    board = Board(console, plan.rows, asyncio.get_running_loop().time, feed)
    async with HeyGen(base_url=base_url, observers=[board]) as heygen:
        with board:
            results, bill = await render_campaign(campaign, plan, heygen, board, journal=journal, on_unknown=on_unknown)
    folder = str(campaign.folder) if campaign.download or journal is None else None
    return running.finish(console, results, bill, board, journal=journal, folder=folder)

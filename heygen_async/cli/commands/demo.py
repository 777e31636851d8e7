"""`heygen-async demo`: render the shipped contact list against the embedded simulator, in compressed time."""

from __future__ import annotations

import asyncio
import importlib.resources
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators
from rich.console import Console

if TYPE_CHECKING:
    from heygen_async import Campaign
    from heygen_async.bulk.plan.plan import Plan
    from heygen_async.simulator import World

SPEED = 120.0
SCRIPT = (
    "Hi {{ first_name }}, this is Anna. I made this video just for you and everybody at {{ company }}. "
    "{% if note %}You told us: {{ note }}. {% endif %}"
    "If you are in {{ city }} next month, come and see us: {{ offer }}."
)


def demo(
    *,
    rows: Annotated[
        int, Parameter(validator=validators.Number(gte=1, lte=200), help="Rows of the contact list.")
    ] = 200,
    output: Annotated[Path, Parameter(help="Folder for the files and results.csv.")] = Path("heygen-demo"),
    speed: Annotated[
        float, Parameter(validator=validators.Number(gte=1, lte=1000), help="How many times faster than real time.")
    ] = SPEED,
) -> None:
    """Render the shipped contact list against the embedded simulator. No key, no network, no money.

    Client and server run in compressed time with the real polling, backoff and deadlines: an hour of rendering takes
    half a minute. The simulator loses some answers on purpose.
    """
    from heygen_async.simulator import run

    sys.exit(run(lambda: _demo(rows, output), speed=speed))


async def _demo(rows: int, folder: Path) -> int:
    from heygen_async import Campaign
    from heygen_async.bulk.campaign_file.campaign_file import DownloadsTable, RowsTable
    from heygen_async.cli.rendering.plan_rows import plan_offline
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.simulator import DropAfterAccept, ErrorAnswer, FailedRender, World

    console = wide_console()
    world = World(
        slots=10,
        seed=7,
        faults=[
            DropAfterAccept(probability=0.03),
            ErrorAnswer(method="GET", probability=0.02),
            FailedRender(probability=0.015, code="rendering_failed", message="The avatar could not be animated."),
        ],
    )
    contacts = importlib.resources.files("heygen_async.simulator").joinpath("contacts.csv")
    with importlib.resources.as_file(contacts) as path:
        campaign = Campaign(
            request={"avatar_id": "look_anna", "voice_id": "voice_warm", "script": SCRIPT},
            rows=RowsTable(limit=rows),
            downloads=DownloadsTable(folder=str(folder), filename="{number}-{first_name}-{last_name}"),
        )
        return await _render(campaign, plan_offline(campaign, path), world, console)


async def _render(campaign: Campaign, plan: Plan, world: World, console: Console) -> int:
    from heygen_async import HeyGen
    from heygen_async.bulk.prices.price_list import PRICE_LIST
    from heygen_async.cli.rendering.render_campaign import render_campaign
    from heygen_async.cli.terminal.progress import ProgressBoard, span
    from heygen_async.cli.terminal.summary import show_summary
    from heygen_async.simulator import serve

    total = plan.rows
    console.print(
        f"{total} contacts, one personalised video each, at most {campaign.run.max_in_flight} rendering at a time."
    )
    console.print(f"By {PRICE_LIST} they would cost about {plan.price}.")
    console.print("The server is a simulator on this machine: no key, no network, no money.")
    started = time.monotonic()
    board = ProgressBoard(console, total, asyncio.get_running_loop().time)
    async with (
        serve(world) as server,
        HeyGen("simulator-key", base_url=server.base_url, observers=[board]) as heygen,
    ):
        with board:
            results, _ = await render_campaign(campaign, plan, heygen, board)
    summary = results.summary
    once = "each row once" if world.charged_once_per("script") and len(world.ledger) == total else "NOT each row once"
    show_summary(
        console,
        summary,
        board,
        {
            "Charged": f"{world.charged_usd:.2f} simulated dollars by the simulator's ledger: "
            f"{len(world.ledger)} renders, {once}; {len(world.refunds)} failed ones not billed",
            "Time": f"{span(board.seconds)} of rendering, shown in {time.monotonic() - started:.0f} s",
            "Files": f"{campaign.beside(campaign.downloads.folder).resolve()}/  (results.csv lists every row)",
        },
    )
    return 0 if summary.completed + summary.failed.total() == total and once == "each row once" else 1

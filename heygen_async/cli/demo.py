"""`heygen-async demo`: a real contact list against the embedded simulator, in compressed time."""

from __future__ import annotations

import asyncio
import importlib.resources
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from heygen_async import HeyGen
from heygen_async.bulk.rows import read_csv
from heygen_async.bulk.template import Template
from heygen_async.cli.campaign import Campaign, render_campaign
from heygen_async.cli.given import Given
from heygen_async.cli.progress import Board, show_summary, span, wide_console
from heygen_async.simulator import DropAfterAccept, ErrorAnswer, FailedRender, World, run, serve

SPEED = 120.0
SCRIPT = (
    "Hi {{ first_name }}, this is Anna. I made this video just for you and everybody at {{ company }}. "
    "{% if note %}You told us: {{ note }}. {% endif %}"
    "If you are in {{ city }} next month, come and see us: {{ offer }}."
)


@click.command()
@click.option("--rows", type=click.IntRange(1, 200), default=200, show_default=True, help="Rows of the contact list.")
@click.option(
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("heygen-demo"),
    show_default=True,
    help="Folder for the files and results.csv.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=1, max=1000),
    default=SPEED,
    show_default=True,
    help="How many times faster than life.",
)
def demo(rows: int, folder: Path, speed: float) -> None:
    """Render the shipped contact list against the embedded simulator. No key, no network, no money.

    Client and server both run in compressed time, so the real polling, backoff and deadlines are at work:
    an hour of rendering passes in half a minute. The simulator loses some answers on purpose.
    """
    sys.exit(run(lambda: _demo(rows, folder), speed=speed))


async def _demo(rows: int, folder: Path) -> int:
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
            given=Given(
                table=read_csv(path),
                template=Template("direct", {"avatar_id": "look_anna", "voice_id": "voice_warm", "script": SCRIPT}),
                filename="{number}-{first_name}-{last_name}",
                limit=rows,
            ),
            folder=folder,
            max_in_flight=10,
            deadline=3600.0,
        )
        return await _render(campaign, world, console)


async def _render(campaign: Campaign, world: World, console: Console) -> int:
    plan = campaign.plan()
    total = plan.rows
    console.print(
        f"{total} contacts, one personalised video each, at most {campaign.max_in_flight} rendering at a time."
    )
    console.print(f"By HeyGen's price list they would cost about {plan.price}.")
    console.print("The server is a simulator on this machine: no key, no network, no money.")
    began = time.monotonic()
    board = Board(console, total, asyncio.get_running_loop().time)
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
            "Charged": f"{world.charged_usd:.2f} play dollars by the simulator's books: {len(world.ledger)} renders, "
            f"{once}; {len(world.refunds)} failed ones not billed",
            "Time": f"{span(board.seconds)} of rendering, shown in {time.monotonic() - began:.0f} s",
            "Files": f"{campaign.folder.resolve()}/  (results.csv lists every row)",
        },
    )
    return 0 if summary.completed + summary.failed.total() == total and once == "each row once" else 1

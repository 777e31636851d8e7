"""`heygen-async run`: a contact list becomes videos."""

from __future__ import annotations

import asyncio
import os
import sys
import urllib.parse
from pathlib import Path

import click

from heygen_async import HeyGen, InvalidInputError, simulator
from heygen_async.bulk.rows import read_csv
from heygen_async.bulk.template import MODES, Template
from heygen_async.cli.campaign import Campaign, render_campaign
from heygen_async.cli.progress import Board, show_summary, span, wide_console


def _settings(texts: tuple[str, ...]) -> dict[str, str]:
    """Read `--set name=value` options."""
    fields: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInputError(f"--set {text!r}: must be NAME=VALUE, such as --set avatar_id=look_anna")
        fields[name.strip()] = value
    return fields


@click.command()
@click.argument("contacts", type=click.Path(path_type=Path))
@click.option("--mode", type=click.Choice(list(MODES)), default="direct", show_default=True, help="What to make.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A request field; may hold {{ placeholders }}.",
)
@click.option("--script", help='The spoken text: "Hi {{ first_name }}" (direct and image mode).')
@click.option("--prompt", help="What to show (agent and cinematic mode).")
@click.option(
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("videos"),
    show_default=True,
    help="Folder for the files and results.csv.",
)
@click.option(
    "--filename",
    default="{number}-{id}",
    show_default=True,
    help="Name of each file: {number}, {id}, {title} or {a column}.",
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
@click.option("--limit", type=click.IntRange(min=1), help="Use only the first N rows.")
@click.option("--base-url", help="Another server, such as the simulator's.  [default: https://api.heygen.com]")
@click.option(
    "--speed",
    type=click.FloatRange(min=1),
    default=1.0,
    show_default=True,
    help="As of `heygen-async simulate --speed`; for a server on this machine only.",
)
def run(
    contacts: Path,
    mode: str,
    settings: tuple[str, ...],
    script: str | None,
    prompt: str | None,
    folder: Path,
    filename: str,
    max_in_flight: int,
    deadline: float,
    no_download: bool,
    limit: int | None,
    base_url: str | None,
    speed: float,
) -> None:
    """Render one personalised video for each row of CONTACTS, a CSV file. Costs money.

    Every row is checked before the first is sent. Needs HEYGEN_API_KEY in the environment.
    """
    base_url = base_url or os.environ.get("HEYGEN_API_BASE")
    _check_speed(speed, base_url)
    given = {"script": script, "prompt": prompt}
    fields = {**_settings(settings), **{name: text for name, text in given.items() if text is not None}}
    campaign = Campaign(
        table=read_csv(contacts),
        template=Template(mode, fields),
        folder=folder,
        filename=filename,
        max_in_flight=max_in_flight,
        deadline=deadline,
        download=not no_download,
        limit=limit,
    )
    sys.exit(simulator.run(lambda: _run(campaign, base_url), speed=speed))


def _check_speed(speed: float, base_url: str | None) -> None:
    """Let time run faster only where nobody is asked too often by it."""
    host = urllib.parse.urlsplit(base_url or "").hostname
    if speed > 1 and host not in {"127.0.0.1", "localhost", "::1"}:
        server = base_url or "HeyGen"
        raise InvalidInputError(f"--speed {speed:g}: only with a simulator on this machine, not with {server}")


async def _run(campaign: Campaign, base_url: str | None) -> int:
    console = wide_console()
    total = campaign.check()
    if not total:
        console.print(f"{campaign.table.path}: there are no rows, so there is nothing to do")
        return 7
    board = Board(console, total, asyncio.get_running_loop().time)
    async with HeyGen(base_url=base_url, observers=[board]) as heygen:
        with board:
            summary, bill = await render_campaign(campaign, heygen)
    show_summary(
        console,
        summary,
        board,
        {
            "Charged": str(bill),
            "Time": span(board.seconds),
            "Files": f"{campaign.folder.resolve()}/  (results.csv lists every row)",
        },
    )
    return 5 if summary.failed or summary.not_stored else 0

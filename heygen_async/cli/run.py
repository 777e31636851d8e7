"""`heygen-async run`: a contact list becomes videos."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from heygen_async import HeyGen, InvalidInputError
from heygen_async.bulk.decisions import OnUnknown
from heygen_async.bulk.downloads import KINDS, checked_kinds
from heygen_async.bulk.rows import read_rows
from heygen_async.bulk.storing import MAX_DOWNLOADS
from heygen_async.bulk.template import MODES, Template
from heygen_async.cli import running
from heygen_async.cli.campaign import Campaign, render_campaign
from heygen_async.cli.journal import check_journal
from heygen_async.cli.progress import Board, wide_console


def _pairs(option: str, texts: tuple[str, ...], example: str) -> dict[str, str]:
    """Read options such as `--set name=value`."""
    fields: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InvalidInputError(f"{option} {text!r}: must be NAME=VALUE, such as {option} {example}")
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
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="A field, or `mode`, that each row may have in a column; where its cell is empty, --set holds.",
)
@click.option(
    "--locale", default="en", show_default=True, help="How the filters `number` and `date` write: de, fr, ..."
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
@click.option("--encoding", help="Of a CSV file that is not UTF-8: cp1252 for what Excel saves as plain CSV.")
@click.option("--sheet", help="Of an Excel workbook; the first else.")
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
@click.option("--limit", type=click.IntRange(min=1), help="Use only the first N rows.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    help="Remember the run in this file, so that it can go on after anything: `heygen-async resume`.",
)
@running.on_unknown
@running.base_url
@running.speed
def run(
    contacts: Path,
    mode: str,
    settings: tuple[str, ...],
    columns: tuple[str, ...],
    locale: str,
    script: str | None,
    prompt: str | None,
    folder: Path,
    filename: str,
    max_in_flight: int,
    deadline: float,
    encoding: str | None,
    sheet: str | None,
    no_download: bool,
    files: str,
    max_downloads: int,
    limit: int | None,
    journal: Path | None,
    on_unknown: OnUnknown,
    base_url: str | None,
    speed: float,
) -> None:
    """Render one personalised video for each row of CONTACTS. Costs money.

    CONTACTS is a .csv, .jsonl, .xlsx or .parquet file. Every row is checked before the first is sent.
    Needs HEYGEN_API_KEY in the environment.
    """
    if journal is not None:
        check_journal(journal)
    given = {"script": script, "prompt": prompt}
    fields = {
        **_pairs("--set", settings, "avatar_id=look_anna"),
        **{name: text for name, text in given.items() if text is not None},
    }
    mapped = _pairs("--map", columns, "voice_id=Voice")
    campaign = Campaign(
        table=read_rows(contacts, encoding=encoding, sheet=sheet, may_be_empty=True),
        template=Template(mode, fields, columns=mapped, locale=locale),
        folder=folder,
        filename=filename,
        max_in_flight=max_in_flight,
        deadline=deadline,
        download=not no_download,
        files=checked_kinds(kind.strip() for kind in files.split(",")),
        max_downloads=max_downloads,
        limit=limit,
    )
    sys.exit(running.start(lambda: _run(campaign, base_url, journal, on_unknown), speed, base_url))


async def _run(campaign: Campaign, base_url: str | None, journal: Path | None, on_unknown: OnUnknown) -> int:
    console = wide_console()
    total = campaign.check()
    if not total:
        console.print(f"{campaign.table.name}: there are no rows, so there is nothing to do")
        return 7
    unused = campaign.unused()
    if unused:
        console.print(f"columns that nothing uses: {', '.join(unused)}", markup=False, highlight=False)
    board = Board(console, total, asyncio.get_running_loop().time)
    async with HeyGen(base_url=base_url, observers=[board]) as heygen:
        with board:
            results, bill = await render_campaign(campaign, heygen, board, journal=journal, on_unknown=on_unknown)
    folder = str(campaign.folder) if campaign.download or journal is None else None
    return running.finish(console, results, bill, board, journal=journal, folder=folder)

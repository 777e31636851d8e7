"""`heygen-async demo`: render the shipped contact list against the embedded simulator, in compressed time."""

from __future__ import annotations

import asyncio
import importlib.resources
import os
import shlex
import shutil
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heygen_async import Campaign
    from heygen_async.bulk.plan.plan import Plan
    from heygen_async.simulator import World

SPEED = 160.0
JOURNAL = "demo.db"
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
    output: Annotated[Path, Parameter(help="Folder for the files, the journal and the report.")] = Path("heygen-demo"),
    speed: Annotated[
        float, Parameter(validator=validators.Number(gte=1, lte=1000), help="How many times faster than real time.")
    ] = SPEED,
) -> None:
    """Render the shipped contact list against the embedded simulator. No key, no network, no money.

    Client and server run in compressed time with the real polling, backoff and deadlines: an hour of rendering takes
    half a minute. The simulator loses some answers and fails some renders on purpose. The folder holds the journal, a
    report and the links for a mailing, to play with; a demo that is there already is replaced.
    """
    from heygen_async.simulator import run

    sys.exit(run(lambda: _demo(rows, output), speed=speed))


async def _demo(rows: int, folder: Path) -> int:
    from heygen_async import Campaign
    from heygen_async.bulk.campaign_file.campaign_file import DownloadsTable, RowsTable
    from heygen_async.cli.rendering.plan_rows import plan_offline
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.simulator import DropAfterAccept, ErrorAnswer, FailedRender, World

    _begin(folder)
    console = wide_console()
    moderated = "The script was flagged by content moderation."
    world = World(
        slots=10,
        seed=7,
        faults=[
            DropAfterAccept(probability=0.03),
            ErrorAnswer(method="GET", probability=0.02),
            FailedRender(probability=0.01, code="content_policy_violation", message=moderated),
            FailedRender(probability=0.015, code="rendering_failed", message="The avatar could not be animated."),
        ],
    )
    contacts = importlib.resources.files("heygen_async.simulator").joinpath("contacts.csv")
    with importlib.resources.as_file(contacts) as path:
        campaign = Campaign(
            request={"avatar_id": "look_anna", "voice_id": "voice_warm", "script": SCRIPT},
            rows=RowsTable(limit=rows, id="email"),
            downloads=DownloadsTable(folder=str(folder), filename="{number}-{first_name}-{last_name}"),
        )
        return await _render(campaign, plan_offline(campaign, path), world, console)


async def _render(campaign: Campaign, plan: Plan, world: World, console: Console) -> int:
    from heygen_async import HeyGen, Journal
    from heygen_async.bulk.prices.price_list import PRICE_LIST
    from heygen_async.cli.rendering.render_campaign import render_campaign
    from heygen_async.cli.rendering.results_files import write_results
    from heygen_async.cli.terminal.progress import ProgressBoard, span
    from heygen_async.cli.terminal.summary import show_summary
    from heygen_async.simulator import serve

    total, folder = plan.rows, campaign.beside(campaign.downloads.folder)
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
            results, _ = await render_campaign(campaign, plan, heygen, board, journal=folder / JOURNAL)
    with Journal(folder / JOURNAL) as journal:
        write_results(journal, folder)
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
        },
    )
    _show_what_is_there(console, folder, board.failures)
    return 0 if summary.completed + summary.failed.total() == total and once == "each row once" else 1


def _show_what_is_there(console: Console, folder: Path, failures: Sequence[str]) -> None:
    """Write the report; print some failed rows, the files, and commands to go on with."""
    from heygen_async import write_report
    from heygen_async.cli.help_layout import section

    page, journal = write_report(folder / JOURNAL, folder / "demo.html"), shlex.quote(str(folder / JOURNAL))
    command = _command()
    files = [
        (str(page), "the report: open it in a browser"),
        (str(folder / "results.csv"), "every row, with its video or its reason"),
        (str(folder / "mail-merge.csv"), "the link of each video, for a mailing"),
    ]
    steps = [(f"{command} status {journal}", "shows how far it is, and what to do next")]
    if failures:
        console.print("\nSome rows failed on purpose; they are not billed:")
        for failure in failures:
            console.print(_indented(failure, 2, console))
        steps += [
            (f"{command} retry {journal} --failed", "plans the failed rows again; free"),
            (f"{command} simulate --speed 60", "in another terminal: a server; paste here the line that it prints"),
            (f"{command} resume {journal}", "sends the rows to it"),
            (f"{command} report {journal}", "writes the report anew"),
        ]
    steps.append((f"{command} init", "begins with a list of yours"))
    console.print(f"\n{section('Here', files)}\n\nTo go on:")
    for step, about in steps:
        console.print(f"  {step}", soft_wrap=True)
        console.print(_indented(about, 6, console))


def _indented(text: str, by: int, console: Console) -> str:
    """Return a text whose lines all begin so far to the right, filled to the width of the terminal."""
    return textwrap.indent(textwrap.fill(text, console.width - by, break_on_hyphens=False), " " * by)


def _command() -> str:
    """Return how this program can be typed: `make demo` calls one that is not on the path."""
    called = sys.argv[0]
    is_ours = Path(called).name.startswith("heygen-async") and shutil.which("heygen-async") is None
    return shlex.quote(os.path.relpath(called)) if is_ours else "heygen-async"


def _begin(folder: Path) -> None:
    """Begin a journal; remove that of an earlier demo, with its tables. Videos are replaced one by one.

    Raises:
        InvalidInputError: The journal there is that of a campaign.
    """
    from heygen_async import InvalidInputError, Journal

    path = folder / JOURNAL
    if not path.exists():
        _mark(path)
        return
    with Journal(path, read_only=True) as journal:
        is_demo = journal.meta("demo") is not None
    if not is_demo:
        raise InvalidInputError(f"{path}: is the journal of a campaign, not of a demo; choose another --output")
    for file in (path, *(Path(f"{path}{end}") for end in ("-wal", "-shm", ".lock")), folder / "results.csv"):
        file.unlink(missing_ok=True)
    _mark(path)


def _mark(path: Path) -> None:
    from heygen_async import Journal
    from heygen_async.cli.rendering.follow_run import check_writable

    check_writable(path.parent)
    with Journal(path, create=True) as journal:
        journal.set_meta(demo="yes")

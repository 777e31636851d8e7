"""`heygen-async plan`: everything that is wrong with a list, and what it would cost. Sends nothing."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from heygen_async.bulk.planning import Plan
from heygen_async.cli.given import Given, given
from heygen_async.cli.progress import wide_console

_KINDS = {"avatar": "direct", "image": "image", "cinematic_avatar": "cinematic", "video_agent": "agent"}


@click.command()
@given
@click.option("--no-download", is_flag=True, help="As of `run`: then names of files may clash.")
def plan(wanted: Given, *, no_download: bool) -> None:
    """Check every row and price the list. Sends nothing, costs nothing, needs no key.

    Every problem is told with its place, its value, the reason and the mend. Exit code 2 if there is any.
    """
    made = wanted.plan(stores=not no_download)
    show_plan(wide_console(), made)
    sys.exit(2 if made.errors else 0 if made.rows else 7)


def show_plan(console: Console, made: Plan) -> None:
    """Print the problems, then the price."""
    for problem in made.problems:
        word, color = ("problem", "red") if problem.severity == "error" else ("note", "yellow")
        console.print(f"[{color}]{word}[/]  ", end="", highlight=False)
        console.print(str(problem), markup=False, highlight=False, soft_wrap=True)
    good = made.rows - made.bad
    console.print(f"{made.table.name}: {made.rows} rows, {good} can be rendered, {made.bad} cannot", highlight=False)
    for kind, (count, price) in made.kinds.items():
        console.print(f"  {count} x {_KINDS.get(kind, kind)}: {price}", highlight=False)
    console.print(f"Price: {made.price}, by HeyGen's price list; HeyGen's bill decides", highlight=False)
    if made.errors:
        console.print("Nothing was sent. Mend the problems, then plan again.", highlight=False)

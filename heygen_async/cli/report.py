"""`heygen-async report`: a campaign as a page for people."""

from __future__ import annotations

from pathlib import Path

import click

from heygen_async import write_report
from heygen_async.cli.progress import wide_console


@click.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The page.  [default: beside JOURNAL, with its name and .html]",
)
def report(journal: Path, output: Path | None) -> None:
    """Write a campaign as one HTML page that needs no network.

    Totals, costs, what is left, failures with their mends, and every video beside its row. Asks nothing of HeyGen; may
    be run while the campaign goes on. It names the files that were stored relative to itself.
    """
    page = write_report(journal, output or journal.with_suffix(".html"))
    wide_console().print(f"{page}: open it in a browser ({page.stat().st_size / 1000:,.0f} kB)")

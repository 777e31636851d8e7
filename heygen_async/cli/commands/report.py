"""`heygen-async report`: a campaign as a page for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import JournalFile


def report(
    journal: JournalFile,
    /,
    *,
    output: Annotated[
        Path | None,
        Parameter(name=("--output", "-o"), help="The page. [default: beside JOURNAL, with its name and .html]"),
    ] = None,
) -> None:
    """Write a campaign as one HTML page that needs no network.

    Totals, costs, what is left, failures with their mends, and every video beside its row. Asks nothing of HeyGen; may
    be run while the campaign goes on. It names the files that were stored relative to itself.
    """
    from heygen_async import write_report
    from heygen_async.cli.terminal.progress import wide_console

    page = write_report(journal, output or _beside(journal))
    wide_console().print(f"{page}: open it in a browser ({page.stat().st_size / 1000:,.0f} kB)")


def _beside(journal: str) -> Path:
    """Return the page's usual place: beside a file, and for a database here, by its name."""
    if "://" not in journal:
        return Path(journal).with_suffix(".html")
    return Path(journal.partition("?")[0].rpartition("/")[2] or "campaign").with_suffix(".html")

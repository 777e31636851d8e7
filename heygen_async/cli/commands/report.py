"""`heygen-async report`: write a campaign as an HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import CampaignName, JournalFile


def report(
    journal: JournalFile,
    /,
    *,
    output: Annotated[
        Path | None,
        Parameter(name=("--output", "-o"), help="The page. [default: beside JOURNAL, with its name and .html]"),
    ] = None,
    campaign: CampaignName = None,
) -> None:
    """Write a campaign as one HTML page that needs no network.

    The page shows totals, costs, open rows, failures with remedies, and every video beside its row. It links stored
    files by paths relative to itself. Sends no request to HeyGen; works during a run, too.
    """
    from heygen_async import Journal, write_report
    from heygen_async.cli.terminal.progress import wide_console

    target = output or _default_page(journal)
    if campaign is None:
        page = write_report(journal, target)
    else:
        with Journal(journal, read_only=True, campaign=campaign) as opened:
            page = write_report(opened, target)
    wide_console().print(f"{page}: open it in a browser ({page.stat().st_size / 1000:,.0f} kB)")


def _default_page(journal: str) -> Path:
    """Return a path beside a journal file, or in the current folder for a database, with its name."""
    if "://" not in journal:
        return Path(journal).with_suffix(".html")
    return Path(journal.partition("?")[0].rpartition("/")[2] or "campaign").with_suffix(".html")

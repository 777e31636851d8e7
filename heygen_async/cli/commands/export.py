"""`heygen-async export`: write a campaign as CSV or JSON lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import JournalFile


def export(journal: JournalFile, output: Annotated[Path, Parameter(help="Ends in .csv or .jsonl.")], /) -> None:
    """Write a campaign to OUTPUT: .csv or .jsonl; failed.csv holds the failed rows only, ready to be run again."""
    from heygen_async import Journal
    from heygen_async.bulk.output.export import export as export_journal
    from heygen_async.cli.terminal.progress import wide_console

    with Journal(journal, read_only=True) as opened:
        count = export_journal(opened, output)
    wide_console().print(f"{count} rows written to {output}")

"""`heygen-async retry`: plan failed rows again."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import JournalFile


def retry(
    journal: JournalFile,
    /,
    *,
    failed: Annotated[  # noqa: ARG001 - required, so that a retry is always asked for
        bool, Parameter(required=True, help="Retry failed rows; completed rows are never rendered again.")
    ],
    code: Annotated[str | None, Parameter(help="Only rows that failed with this code.")] = None,
) -> None:
    """Plan failed rows again, each under a new key. Free; `resume` sends them."""
    from heygen_async import Journal
    from heygen_async.bulk.journal.database import ADDRESSES
    from heygen_async.cli.terminal.progress import wide_console

    with Journal(journal) as opened:
        rows = [record.id for record in opened.records("failed", code=code)]
        for job_id in rows:
            opened.begin_again(job_id)
    if journal.startswith(ADDRESSES):
        _queue_again(journal)
        sys.exit(0 if rows else 7)
    wide_console().print(f"{len(rows)} rows are planned again. To send them: heygen-async resume {journal}")
    sys.exit(0 if rows else 7)


def _queue_again(address: str) -> None:
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import queue_again

    wide_console().print(f"{queue_again(address)} rows are queued again for the workers.", highlight=False)

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
    failed: Annotated[  # noqa: ARG001 - said on purpose, not by default
        bool, Parameter(required=True, help="The failed rows; completed ones are never made again.")
    ],
    code: Annotated[str | None, Parameter(help="Only those that failed with this code.")] = None,
) -> None:
    """Plan failed rows again, each under a new key. Sends nothing: resume does."""
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
    wide_console().print(f"{len(rows)} rows are planned again. heygen-async resume {journal}")
    sys.exit(0 if rows else 7)


def _queue_again(address: str) -> None:
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import queue_again

    wide_console().print(f"{queue_again(address)} rows are queued again; workers go on with them.", highlight=False)

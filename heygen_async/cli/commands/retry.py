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
    again: Annotated[
        bool, Parameter(help="Plan rows again that are paid for, or may be, too. They are paid for again.")
    ] = False,
) -> None:
    """Plan failed rows again, each under a new key. Free; `resume` sends them.

    A failed row that is paid for, or may be, is not sent again: `resume` reads its render, or looks for it at HeyGen,
    and takes the video if it is there.
    """
    from heygen_async import Journal
    from heygen_async.bulk.journal.database import ADDRESSES
    from heygen_async.cli.terminal.progress import wide_console

    with Journal(journal) as opened:
        rows = list(opened.records("failed", code=code))
        looked_at = [record for record in rows if record.spent in {"yes", "unknown"} and not again]
        for record in rows:
            (opened.look_again if record in looked_at else opened.begin_again)(record.id)
    if journal.startswith(ADDRESSES):
        _queue_again(journal)
        sys.exit(0 if rows else 7)
    console = wide_console()
    console.print(f"{len(rows) - len(looked_at)} rows are planned again. To send them: heygen-async resume {journal}")
    if looked_at:
        console.print(
            f"{len(looked_at)} rows are paid for, or may be: resume looks for their videos at HeyGen and sends nothing "
            "for them."
        )
    sys.exit(0 if rows else 7)


def _queue_again(address: str) -> None:
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import queue_again

    wide_console().print(f"{queue_again(address)} rows are queued again for the workers.", highlight=False)

"""`heygen-async decide`: settle rows whose answer was lost and that HeyGen does not list."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.terminal.option_types import JournalFile


def decide(
    journal: JournalFile,
    /,
    *,
    resubmit: Annotated[bool, Parameter(help="Send them again, and perhaps pay twice.")] = False,
    skip: Annotated[bool, Parameter(help="Give them up.")] = False,
    adopt: Annotated[str | None, Parameter(help="Id of the video or session at HeyGen that is the row's.")] = None,
    row: Annotated[
        tuple[int, ...], Parameter(help="Number of a row in its list; repeatable. [default: all that wait]")
    ] = (),
) -> None:
    """Decide about rows whose answer was lost and that HeyGen does not list. Free.

    `resume` then goes on with them; workers that share the database go on by themselves.
    """
    from heygen_async import InvalidInputError, Journal
    from heygen_async.bulk.campaign.decision import Choice, decide as decide_rows
    from heygen_async.cli.terminal.progress import wide_console

    chosen: dict[Choice, bool] = {"resubmit": resubmit, "skip": skip, "adopt": adopt is not None}
    choices = [choice for choice, is_chosen in chosen.items() if is_chosen]
    if len(choices) != 1:
        raise InvalidInputError("choose one of --resubmit, --skip and --adopt ID")
    with Journal(journal) as opened:
        numbers = {line: job_id for job_id, line in opened.lines().items()}
        rows = [numbers.get(line, line) for line in row]
        count = decide_rows(opened, choices[0], adopted=adopt, rows=rows)
        is_shared = opened.meta("fleet") is not None
    if is_shared:
        from heygen_async.workers.enqueue import look_again

        look_again(journal)
    wide_console().print(f"Decided for {counted(count, 'row')}: {choices[0]}", highlight=False)
    sys.exit(0 if count else 7)

"""`heygen-async retry`: plan failed rows again."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

from cyclopts import Parameter

from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.rendering.campaign_options import ChoiceOptions, chosen_of_journal
from heygen_async.cli.terminal.option_types import JournalFile

_LOOKED_FOR = "resume looks for their videos at HeyGen, and sends nothing for them"

_OF_ANOTHER_LIST = "not in the list that was run last: resume leaves them out, and a run of their list sends them"


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
    choice_options: ChoiceOptions = ChoiceOptions(),  # noqa: B008 - a frozen value
) -> None:
    """Plan failed rows again, each under a new key. Free; `resume` sends them.

    A failed row that is paid for, or may be, is not sent again: `resume` reads its render, or looks for it at HeyGen,
    and takes the video if it is there.
    """
    from heygen_async import Journal
    from heygen_async.cli.terminal.progress import wide_console

    console, resume_words = wide_console(), f"heygen-async resume {shlex.quote(journal)}"
    with Journal(journal) as opened:
        is_shared = opened.meta("fleet") is not None
        is_chosen = chosen_of_journal(choice_options, opened)
        rows = [record for record in opened.records("failed", code=code) if is_chosen(record)]
        paid = [] if again else [record for record in rows if record.spent in {"yes", "unknown"}]
        for record in rows:
            if record not in paid:
                opened.begin_again(record.id)
            elif not is_shared:
                opened.look_again(record.id)
        again_planned = {record.id for record in rows} - {record.id for record in paid}
        left_out = len(again_planned - {record.id for record in opened.records("planned")})
    if not rows:
        which = "No row has failed" if code is None and not choice_options.choice() else "No such row has failed"
        console.print(f"{which}, so there is nothing to plan again.")
    elif is_shared:
        from heygen_async.workers.enqueue import look_again

        look_again(journal)
        console.print(
            f"Planned again: {counted(len(rows) - len(paid), 'row')}; the workers send them.", highlight=False
        )
    elif len(rows) > len(paid):
        console.print(
            f"Planned again: {counted(len(rows) - len(paid), 'row')}. To send them: {resume_words}", soft_wrap=True
        )
    else:
        console.print(f"None is planned again. To look for their videos: {resume_words}", soft_wrap=True)
    if left_out:
        console.print(f"{left_out} of them are {_OF_ANOTHER_LIST}.", soft_wrap=True)
    if paid:
        left = "they stay failed; compare with HeyGen (audit), then retry with --again" if is_shared else _LOOKED_FOR
        console.print(f"Paid for, or perhaps: {counted(len(paid), 'row')}; {left}.", soft_wrap=True)
    sys.exit(0 if rows else 7)

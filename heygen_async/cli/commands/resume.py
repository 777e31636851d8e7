"""`heygen-async resume`: go on with a campaign after any interruption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import BaseUrl, JournalFile, Json, Speed, Unknown, Usd

if TYPE_CHECKING:
    from heygen_async.cli.terminal.json_feed import JsonFeed


def resume(
    journal: JournalFile,
    /,
    *,
    on_unknown: Unknown = "hold",
    budget: Annotated[
        Usd | None, Parameter(help="What the campaign may cost, all its runs together, in the place of what it had.")
    ] = None,
    approve: Annotated[bool, Parameter(help="Ask before the rows after the canary are sent.")] = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
    in_json: Json = False,
) -> None:
    """Go on with a campaign after any interruption. Needs nothing but JOURNAL. Costs money for what is left.

    If JOURNAL is a database that workers share, they go on after `pause`, or when there is credit again.
    """
    from heygen_async.bulk.journal.database import ADDRESSES
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.terminal.json_feed import fed

    if journal.startswith(ADDRESSES):
        _let_workers_go_on(journal)
        return
    going_on = follow_run.ResumeOptions(journal=journal, on_unknown=on_unknown, budget_usd=budget, approve=approve)

    def command(feed: JsonFeed) -> int:
        return follow_run.start(lambda: follow_run.resume(going_on, base_url, feed), speed, base_url)

    fed(command, in_json=in_json)


def _let_workers_go_on(address: str) -> None:
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import resume as resume_workers

    state = resume_workers(address)
    wide_console().print(f"The workers go on: at most {state.cap} renders at once.", highlight=False)

"""`heygen-async resume`: continue a campaign after any interruption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.terminal.notice import EndNotice
from heygen_async.cli.terminal.option_types import (
    Account,
    BaseUrl,
    CampaignName,
    DryRun,
    JournalFile,
    Json,
    Speed,
    Unknown,
    Usd,
)

if TYPE_CHECKING:
    from heygen_async.cli.terminal.json_feed import JsonFeed


def resume(
    journal: JournalFile,
    /,
    *,
    on_unknown: Unknown = "hold",
    budget: Annotated[
        Usd | None, Parameter(help="A new budget of the campaign, for all its runs together: 250, 250usd, $250.")
    ] = None,
    approve: Annotated[bool, Parameter(help="Ask before the rows after the canary are sent.")] = False,
    notice: EndNotice = EndNotice(),  # noqa: B008 - a frozen value
    campaign: CampaignName = None,
    account: Account = "",
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
    in_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Continue a campaign after any interruption. Needs only JOURNAL. Costs money for the rows that are left.

    If JOURNAL is a database that workers share, the workers continue: after `pause`, after a lack of credit, and after
    a guard such as a budget has stopped a campaign. They look again for rows that are not settled or lack files.
    """
    from heygen_async import InvalidInputError, Journal
    from heygen_async.bulk.journal.database import ADDRESSES
    from heygen_async.cli.rendering import follow_run
    from heygen_async.cli.terminal.json_feed import exit_with_feed

    if dry_run:
        raise InvalidInputError(
            "--dry-run: `heygen-async status`, with the same journal, shows what is left to be sent"
        )
    if journal.startswith(ADDRESSES):
        with Journal(journal, read_only=True) as opened:
            is_shared = opened.meta("fleet") is not None
        if is_shared:
            _resume_workers(journal, account, campaign, budget)
            return
    options = follow_run.ResumeOptions(journal=journal, on_unknown=on_unknown, budget_usd=budget, approve=approve)

    def command(feed: JsonFeed) -> int:
        notice.check()
        return follow_run.run_async(lambda: follow_run.resume(options, base_url, feed), speed, base_url)

    exit_with_feed(command, in_json=in_json, notify=notice.send)


def _resume_workers(address: str, account: str, campaign: str | None, budget: float | None) -> None:
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import resume as resume_workers

    state = resume_workers(address, account, campaign=campaign, budget_usd=budget)
    wide_console().print(f"The workers continue: at most {counted(state.cap, 'render')} at once.", highlight=False)

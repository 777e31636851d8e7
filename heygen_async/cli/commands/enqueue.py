"""`heygen-async enqueue`: check every row and queue it for workers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.rendering.campaign_options import CampaignOptions, ChoiceOptions, open_source
from heygen_async.cli.rendering.run_flags import RunFlags
from heygen_async.cli.terminal.option_types import (
    NO_DRY_RUN,
    Account,
    Address,
    BaseUrl,
    Count,
    DryRun,
    NoPreflight,
    RowsFile,
    Source,
)

if TYPE_CHECKING:
    from heygen_async import Campaign


def enqueue(
    source: Source,
    rows: RowsFile = None,
    /,
    *,
    database: Address,
    campaign_options: CampaignOptions = CampaignOptions(),  # noqa: B008 - a frozen value
    choice_options: ChoiceOptions = ChoiceOptions(),  # noqa: B008 - a frozen value
    flags: RunFlags = RunFlags(),  # noqa: B008 - a frozen value
    campaign: Annotated[
        str | None,
        Parameter(help="Name that keeps these rows apart from other lists in the database. [default: that of SOURCE]"),
    ] = None,
    max_agents: Annotated[
        Count | None, Parameter(help="How many of the renders at once may be agents. [default: unchanged, else 3]")
    ] = None,
    requests_per_second: Annotated[
        Count | None, Parameter(help="Most rows that begin in a second, all workers together. [default: no limit]")
    ] = None,
    account: Account = "",
    create: Annotated[bool, Parameter(help="Create the database if the server has none of this name.")] = False,
    no_preflight: NoPreflight = False,
    base_url: BaseUrl = None,
    dry_run: DryRun = False,
) -> None:
    """Check every row and queue it for workers on any number of machines. Free; workers render and pay.

    Queuing the same list again adds only new and changed rows: each row is paid for once. Options that are not given
    stay as they are in the database. `--max-in-flight` counts the renders of all workers together.
    """
    from heygen_async import InvalidInputError
    from heygen_async.bulk.prices.price_list import PRICE_LIST
    from heygen_async.cli.rendering.compare_list import merge_text, waiting_text
    from heygen_async.cli.rendering.follow_run import kept_text
    from heygen_async.cli.rendering.plan_rows import client_if_key, plan_offline, plan_online
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import enqueue as queue_rows

    async def main() -> int:
        if dry_run:
            raise InvalidInputError(NO_DRY_RUN)
        file, contacts = open_source(source, rows)
        settings, choice = flags.campaign(campaign_options.campaign(file)), choice_options.choice()
        options = _options(settings, flags, source, database)
        async with client_if_key(base_url) as heygen:
            if heygen is None or no_preflight:
                plan = plan_offline(settings, contacts, choice, keep=True)
            else:
                plan = await plan_online(heygen, settings, contacts, choice, keep=True)
        result = await queue_rows(
            database,
            plan.jobs(),
            campaign=source.stem if campaign is None else campaign,
            requests_per_second=requests_per_second,
            again=flags.again,
            account=account,
            create=create,
            **{**options, **({} if max_agents is None else {"max_agents": max_agents})},
        )
        console = wide_console()
        console.print(f"Rows: {merge_text(result.merge) or 'none'}", highlight=False)
        if result.merge.waiting:
            console.print(waiting_text(result.merge), markup=False, highlight=False)
        if result.kept:
            console.print(kept_text(result.kept), markup=False, highlight=False)
        console.print(f"Queued: {counted(result.queued, 'row')}; {result.state}", highlight=False)
        console.print(f"Price: {plan.price}, by {PRICE_LIST}", highlight=False)
        console.print("Now, on as many machines as you like: heygen-async worker --database ...", highlight=False)
        return 8 if result.merge.waiting else 0

    raise SystemExit(asyncio.run(main()))


def _options(campaign: Campaign, flags: RunFlags, source: Path, database: str) -> dict[str, Any]:
    """Return the options of the campaign; refuse those that workers cannot heed."""
    from heygen_async import InvalidInputError

    if campaign.run.journal not in {None, database}:
        raise InvalidInputError(
            f"{source.name}, run.journal: {campaign.run.journal}; the rows of workers are kept in --database. Leave "
            "the entry out, or render with `heygen-async run`"
        )
    if campaign.run.max_in_flight == "auto":
        raise InvalidInputError(
            f'{source.name}, run.max_in_flight: "auto"; workers need a number, such as --max-in-flight 10. They lower '
            "it where the account has fewer slots"
        )
    if campaign.run.approve and campaign.run.canary is None:
        raise InvalidInputError("--approve: there is no canary to approve; say how many rows go first: --canary 3")
    options = {**campaign.options(), **flags.chosen(), "approve": campaign.run.approve}
    del options["journal"]
    return options

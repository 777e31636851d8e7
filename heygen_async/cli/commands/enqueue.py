"""`heygen-async enqueue`: check every row and queue it for workers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from heygen_async.cli.rendering.campaign_options import CampaignOptions, open_source
from heygen_async.cli.rendering.choice_options import ChoiceOptions
from heygen_async.cli.terminal.option_types import (
    NO_DRY_RUN,
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
    campaign: Annotated[
        str | None,
        Parameter(help="Name that keeps these rows apart from other lists in the database. [default: that of SOURCE]"),
    ] = None,
    max_in_flight: Annotated[
        Count | None,
        Parameter(
            help="Renders at once, all workers together. [default: the campaign file's, else unchanged, else 10]"
        ),
    ] = None,
    max_agents: Annotated[
        Count | None, Parameter(help="How many of them may be agents. [default: unchanged, else 3]")
    ] = None,
    again: Annotated[
        bool, Parameter(help="Render rows again, and pay again, that have a video made with another request.")
    ] = False,
    no_preflight: NoPreflight = False,
    base_url: BaseUrl = None,
    dry_run: DryRun = False,
) -> None:
    """Check every row and queue it for workers on any number of machines. Free; workers render and pay.

    Queuing the same list again adds only new and changed rows: each row is paid for once.
    """
    from heygen_async import InvalidInputError
    from heygen_async.bulk.prices.price_list import PRICE_LIST
    from heygen_async.cli.rendering.compare_list import merge_text, waiting_text
    from heygen_async.cli.rendering.plan_rows import client_if_key, plan_offline, plan_online
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import enqueue as queue_rows

    async def main() -> int:
        if dry_run:
            raise InvalidInputError(NO_DRY_RUN)
        file, contacts = open_source(source, rows)
        settings, choice = campaign_options.campaign(file), choice_options.choice()
        async with client_if_key(base_url) as heygen:
            if heygen is None or no_preflight:
                plan = plan_offline(settings, contacts, choice)
            else:
                plan = await plan_online(heygen, settings, contacts, choice)
        result = await queue_rows(
            database,
            plan.jobs(),
            campaign=source.stem if campaign is None else campaign,
            max_in_flight=max_in_flight or _max_in_flight_of(settings, source),
            max_agents=max_agents,
            tag_titles=settings.run.tag_titles,
            again=again,
        )
        console = wide_console()
        console.print(f"Rows: {merge_text(result.merge) or 'none'}", highlight=False)
        if result.merge.waiting:
            console.print(waiting_text(result.merge), markup=False, highlight=False)
        console.print(f"{result.queued} rows are queued; {result.state}", highlight=False)
        console.print(f"Price: {plan.price}, by {PRICE_LIST}", highlight=False)
        console.print("Now, on as many machines as you like: heygen-async worker --database ...", highlight=False)
        return 8 if result.merge.waiting else 0

    raise SystemExit(asyncio.run(main()))


def _max_in_flight_of(campaign: Campaign, source: Path) -> int | None:
    """Return the campaign file's number of renders at once; None for a bare contact list."""
    limit = campaign.run.max_in_flight if source.suffix.lower() == ".toml" else None
    return limit if isinstance(limit, int) else None

"""`heygen-async enqueue`: check every row and queue it for workers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from heygen_async.cli.rendering.campaign_options import CampaignOptions, opened
from heygen_async.cli.terminal.option_types import (
    Address,
    BaseUrl,
    Count,
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
    given: CampaignOptions = CampaignOptions(),  # noqa: B008 - a frozen value
    campaign: Annotated[
        str | None, Parameter(help="Tells these rows from other lists' in the database. [default: SOURCE's name]")
    ] = None,
    max_in_flight: Annotated[
        Count | None, Parameter(help="Renders at once, over all workers. [default: the campaign file's; as before; 10]")
    ] = None,
    max_agents: Annotated[Count | None, Parameter(help="Of them agents. [default: as before; 3]")] = None,
    no_preflight: NoPreflight = False,
    base_url: BaseUrl = None,
) -> None:
    """Check every row and queue it for workers on any number of machines. Renders nothing; workers do.

    The same list again queues only what is new or changed: each row is paid for once.
    """
    from heygen_async.cli.rendering.follow_run import met
    from heygen_async.cli.rendering.plan_rows import client, looked_up, planned
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import enqueue as queue_rows

    async def main() -> int:
        file, listed = opened(source, rows)
        filled = given.campaign(file)
        async with client(base_url) as heygen:
            if heygen is None or no_preflight:
                plan = planned(filled, listed)
            else:
                plan = await looked_up(heygen, filled, listed)
        name = source.stem if campaign is None else campaign
        done = await queue_rows(
            database,
            plan.jobs(),
            campaign=name,
            max_in_flight=max_in_flight or _told_by(filled, source),
            max_agents=max_agents,
        )
        console = wide_console()
        console.print(f"Rows: {met(done.merge) or 'none'}", highlight=False)
        console.print(f"{done.queued} rows are queued; {done.state}", highlight=False)
        console.print("Price: " + str(plan.price) + ", by HeyGen's price list", highlight=False)
        console.print("Now, on as many machines as you like: heygen-async worker --database ...", highlight=False)
        return 0

    raise SystemExit(asyncio.run(main()))


def _told_by(campaign: Campaign, source: Path) -> int | None:
    """Return how many renders at once a campaign file wants; a bare list says nothing."""
    most = campaign.run.max_in_flight if source.suffix.lower() == ".toml" else None
    return most if isinstance(most, int) else None

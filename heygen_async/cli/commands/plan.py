"""`heygen-async plan`: everything that is wrong with a list, and what it would cost. Renders nothing."""

from __future__ import annotations

import sys

from heygen_async.cli.rendering.campaign_options import CampaignOptions, opened
from heygen_async.cli.terminal.option_types import BaseUrl, NoPreflight, RowsFile, Source


async def plan(
    source: Source,
    rows: RowsFile = None,
    /,
    *,
    given: CampaignOptions = CampaignOptions(),  # noqa: B008 - a frozen value
    no_preflight: NoPreflight = False,
    base_url: BaseUrl = None,
) -> None:
    """Check every row and price the list. Renders nothing, costs nothing.

    Every problem is told with its place, its value, the reason and the mend. With a key, looks, voices, templates and
    credit are looked up as well. Exit code 2 if there is any problem.

        heygen-async plan campaign.toml leads.csv
    """
    from heygen_async.cli.rendering.plan_rows import NO_KEY, client, looked_up, planned, show_plan
    from heygen_async.cli.terminal.progress import wide_console

    file, listed = opened(source, rows)
    console, campaign = wide_console(), given.campaign(file)
    if no_preflight:
        made = planned(campaign, listed)
    else:
        async with client(base_url) as heygen:
            made = planned(campaign, listed) if heygen is None else await looked_up(heygen, campaign, listed)
        if heygen is None:
            console.print(NO_KEY, highlight=False)
    show_plan(console, made)
    sys.exit(2 if made.errors else 0 if made.rows else 7)

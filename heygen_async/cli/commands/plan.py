"""`heygen-async plan`: all problems of a contact list, and its price."""

from __future__ import annotations

import sys

from heygen_async.cli.rendering.campaign_options import CampaignOptions, ChoiceOptions, open_source
from heygen_async.cli.terminal.option_types import BaseUrl, NoPreflight, RowsFile, Source


async def plan(
    source: Source,
    rows: RowsFile = None,
    /,
    *,
    campaign_options: CampaignOptions = CampaignOptions(),  # noqa: B008 - a frozen value
    choice_options: ChoiceOptions = ChoiceOptions(),  # noqa: B008 - a frozen value
    no_preflight: NoPreflight = False,
    base_url: BaseUrl = None,
) -> None:
    """Check every row and price the list. Renders nothing, costs nothing.

    Each problem is reported with its place, its value, the reason and a remedy. With a key, looks, voices, templates
    and credit are checked at HeyGen. Exit code 2 if a row cannot be rendered.

        heygen-async plan campaign.toml leads.csv
    """
    from heygen_async.cli.commands.run import JournalFlags
    from heygen_async.cli.rendering.compare_list import keep_id_column, show_comparison
    from heygen_async.cli.rendering.plan_rows import NO_KEY, client_if_key, plan_offline, plan_online, show_plan
    from heygen_async.cli.terminal.progress import wide_console

    file, contacts = open_source(source, rows)
    console, campaign = wide_console(), campaign_options.campaign(file)
    journal = JournalFlags().journal_of(campaign, source)
    campaign, choice = keep_id_column(campaign, journal), choice_options.choice()
    if no_preflight:
        made = plan_offline(campaign, contacts, choice)
    else:
        async with client_if_key(base_url) as heygen:
            made = (
                plan_offline(campaign, contacts, choice)
                if heygen is None
                else await plan_online(heygen, campaign, contacts, choice)
            )
        if heygen is None:
            console.print(NO_KEY, highlight=False)
    show_plan(console, made)
    if not made.errors:
        rates, tag_titles = campaign.rates, campaign.run.tag_titles
        show_comparison(console, made, journal, rates=rates, tag_titles=tag_titles)
    sys.exit(2 if made.errors else 0 if made.rows else 7)

"""`heygen-async plan`: all problems of a contact list, its price, and a verdict."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from heygen_async.cli.rendering.campaign_options import CampaignOptions, ChoiceOptions, open_source, words_of
from heygen_async.cli.terminal.option_types import BaseUrl, NoPreflight, RowsFile, Source
from heygen_async.cli.terminal.tables import InJson

if TYPE_CHECKING:
    from rich.console import Console

    from heygen_async import Campaign, Merge
    from heygen_async.bulk.plan.plan import Plan


async def plan(
    source: Source,
    rows: RowsFile = None,
    /,
    *,
    campaign_options: CampaignOptions = CampaignOptions(),  # noqa: B008 - a frozen value
    choice_options: ChoiceOptions = ChoiceOptions(),  # noqa: B008 - a frozen value
    no_preflight: NoPreflight = False,
    in_json: InJson = False,
    base_url: BaseUrl = None,
) -> None:
    """Check every row and price the list. Renders nothing, costs nothing.

    Problems that many rows share are told once. A few texts are shown as they will be sent, then what earlier runs have
    made, the price, the balance, the time, and a verdict with the next command. With a key, looks, voices, templates
    and credit are checked at HeyGen. Exit code 2 if a row cannot be rendered, 7 if there is no row.

        heygen-async plan campaign.toml leads.csv
    """
    from heygen_async.cli.commands.run import JournalFlags
    from heygen_async.cli.planning.plan_screen import plan_facts, show_plan
    from heygen_async.cli.planning.verdict import Verdict
    from heygen_async.cli.rendering.compare_list import comparison_lines, is_begun, keep_id_column
    from heygen_async.cli.rendering.intent import Intent, account_of, budget_before
    from heygen_async.cli.rendering.plan_rows import NO_KEY, client_if_key, plan_offline, plan_online
    from heygen_async.cli.terminal.console import json_line, say
    from heygen_async.cli.terminal.progress import wide_console

    file, contacts = open_source(source, rows)
    console, campaign = wide_console(stderr=in_json), campaign_options.campaign(file)
    journal = JournalFlags().journal_of(campaign, source)
    campaign, choice = keep_id_column(campaign, journal), choice_options.choice()
    account, speed = None, 1.0
    keep = journal is not None and is_begun(journal)  # the comparison needs the requests again
    if no_preflight:
        made = plan_offline(campaign, contacts, choice, keep=keep)
    else:
        async with client_if_key(base_url) as heygen:
            if heygen is None:
                made = plan_offline(campaign, contacts, choice, keep=keep)
            else:
                made = await plan_online(heygen, campaign, contacts, choice, keep=keep)
                account, speed = await account_of(heygen), heygen.account.clock.speed
        if heygen is None:
            console.print(NO_KEY)
    merge = _compared(console, made, campaign, journal)
    before = budget_before(journal)
    intent = Intent.of(made, merge, campaign, account, again=False, before=before, speed=speed)
    words = [
        "heygen-async",
        "run",
        *map(str, filter(None, (source, rows))),
        *words_of(campaign_options, choice_options),
        *(("--no-preflight",) if no_preflight else ()),
        *(("--base-url", base_url) if base_url is not None else ()),
    ]
    verdict = Verdict(plan=made, intent=intent, words=shlex.join(words), is_chosen=bool(choice.rows))
    if in_json:
        say(json_line(plan_facts(made, merge, verdict)))
    else:
        show_plan(console, made, comparison_lines(made, merge, journal), verdict)
    sys.exit(verdict.exit_code)


def _compared(console: Console, plan: Plan, campaign: Campaign, journal: Path | str | None) -> Merge | None:
    """Return what the rows are to the journal; a journal that is in use is passed over with a note."""
    from heygen_async import JournalError
    from heygen_async.cli.rendering.compare_list import compare

    try:
        return compare(plan, journal, rates=campaign.rates, tag_titles=campaign.run.tag_titles)
    except JournalError as exc:
        console.print(f"Not compared with earlier runs: {exc}")
        return None

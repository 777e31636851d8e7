"""`heygen-async plan`: everything that is wrong with a list, and what it would cost. Renders nothing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from heygen_async import AuthenticationError, Campaign, HeyGen
from heygen_async.api.requests.kinds import label_of
from heygen_async.bulk.plan.plan import Plan, make_plan
from heygen_async.cli.given import Given, opened
from heygen_async.cli.progress import wide_console
from heygen_async.cli.words import BaseUrl

NO_KEY = "Looks, voices, templates and credit were not looked up: there is no key (heygen-async auth status)."

Source = Annotated[Path, Parameter(help="A campaign file (.toml), or a contact list: .csv, .jsonl, .xlsx or .parquet.")]
RowsFile = Annotated[Path | None, Parameter(help="The contact list, after a campaign file that names none.")]
NoPreflight = Annotated[bool, Parameter(help="Do not look up at HeyGen what rows name and what the account has left.")]


async def plan(
    source: Source,
    rows: RowsFile = None,
    /,
    *,
    given: Given = Given(),  # noqa: B008 - a frozen value
    no_preflight: NoPreflight = False,
    base_url: BaseUrl = None,
) -> None:
    """Check every row and price the list. Renders nothing, costs nothing.

    Every problem is told with its place, its value, the reason and the mend. With a key, looks, voices, templates and
    credit are looked up as well. Exit code 2 if there is any problem.

        heygen-async plan campaign.toml leads.csv
    """
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


@contextlib.asynccontextmanager
async def client(base_url: str | None) -> AsyncIterator[HeyGen | None]:
    """Open a client; None if there is no key."""
    try:
        heygen = HeyGen(base_url=base_url)
    except AuthenticationError:
        yield None
        return
    async with heygen:
        yield heygen


def planned(campaign: Campaign, rows: Path | None) -> Plan:
    """Check and price every row, asking nobody."""
    return make_plan(
        campaign.table(rows),
        campaign.template(),
        filename=campaign.filename,
        limit=campaign.rows.limit,
        rates=campaign.rates,
    )


async def looked_up(heygen: HeyGen, campaign: Campaign, rows: Path | None) -> Plan:
    """The same, with what rows name and the account looked up."""
    return await heygen.plan(
        campaign.table(rows),
        campaign.template(),
        filename=campaign.filename,
        limit=campaign.rows.limit,
        rates=campaign.rates,
        max_in_flight=campaign.run.max_in_flight,
        budget_usd=campaign.run.budget_usd,
    )


def show_plan(console: Console, made: Plan) -> None:
    """Print the problems, then the price."""
    for problem in made.problems:
        word, color = ("problem", "red") if problem.severity == "error" else ("note", "yellow")
        console.print(f"[{color}]{word}[/]  ", end="", highlight=False)
        console.print(str(problem), markup=False, highlight=False, soft_wrap=True)
    good = made.rows - made.bad
    console.print(f"{made.table.name}: {made.rows} rows, {good} can be rendered, {made.bad} cannot", highlight=False)
    for kind, (count, price) in made.kinds.items():
        console.print(f"  {label_of(kind)}: {count}, {price}", highlight=False)
    console.print(f"Price: {made.price}, by HeyGen's price list; HeyGen's bill decides", highlight=False)
    if made.errors:
        console.print("Nothing was sent. Mend the problems, then plan again.", highlight=False)

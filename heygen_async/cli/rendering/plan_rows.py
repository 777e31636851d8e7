"""Planning that `plan`, `run` and `enqueue` share: look up, check, price, show."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import Console

from heygen_async import AuthenticationError, Campaign, HeyGen
from heygen_async.api.requests.kinds import label_of
from heygen_async.bulk.plan.plan import Plan, make_plan

NO_KEY = "Looks, voices, templates and credit were not looked up: there is no key (heygen-async auth status)."


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

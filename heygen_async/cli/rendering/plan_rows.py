"""Planning that `plan`, `run` and `enqueue` share: check, look up, price and print the rows."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from heygen_async import AuthenticationError, Campaign, HeyGen
from heygen_async.api.requests.kinds import label_of
from heygen_async.bulk.plan.plan import Plan, make_plan
from heygen_async.bulk.prices.price_list import PRICE_LIST
from heygen_async.bulk.rows.choice import ALL_ROWS, RowChoice
from heygen_async.plain_text import clean

NO_KEY = "Looks, voices, templates and credit were not looked up: there is no key (heygen-async auth status)."


@contextlib.asynccontextmanager
async def client_if_key(base_url: str | None) -> AsyncIterator[HeyGen | None]:
    """Open a client; yield None if there is no key."""
    try:
        heygen = HeyGen(base_url=base_url)
    except AuthenticationError:
        yield None
        return
    async with heygen:
        yield heygen


def plan_offline(campaign: Campaign, rows: Path | None, choice: RowChoice = ALL_ROWS) -> Plan:
    """Check and price every chosen row without a request to HeyGen."""
    return make_plan(
        choice.of(campaign.table(rows), campaign.rows.id),
        campaign.template(),
        filename=campaign.filename,
        limit=campaign.rows.limit,
        rates=campaign.rates,
        id_column=campaign.rows.id,
        budget_usd=campaign.run.budget_usd,
    )


async def plan_online(heygen: HeyGen, campaign: Campaign, rows: Path | None, choice: RowChoice = ALL_ROWS) -> Plan:
    """Check and price every chosen row, and look up its looks, voices and templates and the account's credit."""
    return await heygen.plan(
        choice.of(campaign.table(rows), campaign.rows.id),
        campaign.template(),
        filename=campaign.filename,
        limit=campaign.rows.limit,
        rates=campaign.rates,
        id_column=campaign.rows.id,
        max_in_flight=campaign.run.max_in_flight,
        budget_usd=campaign.run.budget_usd,
    )


def show_plan(console: Console, plan: Plan) -> None:
    """Print the problems, then the price."""
    for problem in plan.problems:
        word, color = ("problem", "red") if problem.severity == "error" else ("note", "yellow")
        console.print(Text(word, style=color), end="  ")
        console.print(clean(str(problem)), markup=False, highlight=False, soft_wrap=True)
    good = plan.rows - plan.bad
    console.print(f"{plan.table.name}: {plan.rows} rows, {good} can be rendered, {plan.bad} cannot", highlight=False)
    for kind, (count, price) in plan.kinds.items():
        console.print(f"  {label_of(kind)}: {count}, {price}", highlight=False)
    console.print(f"Price: {plan.price}, by {PRICE_LIST}; HeyGen's bill decides", highlight=False)
    for note in sorted(plan.price.notes):
        console.print(f"  {note}", highlight=False)
    if plan.errors:
        console.print("Nothing was sent. Correct the problems, then plan again.", highlight=False)

"""Planning that `plan`, `run` and `enqueue` share: check, look up and price the rows."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from rich.status import Status

from heygen_async import AuthenticationError, Campaign, HeyGen
from heygen_async.bulk.plan.plan import Plan, checked_plan, make_plan
from heygen_async.bulk.rows.choice import ALL_ROWS, RowChoice
from heygen_async.bulk.rows.table import Table
from heygen_async.cli.terminal.console import PlainConsole

SILENT_SECONDS = 2.0  # before the progress is shown
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


class CheckedRows:
    """Tells how many rows are checked, from two seconds on: in one line of a terminal, elsewhere in a line."""

    def __init__(self) -> None:
        """Begin now."""
        self._console = PlainConsole(stderr=True)
        self._status = Status("Checking the rows ...", console=self._console)
        self._began = time.monotonic()
        self._is_shown = False

    def __enter__(self) -> Self:
        """Show the line after two seconds, also while HeyGen is asked about the first rows."""
        with contextlib.suppress(RuntimeError):  # no event loop: the rows are checked without HeyGen
            self._timer = asyncio.get_running_loop().call_later(SILENT_SECONDS, self._show)
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the line."""
        if (timer := getattr(self, "_timer", None)) is not None:
            timer.cancel()
        if self._is_shown and self._console.is_terminal:
            self._status.stop()

    def __call__(self, count: int) -> None:
        """Note the number of checked rows."""
        self._status.update(f"Checking the rows ... {count:,} so far")
        if time.monotonic() - self._began >= SILENT_SECONDS:
            self._show()

    def _show(self) -> None:
        if self._is_shown:
            return
        self._is_shown = True
        if self._console.is_terminal:
            self._status.start()
        else:
            self._console.print("Checking the rows ...")


def plan_offline(campaign: Campaign, rows: Path | None, choice: RowChoice = ALL_ROWS, *, keep: bool = False) -> Plan:
    """Check and price every chosen row without a request to HeyGen; with *keep*, each request is made only once."""
    with CheckedRows() as checked:
        return make_plan(_table(campaign, rows, choice), campaign.template(), **_options(campaign, checked), keep=keep)


async def plan_online(
    heygen: HeyGen, campaign: Campaign, rows: Path | None, choice: RowChoice = ALL_ROWS, *, keep: bool = False
) -> Plan:
    """Check and price every chosen row, and look up its looks, voices and templates and the account's credit."""
    with CheckedRows() as checked:
        return await checked_plan(
            heygen,
            _table(campaign, rows, choice),
            campaign.template(),
            max_in_flight=campaign.run.max_in_flight,
            **_options(campaign, checked),
            keep=keep,
        )


def _table(campaign: Campaign, rows: Path | None, choice: RowChoice) -> Table:
    return choice.of(campaign.table(rows), campaign.rows.id)


def _options(campaign: Campaign, checked: CheckedRows) -> dict[str, Any]:
    return {
        "filename": campaign.filename,
        "limit": campaign.rows.limit,
        "rates": campaign.rates,
        "id_column": campaign.rows.id,
        "budget_usd": campaign.run.budget_usd,
        "on_checked": checked,
    }

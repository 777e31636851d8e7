"""Before a run begins: how many rows, for how much, from what balance, and when they will be ready."""

from __future__ import annotations

import datetime as dt
import math
import sys
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console

from heygen_async import Campaign, HeyGen, HeyGenError, Journal, Merge, User
from heygen_async.bulk.campaign.campaign import settings_of
from heygen_async.bulk.plan.credit import RENDERS_AT_ONCE, RENDERS_AT_ONCE_ELSE
from heygen_async.bulk.plan.plan import Plan
from heygen_async.bulk.watch.render_times import TimeDistribution
from heygen_async.cli.rendering.compare_list import is_begun
from heygen_async.cli.terminal.ask import says_yes
from heygen_async.cli.terminal.progress import span
from heygen_async.http.call import Options

PATIENCE_SECONDS = 10.0  # for the balance; a person is waiting, and the run does not depend on it


@attrs.frozen(kw_only=True)
class Intent:
    """The lines that a run says before it sends its first row.

    Attributes:
        due: Number of rows that will be sent.
        rows: Number of rows of the list.
        low_usd: The least that they cost.
        expected_usd: Their likely price; None if only the limits are known.
        high_usd: The most that they cost.
        budget_usd: Budget of all runs of the campaign; None without one.
        spent_usd: The most that is spent of it.
        balance_usd: Balance of the account; None if it is unknown.
        slots: Renders at once, as far as known.
    """

    due: int
    rows: int
    low_usd: float
    expected_usd: float | None
    high_usd: float
    budget_usd: float | None = None
    spent_usd: float = 0.0
    balance_usd: float | None = None
    slots: int = RENDERS_AT_ONCE_ELSE

    @classmethod
    def of(
        cls,
        plan: Plan,
        merge: Merge | None,
        campaign: Campaign,
        account: User | None,
        *,
        again: bool,
        before: tuple[float | None, float] = (None, 0.0),
    ) -> Intent:
        """Return the intent of running *plan*, which was compared with its journal, if there is one.

        *before* is the budget that the journal keeps for a run that names none, and what is spent of it.
        """
        slots = _slots(campaign.run.max_in_flight, account)
        wallet = None if account is None else account.wallet
        balance = wallet.remaining_balance if wallet is not None and wallet.currency == "usd" else None
        known: dict[str, Any] = {
            "rows": plan.rows,
            "budget_usd": campaign.run.budget_usd or before[0],
            "spent_usd": before[1],
            "balance_usd": balance,
            "slots": slots,
        }
        if merge is None:
            price = plan.price
            return cls(
                due=plan.rows - plan.bad,
                low_usd=price.low,
                expected_usd=price.expected,
                high_usd=price.high,
                **known,
            )
        more = (merge.changed + merge.equal, merge.low_usd, merge.high_usd) if again else (0, 0.0, 0.0)
        share = merge.left / max(1, plan.rows - plan.bad)  # rows that an earlier run has left cost as others do
        return cls(
            due=merge.due + merge.left + more[0],
            low_usd=merge.due_low_usd + share * plan.price.low + more[1],
            expected_usd=None,
            high_usd=merge.due_high_usd + share * plan.price.high + more[2],
            **known,
        )

    @property
    def seconds(self) -> float:
        """Seconds until all rows have ended, by the usual time of a render."""
        return math.ceil(self.due / self.slots) * TimeDistribution().expected

    def lines(self, now: dt.datetime) -> list[str]:
        """Return the lines, at the time of day *now*."""
        rest = self.rows - self.due
        videos = "1 video" if self.due == 1 else f"{self.due:,} videos"
        lines = [f"{videos} will be made" + (f"; {rest:,} rows need none now." if rest else ".")]
        if self.expected_usd is not None:
            lines.append(f"Price: about {self.expected_usd:,.2f}, at most {self.high_usd:,.2f} US dollars.")
        else:
            lines.append(f"Price: {self.low_usd:,.2f} to {self.high_usd:,.2f} US dollars.")
        if self.budget_usd is not None:
            is_enough = self.budget_usd - self.spent_usd >= self.high_usd
            words = "enough for all" if is_enough else "the run stops before it is crossed"
            spent = f" ({self.spent_usd:,.2f} are spent)" if self.spent_usd else ""
            lines.append(f"Budget: {self.budget_usd:,.2f} US dollars{spent}, {words}.")
        if self.balance_usd is not None:
            lines.append(f"Balance of the account: {self.balance_usd:,.2f} US dollars.")
        ready = now + dt.timedelta(seconds=self.seconds)
        day = "" if ready.date() == now.date() else " tomorrow" if (ready - now).days < 1 else f" on {ready:%d %B}"
        lines.append(f"Ready about {ready:%H:%M}{day}, {span(self.seconds)} from now, {self.slots} at a time.")
        return lines


def budget_before(journal: Path | str | None) -> tuple[float | None, float]:
    """Return the budget of the campaign's last run, if it had one, and what its runs have spent or have at stake."""
    if journal is None or not is_begun(journal):
        return None, 0.0
    with Journal(journal, read_only=True) as opened:
        ledger = opened.ledger()
        return settings_of(opened).budget_usd, ledger.high_usd + ledger.at_stake_usd


async def account_of(heygen: HeyGen | None) -> User | None:
    """Return the account; None without a key, or if HeyGen does not tell it at once."""
    if heygen is None:
        return None
    try:
        return await heygen.users.me(Options(deadline=PATIENCE_SECONDS))
    except HeyGenError:
        return None


async def announce(console: Console, intent: Intent, *, asks: bool) -> bool:
    """Print the intent; in a terminal, ask if *asks* and there is no budget. Return True if the run may begin."""
    if not intent.due:
        return True
    for line in intent.lines(dt.datetime.now().astimezone()):
        console.print(line, markup=False, highlight=False)
    if not asks or intent.budget_usd is not None or not sys.stdin.isatty():
        return True
    return await says_yes(console, "Begin? There is no budget (--budget 250usd would set one). [y/N]: ")


def _slots(wished: object, account: User | None) -> int:
    plan = None if account is None or account.subscription is None else account.subscription.plan
    documented = RENDERS_AT_ONCE.get(plan or "", RENDERS_AT_ONCE_ELSE)
    return min(wished, documented) if isinstance(wished, int) else documented

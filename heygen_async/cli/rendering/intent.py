"""Before a run begins: how many rows, for how much, from what balance, and when they will be ready."""

from __future__ import annotations

import datetime as dt
import math
import sys
from pathlib import Path

import attrs
from rich.console import Console

from heygen_async import Campaign, HeyGen, HeyGenError, Journal, Merge, Price, User
from heygen_async.bulk.campaign.campaign import settings_of
from heygen_async.bulk.plan.credit import RENDERS_AT_ONCE, RENDERS_AT_ONCE_ELSE
from heygen_async.bulk.plan.plan import Plan
from heygen_async.bulk.prices.price_list import AS_OF
from heygen_async.bulk.rows.problems import counted
from heygen_async.bulk.watch.render_times import TimeDistribution
from heygen_async.cli.rendering.compare_list import is_begun
from heygen_async.cli.terminal.ask import says_yes
from heygen_async.cli.terminal.progress import span
from heygen_async.http.call import Options

PATIENCE_SECONDS = 10.0  # for the balance; a person is waiting, and the run does not depend on it


@attrs.frozen(kw_only=True)
class Intent:
    """The lines that a run says before it sends its first row, and that `plan` says of it.

    Attributes:
        due: Number of rows that will be sent.
        rows: Number of rows of the list.
        price: Their price.
        budget_usd: Budget of all runs of the campaign; None without one.
        spent_usd: The most that is spent of it.
        balance_usd: Balance of the account; None if it is unknown, or no amount of money.
        slots: Renders at once, as far as known.
        speed: Seconds of the server in one of real time: above 1 for a simulator.
    """

    due: int
    rows: int
    price: Price
    budget_usd: float | None = None
    spent_usd: float = 0.0
    balance_usd: float | None = None
    slots: int = RENDERS_AT_ONCE_ELSE
    speed: float = 1.0

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
        speed: float = 1.0,
    ) -> Intent:
        """Return the intent of running *plan*, which was compared with its journal, if there is one.

        *before* is the budget that the journal keeps for a run that names none, and what is spent of it.
        """
        wallet = None if account is None else account.wallet
        balance = wallet.remaining_balance if wallet is not None and wallet.currency == "usd" else None
        due, price = (plan.rows - plan.bad, plan.price) if merge is None else _due(plan, merge, again=again)
        return cls(
            due=due,
            price=price,
            rows=plan.rows,
            budget_usd=campaign.run.budget_usd or before[0],
            spent_usd=before[1],
            balance_usd=balance,
            slots=_slots(campaign.run.max_in_flight, account),
            speed=speed,
        )

    @property
    def high_usd(self) -> float:
        """The most that the rows cost."""
        return self.price.high

    @property
    def seconds(self) -> float:
        """Seconds until all rows have ended, by the usual time of a render, as the server counts them."""
        return math.ceil(self.due / self.slots) * TimeDistribution().expected

    @property
    def budget_rows(self) -> tuple[int, int]:
        """The number of rows for which the budget is surely enough, and for which it is likely enough."""
        if self.budget_usd is None or not self.due or not self.price.high:
            return self.due, self.due
        left = max(0.0, self.budget_usd - self.spent_usd)
        surely = min(self.due, int(left * self.due / self.price.high))
        # A row that is sent holds its highest price until its video is there.
        held = min(self.due, self.slots) * (self.price.high - self.price.expected) / self.due
        likely = int(max(0.0, left - held) * self.due / max(self.price.expected, 0.01))
        return surely, min(self.due, max(surely, likely))

    def ready_at(self, now: dt.datetime) -> dt.datetime:
        """Return the time of day at which all rows will have ended."""
        return now + dt.timedelta(seconds=self.seconds / self.speed)

    def lines(self, now: dt.datetime) -> list[str]:
        """Return the lines, at the time of day *now*."""
        rest = self.rows - self.due
        need = "1 row needs" if rest == 1 else f"{rest:,} rows need"
        made = f"{counted(self.due, 'video')} will be made" + (f"; {need} none now." if rest else ".")
        return [made, *self.money_lines(now)]

    def money_lines(self, now: dt.datetime) -> list[str]:
        """Return the lines about price, budget, balance and time."""
        price = self.price
        unknown = f", and {price.unknown:,} of unknown price" if price.unknown else ""
        span_ = f"about {price.expected:,.2f}, at most {price.high:,.2f} US dollars{unknown}"
        lines = [f"Price: {span_} (prices of {AS_OF}; HeyGen's bill decides)."]
        if self.budget_usd is not None:
            spent = f" ({self.spent_usd:,.2f} are spent)" if self.spent_usd else ""
            lines.append(f"Budget: {self.budget_usd:,.2f} US dollars{spent}, {self._budget_words()}.")
        if self.balance_usd is not None:
            lines.append(f"Balance of the account: {self.balance_usd:,.2f} US dollars{self._balance_words()}.")
        ready = self.ready_at(now)
        day = "" if ready.date() == now.date() else " tomorrow" if (ready - now).days < 1 else f" on {ready:%d %B}"
        left = span(self.seconds / self.speed)
        lines.append(f"Ready about {ready:%H:%M}{day}, {left} from now, {self.slots} at a time.")
        return lines

    def _budget_words(self) -> str:
        surely, likely = self.budget_rows
        if surely == self.due:
            return "enough for all"
        if likely == self.due:
            return f"probably enough for all, surely for {surely:,} of {self.due:,}"
        return f"enough for about {likely:,} of {self.due:,}: the run stops before it is crossed"

    def _balance_words(self) -> str:
        balance = self.balance_usd or 0.0
        if balance >= self.price.high:
            return ""
        if balance >= self.price.expected:
            return ", less than the price at most"
        return ", less than the price: top it up, or the run will stop"


def _due(plan: Plan, merge: Merge, *, again: bool) -> tuple[int, Price]:
    """Return the number and the price of the rows that a run sends, given what earlier runs have done."""
    more = (merge.changed + merge.equal, merge.low_usd, merge.high_usd) if again else (0, 0.0, 0.0)
    share = merge.left / max(1, plan.rows - plan.bad)  # rows that an earlier run has left cost as others do
    low = merge.due_low_usd + share * plan.price.low + more[1]
    high = merge.due_high_usd + share * plan.price.high + more[2]
    expected = high * plan.price.expected / plan.price.high if plan.price.high else 0.0
    due = merge.due + merge.left + more[0]
    unknown = round(plan.price.unknown * due / max(1, plan.rows - plan.bad))
    return due, Price(low, expected, high, unknown=unknown, notes=plan.price.notes)


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

"""Checks of an account: its credit, and the number of renders at once. Pure: takes HeyGen's answer."""

from __future__ import annotations

import math
from collections.abc import Iterator

from heygen_async.api.generated.users import UsageBasedBilling, User, UserSubscription, UserWallet
from heygen_async.bulk.rows.problems import Problem, Severity, counted

ACCOUNT = "the account"
# HeyGen's page on usage limits: renders at once, videos, sessions and translations together.
RENDERS_AT_ONCE = {"enterprise": 20}
RENDERS_AT_ONCE_ELSE = 10
_BURST = "up to 50 more of each kind of work may cost 1.5 times the price, which the plan does not count"
_TOP_UP = "top it up, or give the run a budget of that size: HeyGen refuses renders that the account cannot pay for"


def credit_problems(user: User, price_usd: float | None) -> Iterator[Problem]:
    """Yield a problem if *user* cannot pay *price_usd*; with None, if the account has no credit at all."""
    price = price_usd or 0.0
    if user.wallet is not None:
        yield from _wallet(user.wallet, price)
    if user.usage_based is not None:
        yield from _usage(user.usage_based, price)
    if user.subscription is not None:
        yield from _subscription(user.subscription)


def money_of(user: User) -> list[tuple[str, str]]:
    """Return how an account pays and what is left, each line with its name: `Balance`, `120.00 US dollars`."""
    lines: list[tuple[str, str]] = []
    if (wallet := user.wallet) is not None and wallet.remaining_balance is not None:
        unit = "US dollars" if wallet.currency == "usd" else wallet.currency
        refills = ", reloads itself" if wallet.auto_reload is not None and wallet.auto_reload.enabled else ""
        lines.append(("Balance", f"{wallet.remaining_balance:,.2f} {unit}{refills}"))
    if (usage := user.usage_based) is not None:
        spent = f"{usage.spending_current_usd or 0.0:,.2f}"
        cap = "" if usage.spending_cap_usd is None else f" of at most {usage.spending_cap_usd:,.2f}"
        lines.append(("Spent this month", f"{spent}{cap} US dollars"))
    if user.subscription is not None:
        lines.append(("Plan", user.subscription.plan))
        pools = user.subscription.credits
        for name, pool in (("Credits of the plan", pools.premium_credits), ("Credits added", pools.add_on_credits)):
            if pool is not None and pool.remaining is not None:
                until = "" if pool.resets_at is None else f", renewed {pool.resets_at[:10]}"
                lines.append((name, f"{pool.remaining:,} left{until}"))
    return lines


def slot_problems(user: User, max_in_flight: object, learnt: float = math.inf) -> Iterator[Problem]:
    """Yield a warning if *max_in_flight* is a number above the renders at once that the account is known to have.

    Args:
        user: The account.
        max_in_flight: Option of the run.
        learnt: Renders at once by HeyGen's refusals in this process; infinite if there was none.
    """
    if not isinstance(max_in_flight, int) or isinstance(max_in_flight, bool):
        return
    plan = None if user.subscription is None else user.subscription.plan
    documented = RENDERS_AT_ONCE.get(plan or "", RENDERS_AT_ONCE_ELSE)
    known = documented if learnt == math.inf else learnt
    if max_in_flight > known:
        source = "HeyGen documents" if learnt == math.inf else "HeyGen has let through"
        bursts = plan in RENDERS_AT_ONCE and learnt == math.inf
        more = _BURST if bursts else "more are refused, cost nothing and wait"
        yield _problem(
            "max_in_flight",
            f"{source} {counted(int(known), 'render')} at once for this account; {more}",
            f"take {known:g}" if bursts else f'take {known:g}, or "auto", which finds it out',
            value=str(max_in_flight),
            severity="warning",
        )


def _wallet(wallet: UserWallet, price: float) -> Iterator[Problem]:
    left, field = wallet.remaining_balance, "wallet.remaining_balance"
    if left is None:
        return
    refills = wallet.auto_reload is not None and wallet.auto_reload.enabled
    severity: Severity = "warning" if refills else "error"
    if left <= 0:
        yield _problem(field, "the wallet is empty", _TOP_UP, value=f"{left:g}", severity=severity)
    elif wallet.currency == "usd" and left < price:
        mend = "it reloads itself; check that this is enough" if refills else _TOP_UP
        reason = f"the rows cost about {price:.2f} USD"
        yield _problem(field, reason, mend, value=f"{left:.2f} USD", severity=severity)


def _usage(usage: UsageBasedBilling, price: float) -> Iterator[Problem]:
    if usage.spending_cap_usd is None:
        return
    left = usage.spending_cap_usd - (usage.spending_current_usd or 0.0)
    if left <= 0 or left < price:
        reason = f"{left:.2f} USD are left below the spending cap; the rows cost about {price:.2f} USD"
        mend = "raise the cap before the run, or render fewer rows"
        yield _problem("usage_based.spending_cap_usd", reason, mend, value=f"{usage.spending_cap_usd:.2f} USD")


def _subscription(subscription: UserSubscription) -> Iterator[Problem]:
    pools = (subscription.credits.premium_credits, subscription.credits.add_on_credits)
    left = [pool.remaining for pool in pools if pool is not None and pool.remaining is not None]
    if left and sum(left) <= 0:
        yield _problem("subscription.credits", f"plan {subscription.plan} has no credits left", _TOP_UP)


def _problem(field: str, reason: str, mend: str, *, value: str | None = None, severity: Severity = "error") -> Problem:
    return Problem(source=ACCOUNT, field=field, reason=reason, mend=mend, value=value, severity=severity)

"""Whose account it is: `/v3/users`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

import attrs

from heygen_async.http.call import Call, Options, data_reader
from heygen_async.http.caller import Caller


@attrs.frozen(kw_only=True)
class CreditPool:
    """Credits of one kind.

    Attributes:
        remaining: How many are left.
        resets_at: When it is filled again.

    Source: `CreditPool`.
    """

    remaining: int | None = None
    resets_at: str | None = None


@attrs.frozen(kw_only=True)
class SubscriptionCredits:
    """Credits of a subscription.

    Attributes:
        add_on_credits: Bought in addition.
        premium_credits: Of the plan.

    Source: `SubscriptionCredits`.
    """

    add_on_credits: CreditPool | None = None
    premium_credits: CreditPool | None = None


@attrs.frozen(kw_only=True)
class UserSubscription:
    """A plan and its credits.

    Attributes:
        credits: What is left.
        plan: Of the subscription: free, starter, creator, pro, team, enterprise or business_plus.

    Source: `UserSubscription`.
    """

    credits: SubscriptionCredits
    plan: str


@attrs.frozen(kw_only=True)
class UsageBasedBilling:
    """Money that is counted afterwards.

    Attributes:
        included_credits: Of the plan.
        remaining_credits: Left of those.
        spending_cap_usd: The most a month may cost.
        spending_current_usd: What this month has cost.

    Source: `UsageBasedBilling`.
    """

    included_credits: float | None = None
    remaining_credits: float | None = None
    spending_cap_usd: float | None = None
    spending_current_usd: float | None = None


@attrs.frozen(kw_only=True)
class WalletAutoReload:
    """How a wallet is filled up.

    Attributes:
        enabled: Whether it is on.
        amount_usd: US dollars each time.
        threshold_usd: When less than so many US dollars are left.

    Source: `WalletAutoReload`.
    """

    enabled: bool
    amount_usd: float | None = None
    threshold_usd: float | None = None


@attrs.frozen(kw_only=True)
class UserWallet:
    """Money that was paid in before.

    Attributes:
        currency: usd or credits.
        auto_reload: Whether, when and by how much it is filled up.
        remaining_balance: What is left.

    Source: `UserWallet`.
    """

    currency: str
    auto_reload: WalletAutoReload | None = None
    remaining_balance: float | None = None


@attrs.frozen(kw_only=True)
class User:
    """An account.

    Attributes:
        email: Of the account.
        first_name: Of the account.
        last_name: Of the account.
        username: Of the account.
        billing_type: wallet, subscription or usage_based: which of the three is filled.
        subscription: If that is how it pays.
        usage_based: If that is how it pays.
        wallet: If that is how it pays.

    Source: `UserInfo`.
    """

    email: str | None = attrs.field(repr=False)
    first_name: str | None = attrs.field(repr=False)
    last_name: str | None = attrs.field(repr=False)
    username: str
    billing_type: str | None = None
    subscription: UserSubscription | None = None
    usage_based: UsageBasedBilling | None = None
    wallet: UserWallet | None = None


class Users:
    """`heygen.users`: whose account it is."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def me(self, options: Options | None = None) -> User:
        """Return who you are and what is left.

        Source: `GET /v3/users/me`.
        """
        call = Call(method="GET", path="/v3/users/me", route="/v3/users/me", read=data_reader(User))
        return await self._caller.send(call, options)

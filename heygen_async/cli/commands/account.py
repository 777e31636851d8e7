"""`heygen-async account`: the account that the key belongs to."""

from __future__ import annotations

from heygen_async.cli.terminal.option_types import BaseUrl
from heygen_async.cli.terminal.tables import InJson, show_facts, show_one


async def account(*, in_json: InJson = False, base_url: BaseUrl = None) -> None:
    """Show the account of the key: its owner, how it pays, and its balance. Free."""
    from heygen_async import HeyGen
    from heygen_async.bulk.plan.credit import money_of

    async with HeyGen(base_url=base_url) as heygen:
        user = await heygen.users.me()
    if in_json:
        show_one(user, in_json=True)
        return
    owner = " ".join(filter(None, (user.first_name, user.last_name)))
    facts = {"Owner": owner, "E-mail": user.email, "User name": user.username}
    pays = {"wallet": "from a prepaid balance", "usage_based": "by usage, afterwards"}
    facts |= {"Pays": pays.get(user.billing_type or "", f"by {user.billing_type}") if user.billing_type else None}
    show_facts({**facts, **dict(money_of(user))})

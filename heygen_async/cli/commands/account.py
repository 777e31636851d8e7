"""`heygen-async account`: the account that the key belongs to."""

from __future__ import annotations

from heygen_async.cli.terminal.option_types import BaseUrl
from heygen_async.cli.terminal.tables import InJson, show_one


async def account(*, in_json: InJson = False, base_url: BaseUrl = None) -> None:
    """Show the account of the key: its owner, how it pays, and its balance. Free."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        show_one(await heygen.users.me(), in_json=in_json)

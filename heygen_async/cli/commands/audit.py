"""`heygen-async audit`: compare a campaign with HeyGen's list and the balance."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import BaseUrl, JournalFile
from heygen_async.plain_text import clean


async def audit(
    journal: JournalFile,
    /,
    *,
    fix: Annotated[bool, Parameter(help="Correct the journal where HeyGen shows that a row has its video.")] = False,
    base_url: BaseUrl = None,
) -> None:
    """Compare a campaign with HeyGen's list of videos and the balance. Reads only, unless --fix is given. Free."""
    await _audit(journal, base_url, fix=fix)


async def _audit(path: str, base_url: str | None, *, fix: bool) -> None:
    from heygen_async import HeyGen, Journal
    from heygen_async.bulk.campaign.audit import audit as audit_journal
    from heygen_async.cli.terminal.progress import wide_console

    console, count = wide_console(), 0
    async with HeyGen(base_url=base_url) as heygen:
        with Journal(path, read_only=not fix) as journal:
            async for difference in audit_journal(heygen, journal, fix=fix):
                count += 1
                row = "" if difference.job_id is None else f", row {difference.job_id}"
                fixed = " (fixed)" if difference.fixed else ""
                console.print(clean(f"{difference.kind}: video {difference.video_id}{row}{fixed}"))
        account = (await heygen.raw("GET", "/v3/users/me")).get("data", {})
    balance = (account.get("wallet") or {}).get("remaining_balance")
    console.print(f"{count} differences" + ("" if balance is None else f"; the wallet holds {balance}"))

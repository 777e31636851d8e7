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
    show_all: Annotated[
        bool, Parameter(name="--all", help="Name the videos too that the account has and the campaign has not made.")
    ] = False,
    base_url: BaseUrl = None,
) -> None:
    """Compare a campaign with HeyGen's list of videos and the balance. Reads only, unless --fix is given. Free.

    Videos of the account that the campaign has not made are counted, and named with --all.
    """
    await _audit(journal, base_url, fix=fix, show_all=show_all)


async def _audit(path: str, base_url: str | None, *, fix: bool, show_all: bool) -> None:
    from heygen_async import HeyGen, Journal
    from heygen_async.bulk.campaign.audit import audit as audit_journal
    from heygen_async.bulk.plan.credit import money_of
    from heygen_async.bulk.rows.problems import counted
    from heygen_async.cli.terminal.progress import wide_console

    console, count, others = wide_console(), 0, 0
    async with HeyGen(base_url=base_url) as heygen:
        with Journal(path, read_only=not fix) as journal:
            lines = journal.lines()
            async for difference in audit_journal(heygen, journal, fix=fix):
                if difference.kind == "not in the journal" and not show_all:
                    others += 1
                    continue
                count += 1
                row = "" if difference.job_id is None else f", row {lines.get(difference.job_id, difference.job_id)}"
                fixed = " (fixed)" if difference.fixed else ""
                console.print(clean(f"{difference.kind}: video {difference.video_id}{row}{fixed}"))
        account = await heygen.users.me()
    console.print(
        "; ".join([counted(count, "difference"), *(f"{name.lower()}: {value}" for name, value in money_of(account))])
    )
    if others:
        made = "was made by someone else" if others == 1 else "were made by others"
        console.print(f"{counted(others, 'video')} of the account {made}, or by another campaign: --all names them.")

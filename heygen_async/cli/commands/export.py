"""`heygen-async export`: write a campaign as CSV or JSON lines."""

from __future__ import annotations

import codecs
import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from heygen_async.bulk.rows.problems import counted
from heygen_async.cli.rendering.campaign_options import ChoiceOptions, chosen_of_journal
from heygen_async.cli.terminal.option_types import CampaignName, JournalFile


def export(
    journal: JournalFile,
    output: Annotated[Path, Parameter(help="Ends in .csv, .xlsx or .jsonl.")],
    /,
    *,
    mail_merge: Annotated[
        bool, Parameter(help="Write the id of each row, or its e-mail address, and the link of its video; no more.")
    ] = False,
    choice_options: ChoiceOptions = ChoiceOptions(),  # noqa: B008 - a frozen value
    campaign: CampaignName = None,
) -> None:
    """Write a campaign to OUTPUT: .csv, .xlsx or .jsonl.

    A name that begins with `failed`, such as failed.csv, gets the failed rows only, ready to be run again.
    """
    from heygen_async import Journal
    from heygen_async.bulk.output.export import export as export_journal, mail_merge as export_links, style_of_list
    from heygen_async.cli.terminal.progress import wide_console

    with Journal(journal, read_only=True, campaign=campaign) as opened:
        is_chosen = chosen_of_journal(choice_options, opened)
        count = export_links(opened, output) if mail_merge else export_journal(opened, output, is_chosen)
        paid = sum(record.spent in {"yes", "unknown"} for record in opened.records("failed") if is_chosen(record))
        encoding = style_of_list(opened)[1]
    console = wide_console()
    console.print(f"{counted(count, 'row')} written to {output}", markup=False)
    if encoding != "utf-8-sig" and output.suffix == ".csv" and output.read_bytes()[:3] == codecs.BOM_UTF8:
        console.print(f"It is in UTF-8: {encoding}, the encoding of the list, lacks a character that it needs.")
    if count and output.name.startswith("failed"):
        words = f"heygen-async run {shlex.quote(str(output))} --journal {shlex.quote(journal)} ..."
        console.print(f"To send them again: {words}", markup=False, soft_wrap=True)
        if paid:
            console.print(
                f"{paid} of them are paid for, or may be: with this journal they are not sent, with another one they "
                f"are paid for again. To look for their videos: heygen-async retry {shlex.quote(journal)} --failed",
                markup=False,
                soft_wrap=True,
            )

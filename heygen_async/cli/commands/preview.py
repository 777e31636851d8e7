"""`heygen-async preview`: what would be sent for a row, word by word."""

from __future__ import annotations

import sys

from heygen_async.cli.rendering.campaign_options import CampaignOptions, ChoiceOptions, open_source
from heygen_async.cli.terminal.option_types import RowsFile, Source
from heygen_async.cli.terminal.tables import InJson


def preview(
    source: Source,
    rows: RowsFile = None,
    /,
    *,
    campaign_options: CampaignOptions = CampaignOptions(),  # noqa: B008 - a frozen value
    choice_options: ChoiceOptions = ChoiceOptions(),  # noqa: B008 - a frozen value
    in_json: InJson = False,
) -> None:
    """Show what would be sent for a row, word by word: the first one, or those that are chosen.

    Sends nothing and needs no key. Exit code 2 if a row that is shown cannot be rendered, 7 if no row is chosen.

        heygen-async preview campaign.toml --row 17
    """
    from heygen_async.cli.rendering.compare_list import keep_id_column
    from heygen_async.cli.rendering.row_preview import preview_rows, show_json, show_row
    from heygen_async.cli.terminal.tables import print_message

    file, contacts = open_source(source, rows)
    campaign = campaign_options.campaign(file)
    journal = campaign.journal if source.suffix.lower() == ".toml" else None
    shown = bad = 0
    for row in preview_rows(keep_id_column(campaign, journal), contacts, choice_options.choice()):
        if in_json:
            show_json(row)
        else:
            show_row(row, is_first=not shown)
        shown += 1
        bad += row.is_bad
    if not shown:
        print_message("No row is chosen. Rows count as the lines of the list: the header is 1, the first row 2.")
    sys.exit(2 if bad else 0 if shown else 7)

"""`heygen-async approve`: let workers send the rows after the canary."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import WorkersDatabase


def approve(
    address: WorkersDatabase,
    /,
    *,
    campaign: Annotated[str | None, Parameter(help="Only this campaign. [default: all in the database]")] = None,
) -> None:
    """Approve of the first rows of a campaign that workers render: the others are sent. Free; they cost."""
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import approve as approve_of

    count = approve_of(address, campaign)
    wide_console().print(f"{count} campaigns are approved: the workers send their rows.", highlight=False)
    sys.exit(0 if count else 7)

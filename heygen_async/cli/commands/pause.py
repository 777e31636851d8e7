"""`heygen-async pause`: stop workers from starting new renders."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import (
    Account,
    Address,
)


def pause(
    *,
    database: Address,
    account: Account = "",
    why: Annotated[str, Parameter(help="The reason that `status` shows.")] = "a person paused it",
) -> None:
    """Stop workers from starting new renders; running ones are finished. Free."""
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import pause as pause_all

    wide_console().print(f"{pause_all(database, why, account)}. To continue: heygen-async resume ADDRESS")

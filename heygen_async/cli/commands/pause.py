"""`heygen-async pause`: let no worker begin anything new."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import (
    Address,
)


def pause(
    *,
    database: Address,
    why: Annotated[str, Parameter(help="What status shall say.")] = "a person paused it",
) -> None:
    """Let no worker begin anything new; what runs is followed to its end."""
    from heygen_async.cli.terminal.progress import wide_console
    from heygen_async.workers.enqueue import pause as pause_all

    wide_console().print(f"{pause_all(database, why)}. To go on: heygen-async resume ADDRESS")

"""`heygen-async worker`: render queued rows, alongside any number of other workers."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console

from heygen_async.cli.terminal.option_types import (
    Address,
    BaseUrl,
    Speed,
    Unknown,
)

if TYPE_CHECKING:
    import anyio

    from heygen_async import Result


def worker(
    *,
    database: Address,
    output: Annotated[
        Path | None, Parameter(help="Folder for the files of the rows rendered here. [default: files stay at HeyGen]")
    ] = None,
    on_unknown: Unknown = "hold",
    until_done: Annotated[bool, Parameter(help="Exit when no worker has rows left.")] = False,
    watch: Annotated[
        bool, Parameter(help="Look at a render as soon as a process with `shared_signals` hears that it has ended.")
    ] = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Render queued rows, alongside any number of other workers. Costs money.

    Ctrl-C hands this worker's rows to the others.
    """
    from heygen_async.cli.rendering.follow_run import run_async
    from heygen_async.cli.terminal.progress import wide_console

    console = wide_console()
    raise SystemExit(
        run_async(
            lambda: _work(console, database, output, on_unknown, base_url, until_done=until_done, watch=watch),
            speed,
            base_url,
        )
    )


async def _work(
    console: Console,
    address: str,
    output: Path | None,
    on_unknown: Unknown,
    base_url: str | None,
    *,
    until_done: bool,
    watch: bool,
) -> int:
    import contextlib

    import anyio

    from heygen_async import Completed, HeyGen, shared_signals
    from heygen_async.workers.worker import Worker

    def show(result: Result) -> None:
        outcome = "completed" if isinstance(result, Completed) else f"failed: {result.error.gist}"
        console.print(f"row {result.index + 1} {outcome}", markup=False, highlight=False)

    signals = shared_signals(address) if watch else contextlib.nullcontext()
    async with HeyGen(base_url=base_url) as heygen, signals as heard:
        this = Worker(
            heygen=heygen,
            address=address,
            download_to=None if output is None else str(output),
            on_unknown=on_unknown,
            on_result=show,
            until_done=until_done,
            watch=heard,
        )
        console.print(f"worker {this.name}: waiting for rows; Ctrl-C hands its rows to the others")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_stop_on_signal, tasks.cancel_scope)
            await this.work()
            tasks.cancel_scope.cancel()
    console.print(f"worker {this.name}: {this.ended['completed']} completed, {this.ended['failed']} failed here")
    return 0


async def _stop_on_signal(scope: anyio.CancelScope) -> None:
    import anyio

    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()

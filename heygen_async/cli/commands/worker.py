"""`heygen-async worker`: render queued rows, alongside any number of other workers."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console

from heygen_async.cli.terminal.option_types import Account, Address, BaseUrl, Speed, Unknown

if TYPE_CHECKING:
    import anyio

    from heygen_async import Result, Worker
    from heygen_async.bulk.output.list_numbers import ListNumbers


def worker(
    *,
    database: Address,
    output: Annotated[
        Path | None, Parameter(help="Folder for the files of the rows rendered here. [default: the campaigns' own]")
    ] = None,
    on_unknown: Annotated[Unknown | None, Parameter(show_default=False)] = None,
    until_done: Annotated[
        bool, Parameter(help="Exit when no row waits and nothing is being made, files included.")
    ] = False,
    watch: Annotated[
        bool, Parameter(help="Look at a render as soon as a process with `shared_signals` hears that it has ended.")
    ] = False,
    account: Account = "",
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Render queued rows, alongside any number of other workers. Costs money.

    Ctrl-C hands this worker's rows to the others; a second one ends it at once.
    """
    from heygen_async.cli.rendering.follow_run import run_async
    from heygen_async.cli.terminal.progress import wide_console

    console = wide_console()

    async def main() -> int:
        from heygen_async import HeyGen, Worker, shared_signals
        from heygen_async.bulk.output.list_numbers import ListNumbers
        from heygen_async.cli.otel_environment import is_on, observers

        telemetry, numbers = observers(), ListNumbers(database)
        signals = shared_signals(database) if watch else contextlib.nullcontext()
        async with HeyGen(base_url=base_url, observers=telemetry) as heygen, signals as heard:
            this = Worker(
                heygen=heygen,
                address=database,
                download_to=None if output is None else str(output),
                on_unknown=on_unknown,
                on_result=lambda result: _show(console, result, numbers),
                until_done=until_done,
                watch=heard,
                account=account,
            )
            if is_on():
                this.report_fleet()
            return await _work(console, this)

    raise SystemExit(run_async(main, speed, base_url))


def _show(console: Console, result: Result, numbers: ListNumbers) -> None:
    from heygen_async import Failed

    outcome = f"failed: {result.error.gist}" if isinstance(result, Failed) else "completed"
    console.print(f"row {numbers.of(result) or result.index + 1} {outcome}", markup=False, highlight=False)


async def _work(console: Console, this: Worker) -> int:
    import anyio

    from heygen_async.bulk.run.result_stream import only
    from heygen_async.workers.fleet_status import fleet_status

    is_done = False
    console.print(f"worker {this.name}: waiting for rows; Ctrl-C hands its rows to the others")
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_stop_on_signal, tasks.cancel_scope)
            await this.work()
            is_done = True
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise only(group) from None
    console.print(f"worker {this.name}: {this.ended['completed']} completed, {this.ended['failed']} failed here")
    if not is_done:
        return 0
    status = await anyio.to_thread.run_sync(fleet_status, this.address, this.account)
    for line in status.open_lines:
        console.print(line, markup=False, highlight=False)
    return status.exit_code


async def _stop_on_signal(scope: anyio.CancelScope) -> None:
    import anyio

    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            if scope.cancel_called:
                os._exit(128 + number)
            scope.cancel()
            signal.signal(number, signal.SIG_DFL)

"""The commands for several machines: enqueue, worker, pause; `resume` and the others take the database's address."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import anyio
from cyclopts import Parameter
from rich.console import Console

from heygen_async import Campaign, Completed, HeyGen, Result
from heygen_async.cli.given import Given, opened
from heygen_async.cli.plan import NoPreflight, RowsFile, Source, client, looked_up, planned
from heygen_async.cli.progress import wide_console
from heygen_async.cli.running import met, start
from heygen_async.cli.words import BaseUrl, Count, Speed, Unknown
from heygen_async.workers.enqueue import enqueue as queue_rows, pause as pause_all
from heygen_async.workers.worker import Worker

Address = Annotated[
    str, Parameter(name="--database", help="postgresql://user@host/name: what workers share. Made ready when needed.")
]


def enqueue(
    source: Source,
    rows: RowsFile = None,
    /,
    *,
    database: Address,
    given: Given = Given(),  # noqa: B008 - a frozen value
    campaign: Annotated[
        str | None, Parameter(help="Tells these rows from other lists' in the database. [default: SOURCE's name]")
    ] = None,
    max_in_flight: Annotated[
        Count | None, Parameter(help="Renders at once, over all workers. [default: the campaign file's; as before; 10]")
    ] = None,
    max_agents: Annotated[Count | None, Parameter(help="Of them agents. [default: as before; 3]")] = None,
    no_preflight: NoPreflight = False,
    base_url: BaseUrl = None,
) -> None:
    """Check every row and queue it for workers on any number of machines. Renders nothing; workers do.

    The same list again queues only what is new or changed: each row is paid for once.
    """

    async def main() -> int:
        file, listed = opened(source, rows)
        filled = given.campaign(file)
        async with client(base_url) as heygen:
            if heygen is None or no_preflight:
                plan = planned(filled, listed)
            else:
                plan = await looked_up(heygen, filled, listed)
        name = source.stem if campaign is None else campaign
        done = await queue_rows(
            database,
            plan.jobs(),
            campaign=name,
            max_in_flight=max_in_flight or _told_by(filled, source),
            max_agents=max_agents,
        )
        console = wide_console()
        console.print(f"Rows: {met(done.merge) or 'none'}", highlight=False)
        console.print(f"{done.queued} rows are queued; {done.state}", highlight=False)
        console.print("Price: " + str(plan.price) + ", by HeyGen's price list", highlight=False)
        console.print("Now, on as many machines as you like: heygen-async worker --database ...", highlight=False)
        return 0

    raise SystemExit(asyncio.run(main()))


def worker(
    *,
    database: Address,
    output: Annotated[
        Path | None, Parameter(help="Folder for the files of what is rendered here. [default: they stay at HeyGen]")
    ] = None,
    on_unknown: Unknown = "hold",
    until_done: Annotated[bool, Parameter(help="Leave when no rows are left, anywhere.")] = False,
    base_url: BaseUrl = None,
    speed: Speed = 1.0,
) -> None:
    """Render what is queued, beside any number of other workers. Costs money. Ctrl-C hands its rows to the others."""
    console = wide_console()
    raise SystemExit(
        start(lambda: _work(console, database, output, on_unknown, base_url, until_done=until_done), speed, base_url)
    )


def _told_by(campaign: Campaign, source: Path) -> int | None:
    """Return how many renders at once a campaign file wants; a bare list says nothing."""
    most = campaign.run.max_in_flight if source.suffix.lower() == ".toml" else None
    return most if isinstance(most, int) else None


async def _work(
    console: Console, address: str, output: Path | None, on_unknown: Unknown, base_url: str | None, *, until_done: bool
) -> int:
    def show(result: Result) -> None:
        how = "completed" if isinstance(result, Completed) else f"failed: {result.error.gist}"
        console.print(f"row {result.index + 1} {how}", markup=False, highlight=False)

    async with HeyGen(base_url=base_url) as heygen:
        one = Worker(
            heygen=heygen,
            address=address,
            download_to=None if output is None else str(output),
            on_unknown=on_unknown,
            on_result=show,
            until_done=until_done,
        )
        console.print(f"worker {one.name}: waiting for rows; Ctrl-C hands what is under way to the others")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_leave_on_signal, tasks.cancel_scope)
            await one.work()
            tasks.cancel_scope.cancel()
    console.print(f"worker {one.name}: {one.ended['completed']} completed, {one.ended['failed']} failed here")
    return 0


async def _leave_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()


def pause(
    *,
    database: Address,
    why: Annotated[str, Parameter(help="What status shall say.")] = "a person paused it",
) -> None:
    """Let no worker begin anything new; what runs is followed to its end."""
    wide_console().print(f"{pause_all(database, why)}. To go on: heygen-async resume ADDRESS")

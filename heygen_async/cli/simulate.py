"""`heygen-async simulate`: the stand-in server, to try things against."""

from __future__ import annotations

import anyio
import click
from rich.console import Console

from heygen_async.simulator import World, run, serve


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8400, show_default=True, help="0 picks a free one.")
@click.option("--slots", type=click.IntRange(min=1), default=10, show_default=True, help="Renders at once.")
@click.option(
    "--speed",
    type=click.FloatRange(min=1),
    default=1.0,
    show_default=True,
    help="How many times faster than life renders go.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Of the render times.")
def simulate(port: int, slots: int, speed: float, seed: int) -> None:
    """Serve a stand-in of HeyGen on this machine until Ctrl-C. No key of yours, no network, no money."""
    run(lambda: _serve(port, World(slots=slots, seed=seed)), speed=speed)


async def _serve(port: int, world: World) -> None:
    console = Console()
    async with serve(world, port=port) as server:
        console.print(f"The simulator listens on {server.base_url}. In another terminal:", highlight=False)
        console.print(f"  export HEYGEN_API_BASE={server.base_url} HEYGEN_API_KEY=simulator-key", highlight=False)
        console.print(f"Its books: {server.base_url}/_simulator/report. Ctrl-C ends it.", highlight=False)
        await anyio.sleep_forever()

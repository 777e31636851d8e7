"""`heygen-async simulate`: serve the simulator of HeyGen's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from heygen_async.cli.terminal.console import PlainConsole
from heygen_async.cli.terminal.option_types import Count

if TYPE_CHECKING:
    from heygen_async.simulator import World


def simulate(
    *,
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535), help="0 picks a free one.")] = 8400,
    slots: Annotated[Count, Parameter(help="Renders at once.")] = 10,
    speed: Annotated[
        float, Parameter(validator=validators.Number(gte=1), help="How many times faster than real time.")
    ] = 1.0,
    open_contract: Annotated[
        bool, Parameter(negative="", help="Accept fields and words that are newer than this version.")
    ] = False,
    seed: Annotated[int, Parameter(help="Seed of the random render times.")] = 7,
    open_catalog: Annotated[
        bool, Parameter(negative="", help="Accept any id of a look, voice, style, folder, and so on.")
    ] = False,
) -> None:
    """Serve the HeyGen simulator on this machine until Ctrl-C. No account, no network, no money.

    Its account has six looks, some voices, styles and templates, and refuses what it does not have, as HeyGen does.
    """
    from heygen_async.simulator import World, run

    world = World(slots=slots, seed=seed, strict_catalog=not open_catalog, open_contract=open_contract)
    run(lambda: _serve(port, world), speed=speed)


async def _serve(port: int, world: World) -> None:
    import anyio

    from heygen_async.simulator import serve

    console = PlainConsole()
    async with serve(world, port=port) as server:
        console.print(f"The simulator listens on {server.base_url}. In another terminal:", highlight=False)
        console.print(f"  export HEYGEN_API_BASE={server.base_url} HEYGEN_API_KEY=simulator-key", highlight=False)
        console.print(f"Its report: {server.base_url}/_simulator/report. Ctrl-C ends it.", highlight=False)
        await anyio.sleep_forever()

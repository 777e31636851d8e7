"""`heygen-async simulate`: serve the simulator of HeyGen's API."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter, validators
from cyclopts.token import Token

from heygen_async.cli.terminal.console import PlainConsole
from heygen_async.cli.terminal.option_types import Count, seconds_of

if TYPE_CHECKING:
    from heygen_async.simulator import World
    from heygen_async.simulator.faults.scenarios import Outage


def _share(_: Any, tokens: Sequence[Token]) -> float:
    text = tokens[0].value.strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{text!r} is not a share, such as 5% or 0.05")
    return share


def read_outage(text: str) -> tuple[dt.time | float, float]:
    """Read `22:00+10m`, a time of day and a duration, or `20m+10m`, so long after the start.

    Raises:
        InvalidInputError: It is neither.
    """
    from heygen_async import InvalidInputError

    begins, _, lasts = text.replace(" ", "").partition("+")
    clock = re.fullmatch(r"(\d{1,2}):(\d{2})", begins)
    try:
        at = seconds_of(begins) if clock is None else dt.time(int(clock[1]), int(clock[2]))
        return at, seconds_of(lasts)
    except ValueError:
        problem = "must be a time of day and a duration, such as 22:00+10m, or a time after the start: 20m+10m"
        raise InvalidInputError(f"--outage {text!r}: {problem}") from None


def simulate(
    *,
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535), help="0 picks a free one.")] = 8400,
    slots: Annotated[Count, Parameter(help="Renders at once.")] = 10,
    speed: Annotated[
        float, Parameter(validator=validators.Number(gte=1), help="How many times faster than real time.")
    ] = 1.0,
    failures: Annotated[
        float, Parameter(converter=_share, help="Share of the renders that fail, such as 5%.", show_default=False)
    ] = 0.0,
    outage: Annotated[
        tuple[str, ...],
        Parameter(
            help="START+DURATION: HeyGen is away from 22:00+10m, by the simulator's clock, or from 20m+10m, after its "
            "start. Repeatable."
        ),
    ] = (),
    outage_kind: Annotated[
        Literal["503", "drop"], Parameter(help="What an outage does: answers 503, or drops connections.")
    ] = "503",
    open_contract: Annotated[
        bool, Parameter(negative="", help="Accept fields and words that are newer than this version.")
    ] = False,
    seed: Annotated[int, Parameter(help="Seed of the random render times and failures.")] = 7,
    open_catalog: Annotated[
        bool, Parameter(negative="", help="Accept any id of a look, voice, style, folder, and so on.")
    ] = False,
) -> None:
    """Serve the HeyGen simulator on this machine until Ctrl-C. No account, no network, no money.

    Its account has six looks, some voices, styles and templates, and refuses what it does not have, as HeyGen does.
    Its clock begins with that of this machine and runs at its speed. To rehearse a bad evening:

        heygen-async simulate --failures 5% --outage 22:00+10m
    """
    from heygen_async.simulator import World, run
    from heygen_async.simulator.faults.scenarios import Outage, failing_renders

    outages = [Outage(begins=begins, seconds=seconds, kind=outage_kind) for begins, seconds in map(read_outage, outage)]
    start = dt.datetime.now().astimezone()
    world = World(
        slots=slots,
        seed=seed,
        strict_catalog=not open_catalog,
        open_contract=open_contract,
        epoch=start.timestamp(),
        faults=[*(each.fault(start) for each in outages), *(failing_renders(failures) if failures else ())],
    )
    notes = [*([f"{failures * 100:.3g} % of all renders fail."] if failures else []), *_told(outages, start, speed)]
    run(lambda: _serve(port, world, notes), speed=speed)


def _told(outages: Sequence[Outage], start: dt.datetime, speed: float) -> Iterator[str]:
    """Yield a line for each outage: when it is by the simulator's clock, and how long until then."""
    from heygen_async.cli.terminal.progress import span

    for outage in outages:
        first, last = outage.between(start)
        begins, ends = (start + dt.timedelta(seconds=seconds) for seconds in (first, last))
        what = "answers 503" if outage.kind == "503" else "drops connections"
        yield f"It {what} from {begins:%H:%M} to {ends:%H:%M} by its clock: {span(first / speed)} from now."


async def _serve(port: int, world: World, notes: Sequence[str]) -> None:
    import anyio

    from heygen_async.simulator import serve

    console = PlainConsole()
    async with serve(world, port=port) as server:
        console.print(f"The simulator listens on {server.base_url}. In another terminal:")
        words = f"export HEYGEN_API_BASE={server.base_url} HEYGEN_API_KEY=simulator-key"
        console.print(f"  {words}", soft_wrap=True)
        for note in notes:
            console.print(note)
        console.print(f"Its report: {server.base_url}/_simulator/report. Ctrl-C ends it.")
        await anyio.sleep_forever()

"""`heygen-async voices`: voices for videos and speech."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import BaseUrl
from heygen_async.cli.terminal.tables import ROWS, InJson, Rows, show_list, show_one

_COLUMNS = {"voice_id": "voice_id", "name": "name", "language": "language", "gender": "gender", "type": "type"}


async def list_voices(
    *,
    kind: Annotated[
        Literal["public", "private"] | None,
        Parameter(name="--type", help="Only HeyGen's, or only your own. [default: both]"),
    ] = None,
    language: Annotated[str | None, Parameter(help="Only this language, such as English.")] = None,
    gender: Annotated[str | None, Parameter(help="Only this gender.")] = None,
    engine: Annotated[str | None, Parameter(help="Only voices that this engine supports.")] = None,
    limit: Rows = ROWS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
) -> None:
    """List voices; the id of a voice is the `voice_id` of a request. Free."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        voices = heygen.voices.list(
            kind=kind, engine=engine, language=language, gender=gender, limit=min(100, limit + 1)
        )
        await show_list(voices, _COLUMNS, limit=limit, in_json=in_json)


async def get(
    voice: Annotated[str, Parameter(help="Id of the voice, as `voices list` shows it.")],
    /,
    *,
    in_json: InJson = False,
    base_url: BaseUrl = None,
) -> None:
    """Show a voice. Free."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        show_one(await heygen.voices.get(voice), in_json=in_json)

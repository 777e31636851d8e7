"""`heygen-async avatars`: avatars and their looks."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from heygen_async.cli.terminal.option_types import BaseUrl
from heygen_async.cli.terminal.tables import ROWS, InJson, Rows, show_list, show_one

Ownership = Annotated[
    Literal["public", "private"] | None, Parameter(help="Only HeyGen's, or only your own. [default: both]")
]

_AVATARS = {"id": "id", "name": "name", "looks_count": "looks", "gender": "gender", "status": "status"}
_LOOKS = {"id": "avatar_id", "name": "name", "avatar_type": "type", "group_id": "avatar", "status": "status"}


async def list_avatars(
    *, ownership: Ownership = None, limit: Rows = ROWS, in_json: InJson = False, base_url: BaseUrl = None
) -> None:
    """List avatars: people with one or more looks. Free."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        avatars = heygen.avatars.list(ownership=ownership, limit=min(50, limit + 1))
        await show_list(avatars, _AVATARS, limit=limit, in_json=in_json)


async def looks(
    *,
    avatar: Annotated[str | None, Parameter(help="Id of an avatar: list only its looks.")] = None,
    kind: Annotated[
        Literal["studio_avatar", "digital_twin", "photo_avatar"] | None,
        Parameter(name="--type", help="Only this kind.", name_transform=str),
    ] = None,
    ownership: Ownership = None,
    limit: Rows = ROWS,
    in_json: InJson = False,
    base_url: BaseUrl = None,
) -> None:
    """List looks; the id of a look is the `avatar_id` of a request. Free."""
    from heygen_async import HeyGen

    async with HeyGen(base_url=base_url) as heygen:
        page = min(50, limit + 1)
        found = heygen.avatars.looks(group_id=avatar, avatar_type=kind, ownership=ownership, limit=page)
        await show_list(found, _LOOKS, limit=limit, in_json=in_json)


async def get(
    avatar: Annotated[str, Parameter(help="Id of an avatar or of a look.")],
    /,
    *,
    in_json: InJson = False,
    base_url: BaseUrl = None,
) -> None:
    """Show an avatar or a look. Free."""
    from heygen_async import HeyGen, NotFoundError

    async with HeyGen(base_url=base_url) as heygen:
        try:
            show_one(await heygen.avatars.get_look(avatar), in_json=in_json)
        except NotFoundError:
            show_one(await heygen.avatars.get(avatar), in_json=in_json)

"""Where videos lie: `/v3/folders`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.api.fields.contract_rules import required, string
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import one_of
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller


@attrs.frozen(kw_only=True)
class NewFolder:
    """A folder to be made.

    Attributes:
        name: As shown at HeyGen: 1 to 256 characters.
        parent_id: The folder that it lies in; absent for the root.
        type: Its kind: mixed, video or video_translate.
        extra: Further fields.

    Source: `CreateFolderRequest`.
    """

    name: str = attrs.field(validator=[required, string(1, 256)])
    parent_id: str | None = attrs.field(default=None, validator=string())
    type: str | None = attrs.field(default=None, validator=one_of("mixed", "video", "video_translate"))
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class Folder:
    """A folder. One in the trash is still found: see `is_trash`.

    Attributes:
        created_at: When it was made.
        folder_id: Where it is put.
        is_trash: Whether it lies in the trash.
        name: As shown at HeyGen.
        type: Its kind: mixed, video or video_translate.
        updated_at: When it was last changed.
        creator_username: Who made it.
        parent_id: The folder that it lies in; absent for the root.

    Source: `Folder`.
    """

    created_at: float
    folder_id: str
    is_trash: bool
    name: str
    type: str
    updated_at: float
    creator_username: str | None = None
    parent_id: str | None = None


class Folders:
    """`heygen.folders`: where videos lie."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(
        self,
        name: str,
        options: Options | None = None,
        *,
        parent_id: str | None = None,
        kind: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Folder:
        """Make a folder.

        Names need not be unique, and nothing is found by name: keep the id.

        Args:
            name: As shown at HeyGen: 1 to 256 characters.
            parent_id: The folder that it lies in; absent for the root.
            kind: Its kind: mixed, video or video_translate.
            extra: Further fields.
            options: As for every call.

        Source: `POST /v3/folders`.
        """
        call = Call(
            method="POST",
            path="/v3/folders",
            route="/v3/folders",
            body=wire.encode(NewFolder(name=name, parent_id=parent_id, type=kind, extra=extra)),
            read=data_reader(Folder),
            takes_key=True,
        )
        return await self._caller.send(call, options)

    async def get(self, folder_id: str, options: Options | None = None) -> Folder:
        """Return a folder.

        Source: `GET /v3/folders/{folder_id}`.
        """
        call = Call(
            method="GET",
            path=f"/v3/folders/{path_id(folder_id)}",
            route="/v3/folders/{folder_id}",
            read=data_reader(Folder),
        )
        return await self._caller.send(call, options)

"""People cut out of films: `/v3/background-removals`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs

from heygen_async.api.fields.assets import Asset, as_asset, asset
from heygen_async.api.fields.contract_rules import as_tuple, items, number, string
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import one_of
from heygen_async.api.handles import polling
from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.http.pages import Listing

_BACKGROUND_REMOVAL = Ends(subject="background removal", failed=frozenset({"failed", "deleted"}), files=("layers",))


@attrs.frozen(kw_only=True)
class BackgroundRemovalRequest:
    """A film to cut the people out of.

    Attributes:
        video: The source; a plain address will do.
        layers: Which pictures are wanted: foreground, mask, background; or their addresses, once there.
        request_id: Your own name for the request: asked again under it, HeyGen makes nothing new.
        title: Its name at HeyGen.
        extra: Further fields.

    Source: `CreateBackgroundRemovalRequest`.
    """

    kind: ClassVar[str] = "background_removal"
    video: Asset = attrs.field(converter=as_asset, validator=asset())
    layers: tuple[str, ...] | None = attrs.field(
        default=None, converter=as_tuple, validator=items(one_of("foreground", "mask", "background")), repr=False
    )
    request_id: str | None = attrs.field(default=None, validator=string())
    title: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class CutOut:
    """A film cut into layers, as it is now.

    Attributes:
        id: Its id.
        status: pending, processing, completed, failed or deleted; HeyGen may add words.
        completed_at: Unix seconds.
        created_at: When it was made.
        duration: Seconds.
        error: Why it failed.
        layers: Which pictures are wanted: foreground, mask, background; or their addresses, once there.

    Source: `BackgroundRemovalDetail`.
    """

    id: str
    status: str
    completed_at: float | None = None
    created_at: float | None = None
    duration: float | None = None
    error: str | None = None
    layers: Mapping[str, str] | None = attrs.field(default=None, repr=False, hash=False)


@attrs.frozen(kw_only=True)
class DeletedBackgroundRemoval:
    """What was deleted.

    Attributes:
        deleted: Whether it is gone.
        id: Its id.

    Source: `DeletedBackgroundRemoval`.
    """

    deleted: bool
    id: str


@attrs.frozen(kw_only=True)
class _ListQuery:
    """Source: `GET /v3/background-removals`."""

    limit: int | None = attrs.field(default=None, validator=number(1, 100, whole=True))


class BackgroundRemoval:
    """`heygen.background_removal`: people cut out of films."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(
        self,
        video: Asset | str,
        options: Options | None = None,
        *,
        layers: Iterable[str] | None = None,
        request_id: str | None = None,
        title: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> ServerJob[CutOut]:
        """Cut the people out of a film. Costs money.

        HeyGen takes no Idempotency-Key here, so a lost answer is not followed by a second POST. With a
        `request_id` you may ask again yourself.

        Args:
            video: The source; a plain address will do.
            layers: Which pictures are wanted: foreground, mask, background; or their addresses, once there.
            request_id: Your own name for the request: asked again under it, HeyGen makes nothing new.
            title: Its name at HeyGen.
            extra: Further fields.
            options: As for every call.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.
            OutcomeUnknownError: Sent, perhaps made: look before you ask again.

        Source: `POST /v3/background-removals`.
        """
        call = Call(
            method="POST",
            path="/v3/background-removals",
            route="/v3/background-removals",
            body=wire.encode(
                BackgroundRemovalRequest(video=video, layers=layers, request_id=request_id, title=title, extra=extra)
            ),
            read=data_reader(CutOut),
            costs=True,
        )
        created = await self._caller.send(call, options)
        return follow_background_removal(self._caller, created.id, polling.DIRECT)

    def list(self, *, limit: int = 100) -> Listing[CutOut]:
        """List them, newest first.

        Args:
            limit: Items a page, 1 to 100.

        Source: `GET /v3/background-removals`.
        """
        asked = wire.encode(_ListQuery(limit=limit))
        return Listing(self._caller, "/v3/background-removals", CutOut, asked)

    async def get(self, job_id: str, options: Options | None = None) -> CutOut:
        """Return one as it is now.

        Source: `GET /v3/background-removals/{job_id}`.
        """
        call = read_background_removal(job_id)
        return await self._caller.send(call, options)

    async def delete(self, job_id: str, options: Options | None = None) -> DeletedBackgroundRemoval:
        """Delete one.

        Source: `DELETE /v3/background-removals/{job_id}`.
        """
        call = Call(
            method="DELETE",
            path=f"/v3/background-removals/{path_id(job_id)}",
            route="/v3/background-removals/{job_id}",
            read=data_reader(DeletedBackgroundRemoval),
        )
        return await self._caller.send(call, options)

    def job(self, job_id: str) -> ServerJob[CutOut]:
        """Return a handle on one that was begun earlier; asks nothing yet."""
        return follow_background_removal(self._caller, path_id(job_id), polling.RESUMED)


def read_background_removal(job_id: str) -> Call[CutOut]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/background-removals/{path_id(job_id)}",
        route="/v3/background-removals/{job_id}",
        read=data_reader(CutOut),
    )


def follow_background_removal(caller: Caller, job_id: str, pace: polling.Pace) -> ServerJob[CutOut]:
    """Return a handle on one."""
    return ServerJob(caller, job_id, read_background_removal, _BACKGROUND_REMOVAL, pace)

"""Films with another sound, lips in time: `/v3/lipsyncs`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs

from heygen_async.api.fields.assets import AssetId, AssetUrl, as_asset
from heygen_async.api.fields.contract_rules import (
    as_tuple,
    encode_request,
    file_reference,
    items,
    number,
    required,
    string,
    web_address,
)
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import boolean, instance_of, one_of
from heygen_async.api.generated.shared import Deleted, Rename
from heygen_async.api.handles import polling
from heygen_async.api.handles.batches import Batch, CreatedBatch
from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.api.handles.video import Statuses, VideoStatus
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.http.id_lists import id_lists
from heygen_async.http.pages import Listing

_LIPSYNC = Ends(subject="lipsync", files=("video_url",))


_LIPSYNC_BATCH = Ends(subject="lipsync batch", succeeded=frozenset({"completed", "failed"}), failed=frozenset())


@attrs.frozen(kw_only=True)
class LipsyncRequest:
    """A film and the sound that is to go with it.

    Attributes:
        audio: The new sound; a plain address will do.
        video: The source; a plain address will do.
        callback_id: Comes back in the call.
        callback_url: Called when it ends, unsigned.
        disable_music_track: Leave out the music.
        enable_caption: Make captions too.
        enable_dynamic_duration: Let the length follow the speech; HeyGen's default is True.
        enable_speech_enhancement: Clean the speech.
        enable_watermark: Mark the video.
        end_time: Where to stop, in seconds.
        folder_id: Where it is put.
        fps_mode: vfr, cfr or passthrough: what becomes of the frame rate.
        keep_the_same_format: Keep codec and size of the source.
        mode: How: speed or precision.
        start_time: Where to begin, in seconds.
        title: Its name at HeyGen.
        extra: Further fields.

    Source: `CreateLipsyncRequest`.
    """

    kind: ClassVar[str] = "lipsync"
    audio: AssetUrl | AssetId = attrs.field(converter=as_asset, validator=file_reference())
    video: AssetUrl | AssetId = attrs.field(converter=as_asset, validator=file_reference())
    callback_id: str | None = attrs.field(default=None, validator=string())
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    disable_music_track: bool | None = attrs.field(default=None, validator=boolean())
    enable_caption: bool | None = attrs.field(default=None, validator=boolean())
    enable_dynamic_duration: bool | None = attrs.field(default=None, validator=boolean())
    enable_speech_enhancement: bool | None = attrs.field(default=None, validator=boolean())
    enable_watermark: bool | None = attrs.field(default=None, validator=boolean())
    end_time: float | None = attrs.field(default=None, validator=number(0))
    folder_id: str | None = attrs.field(default=None, validator=string())
    fps_mode: str | None = attrs.field(default=None, validator=string())
    keep_the_same_format: bool | None = attrs.field(default=None, validator=boolean())
    mode: str | None = attrs.field(default=None, validator=one_of("speed", "precision"))
    start_time: float | None = attrs.field(default=None, validator=number(0))
    title: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class CreatedLipsync:
    """An id to follow.

    Attributes:
        lipsync_id: Its id.

    Source: `CreatedLipsync`.
    """

    lipsync_id: str


@attrs.frozen(kw_only=True)
class Lipsync:
    """A lipsync as it is now.

    Attributes:
        id: Its id.
        status: pending, running, completed or failed; HeyGen may add words.
        callback_id: Comes back in the call.
        caption_url: Captions; short-lived.
        created_at: When it was made.
        duration: Seconds.
        failure_message: The same in words.
        title: Its name at HeyGen.
        video_url: Presigned and short-lived: download it now or read it again.

    Source: `LipsyncDetail`.
    """

    id: str
    status: str
    callback_id: str | None = None
    caption_url: str | None = attrs.field(default=None, repr=False)
    created_at: float | None = None
    duration: float | None = None
    failure_message: str | None = None
    title: str | None = None
    video_url: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class LipsyncRequests:
    """Lipsyncs in one request.

    Attributes:
        lipsyncs: What is asked for: 1 to 100 of them.
        callback_url: Called when it ends, unsigned.
        title: Its name at HeyGen.
        extra: Further fields.

    Source: `CreateLipsyncBatchRequest`.
    """

    lipsyncs: tuple[LipsyncRequest, ...] = attrs.field(
        converter=as_tuple, validator=[required, items(instance_of(LipsyncRequest), 1, 100)]
    )
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    title: str | None = attrs.field(default=None, validator=string())
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class _ListQuery:
    """Source: `GET /v3/lipsyncs`."""

    limit: int | None = attrs.field(default=None, validator=number(1, 100, whole=True))


class Lipsyncs:
    """`heygen.lipsyncs`: films with another sound, lips in time."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(self, request: LipsyncRequest, options: Options | None = None) -> ServerJob[Lipsync]:
        """Put another sound under a film. Costs 0.0333 (speed) to 0.0667 (precision) US dollars a second.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/lipsyncs`.
        """
        call = Call(
            method="POST",
            path="/v3/lipsyncs",
            route="/v3/lipsyncs",
            body=encode_request(request, LipsyncRequest),
            read=data_reader(CreatedLipsync),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return follow_lipsync(self._caller, created.lipsync_id, polling.DIRECT)

    def list(self, *, limit: int = 100) -> Listing[Lipsync]:
        """List lipsyncs, newest first.

        Args:
            limit: Items a page, 1 to 100.

        Source: `GET /v3/lipsyncs`.
        """
        asked = wire.encode(_ListQuery(limit=limit))
        return Listing(self._caller, "/v3/lipsyncs", Lipsync, asked)

    async def get(self, lipsync_id: str, options: Options | None = None) -> Lipsync:
        """Return a lipsync as it is now.

        Source: `GET /v3/lipsyncs/{lipsync_id}`.
        """
        call = read_lipsync(lipsync_id)
        return await self._caller.send(call, options)

    async def rename(
        self, lipsync_id: str, title: str, options: Options | None = None, *, extra: Mapping[str, Any] | None = None
    ) -> Lipsync:
        """Give a lipsync another title.

        Args:
            lipsync_id: Whose.
            title: Its name at HeyGen.
            extra: Further fields.
            options: As for every call.

        Source: `PATCH /v3/lipsyncs/{lipsync_id}`.
        """
        call = Call(
            method="PATCH",
            path=f"/v3/lipsyncs/{path_id(lipsync_id)}",
            route="/v3/lipsyncs/{lipsync_id}",
            body=wire.encode(Rename(title=title, extra=extra)),
            read=data_reader(Lipsync),
        )
        return await self._caller.send(call, options)

    async def delete(self, lipsync_id: str, options: Options | None = None) -> Deleted:
        """Delete a lipsync.

        Source: `DELETE /v3/lipsyncs/{lipsync_id}`.
        """
        call = Call(
            method="DELETE",
            path=f"/v3/lipsyncs/{path_id(lipsync_id)}",
            route="/v3/lipsyncs/{lipsync_id}",
            read=data_reader(Deleted),
        )
        return await self._caller.send(call, options)

    async def create_batch(
        self,
        lipsyncs: Iterable[LipsyncRequest],
        options: Options | None = None,
        *,
        callback_url: str | None = None,
        title: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> ServerJob[Batch]:
        """Ask for up to 100 lipsyncs at once. Costs money for each.

        One malformed item refuses the whole batch, and nothing is made.

        Args:
            lipsyncs: What is asked for: 1 to 100 of them.
            callback_url: Called when it ends, unsigned.
            title: Its name at HeyGen.
            extra: Further fields.
            options: As for every call.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/lipsyncs/batches`.
        """
        call = Call(
            method="POST",
            path="/v3/lipsyncs/batches",
            route="/v3/lipsyncs/batches",
            body=wire.encode(LipsyncRequests(lipsyncs=lipsyncs, callback_url=callback_url, title=title, extra=extra)),
            read=data_reader(CreatedBatch),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return follow_lipsync_batch(self._caller, created.batch_id, polling.DIRECT)

    async def batch(self, batch_id: str, options: Options | None = None) -> Batch:
        """Return a batch as it is now.

        Source: `GET /v3/lipsyncs/batches/{batch_id}`.
        """
        call = read_lipsync_batch(batch_id)
        return await self._caller.send(call, options)

    async def statuses(
        self, lipsync_ids: Iterable[str] = (), options: Options | None = None, *, batch_ids: Iterable[str] = ()
    ) -> Statuses:
        """Return how far up to 100 lipsyncs are.

        Source: `GET /v3/lipsyncs/statuses`.
        """
        call = Call(
            method="GET",
            path="/v3/lipsyncs/statuses",
            route="/v3/lipsyncs/statuses",
            query=id_lists(lipsync_ids=lipsync_ids, batch_ids=batch_ids),
            read=data_reader(list[VideoStatus]),
        )
        return await self._caller.send(call, options)

    def job(self, lipsync_id: str) -> ServerJob[Lipsync]:
        """Return a handle on one that was begun earlier; asks nothing yet."""
        return follow_lipsync(self._caller, path_id(lipsync_id), polling.RESUMED)

    def batch_job(self, batch_id: str) -> ServerJob[Batch]:
        """Return a handle on one that was begun earlier; asks nothing yet.

        It ends when every item has; `items` tells which have failed.
        """
        return follow_lipsync_batch(self._caller, path_id(batch_id), polling.RESUMED)


def read_lipsync(lipsync_id: str) -> Call[Lipsync]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/lipsyncs/{path_id(lipsync_id)}",
        route="/v3/lipsyncs/{lipsync_id}",
        read=data_reader(Lipsync),
    )


def follow_lipsync(caller: Caller, lipsync_id: str, pace: polling.Pace) -> ServerJob[Lipsync]:
    """Return a handle on one."""
    return ServerJob(caller, lipsync_id, read_lipsync, _LIPSYNC, pace)


def read_lipsync_batch(batch_id: str) -> Call[Batch]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/lipsyncs/batches/{path_id(batch_id)}",
        route="/v3/lipsyncs/batches/{batch_id}",
        query={"limit": 100},
        read=data_reader(Batch),
    )


def follow_lipsync_batch(caller: Caller, batch_id: str, pace: polling.Pace) -> ServerJob[Batch]:
    """Return a handle on one."""
    return ServerJob(caller, batch_id, read_lipsync_batch, _LIPSYNC_BATCH, pace)

"""Short clips out of long films: `/v3/ai-clipping`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from heygen_async.api.fields.assets import AssetId, AssetUrl, as_asset
from heygen_async.api.fields.contract_rules import (
    as_tuple,
    encode_request,
    file_reference,
    items,
    number,
    string,
    web_address,
)
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import boolean, instance_of, one_of
from heygen_async.api.generated.shared import Deleted
from heygen_async.api.handles import polling
from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.http import wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.http.pages import Listing

_CLIPPING = Ends(subject="clipping", failed=frozenset({"failed", "cancelled"}), files=("clips.video_url",))


@attrs.frozen(kw_only=True)
class ClippingSettings:
    """What clips are to be like.

    Attributes:
        aspect_ratio: Width to height: landscape, portrait or square.
        caption_style: Of burned-in captions, such as outline_classic.
        captions: Whether it has captions.
        duration_types: How long clips may be: 30, 60 or 180 seconds, or long.
        prompt: What you wish, in your words: up to 500 characters.

    Source: `AiClippingOutputSettings`.
    """

    aspect_ratio: str | None = attrs.field(default=None, validator=one_of("landscape", "portrait", "square"))
    caption_style: str | None = attrs.field(default=None, validator=string())
    captions: bool | None = attrs.field(default=None, validator=boolean())
    duration_types: tuple[str, ...] | None = attrs.field(
        default=None, converter=as_tuple, validator=items(one_of("30", "60", "180", "long"), 1, 4)
    )
    prompt: str | None = attrs.field(default=None, validator=string(0, 500), repr=False)


@attrs.frozen(kw_only=True)
class ClippingRequest:
    """A film to be cut into clips.

    Attributes:
        video: The source; a plain address will do.
        callback_id: Comes back in the call: up to 128 characters.
        callback_url: Called when it ends, unsigned.
        input_language: What is spoken; found out if absent.
        output_settings: How long, which shape, with which captions.
        title: Its name at HeyGen: up to 255 characters.
        extra: Further fields.

    Source: `CreateAiClippingRequest`.
    """

    kind: ClassVar[str] = "clipping"
    video: AssetUrl | AssetId = attrs.field(converter=as_asset, validator=file_reference())
    callback_id: str | None = attrs.field(default=None, validator=string(0, 128))
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    input_language: str | None = attrs.field(default=None, validator=string())
    output_settings: ClippingSettings | None = attrs.field(default=None, validator=instance_of(ClippingSettings))
    title: str | None = attrs.field(default=None, validator=string(0, 255))
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class CreatedClipping:
    """An id to follow.

    Attributes:
        ai_clipping_id: The job's id.

    Source: `CreatedAiClippingJob`.
    """

    ai_clipping_id: str


@attrs.frozen(kw_only=True)
class Clip:
    """A clip.

    Attributes:
        id: Its id.
        status: pending, completed or failed; HeyGen may add words.
        aspect_ratio: Width to height: landscape, portrait or square.
        duration_seconds: Seconds.
        failure_message: The same in words.
        thumbnail_url: A still picture.
        title: Its name at HeyGen.
        video_url: Presigned and short-lived: download it now or read it again.
        virality_score: 0 to 100, HeyGen's guess.

    Source: `AiClip`.
    """

    id: str
    status: str
    aspect_ratio: str | None = None
    duration_seconds: float | None = None
    failure_message: str | None = None
    thumbnail_url: str | None = attrs.field(default=None, repr=False)
    title: str | None = None
    video_url: str | None = attrs.field(default=None, repr=False)
    virality_score: float | None = None


@attrs.frozen(kw_only=True)
class UsedClippingSettings:
    """What the clips are like.

    Attributes:
        aspect_ratio: Width to height: landscape, portrait or square.
        caption_style: Of burned-in captions, such as outline_classic.
        captions: Whether it has captions.
        duration_types: How long clips may be: 30, 60 or 180 seconds, or long.
        prompt: What you wish, in your words: up to 500 characters.

    Source: `AiClippingOutputSettings`.
    """

    aspect_ratio: str | None = None
    caption_style: str | None = None
    captions: bool | None = None
    duration_types: tuple[str, ...] | None = None
    prompt: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class ClippedVideo:
    """The clips of one film, as they are now.

    Attributes:
        id: Its id.
        status: pending, running, completed, failed or cancelled; HeyGen may add words.
        callback_id: Comes back in the call.
        clips: What was cut out, the most promising first.
        created_at: When it was made.
        failure_message: The same in words.
        input_language: What is spoken; found out if absent.
        output_settings: How long, which shape, with which captions.
        progress: 0 to 100.
        source_duration: Seconds of the source.
        title: Its name at HeyGen.

    Source: `AiClippingDetail`.
    """

    id: str
    status: str
    callback_id: str | None = None
    clips: tuple[Clip, ...] | None = None
    created_at: float | None = None
    failure_message: str | None = None
    input_language: str | None = None
    output_settings: UsedClippingSettings | None = None
    progress: float | None = None
    source_duration: float | None = None
    title: str | None = None


@attrs.frozen(kw_only=True)
class _ListQuery:
    """Source: `GET /v3/ai-clipping`."""

    limit: int | None = attrs.field(default=None, validator=number(1, 100, whole=True))


class Clipping:
    """`heygen.clipping`: short clips out of long films."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create(self, request: ClippingRequest, options: Options | None = None) -> ServerJob[ClippedVideo]:
        """Have the best clips cut out of a film. Costs money.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/ai-clipping`.
        """
        call = Call(
            method="POST",
            path="/v3/ai-clipping",
            route="/v3/ai-clipping",
            body=encode_request(request, ClippingRequest),
            read=data_reader(CreatedClipping),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return follow_clipping(self._caller, created.ai_clipping_id, polling.DIRECT)

    def list(self, *, limit: int = 100) -> Listing[ClippedVideo]:
        """List clippings, newest first.

        Args:
            limit: Items a page, 1 to 100.

        Source: `GET /v3/ai-clipping`.
        """
        asked = wire.encode(_ListQuery(limit=limit))
        return Listing(self._caller, "/v3/ai-clipping", ClippedVideo, asked)

    async def get(self, job_id: str, options: Options | None = None) -> ClippedVideo:
        """Return a clipping as it is now.

        Source: `GET /v3/ai-clipping/{job_id}`.
        """
        call = read_clipping(job_id)
        return await self._caller.send(call, options)

    async def delete(self, job_id: str, options: Options | None = None) -> Deleted:
        """Delete a clipping.

        Source: `DELETE /v3/ai-clipping/{job_id}`.
        """
        call = Call(
            method="DELETE",
            path=f"/v3/ai-clipping/{path_id(job_id)}",
            route="/v3/ai-clipping/{job_id}",
            read=data_reader(Deleted),
        )
        return await self._caller.send(call, options)

    def job(self, job_id: str) -> ServerJob[ClippedVideo]:
        """Return a handle on one that was begun earlier; asks nothing yet."""
        return follow_clipping(self._caller, path_id(job_id), polling.RESUMED)


def read_clipping(job_id: str) -> Call[ClippedVideo]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/ai-clipping/{path_id(job_id)}",
        route="/v3/ai-clipping/{job_id}",
        read=data_reader(ClippedVideo),
    )


def follow_clipping(caller: Caller, job_id: str, pace: polling.Pace) -> ServerJob[ClippedVideo]:
    """Return a handle on one."""
    return ServerJob(caller, job_id, read_clipping, _CLIPPING, pace)

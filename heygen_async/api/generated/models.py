"""HeyGen Video, the model by itself: `/v3/models`."""

# Written by tests/codegen/generate.py from HeyGen's contract: change that, not this.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from heygen_async.api.fields import cross_field_rules
from heygen_async.api.fields.assets import Asset, as_asset, as_assets, asset
from heygen_async.api.fields.contract_rules import encode_request, items, number, required, string, web_address
from heygen_async.api.fields.extra import extra_fields
from heygen_async.api.fields.rules import one_of
from heygen_async.api.handles import polling
from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller

_MODEL_VIDEO = Ends(subject="model video", failed=frozenset({"failed", "cancelled"}), files=("video_url",))


_MODEL_IMAGE = Ends(subject="model image", failed=frozenset({"failed", "cancelled"}), files=("images",))


@attrs.frozen(kw_only=True)
class ImageToVideo:
    """A film that begins with a picture.

    Attributes:
        image: The picture to begin with; a plain address will do.
        model: Whose work it is: heygen-video-1.
        prompt: What you wish, in your words: up to 16,000 characters.
        aspect_ratio: Width to height: 21:9, 16:9, 4:3, 1:1, 3:4, 9:16 or adaptive.
        callback_id: Comes back in the call.
        callback_url: Called when it ends, unsigned.
        duration: Seconds: 5 to 15.
        prompt_enhancement: How much HeyGen writes it out: turbo, quality (its default), default, disabled.
        resolution: Of the picture: 480p, 768p, 1080p or 2k.
        seed: The same seed, the same result.
        extra: Further fields.

    Source: `ImageToVideoRequest`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("mode", "image_to_video")
    kind: ClassVar[str] = "model_video"
    image: Asset = attrs.field(converter=as_asset, validator=asset())
    model: str = attrs.field(validator=one_of("heygen-video-1"))
    prompt: str = attrs.field(validator=[required, string(0, 16000)], repr=False)
    aspect_ratio: str | None = attrs.field(
        default=None, validator=one_of("21:9", "16:9", "4:3", "1:1", "3:4", "9:16", "adaptive")
    )
    callback_id: str | None = attrs.field(default=None, validator=string())
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    duration: int | None = attrs.field(default=None, validator=number(5, 15, whole=True))
    prompt_enhancement: str | None = attrs.field(
        default=None, validator=one_of("turbo", "quality", "default", "disabled")
    )
    resolution: str | None = attrs.field(default=None, validator=one_of("480p", "768p", "1080p", "2k"))
    seed: int | None = attrs.field(default=None, validator=number(whole=True))
    extra: Mapping[str, Any] | None = extra_fields()


@attrs.frozen(kw_only=True)
class ReferenceToVideo:
    """A film that goes by pictures, films and sounds.

    Attributes:
        model: Whose work it is: heygen-video-1.
        prompt: What you wish, in your words: up to 16,000 characters.
        aspect_ratio: Width to height: 21:9, 16:9, 4:3, 1:1, 3:4, 9:16 or adaptive.
        callback_id: Comes back in the call.
        callback_url: Called when it ends, unsigned.
        duration: Seconds: 5 to 15.
        prompt_enhancement: How much HeyGen writes it out: turbo, quality (its default), default, disabled.
        reference_audio: Up to 3 sounds; plain addresses will do.
        reference_images: Pictures to go by; plain addresses will do: 0 to 9 of them.
        reference_videos: Up to 3 films; plain addresses will do.
        resolution: Of the picture: 480p, 768p, 1080p or 2k.
        seed: The same seed, the same result.
        extra: Further fields.

    Source: `ReferenceToVideoRequest`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("mode", "reference_to_video")
    kind: ClassVar[str] = "model_video"
    model: str = attrs.field(validator=one_of("heygen-video-1"))
    prompt: str = attrs.field(validator=[required, string(0, 16000)], repr=False)
    aspect_ratio: str | None = attrs.field(
        default=None, validator=one_of("21:9", "16:9", "4:3", "1:1", "3:4", "9:16", "adaptive")
    )
    callback_id: str | None = attrs.field(default=None, validator=string())
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    duration: int | None = attrs.field(default=None, validator=number(5, 15, whole=True))
    prompt_enhancement: str | None = attrs.field(
        default=None, validator=one_of("turbo", "quality", "default", "disabled")
    )
    reference_audio: tuple[Asset, ...] | None = attrs.field(
        default=None, converter=as_assets, validator=items(asset(), 0, 3)
    )
    reference_images: tuple[Asset, ...] | None = attrs.field(
        default=None, converter=as_assets, validator=items(asset(), 0, 9)
    )
    reference_videos: tuple[Asset, ...] | None = attrs.field(
        default=None, converter=as_assets, validator=items(asset(), 0, 3)
    )
    resolution: str | None = attrs.field(default=None, validator=one_of("480p", "768p", "1080p", "2k"))
    seed: int | None = attrs.field(default=None, validator=number(whole=True))
    extra: Mapping[str, Any] | None = extra_fields()

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        cross_field_rules.reference_to_video(self)


@attrs.frozen(kw_only=True)
class TextToVideo:
    """A film from a prompt alone.

    Attributes:
        model: Whose work it is: heygen-video-1.
        prompt: What you wish, in your words: up to 16,000 characters.
        aspect_ratio: Width to height: 21:9, 16:9, 4:3, 1:1, 3:4 or 9:16.
        callback_id: Comes back in the call.
        callback_url: Called when it ends, unsigned.
        duration: Seconds: 5 to 15.
        prompt_enhancement: How much HeyGen writes it out: turbo, quality (its default), default, disabled.
        resolution: Of the picture: 480p, 768p, 1080p or 2k.
        seed: The same seed, the same result.
        extra: Further fields.

    Source: `TextToVideoRequest`.
    """

    wire_tag: ClassVar[tuple[str, str]] = ("mode", "text_to_video")
    kind: ClassVar[str] = "model_video"
    model: str = attrs.field(validator=one_of("heygen-video-1"))
    prompt: str = attrs.field(validator=[required, string(0, 16000)], repr=False)
    aspect_ratio: str | None = attrs.field(default=None, validator=one_of("21:9", "16:9", "4:3", "1:1", "3:4", "9:16"))
    callback_id: str | None = attrs.field(default=None, validator=string())
    callback_url: str | None = attrs.field(default=None, validator=web_address(), repr=False)
    duration: int | None = attrs.field(default=None, validator=number(5, 15, whole=True))
    prompt_enhancement: str | None = attrs.field(
        default=None, validator=one_of("turbo", "quality", "default", "disabled")
    )
    resolution: str | None = attrs.field(default=None, validator=one_of("480p", "768p", "1080p", "2k"))
    seed: int | None = attrs.field(default=None, validator=number(whole=True))
    extra: Mapping[str, Any] | None = extra_fields()

    def __attrs_post_init__(self) -> None:
        """Check what the fields say together."""
        cross_field_rules.text_to_video(self)


@attrs.frozen(kw_only=True)
class CreatedModelVideo:
    """An id to follow.

    Attributes:
        video_id: Its id.
        status: How far it is.

    Source: `CreatedModelVideo`.
    """

    video_id: str
    status: str | None = None


@attrs.frozen(kw_only=True)
class ModelVideoTimings:
    """Seconds that it took.

    Attributes:
        inference: The model's own.

    Source: `ModelVideoTimings`.
    """

    inference: float


@attrs.frozen(kw_only=True)
class ModelVideo:
    """A film of the model, as it is now.

    Attributes:
        created_at: When it was made.
        model: Whose work it is: heygen-video-1.
        status: pending, processing, completed, failed or cancelled; HeyGen may add words.
        video_id: Its id.
        aspect_ratio: Width to height.
        duration: Seconds.
        failure_code: Why it failed, if HeyGen says: generation_failed or generation_cancelled.
        failure_message: The same in words.
        height: In pixels.
        seed: The same seed, the same result.
        timings: What took how long.
        video_url: Presigned and short-lived: download it now or read it again.
        width: In pixels.

    Source: `ModelVideo`.
    """

    created_at: float
    model: str
    status: str
    video_id: str
    aspect_ratio: str | None = None
    duration: float | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    height: int | None = None
    seed: int | None = None
    timings: ModelVideoTimings | None = None
    video_url: str | None = attrs.field(default=None, repr=False)
    width: int | None = None


@attrs.frozen(kw_only=True)
class ModelImage:
    """A picture of the model.

    Attributes:
        height: In pixels.
        image_id: Its id.
        image_url: Short-lived.
        seed: The same seed, the same result.
        width: In pixels.

    Source: `ModelImage`.
    """

    height: int
    image_id: str
    image_url: str = attrs.field(repr=False)
    seed: int
    width: int


@attrs.frozen(kw_only=True)
class ModelImages:
    """Pictures of the model, as they are now.

    Attributes:
        created_at: When it was made.
        generation_id: Its id.
        images: What was made.
        model: Whose work it is: heygen-image-1.
        num_images: How many were asked for.
        status: pending, completed, failed or cancelled; HeyGen may add words.
        failure_code: Why it failed, if HeyGen says: generation_failed, generation_cancelled, insufficient_credit,
            usage_limit_reached, no_face_detected or multiple_faces_detected.
        failure_message: The same in words.

    Source: `ModelImageJob`.
    """

    created_at: float
    generation_id: str
    images: tuple[ModelImage, ...]
    model: str
    num_images: int
    status: str
    failure_code: str | None = None
    failure_message: str | None = None


class Models:
    """`heygen.models`: HeyGen Video, the model by itself."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        self._caller = caller

    async def create_video(
        self, request: ImageToVideo | ReferenceToVideo | TextToVideo, options: Options | None = None
    ) -> ServerJob[ModelVideo]:
        """Have the model make a film from a prompt, a picture or references. Costs money.

        Its id is none of `heygen.videos`.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.

        Source: `POST /v3/models/videos`.
        """
        call = Call(
            method="POST",
            path="/v3/models/videos",
            route="/v3/models/videos",
            body=encode_request(request, ImageToVideo, ReferenceToVideo, TextToVideo),
            read=data_reader(CreatedModelVideo),
            takes_key=True,
            costs=True,
        )
        created = await self._caller.send(call, options)
        return follow_model_video(self._caller, created.video_id, polling.DIRECT)

    async def get_video(self, video_id: str, options: Options | None = None) -> ModelVideo:
        """Return a film of the model as it is now.

        Source: `GET /v3/models/videos/{video_id}`.
        """
        call = read_model_video(video_id)
        return await self._caller.send(call, options)

    async def get_image(self, generation_id: str, options: Options | None = None) -> ModelImages:
        """Return pictures of the model as they are now.

        Source: `GET /v3/models/images/{generation_id}`.
        """
        call = read_model_image(generation_id)
        return await self._caller.send(call, options)

    def video_job(self, video_id: str) -> ServerJob[ModelVideo]:
        """Return a handle on one that was begun earlier; asks nothing yet."""
        return follow_model_video(self._caller, path_id(video_id), polling.RESUMED)

    def image_job(self, generation_id: str) -> ServerJob[ModelImages]:
        """Return a handle on one that was begun earlier; asks nothing yet."""
        return follow_model_image(self._caller, path_id(generation_id), polling.RESUMED)


def read_model_video(video_id: str) -> Call[ModelVideo]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/models/videos/{path_id(video_id)}",
        route="/v3/models/videos/{video_id}",
        read=data_reader(ModelVideo),
    )


def follow_model_video(caller: Caller, video_id: str, pace: polling.Pace) -> ServerJob[ModelVideo]:
    """Return a handle on one."""
    return ServerJob(caller, video_id, read_model_video, _MODEL_VIDEO, pace)


def read_model_image(generation_id: str) -> Call[ModelImages]:
    """Return the call that reads one."""
    return Call(
        method="GET",
        path=f"/v3/models/images/{path_id(generation_id)}",
        route="/v3/models/images/{generation_id}",
        read=data_reader(ModelImages),
    )


def follow_model_image(caller: Caller, generation_id: str, pace: polling.Pace) -> ServerJob[ModelImages]:
    """Return a handle on one."""
    return ServerJob(caller, generation_id, read_model_image, _MODEL_IMAGE, pace)

"""Requests and reads of all kinds of renders in one form, so that a run can mix videos, translations, clips and others.

A job that is not a plain video is represented as one: `SeenAsVideo` has addresses, length and failure in the fields of
a `Video`, and the job itself in `made`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import attrs

from heygen_async.api.handles.video import Video
from heygen_async.api.requests.kinds import Kind, base_of, kind_of
from heygen_async.api.requests.modes import VideoRequest
from heygen_async.api.requests.stored import body_of, payload_of
from heygen_async.errors import ContractError, InvalidInputError, RenderFailedError
from heygen_async.http import wire
from heygen_async.http.call import Call

if TYPE_CHECKING:
    from heygen_async.api.generated.background_removal import BackgroundRemovalRequest
    from heygen_async.api.generated.clipping import ClippingRequest
    from heygen_async.api.generated.filler_words import FillerWordRemovalRequest
    from heygen_async.api.generated.lipsyncs import LipsyncRequest
    from heygen_async.api.generated.models import ImageToVideo, ReferenceToVideo, TextToVideo
    from heygen_async.api.generated.studio import StudioVideo
    from heygen_async.api.generated.translations import TranslationRequest
    from heygen_async.api.handles.server_job import ServerJob
    from heygen_async.api.requests.from_template import FromTemplate
    from heygen_async.api.videos import Videos

    RenderRequest: TypeAlias = (
        VideoRequest
        | StudioVideo
        | FromTemplate
        | TranslationRequest
        | LipsyncRequest
        | ClippingRequest
        | BackgroundRemovalRequest
        | FillerWordRemovalRequest
        | ImageToVideo
        | ReferenceToVideo
        | TextToVideo
    )


class HasResources(Protocol):
    """A client with all resources, such as `HeyGen`."""

    @property
    def videos(self) -> Videos:
        """Methods of `/v3/videos`."""


@attrs.frozen(kw_only=True, repr=False)
class SeenAsVideo(Video):
    """A job of another kind than a plain video, with the fields of a video.

    Attributes:
        subject: Name of the kind, for messages.
        made: The job itself: a `Translation`, `Lipsync`, `ClippedVideo`, `CutOut`, ...
        urls: Addresses of all files by name; the first is `video_url`. Names are `1`, `2`, ... for clips, the layer's
            name for a layer, and `audio` for a translation without pictures.
        reached: True if the job has ended.
    """

    subject: str
    made: Any = attrs.field(repr=False)
    urls: Mapping[str, str] = attrs.field(factory=dict, repr=False, hash=False)
    reached: bool = False

    @property
    def ended(self) -> bool:
        """True if the job has ended."""
        return self.reached

    def check(self) -> Video:
        """Return this job, or raise `RenderFailedError` if it failed."""
        if self.status != "failed":
            return self
        reason = self.failure_message or self.failure_code or "HeyGen gives no reason"
        raise RenderFailedError(
            f"{self.subject} {self.id} failed: {reason}", code=self.failure_code, resource_id=self.id, spent="no"
        )


def creation_call(request: Any, key: str | None) -> Call[str]:
    """Return the call that submits *request* and returns the id of the render.

    Args:
        request: A request of any kind.
        key: Idempotency key. For a kind with a `once_by` field the key is sent in that field, unless it is set.
    """
    kind = kind_of(request.kind)
    payload = payload_of(request)
    if kind.once_by is not None:
        payload = {"body": {kind.once_by: key, **body_of(request)}}
    return Call(
        method="POST",
        path=kind.path,
        route=_route(kind),
        **payload,
        read=lambda answer, subject: _read_id(wire.read_data(answer, subject), kind.id_field, subject),
        takes_key=kind.takes_key,
        idempotent=kind.once_by is not None and key is not None,
        costs=True,
    )


def check_row(request: Any) -> None:
    """Refuse requests that cannot be rows of a run: a row makes one video, and has no one to answer questions.

    Raises:
        InvalidInputError: A translation into more than one language, or a Video Agent in chat mode.
    """
    if base_of(request.kind) == "video_agent" and body_of(request).get("mode") == "chat":
        raise InvalidInputError(
            "VideoAgent.mode: 'chat'; a run cannot answer the agent's questions: leave mode out, or use "
            "heygen.video_agents.chat",
            param="mode",
        )
    if base_of(request.kind) != "translation":
        return
    languages = body_of(request).get("output_languages") or ()
    if len(languages) != 1:
        raise InvalidInputError(
            f"TranslationRequest.output_languages: {len(languages)} languages ({', '.join(map(str, languages))}); a "
            "row of a run is one video in one language: give each language a row of its own",
            param="output_languages",
        )


async def look(client: HasResources, kind: str, render_id: str) -> Video:
    """Return a render of any kind but an agent session, with its present status. Free of charge."""
    resource = kind_of(kind).resource
    if resource is None:
        return await client.videos.get(render_id)
    job = follow(client, kind, render_id)
    return as_video(await job.look(), job)


def follow(client: HasResources, kind: str, render_id: str) -> ServerJob[Any]:
    """Return a handle on a job that is neither a video nor a session. No request is sent."""
    entry = kind_of(kind)
    job: ServerJob[Any] = getattr(getattr(client, entry.resource or ""), entry.follow)(render_id)
    return job


def as_video(made: Any, job: ServerJob[Any]) -> SeenAsVideo:
    """Return *made*, a result of `job.look()`, as a video."""
    urls = dict(_addresses(made))
    failed, succeeded = made.status in job.ends.failed, made.status in job.ends.succeeded
    return SeenAsVideo(
        id=job.id,
        status="failed" if failed else "completed" if succeeded else made.status,
        title=_first_of(made, "title"),
        created_at=_first_of(made, "created_at"),
        duration=_first_of(made, "duration", "output_duration"),
        video_url=next(iter(urls.values()), None),
        subtitle_url=_first_of(made, "caption_url", "srt_caption_url", "vtt_caption_url"),
        thumbnail_url=_first_of(made, "thumbnail_url"),
        output_language=_first_of(made, "output_language"),
        failure_code=_first_of(made, "failure_code"),
        failure_message=_first_of(made, "failure_message", "error")
        or (f"its status is {made.status}" if failed else None),
        subject=job.ends.subject,
        made=made,
        urls=urls,
        reached=job.ends.has_ended(made),
    )


def _addresses(made: Any) -> Iterator[tuple[str, str]]:
    """Yield name and address of each file that the job has so far."""
    for number, clip in enumerate(getattr(made, "clips", None) or (), 1):
        if clip.video_url is not None:
            yield str(number), clip.video_url
    yield from (getattr(made, "layers", None) or {}).items()
    for field in ("video_url", "audio_url"):
        if (url := getattr(made, field, None)) is not None:
            yield field.removesuffix("_url"), url


def _first_of(made: Any, *names: str) -> Any:
    found = (getattr(made, name, None) for name in names)
    return next((value for value in found if value is not None), None)


def route_of(kind: str) -> str:
    """Return the path of a kind's POST, with names for ids."""
    return _route(kind_of(kind))


def _route(kind: Kind) -> str:
    return "/v3/templates/{template_id}" if base_of(kind.name) == "template" else kind.path


def _read_id(data: Any, field: str, subject: str) -> str:
    """Return the id in *field* of an answer, or the only id of a list, because a row asks for one render."""
    found = data.get(field) if isinstance(data, dict) else None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, str) or not found:
        raise ContractError(f"{subject}: $.data.{field} is not an id")
    return found

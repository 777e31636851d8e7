"""Whatever renders, asked for and looked at in one way: so that a run can mix films, translations, clips and the rest.

A job that is no plain video is seen as one: `SeenAsVideo` has the addresses, the length and the reason of a failure
where a `Video` has them, and the job itself beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import attrs

from heygen_async.api.handles.video import Video
from heygen_async.api.requests.kinds import Kind, base_of, kind_of
from heygen_async.api.requests.modes import VideoRequest
from heygen_async.api.requests.stored import body_of, sent_of
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

    videos: Videos


@attrs.frozen(kw_only=True)
class SeenAsVideo(Video):
    """A job that is no plain video, seen as one.

    Attributes:
        subject: What it is, in messages.
        made: The job itself: a `Translation`, `Lipsync`, `ClippedVideo`, `CutOut`, ...
        urls: Addresses of all its films, by what they are; the first is `video_url`. A clip's is `1`, `2`, ..., a
            layer's its name, a translation's without pictures `audio`.
        reached: True if it has ended.
    """

    subject: str
    made: Any = attrs.field(repr=False)
    urls: Mapping[str, str] = attrs.field(factory=dict, repr=False, hash=False)
    reached: bool = False

    @property
    def ended(self) -> bool:
        """True if nothing more will happen."""
        return self.reached

    def check(self) -> Video:
        """Return this, or raise `RenderFailedError` if it failed."""
        if self.status != "failed":
            return self
        reason = self.failure_message or self.failure_code or "HeyGen gives no reason"
        raise RenderFailedError(
            f"{self.subject} {self.id} failed: {reason}", code=self.failure_code, resource_id=self.id, spent="no"
        )


def creation(request: Any, key: str | None) -> Call[str]:
    """Return the call that asks for what *request* says, and whose answer is its id.

    Args:
        request: Of any kind.
        key: Its key; for a kind whose endpoint heeds no header it is sent in the body, where nothing else is.
    """
    kind = kind_of(request.kind)
    sent = sent_of(request)
    if kind.once_by is not None:
        sent = {"body": {kind.once_by: key, **body_of(request)}}
    return Call(
        method="POST",
        path=kind.path,
        route=_route(kind),
        **sent,
        read=lambda answer, subject: _id(wire.read_data(answer, subject), kind.named, subject),
        takes_key=kind.takes_key,
        idempotent=kind.once_by is not None and key is not None,
        costs=True,
    )


def check_row(request: Any) -> None:
    """Refuse requests that cannot be rows of a run: a row makes one thing, and nobody answers questions.

    Raises:
        InvalidInputError: A translation into more than one language, or a Video Agent in chat mode.
    """
    if base_of(request.kind) == "video_agent" and body_of(request).get("mode") == "chat":
        raise InvalidInputError(
            "VideoAgent.mode: 'chat'; in a run nobody would answer the agent's questions: leave mode out, or talk with "
            "it by heygen.video_agents.chat",
            param="mode",
        )
    if base_of(request.kind) != "translation":
        return
    languages = body_of(request).get("output_languages") or ()
    if len(languages) != 1:
        raise InvalidInputError(
            f"TranslationRequest.output_languages: {len(languages)} of them ({', '.join(map(str, languages))}); a row "
            "of a run is one film in one language, so that each is followed and paid for by itself: give each its row",
            param="output_languages",
        )


async def look(client: HasResources, kind: str, render_id: str) -> Video:
    """Return a render that is no session as it is now. Costs nothing."""
    resource = kind_of(kind).resource
    if resource is None:
        return await client.videos.get(render_id)
    job = follow(client, kind, render_id)
    return as_video(await job.look(), job)


def follow(client: HasResources, kind: str, render_id: str) -> ServerJob[Any]:
    """Return the handle on a job that is neither a video nor a session; asks nothing."""
    known = kind_of(kind)
    job: ServerJob[Any] = getattr(getattr(client, known.resource or ""), known.follow)(render_id)
    return job


def as_video(made: Any, job: ServerJob[Any]) -> SeenAsVideo:
    """Return what *job* was seen to be as a video."""
    urls = dict(_addresses(made))
    failed, well = made.status in job.ends.badly, made.status in job.ends.well
    return SeenAsVideo(
        id=job.id,
        status="failed" if failed else "completed" if well else made.status,
        title=_one_of(made, "title"),
        created_at=_one_of(made, "created_at"),
        duration=_one_of(made, "duration", "output_duration"),
        video_url=next(iter(urls.values()), None),
        subtitle_url=_one_of(made, "caption_url", "srt_caption_url", "vtt_caption_url"),
        thumbnail_url=_one_of(made, "thumbnail_url"),
        output_language=_one_of(made, "output_language"),
        failure_code=_one_of(made, "failure_code"),
        failure_message=_one_of(made, "failure_message", "error") or (f"it was {made.status}" if failed else None),
        subject=job.ends.subject,
        made=made,
        urls=urls,
        reached=job.ends.reached(made),
    )


def _addresses(made: Any) -> Iterator[tuple[str, str]]:
    """Yield the films of a job with their addresses, as far as they are there."""
    for number, clip in enumerate(getattr(made, "clips", None) or (), 1):
        if clip.video_url is not None:
            yield str(number), clip.video_url
    yield from (getattr(made, "layers", None) or {}).items()
    for field in ("video_url", "audio_url"):
        if (url := getattr(made, field, None)) is not None:
            yield field.removesuffix("_url"), url


def _one_of(made: Any, *names: str) -> Any:
    found = (getattr(made, name, None) for name in names)
    return next((value for value in found if value is not None), None)


def route_of(kind: str) -> str:
    """Return the path of the POST for a kind, with names for ids."""
    return _route(kind_of(kind))


def _route(kind: Kind) -> str:
    return "/v3/templates/{template_id}" if base_of(kind.name) == "template" else kind.path


def _id(data: Any, named: str, subject: str) -> str:
    """Return the id in an answer; of several there is one, because a row asks for one."""
    found = data.get(named) if isinstance(data, dict) else None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, str) or not found:
        raise ContractError(f"{subject}: $.data.{named} is no id")
    return found

"""Videos: `/v3/videos`, where Direct Video and Cinematic Avatar are made and every video is followed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

import attrs

from heygen_async.api.handles import polling
from heygen_async.api.handles.batches import (
    Batch,
    BatchableRequest,
    CreatedBatch,
    create_batch,
    follow_batch,
    get_batch,
)
from heygen_async.api.handles.scenes import VideoScenes, get_scenes
from heygen_async.api.handles.server_job import ServerJob
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo, VideoAgent, VideoRequest
from heygen_async.api.requests.stored import StoredRequest, sent_of
from heygen_async.errors import ContractError, InvalidInputError, RenderFailedError
from heygen_async.http import pages, wire
from heygen_async.http.caller import Call, Caller, Options, path_id, reads
from heygen_async.http.id_lists import AT_ONCE, id_lists

if TYPE_CHECKING:
    from heygen_async.api.agents.video_agents import AgentJob, VideoAgents

T = TypeVar("T")

VIDEO_STATUSES = frozenset({"waiting", "queued", "pending", "processing", "running", "completed", "failed"})
STATUSES_AT_ONCE = AT_ONCE

DirectRequest = DirectVideo | ImageVideo | CinematicAvatar
AnyRequest = VideoRequest | StoredRequest


@attrs.frozen(kw_only=True)
class Video:
    """A video as HeyGen describes it now.

    Attributes:
        id: The video's id.
        status: pending, processing, completed or failed; HeyGen may add words.
        title: As given.
        created_at: Unix seconds.
        completed_at: Unix seconds.
        duration: Seconds of video.
        video_url: Presigned and short-lived: download it now or read the video again.
        captioned_video_url: The same with captions burned in.
        subtitle_url: The captions as a file.
        thumbnail_url: A still picture.
        gif_url: A moving one.
        video_page_url: The video in HeyGen's app.
        folder_id: Where it lies.
        output_language: Of a translation.
        failure_code: Why it failed, if HeyGen says.
        failure_message: The same in words.

    Source: `VideoDetail` of `GET /v3/videos/{video_id}`.
    """

    id: str
    status: str
    title: str | None = None
    created_at: float | None = None
    completed_at: float | None = None
    duration: float | None = None
    video_url: str | None = attrs.field(default=None, repr=False)
    captioned_video_url: str | None = attrs.field(default=None, repr=False)
    subtitle_url: str | None = attrs.field(default=None, repr=False)
    thumbnail_url: str | None = attrs.field(default=None, repr=False)
    gif_url: str | None = attrs.field(default=None, repr=False)
    video_page_url: str | None = None
    folder_id: str | None = None
    output_language: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen. `completed` without a `video_url` is not there yet."""
        return self.status == "failed" or (self.status == "completed" and self.video_url is not None)

    def check(self) -> Video:
        """Return this video, or raise `RenderFailedError` if it failed."""
        if self.status != "failed":
            return self
        reason = self.failure_message or self.failure_code or "HeyGen gives no reason"
        raise RenderFailedError(
            f"video {self.id} failed: {reason}", code=self.failure_code, resource_id=self.id, spent="no"
        )


@attrs.frozen(kw_only=True)
class CreatedVideo:
    """The answer to a creation: an id to follow. Source: `POST /v3/videos`."""

    video_id: str
    status: str = "waiting"


@attrs.frozen(kw_only=True)
class VideoStatus:
    """One entry of a bulk look.

    Attributes:
        status: As of `Video`, or `not_found`.
        video_id: Whose.
        batch_id: Of batch entries.
        item_index: Position in the batch.
        error: Why it failed; its shape is not documented, `code` and `message` are usual.

    Source: `GET /v3/videos/statuses`.
    """

    status: str
    video_id: str | None = None
    batch_id: str | None = None
    item_index: int | None = None
    error: dict[str, Any] | None = None


Statuses: TypeAlias = list[VideoStatus]
Entries: TypeAlias = list[dict[str, Any]]


@attrs.frozen(kw_only=True)
class DeletedVideo:
    """Source: `DELETE /v3/videos/{video_id}`."""

    id: str
    deleted: bool = True


class VideoJob:
    """A video that is being made: an id and the ways to follow it. It holds nothing that must be closed."""

    def __init__(self, caller: Caller, video_id: str, pace: polling.Pace = polling.RESUMED) -> None:
        """Follow *video_id*; the caller of `videos.create` and `videos.job` need not do this."""
        self.id = video_id
        self._caller = caller
        self._pace = pace

    def __repr__(self) -> str:
        """Name the id."""
        return f"VideoJob({self.id!r})"

    async def look(self) -> Video:
        """Return the video as it is now. Costs nothing."""
        return await self._caller.send(get_video(self.id))

    async def statuses(self) -> AsyncIterator[Video]:
        """Yield the video each time its status changes; the last one has ended. Costs nothing.

        Source: `GET /v3/videos/{video_id}`.
        """
        last = None
        async for video in polling.looks(self.look, self._pace):
            polling.note_status(video.status, VIDEO_STATUSES)
            if video.ended or video.status != last:
                yield video
            if video.ended:
                return
            last = video.status

    async def wait(self, *, deadline: float = polling.DEADLINE_SECONDS) -> Video:
        """Return the completed video, its `video_url` set. Costs nothing; cancelling leaves the render running.

        Args:
            deadline: Seconds from now.

        Raises:
            RenderFailedError: HeyGen gave up; failed renders are not billed.
            DeadlineExceededError: Not ended yet; it goes on and is paid for.
        """
        return (await polling.within(deadline, "video", self.id, self._ended)).check()

    async def _ended(self) -> Video:
        return [video async for video in self.statuses()][-1]


class Videos:
    """`heygen.videos`."""

    def __init__(self, caller: Caller, agents: VideoAgents) -> None:
        """Ask by *caller*; hand agent requests to *agents*."""
        self._caller = caller
        self._agents = agents

    @overload
    async def create(self, request: DirectRequest, options: Options | None = None) -> VideoJob: ...

    @overload
    async def create(self, request: VideoAgent, options: Options | None = None) -> AgentJob: ...

    @overload
    async def create(self, request: AnyRequest, options: Options | None = None) -> VideoJob | AgentJob: ...

    async def create(self, request: AnyRequest, options: Options | None = None) -> VideoJob | AgentJob:
        """Submit *request*, of any mode, and return a handle on what is being made. Costs money.

        Safe to repeat under the same `options.idempotency_key` for 24 hours; without one a key is made for
        this call, so that its own repeats are paid once.

        Raises:
            InsufficientCreditError: The account cannot pay; nothing was made.
            OutcomeUnknownError: A VideoAgent was sent and its answer lost; it was not repeated.
            HeyGenError: With `spent="unknown"` after the last try got no answer.

        Source: `POST /v3/videos`, for a VideoAgent `POST /v3/video-agents`.
        """
        if isinstance(request, VideoAgent) or (isinstance(request, StoredRequest) and request.for_agents):
            return await self._agents.create(request, options)
        created = await self._caller.send(create_video(request), options)
        return VideoJob(self._caller, created.video_id, polling.DIRECT)

    def job(self, video_id: str) -> VideoJob:
        """Return a handle on a video that was submitted earlier; asks nothing yet."""
        return VideoJob(self._caller, path_id(video_id))

    async def get(self, video_id: str, options: Options | None = None) -> Video:
        """Return the video as it is now. Source: `GET /v3/videos/{video_id}`."""
        return await self._caller.send(get_video(video_id), options)

    def list(self, *, title: str | None = None, folder_id: str | None = None, limit: int = 100) -> pages.Listing[Video]:
        """Yield videos, newest first, page after page of *limit* (1 to 100). Source: `GET /v3/videos`."""
        query = {"title": title, "folder_id": folder_id, "limit": limit}
        return pages.Listing(self._caller, "/v3/videos", Video, query)

    async def statuses(
        self, video_ids: Iterable[str] = (), options: Options | None = None, *, batch_ids: Iterable[str] = ()
    ) -> Statuses:
        """Return the statuses of up to 100 videos and of the items of batches in one request. Costs nothing.

        Ask for one batch at a time: how many entries an answer holds at the most is not documented.

        Source: `GET /v3/videos/statuses`.
        """
        call = get_statuses([*video_ids], [*batch_ids], read=reads(list[VideoStatus]))
        return await self._caller.send(call, options)

    async def entries(self, video_ids: Iterable[str] = (), batch_ids: Iterable[str] = ()) -> Entries:
        """Return what `statuses` returns as HeyGen's own JSON objects: a bulk run asks this every few seconds."""
        return await self._caller.send(get_statuses([*video_ids], [*batch_ids], read=_read_entries))

    async def create_batch(
        self, requests: Sequence[BatchableRequest], options: Options | None = None, *, title: str | None = None
    ) -> CreatedBatch:
        """Submit up to 100 requests at once and return the id of the batch. Costs money for each.

        HeyGen queues them, makes each on its own, and gives each its video id when its turn comes: follow them by
        `statuses(batch_ids=[...])` or `batch`. One malformed item refuses the whole batch, and nothing is made.

        Raises:
            BadRequestError: An item is malformed; the message names its index.
            InsufficientCreditError: The account cannot pay; nothing was made.
            HeyGenError: With `spent="unknown"` after the last try got no answer.

        Source: `POST /v3/videos/batches`.
        """
        return await self._caller.send(create_batch(requests, title), options)

    async def batch(self, batch_id: str, options: Options | None = None) -> Batch:
        """Return the batch as it is now. Source: `GET /v3/videos/batches/{batch_id}`."""
        return await self._caller.send(get_batch(batch_id), options)

    def batch_job(self, batch_id: str) -> ServerJob[Batch]:
        """Return a handle on a batch; asks nothing yet.

        It ends when every item has; `items` tells which have failed.
        """
        return follow_batch(self._caller, path_id(batch_id))

    async def scenes(self, video_id: str, options: Options | None = None) -> VideoScenes:
        """Return what an edited video consists of. Source: `GET /v3/videos/{video_id}/scenes`."""
        return await self._caller.send(get_scenes(video_id), options)

    async def delete(self, video_id: str, options: Options | None = None) -> DeletedVideo:
        """Delete a video; a running render is not refunded. Source: `DELETE /v3/videos/{video_id}`."""
        call = Call(
            method="DELETE",
            path=f"/v3/videos/{path_id(video_id)}",
            route="/v3/videos/{video_id}",
            read=reads(DeletedVideo),
        )
        return await self._caller.send(call, options)


def create_video(request: DirectRequest | StoredRequest) -> Call[CreatedVideo]:
    """Return the call that makes *request*."""
    if not isinstance(request, DirectRequest | StoredRequest):
        raise InvalidInputError(
            f"request: a {type(request).__name__}; must be a DirectVideo, ImageVideo, CinematicAvatar or VideoAgent"
        )
    return Call(
        method="POST",
        path=request.path,
        route=request.path,
        **sent_of(request),
        read=reads(CreatedVideo),
        takes_key=True,
        costs=True,
    )


def get_video(video_id: str) -> Call[Video]:
    """Return the call that reads one video."""
    return Call(method="GET", path=f"/v3/videos/{path_id(video_id)}", route="/v3/videos/{video_id}", read=reads(Video))


def get_statuses(video_ids: list[str], batch_ids: list[str], read: Callable[[wire.Answer, str], T]) -> Call[T]:
    """Return the call that reads many statuses."""
    return Call(
        method="GET",
        path="/v3/videos/statuses",
        route="/v3/videos/statuses",
        query=id_lists(video_ids=video_ids, batch_ids=batch_ids),
        read=read,
    )


def _read_entries(answer: wire.Answer, subject: str) -> Entries:
    data = wire.read_data(answer, subject)
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise ContractError(f"{subject}: $.data is not a list of objects")
    return data

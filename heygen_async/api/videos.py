"""Videos: `/v3/videos`, where Direct Video and Cinematic Avatar are made and every video is followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

import attrs

from heygen_async.api.handles import polling
from heygen_async.api.handles.batches import Batch, CreatedBatch, follow_batch, get_batch
from heygen_async.api.handles.scenes import VideoScenes, get_scenes
from heygen_async.api.handles.server_job import ServerJob
from heygen_async.api.handles.video import CreatedVideo, Statuses, Video, VideoJob, VideoStatus, get_video
from heygen_async.api.requests.batch import BatchableRequest, create_batch
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo, VideoAgent, VideoRequest
from heygen_async.api.requests.stored import StoredRequest, sent_of
from heygen_async.errors import ContractError, InvalidInputError
from heygen_async.http import pages, wire
from heygen_async.http.call import Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.http.id_lists import MOST_IDS, id_lists

if TYPE_CHECKING:
    from heygen_async.api.agents.session_job import AgentJob
    from heygen_async.api.agents.video_agents import VideoAgents

T = TypeVar("T")

STATUSES_AT_ONCE = MOST_IDS

DirectRequest = DirectVideo | ImageVideo | CinematicAvatar
AnyRequest = VideoRequest | StoredRequest


Entries: TypeAlias = list[dict[str, Any]]


@attrs.frozen(kw_only=True)
class DeletedVideo:
    """Source: `DELETE /v3/videos/{video_id}`."""

    id: str
    deleted: bool = True


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
        call = get_statuses([*video_ids], [*batch_ids], read=data_reader(list[VideoStatus]))
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
            read=data_reader(DeletedVideo),
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
        read=data_reader(CreatedVideo),
        takes_key=True,
        costs=True,
    )


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

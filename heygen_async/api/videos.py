"""Videos: `/v3/videos`. Creates videos of all modes, reads them, and handles batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, overload

import attrs

from heygen_async.api.handles import polling
from heygen_async.api.handles.batches import Batch, CreatedBatch, follow_batch, get_batch
from heygen_async.api.handles.scenes import VideoScenes, VoiceCapabilities, get_scenes, get_voice_capabilities
from heygen_async.api.handles.server_job import ServerJob
from heygen_async.api.handles.video import CreatedVideo, Statuses, Video, VideoJob, VideoStatus, get_video
from heygen_async.api.requests.batch import BatchableRequest, create_batch
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo, VideoAgent, VideoRequest
from heygen_async.api.requests.stored import StoredRequest, payload_of
from heygen_async.api.status_entries import Entries, read_entries, statuses_call, video_entries
from heygen_async.errors import InvalidInputError, ResourceNotReadyError
from heygen_async.http import pages, wire
from heygen_async.http.call import MOST_IDS, Call, Options, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.value import Value

if TYPE_CHECKING:
    from heygen_async.api.agents.session_job import AgentJob
    from heygen_async.api.agents.video_agents import VideoAgents

STATUSES_AT_ONCE = MOST_IDS

DirectRequest = DirectVideo | ImageVideo | CinematicAvatar
AnyRequest = VideoRequest | StoredRequest

Fetch = Callable[[Video, Path, Sequence[str]], Awaitable[list[Path]]]


@attrs.frozen(kw_only=True, repr=False)
class DeletedVideo(Value):
    """A deleted video. Source: `DELETE /v3/videos/{video_id}`."""

    id: str
    deleted: bool = True


class Videos:
    """`heygen.videos`: create, read and delete videos."""

    def __init__(self, caller: Caller, agents: VideoAgents, fetch: Fetch) -> None:
        """Send requests by *caller*, and agent requests by *agents*; *fetch* stores files."""
        self._caller = caller
        self._agents = agents
        self._fetch = fetch

    @overload
    async def create(self, request: DirectRequest, options: Options | None = None) -> VideoJob: ...

    @overload
    async def create(self, request: VideoAgent, options: Options | None = None) -> AgentJob: ...

    @overload
    async def create(self, request: AnyRequest, options: Options | None = None) -> VideoJob | AgentJob: ...

    async def create(self, request: AnyRequest, options: Options | None = None) -> VideoJob | AgentJob:
        """Submit *request*, of any mode, and return a handle on its video. Costs money.

        You may repeat the call under the same `options.idempotency_key` for 24 hours and pay once. Without one the
        call uses a random key, so that its own retries are paid once.

        Raises:
            InsufficientCreditError: The account cannot pay; no render was started.
            OutcomeUnknownError: The answer to a VideoAgent request was lost; the request was not repeated.
            HeyGenError: With `spent="unknown"` if the last attempt got no answer.

        Source: `POST /v3/videos`, for a VideoAgent `POST /v3/video-agents`.
        """
        if isinstance(request, VideoAgent) or (isinstance(request, StoredRequest) and request.for_agents):
            return await self._agents.create(request, options)
        created = await self._caller.send(create_video(request), options)
        return VideoJob(self._caller, created.video_id, polling.DIRECT)

    def job(self, video_id: str) -> VideoJob:
        """Return a handle on a video that was submitted earlier. No request is sent."""
        return VideoJob(self._caller, path_id(video_id))

    async def get(self, video_id: str, options: Options | None = None) -> Video:
        """Return the video with its present status. Source: `GET /v3/videos/{video_id}`."""
        return await self._caller.send(get_video(video_id), options)

    async def download(
        self, video: Video | str, to: str | PathLike[str], *, files: Sequence[str] = ("video",)
    ) -> list[Path]:
        """Store files of a completed video and return their paths. Free.

        A download that was cut off is continued, and each file is checked. No file of yours is replaced.

        Args:
            video: The video, or its id.
            to: A folder, or the path of the video's file; other files get its name with their own endings.
            files: Kinds of files: video, captioned_video, captions, thumbnail, gif. A kind that HeyGen does not have
                for the video is left out.

        Raises:
            RenderFailedError: The video failed.
            ResourceNotReadyError: The video has not ended.
            DownloadError: A file could not be stored after several attempts; the next download continues it.
        """
        found = await self.get(video) if isinstance(video, str) else video
        found.check()
        if not found.ended:
            raise ResourceNotReadyError(f"video {found.id} is {found.status}: wait for its end", resource_id=found.id)
        return await self._fetch(found, Path(to), files)

    def list(self, *, title: str | None = None, folder_id: str | None = None, limit: int = 100) -> pages.Listing[Video]:
        """List videos, newest first, in pages of *limit* (1 to 100). Source: `GET /v3/videos`."""
        query = {"title": title, "folder_id": folder_id, "limit": limit}
        return pages.Listing(self._caller, "/v3/videos", Video, query)

    async def statuses(
        self, video_ids: Iterable[str] = (), options: Options | None = None, *, batch_ids: Iterable[str] = ()
    ) -> Statuses:
        """Return the statuses of up to 100 videos, and of the items of batches, in one request. Free of charge.

        Ask for one batch at a time, because HeyGen does not document the most entries of an answer.

        Source: `GET /v3/videos/statuses`.
        """
        read = data_reader(list[VideoStatus])
        call = statuses_call("/v3/videos", read, video_ids=video_ids, batch_ids=batch_ids)
        return await self._caller.send(call, options)

    async def entries(self, video_ids: Iterable[str] = (), batch_ids: Iterable[str] = ()) -> Entries:
        """Return the entries of `statuses` as HeyGen's JSON objects; what is no object is left out.

        A bulk run calls this every few seconds.
        """
        return await self._caller.send(video_entries(video_ids, batch_ids))

    async def newest(self, limit: int, token: str | None = None) -> tuple[Entries, str | None]:
        """Return videos of the account, newest first, as HeyGen's JSON objects, and the token of the next page.

        A bulk run calls this every few seconds. Free of charge.

        Args:
            limit: Most videos, 1 to 100.
            token: Of the page before.
        """
        query: dict[str, str | int] = {"limit": limit} if token is None else {"limit": limit, "token": token}
        return await self._caller.send(
            Call(method="GET", path="/v3/videos", route="/v3/videos", query=query, read=_read_page)
        )

    async def create_batch(
        self,
        requests: Sequence[BatchableRequest],
        options: Options | None = None,
        *,
        title: str | None = None,
        callback_url: str | None = None,
    ) -> CreatedBatch:
        """Submit up to 100 requests at once and return the id of the batch. Costs money for each.

        HeyGen queues the items, renders each by itself, and gives each its video id when its render starts. Follow
        them by `statuses(batch_ids=[...])` or `batch`. If one item is malformed, HeyGen refuses the whole batch.

        Args:
            requests: 1 to 100 requests of the same folder.
            options: Options of the call.
            title: Title of the batch.
            callback_url: Address that HeyGen calls once, unsigned, when all items have ended.

        Raises:
            BadRequestError: An item is malformed; the message names its index.
            InsufficientCreditError: The account cannot pay; no render was started.
            HeyGenError: With `spent="unknown"` if the last attempt got no answer.

        Source: `POST /v3/videos/batches`.
        """
        return await self._caller.send(create_batch(requests, title, callback_url), options)

    async def batch(self, batch_id: str, options: Options | None = None) -> Batch:
        """Return the batch with its present status. Source: `GET /v3/videos/batches/{batch_id}`."""
        return await self._caller.send(get_batch(batch_id), options)

    def batch_job(self, batch_id: str) -> ServerJob[Batch]:
        """Return a handle on a batch. No request is sent.

        The batch ends when all of its items have; `items` has the status of each.
        """
        return follow_batch(self._caller, path_id(batch_id))

    async def scenes(self, video_id: str, options: Options | None = None) -> VideoScenes:
        """Return the scenes of an edited video. Source: `GET /v3/videos/{video_id}/scenes`."""
        return await self._caller.send(get_scenes(video_id), options)

    async def voice_capabilities(self, video_id: str, options: Options | None = None) -> VoiceCapabilities:
        """Return what the voices of a video can do.

        Shape as read on 2026-11-28: not all of it was seen in a schema of HeyGen, so it may differ.

        Source: `GET /v3/videos/{video_id}/voice-capabilities`.
        """
        return await self._caller.send(get_voice_capabilities(video_id), options)

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
    """Return the call that submits *request*."""
    if not isinstance(request, DirectRequest | StoredRequest):
        raise InvalidInputError(
            f"request: a {type(request).__name__}; must be a DirectVideo, ImageVideo, CinematicAvatar or VideoAgent"
        )
    return Call(
        method="POST",
        path=request.path,
        route=request.path,
        **payload_of(request),
        read=data_reader(CreatedVideo),
        takes_key=True,
        costs=True,
    )


def _read_page(answer: wire.Answer, subject: str) -> tuple[Entries, str | None]:
    payload = wire.read_json(answer, subject)
    entries, token = read_entries(payload, subject), payload.get("next_token")
    return entries, token if isinstance(token, str) and token else None

"""`Video`, a video with its present status, and `VideoJob`, the handle on a video."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import attrs

from heygen_async.api.handles import polling
from heygen_async.api.handles.status import as_word
from heygen_async.errors import RenderFailedError
from heygen_async.http.call import Call, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.value import Value

VIDEO_STATUSES = frozenset({"waiting", "queued", "pending", "processing", "running", "completed", "failed"})


@attrs.frozen(kw_only=True, repr=False)
class Video(Value):
    """A video with its present status.

    Attributes:
        id: Id of the video.
        status: pending, processing, completed or failed; HeyGen may add others.
        title: Title of the video.
        created_at: Time of creation in Unix seconds.
        completed_at: Time of completion in Unix seconds.
        duration: Length in seconds.
        video_url: Presigned address of the file. It expires soon: download it now, or read the video again later.
        captioned_video_url: Address of the video with burned-in captions.
        subtitle_url: Address of the captions as a file.
        thumbnail_url: Address of a still image.
        gif_url: Address of an animated preview.
        video_page_url: Page of the video in HeyGen's app.
        folder_id: Id of the folder.
        output_language: Language of a translation.
        failure_code: HeyGen's code for the failure, if it gives one.
        failure_message: HeyGen's message for the failure.

    Source: `VideoDetail` of `GET /v3/videos/{video_id}`.
    """

    id: str
    status: str = attrs.field(converter=as_word)
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
        """True if the video is completed or has failed. `completed` without a `video_url` does not count yet."""
        return self.status == "failed" or (self.status == "completed" and self.video_url is not None)

    def check(self) -> Video:
        """Return this video, or raise `RenderFailedError` if it failed."""
        if self.status != "failed":
            return self
        reason = self.failure_message or self.failure_code or "HeyGen gives no reason"
        raise RenderFailedError(
            f"video {self.id} failed: {reason}", code=self.failure_code, resource_id=self.id, spent="no"
        )


@attrs.frozen(kw_only=True, repr=False)
class CreatedVideo(Value):
    """The answer to a request for a video: its id. Source: `POST /v3/videos`."""

    video_id: str
    status: str = attrs.field(default="waiting", converter=as_word)


@attrs.frozen(kw_only=True, repr=False)
class VideoStatus(Value):
    """One entry of `videos.statuses`.

    Attributes:
        status: Status as in `Video`, or `not_found`.
        video_id: Id of the video.
        batch_id: Id of the batch, for an item of one.
        item_index: Place in the batch, from 0.
        error: Error of a failed video; HeyGen does not document its shape, `code` and `message` are usual.

    Source: `GET /v3/videos/statuses`.
    """

    status: str = attrs.field(converter=as_word)
    video_id: str | None = None
    batch_id: str | None = None
    item_index: int | None = None
    error: dict[str, Any] | None = None


Statuses: TypeAlias = list[VideoStatus]


class VideoJob:
    """A handle on a video: the id, and methods to follow the video. It need not be closed."""

    def __init__(self, caller: Caller, video_id: str, pace: polling.Pace = polling.RESUMED) -> None:
        """Create a handle on *video_id*. Use `videos.create` or `videos.job` instead."""
        self.id = video_id
        self._caller = caller
        self._pace = pace

    def __repr__(self) -> str:
        """Return a text with the id."""
        return f"VideoJob({self.id!r})"

    async def look(self) -> Video:
        """Return the video with its present status. Free of charge."""
        return await self._caller.send(get_video(self.id))

    async def statuses(self) -> AsyncIterator[Video]:
        """Yield the video each time its status changes, until it has ended. Free of charge.

        Source: `GET /v3/videos/{video_id}`.
        """
        last = None
        async for video in polling.poll(self.look, self._pace, self._caller.account.clock):
            polling.note_status(video.status, VIDEO_STATUSES)
            if video.ended or video.status != last:
                yield video
            if video.ended:
                return
            last = video.status

    async def wait(
        self, *, deadline: float = polling.DEADLINE_SECONDS, on_status: polling.Called[Video] | None = None
    ) -> Video:
        """Wait for the end and return the completed video. Free of charge; a cancelled wait leaves the render running.

        Args:
            deadline: Most seconds to wait.
            on_status: Called with the video each time its status changes; a function, plain or async.

        Raises:
            RenderFailedError: The render failed; HeyGen does not bill failed renders.
            DeadlineExceededError: The render has not ended yet; it goes on and is paid for.
        """
        last = functools.partial(polling.last_of, self.statuses, on_status)
        return (await polling.wait_for(deadline, "video", self.id, last, self._caller.account.clock)).check()


def get_video(video_id: str) -> Call[Video]:
    """Return the call that reads one video."""
    return Call(
        method="GET", path=f"/v3/videos/{path_id(video_id)}", route="/v3/videos/{video_id}", read=data_reader(Video)
    )

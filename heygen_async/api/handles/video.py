"""`Video`, a video as HeyGen describes it, and `VideoJob`, the handle that follows one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import attrs

from heygen_async.api.handles import polling
from heygen_async.errors import RenderFailedError
from heygen_async.http.call import Call, data_reader, path_id
from heygen_async.http.caller import Caller

VIDEO_STATUSES = frozenset({"waiting", "queued", "pending", "processing", "running", "completed", "failed"})


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
        """True if nothing more will happen. `completed` without a `video_url` is not there yet."""
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


def get_video(video_id: str) -> Call[Video]:
    """Return the call that reads one video."""
    return Call(
        method="GET", path=f"/v3/videos/{path_id(video_id)}", route="/v3/videos/{video_id}", read=data_reader(Video)
    )

"""The files of one row: their kinds and their addresses at HeyGen."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from heygen_async.api.handles.video import Video
from heygen_async.api.renders import SeenAsVideo
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.download.file_types import KINDS, FileKind
from heygen_async.bulk.jobs.job import Job
from heygen_async.errors import InvalidInputError
from heygen_async.near_names import near_name

_ADDRESSES = {
    "video": "video_url",
    "captioned_video": "captioned_video_url",
    "captions": "subtitle_url",
    "thumbnail": "thumbnail_url",
    "gif": "gif_url",
}


@attrs.define(eq=False)
class VideoFiles:
    """The files of one row during their download.

    Attributes:
        job: The job of the row.
        video: Latest answer of HeyGen about the video.
        stem: Name of the files without their endings.
        stale: True if the addresses may have expired.
    """

    job: Job
    video: Video
    stem: str
    stale: bool = False

    def url(self, kind: str) -> str | None:
        """Return the address of a file; None if HeyGen gives none."""
        films = self._films()
        found: str | None = films[kind] if kind in films else getattr(self.video, _ADDRESSES.get(kind, ""), None)
        return found

    def expects(self, kind: str) -> bool:
        """Return True if HeyGen makes such a file for the request. Others are stored if HeyGen has them."""
        if isinstance(self.video, SeenAsVideo):
            return False
        body = body_of(self.job.request)
        match kind:
            case "captions":
                return body.get("caption") is not None
            case "captioned_video":
                return bool((body.get("caption") or {}).get("style"))
            case "gif":
                return bool(body.get("include_gif"))
            case _:
                return True

    def kinds(self, wanted: Iterable[FileKind]) -> list[str]:
        """Return the files to store for *wanted*. The first video is last: its file marks the row as done."""
        more = [kind for kind in self._films() if kind != "video"] if "video" in wanted else []
        return [*more, *wanted]

    def content_kind(self, kind: str) -> str:
        """Return the kind that a file's content must have: the "video" of an audio translation is "audio"."""
        is_audio = isinstance(self.video, SeenAsVideo) and list(self.video.urls) == ["audio"]
        return "audio" if is_audio and kind == "video" else kind

    def _films(self) -> dict[str, str]:
        urls = self.video.urls.values() if isinstance(self.video, SeenAsVideo) else ()
        return {"video" if number == 1 else f"video_{number}": url for number, url in enumerate(urls, 1)}


def checked_kinds(files: Iterable[str]) -> tuple[FileKind, ...]:
    """Return the kinds of files that are wanted, the video first.

    Raises:
        InvalidInputError: A kind is not known, or there is none.
    """
    wanted = {files} if isinstance(files, str) else set(files)
    unknown = sorted(map(str, wanted - set(KINDS)))
    if unknown or not wanted:
        given = ", ".join(map(repr, unknown)) or "none given"
        near = near_name(unknown[0], KINDS) if unknown else None
        mend = "" if near is None else f"; did you mean {near!r}?"
        raise InvalidInputError(f"files: {given}; must be some of {', '.join(KINDS)}{mend}")
    return tuple(kind for kind in KINDS if kind in wanted)

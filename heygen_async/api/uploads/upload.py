"""Values of uploads: the file with its settings, the resulting asset, and the progress."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import attrs

from heygen_async.api.fields.assets import AssetId
from heygen_async.api.uploads.byte_sources import SourceLike
from heygen_async.api.uploads.media_types import Purpose
from heygen_async.reprs import ShortRepr
from heygen_async.telemetry import Telemetry, UploadProgressed

READY_SECONDS = 600.0
_STEPS = 200  # progress events of a large file
_STEP_BYTES = 256 * 1024

_numbers = itertools.count(1)


@attrs.frozen(repr=False)
class Upload(ShortRepr):
    """A file for `upload_many`, with settings of its own.

    Attributes:
        source: A path, bytes, a file open for reading bytes, or an async iterable of bytes.
        filename: Name that the file gets at HeyGen; by default its own.
        media_type: Media type; needed only if the first bytes do not show it.
        size: Size in bytes of an async iterable, if you know it.
        purpose: "videos" checks HeyGen's limits for files that are used in videos: 50 MB for images and audio, 100 MB
            for videos.
    """

    source: SourceLike = attrs.field(repr=False)
    filename: str | None = attrs.field(default=None, kw_only=True)
    media_type: str | None = attrs.field(default=None, kw_only=True)
    size: int | None = attrs.field(default=None, kw_only=True)
    purpose: Purpose = attrs.field(default="any", kw_only=True)


@attrs.frozen(kw_only=True, repr=False)
class UploadedAsset(ShortRepr):
    """A file that HeyGen has.

    Attributes:
        asset_id: Id of the asset.
        filename: Name that was sent.
        media_type: Media type, by the first bytes or as declared.
        size_bytes: Exact size.
        sha256: SHA-256 of the content in hex; None if the source could be read only once, or without `reuse`.
        reused: True if HeyGen had the file already, so that it was not sent.
    """

    asset_id: str
    filename: str
    media_type: str
    size_bytes: int
    sha256: str | None = None
    reused: bool = False

    @property
    def asset(self) -> AssetId:
        """The value for a request: `ImageVideo(image=uploaded.asset, ...)`."""
        return AssetId(asset_id=self.asset_id)


@attrs.frozen(kw_only=True, repr=False)
class NotUploaded(ShortRepr):
    """A file of `upload_many` that was not uploaded.

    Attributes:
        index: Place among the files, from 0.
        error: The error: a `HeyGenError`, or an exception of the file's source.
    """

    index: int
    error: Exception


OnProgress = Callable[[UploadProgressed], None]


class ProgressReporter:
    """Reports the progress of one upload: at its start, in steps, and at its end."""

    def __init__(self, telemetry: Telemetry, on_progress: OnProgress | None, total_bytes: int, index: int = 0) -> None:
        """Report to the observers of *telemetry* and to *on_progress*."""
        own = () if on_progress is None else (on_progress,)
        self._telemetry = Telemetry((*telemetry.observers, *own))
        self._number = next(_numbers)
        self._index = index
        self._total = total_bytes
        self._step = max(_STEP_BYTES, total_bytes // _STEPS)
        self._last_reported = -1

    def sent(self, count: int) -> None:
        """Report that *count* bytes were sent so far, if a step is due. A smaller count than before is a new start."""
        due = (
            self._last_reported < 0
            or count < self._last_reported
            or count >= self._last_reported + self._step
            or count == self._total
        )
        if not due or count == self._last_reported or not self._telemetry.observers:
            return
        self._last_reported = count
        event = UploadProgressed(upload=self._number, index=self._index, sent_bytes=count, total_bytes=self._total)
        self._telemetry.emit(event)

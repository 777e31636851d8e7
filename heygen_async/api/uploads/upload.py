"""Uploads: the file that goes in, the asset that comes out, and the progress between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import attrs

from heygen_async.api.fields.assets import AssetId
from heygen_async.api.uploads.byte_sources import Given
from heygen_async.api.uploads.media_types import Purpose
from heygen_async.telemetry import Telemetry, UploadProgressed

READY_SECONDS = 600.0
_STEPS = 200  # in which a large file is told
_STEP_BYTES = 256 * 1024

_numbers = itertools.count(1)


@attrs.frozen
class Upload:
    """A file to be uploaded, where more than its source is to be said.

    Attributes:
        source: A path, bytes, a file open for reading bytes, or an async iterable of bytes.
        filename: As it is to be called at HeyGen; else its own name.
        media_type: Only for what is not known by its first bytes.
        size: In bytes, for async iterables where it is known.
        purpose: "videos": it goes into a video, which has limits of its own: 50 MB for images and sound, 100 MB for
            films.
    """

    source: Given = attrs.field(repr=False)
    filename: str | None = attrs.field(default=None, kw_only=True)
    media_type: str | None = attrs.field(default=None, kw_only=True)
    size: int | None = attrs.field(default=None, kw_only=True)
    purpose: Purpose = attrs.field(default="any", kw_only=True)


@attrs.frozen(kw_only=True)
class UploadedAsset:
    """A file that HeyGen has.

    Attributes:
        asset_id: Its id.
        filename: As it was sent.
        media_type: By its first bytes.
        size_bytes: Exactly.
        sha256: In hex; None if it was read only once.
        reused: True if HeyGen had it already, so that nothing was sent.
    """

    asset_id: str
    filename: str
    media_type: str
    size_bytes: int
    sha256: str | None = None
    reused: bool = False

    @property
    def asset(self) -> AssetId:
        """The value that a request takes: `ImageVideo(image=uploaded.asset, ...)`."""
        return AssetId(asset_id=self.asset_id)


@attrs.frozen(kw_only=True)
class NotUploaded:
    """A file of `upload_many` that HeyGen has not.

    Attributes:
        index: Its place among the files, from 0.
        error: Why: a `HeyGenError`, or what its source raised.
    """

    index: int
    error: Exception


OnProgress = Callable[[UploadProgressed], None]


class ProgressReporter:
    """Tells of one upload: at its beginning, in steps, and at its end."""

    def __init__(self, telemetry: Telemetry, on_progress: OnProgress | None, total_bytes: int, index: int = 0) -> None:
        """Tell the observers of *telemetry* and *on_progress*."""
        also = () if on_progress is None else (on_progress,)
        self._telemetry = Telemetry((*telemetry.observers, *also))
        self._number = next(_numbers)
        self._index = index
        self._total = total_bytes
        self._step = max(_STEP_BYTES, total_bytes // _STEPS)
        self._told = -1

    def sent(self, count: int) -> None:
        """So many bytes have gone out; fewer than before are a new beginning."""
        due = self._told < 0 or count < self._told or count >= self._told + self._step or count == self._total
        if not due or count == self._told or not self._telemetry.observers:
            return
        self._told = count
        event = UploadProgressed(upload=self._number, index=self._index, sent_bytes=count, total_bytes=self._total)
        self._telemetry.emit(event)

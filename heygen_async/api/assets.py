"""`heygen.assets`: files at HeyGen, and uploads of them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable

from heygen_async.api.generated import assets as generated
from heygen_async.api.generated.shared import Deleted
from heygen_async.api.uploads.batch import AT_ONCE, BATCH_FILES, BatchFile, Result, UploadBatch, checked_at_once
from heygen_async.api.uploads.byte_sources import ByteSource, SourceLike, open_source, sha256_of
from heygen_async.api.uploads.known_assets import AssetMemory, KnownAssets
from heygen_async.api.uploads.media_types import HEAD_BYTES, Purpose, media_of
from heygen_async.api.uploads.routing import FileToUpload, UploadRoutes
from heygen_async.api.uploads.upload import (
    READY_SECONDS,
    NotUploaded,
    OnProgress,
    ProgressReporter,
    Upload,
    UploadedAsset,
)
from heygen_async.http.call import Options
from heygen_async.http.caller import Caller


class Assets(generated.Assets):
    """`heygen.assets`: upload, read and delete files at HeyGen."""

    def __init__(self, caller: Caller) -> None:
        """Send requests by *caller*."""
        super().__init__(caller)
        self._known = KnownAssets(self)

    async def upload(
        self,
        source: SourceLike,
        options: Options | None = None,
        *,
        filename: str | None = None,
        media_type: str | None = None,
        size: int | None = None,
        purpose: Purpose = "any",
        reuse: bool = True,
        memory: AssetMemory | None = None,
        ready_within: float = READY_SECONDS,
        on_progress: OnProgress | None = None,
    ) -> UploadedAsset:
        """Upload a file of any size and return its asset. Free of charge.

            logo = await heygen.assets.upload("logo.png")
            request = ImageVideo(image=logo.asset, voice_id="...", script="Hi Ada")

        The file is read while it is sent, 256 KiB at a time. Up to 32 MB it is sent to HeyGen; a larger file, or a zip,
        is sent to the storage that HeyGen names, without your key. A film that is too large for one PUT is sent in
        parts, each of which is repeated by itself if it fails: over 5 GB, or over HeyGen's limit for one PUT. A file
        that this client has uploaded before is recognized by its SHA-256, and not sent again as long as HeyGen has it.
        HeyGen's address of an uploaded file is read to be public: upload no picture that must stay private.

        Args:
            source: A path, bytes, a file open for reading bytes, or an async iterable of bytes.
            options: Options of each call that the upload needs.
            filename: Name that the file gets at HeyGen; by default its own.
            media_type: Media type; needed only if the first bytes do not show it.
            size: Size in bytes of an async iterable, if you know it. An iterable of unknown size is copied to a
                temporary file first; one of known size above 32 MB is not, and so cannot be sent again after a failure.
            purpose: "videos" checks HeyGen's limits for files that are used in videos: 50 MB for images and audio,
                100 MB for videos.
            reuse: False to upload the file even if it was uploaded before.
            memory: Memory of uploads that outlives this client: a `Journal`.
            ready_within: Most seconds to wait until HeyGen has checked a file that was sent to the storage; 0 does not
                wait.
            on_progress: Called with each `UploadProgressed`; it must be quick, as an observer must.

        Raises:
            InvalidInputError: The file does not exist, is empty, too large, or of a type that HeyGen does not take. No
                request was sent.
            UploadError: The storage refused the file, or HeyGen cannot use it.
            ConflictError: HeyGen does not see the file that was stored.
            DeadlineExceededError: HeyGen has the file, and has not checked it yet; `resource_id` is the asset's id.

        A cancelled upload leaves no task and no open file behind.
        """
        upload = Upload(source, filename=filename, media_type=media_type, size=size, purpose=purpose)
        routes = UploadRoutes(assets=self, caller=self._caller, options=options, ready_within=ready_within)
        async with open_source(source, size) as opened:
            file = await self._prepare(upload, opened, on_progress, reuse=reuse)
            if file.mark is None:
                return file.done(await routes.upload(file))
            async with self._known.lock(file.mark):
                asset_id = await self._known.find(file.mark, memory, options)
                if asset_id is not None:
                    return file.done(asset_id, reused=True)
                return self._remember(file.done(await routes.upload(file)), file, memory)

    async def upload_many(
        self,
        sources: Iterable[SourceLike | Upload],
        options: Options | None = None,
        *,
        at_once: int = AT_ONCE,
        reuse: bool = True,
        memory: AssetMemory | None = None,
        ready_within: float = READY_SECONDS,
        on_progress: OnProgress | None = None,
    ) -> list[UploadedAsset | NotUploaded]:
        """Upload many files. Free of charge.

            for done in await heygen.assets.upload_many(["anna.png", Upload("ben.mp4", purpose="videos")]):
                print(done.error if isinstance(done, NotUploaded) else done.asset_id)

        Up to a hundred files are one batch, and are sent directly to the storage; a single file is sent as by
        `upload`. The failure of one file does not affect the others. Files with equal content are sent once.

        Args:
            sources: Sources as of `upload`, or an `Upload` for a file with settings of its own.
            options: Options of each call that the uploads need.
            at_once: Most files under way at the same time.
            reuse: As of `upload`.
            memory: As of `upload`.
            ready_within: As of `upload`.
            on_progress: As of `upload`; `index` is the place of the file in *sources*.

        Returns:
            One result for each source, in their order: the asset, or a `NotUploaded` with the error.

        Raises:
            InvalidInputError: `at_once` is less than 1, or `options` has an idempotency key, which is for one file.
        """
        checked_at_once(at_once, options)
        routes = UploadRoutes(assets=self, caller=self._caller, options=options, ready_within=ready_within)

        async def prepare(index: int, upload: Upload, stack: contextlib.AsyncExitStack) -> FileToUpload | UploadedAsset:
            opened = await stack.enter_async_context(open_source(upload.source, upload.size))
            file = await self._prepare(upload, opened, on_progress, reuse=reuse, index=index)
            asset_id = None if file.mark is None else await self._known.find(file.mark, memory, options)
            return file if asset_id is None else file.done(asset_id, reused=True)

        made: list[Result] = []
        uploads = [source if isinstance(source, Upload) else Upload(source) for source in sources]
        files = [
            BatchFile(index=index, open=functools.partial(prepare, index, upload))
            for index, upload in enumerate(uploads)
        ]
        for first in range(0, len(files), BATCH_FILES):
            group = files[first : first + BATCH_FILES]
            made += await UploadBatch(routes=routes, at_once=at_once).upload(group)
            for entry in group:
                if entry.file is not None and isinstance(entry.result, UploadedAsset):
                    self._remember(entry.result, entry.file, memory)
        return made

    async def delete(self, asset_id: str, options: Options | None = None) -> Deleted:
        """Delete a file.

        Source: `DELETE /v3/assets/{asset_id}`.
        """
        self._known.forget(asset_id)
        return await super().delete(asset_id, options)

    async def _prepare(
        self, upload: Upload, opened: ByteSource, on_progress: OnProgress | None, *, reuse: bool, index: int = 0
    ) -> FileToUpload:
        media = media_of(
            opened.subject,
            opened.head[:HEAD_BYTES],
            opened.size_bytes,
            filename=upload.filename or opened.name,
            media_type=upload.media_type,
            purpose=upload.purpose,
        )
        return FileToUpload(
            source=opened,
            media=media,
            progress=ProgressReporter(self._caller.telemetry, on_progress, opened.size_bytes, index),
            sha256=await sha256_of(opened) if reuse and opened.rereadable else None,
        )

    def _remember(self, done: UploadedAsset, file: FileToUpload, memory: AssetMemory | None) -> UploadedAsset:
        if file.mark is not None:
            self._known.remember(file.mark, done.asset_id, memory)
        return done

"""Files that you have at HeyGen, and the ways to bring them there: `heygen.assets`."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable

from heygen_async.api.generated import assets as generated
from heygen_async.api.generated.shared import Deleted
from heygen_async.api.uploads.batch import AT_ONCE, BATCH_FILES, BatchFile, Result, UploadBatch, checked_at_once
from heygen_async.api.uploads.byte_sources import ByteSource, Given, opened, sha256_of
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
    """`heygen.assets`: files that you have at HeyGen."""

    def __init__(self, caller: Caller) -> None:
        """Ask by *caller*."""
        super().__init__(caller)
        self._known = KnownAssets(self)

    async def upload(
        self,
        source: Given,
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
        """Bring a file of any size to HeyGen and return its id. Costs nothing.

            logo = await heygen.assets.upload("logo.png")
            request = ImageVideo(image=logo.asset, voice_id="...", script="Hi Ada")

        It is read while it is sent, a quarter of a megabyte at a time. Up to 32 MB it goes to HeyGen itself; above
        that, and as a zip, to the storage that HeyGen names, without your key. What this client has uploaded before is
        known by its SHA-256 and not sent again, as long as HeyGen has it.

        Args:
            source: A path, bytes, a file open for reading bytes, or an async iterable of bytes.
            options: As for each call that it takes.
            filename: As it is to be called at HeyGen; else its own name.
            media_type: Only for what is not known by its first bytes.
            size: In bytes, for an async iterable where you know it. One of unknown size is put into a temporary file
                first; one of known size above 32 MB is sent as it comes, and not again if that fails.
            purpose: "videos": it goes into a video, which has limits of its own: 50 MB for images and sound, 100 MB for
                films.
            reuse: False uploads it whatever is known.
            memory: Remembers uploads beyond this client: a `Journal`.
            ready_within: Seconds in which HeyGen must have looked through what it got directly; 0 does not wait.
            on_progress: Called with each `UploadProgressed`; as an observer, it must be quick.

        Raises:
            InvalidInputError: Not there, empty, too large, or of no type that HeyGen takes; nothing was sent.
            UploadError: The storage refused it, or HeyGen cannot use it.
            ConflictError: HeyGen does not see what the storage took.
            DeadlineExceededError: HeyGen has it, and has not looked through it; `resource_id` is its id.

        Cancelling it leaves nothing running here.
        """
        given = Upload(source, filename=filename, media_type=media_type, size=size, purpose=purpose)
        ways = UploadRoutes(assets=self, caller=self._caller, options=options, within=ready_within)
        async with opened(source, size) as found:
            parcel = await self._parcel(given, found, on_progress, reuse=reuse)
            if parcel.mark is None:
                return parcel.done(await ways.bring(parcel))
            async with self._known.alone(parcel.mark):
                asset_id = await self._known.find(parcel.mark, memory, options)
                if asset_id is not None:
                    return parcel.done(asset_id, reused=True)
                return self._kept(parcel.done(await ways.bring(parcel)), parcel, memory)

    async def upload_many(
        self,
        sources: Iterable[Given | Upload],
        options: Options | None = None,
        *,
        at_once: int = AT_ONCE,
        reuse: bool = True,
        memory: AssetMemory | None = None,
        ready_within: float = READY_SECONDS,
        on_progress: OnProgress | None = None,
    ) -> list[UploadedAsset | NotUploaded]:
        """Bring many files to HeyGen. Costs nothing.

            for done in await heygen.assets.upload_many(["anna.png", Upload("ben.mp4", purpose="videos")]):
                print(done.error if isinstance(done, NotUploaded) else done.asset_id)

        Up to a hundred are announced and completed together, as one batch, and go directly to the storage; a single one
        goes as by `upload`. What is wrong with one file is wrong with it alone. Files with the same content are sent
        once.

        Args:
            sources: As of `upload`; an `Upload` where more is to be said of one.
            options: As for each call that it takes.
            at_once: Files under way at the same time.
            reuse: As of `upload`.
            memory: As of `upload`.
            ready_within: As of `upload`.
            on_progress: As of `upload`; `index` tells the file.

        Returns:
            One for each source, in their order: what HeyGen has, or a `NotUploaded` with its error.

        Raises:
            InvalidInputError: `at_once` is less than 1, or `options` has a key, which cannot stand for several files.
        """
        checked_at_once(at_once, options)
        ways = UploadRoutes(assets=self, caller=self._caller, options=options, within=ready_within)

        async def look(index: int, given: Upload, stack: contextlib.AsyncExitStack) -> FileToUpload | UploadedAsset:
            found = await stack.enter_async_context(opened(given.source, given.size))
            parcel = await self._parcel(given, found, on_progress, reuse=reuse, index=index)
            asset_id = None if parcel.mark is None else await self._known.find(parcel.mark, memory, options)
            return parcel if asset_id is None else parcel.done(asset_id, reused=True)

        made: list[Result] = []
        wanted = [each if isinstance(each, Upload) else Upload(each) for each in sources]
        files = [BatchFile(index=index, look=functools.partial(look, index, each)) for index, each in enumerate(wanted)]
        for first in range(0, len(files), BATCH_FILES):
            group = files[first : first + BATCH_FILES]
            made += await UploadBatch(ways=ways, at_once=at_once).bring(group)
            for file in group:
                if file.parcel is not None and isinstance(file.result, UploadedAsset):
                    self._kept(file.result, file.parcel, memory)
        return made

    async def delete(self, asset_id: str, options: Options | None = None) -> Deleted:
        """Delete a file.

        Source: `DELETE /v3/assets/{asset_id}`.
        """
        self._known.forget(asset_id)
        return await super().delete(asset_id, options)

    async def _parcel(
        self, given: Upload, found: ByteSource, on_progress: OnProgress | None, *, reuse: bool, index: int = 0
    ) -> FileToUpload:
        media = media_of(
            found.subject,
            found.head[:HEAD_BYTES],
            found.size_bytes,
            filename=given.filename or found.name,
            media_type=given.media_type,
            purpose=given.purpose,
        )
        return FileToUpload(
            source=found,
            media=media,
            progress=ProgressReporter(self._caller.telemetry, on_progress, found.size_bytes, index),
            sha256=await sha256_of(found) if reuse and found.rereadable else None,
        )

    def _kept(self, done: UploadedAsset, parcel: FileToUpload, memory: AssetMemory | None) -> UploadedAsset:
        if parcel.mark is not None:
            self._known.keep(parcel.mark, done.asset_id, memory)
        return done

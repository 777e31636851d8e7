"""The ways of one file: with its request, or directly to the storage."""

from __future__ import annotations

import attrs

from heygen_async.api.generated import assets as generated
from heygen_async.api.uploads import presigned
from heygen_async.api.uploads.byte_sources import ByteSource
from heygen_async.api.uploads.media_types import Media
from heygen_async.api.uploads.presigned import DirectUpload, PresignedSlot
from heygen_async.api.uploads.upload import ProgressReporter, UploadedAsset
from heygen_async.http.bodies import Body
from heygen_async.http.call import UPLOAD_SECONDS, Call, Options, data_reader
from heygen_async.http.caller import Caller
from heygen_async.http.multipart import streamed_file

ROUTE = "/v3/assets"


@attrs.frozen(kw_only=True, eq=False)
class FileToUpload:
    """A file that was looked at.

    Attributes:
        source: Its bytes.
        media: What they are.
        progress: Who is told.
        sha256: In hex, if it was asked for.
    """

    source: ByteSource
    media: Media
    progress: ProgressReporter
    sha256: str | None = None

    @property
    def mark(self) -> str | None:
        """The identity of the content: its SHA-256 and its media type."""
        return None if self.sha256 is None else f"{self.sha256}:{self.media.media_type}"

    def done(self, asset_id: str, *, reused: bool = False) -> UploadedAsset:
        """Say that HeyGen has it."""
        if reused:
            self.progress.sent(self.source.size_bytes)
        return UploadedAsset(
            asset_id=asset_id,
            filename=self.media.filename,
            media_type=self.media.media_type,
            size_bytes=self.source.size_bytes,
            sha256=self.sha256,
            reused=reused,
        )


@attrs.frozen(kw_only=True)
class UploadRoutes:
    """The routes of a file to HeyGen.

    Attributes:
        assets: Asks HeyGen.
        caller: Sends.
        options: Of each call.
        within: Seconds in which HeyGen must have looked through what it got directly.
    """

    assets: generated.Assets
    caller: Caller
    options: Options | None
    within: float

    async def bring(self, parcel: FileToUpload) -> str:
        """Bring a file by the way that fits it; return its id."""
        return await (self._as_form(parcel) if parcel.media.as_form else self._directly(parcel))

    async def put(self, parcel: FileToUpload, slot: PresignedSlot | None = None) -> PresignedSlot:
        """Bring a file to the storage only; return the slot that took it."""
        way = DirectUpload(
            assets=self.assets,
            caller=self.caller,
            source=parcel.source,
            media=parcel.media,
            sent=parcel.progress.sent,
        )
        return await way.put(self.options, slot)

    async def _directly(self, parcel: FileToUpload) -> str:
        asset_id = (await self.put(parcel)).given.asset_id
        await presigned.complete(self.assets, asset_id, self.options)
        for error in (await presigned.unusable(self.assets, [asset_id], self.options, self.within)).values():
            raise error
        return asset_id

    async def _as_form(self, parcel: FileToUpload) -> str:
        source = parcel.source
        file = Body(size_bytes=source.size_bytes, open=source.open, sent=parcel.progress.sent)
        body, content_type = streamed_file(file, parcel.media.filename)
        call = Call(
            method="POST",
            path=ROUTE,
            route=ROUTE,
            body=body,
            headers={"Content-Type": content_type},
            timeout=UPLOAD_SECONDS,
            read=data_reader(generated.UploadedFile),
            takes_key=True,
        )
        return (await self.caller.send(call, self.options)).asset_id

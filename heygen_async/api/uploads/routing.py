"""The routes of a file to HeyGen: in a form, or directly to the storage, in one piece or in parts."""

from __future__ import annotations

import attrs

from heygen_async.api.generated import assets as generated
from heygen_async.api.uploads import presigned
from heygen_async.api.uploads.byte_sources import ByteSource
from heygen_async.api.uploads.media_types import Media
from heygen_async.api.uploads.parts import MOST_PUT_BYTES, PartsUpload
from heygen_async.api.uploads.presigned import DirectUpload, PresignedSlot, TooLargeForOnePutError
from heygen_async.api.uploads.upload import ProgressReporter, UploadedAsset
from heygen_async.errors import APIError, BadRequestError, HeyGenError
from heygen_async.http.bodies import Body
from heygen_async.http.call import UPLOAD_SECONDS, Call, Options, data_reader
from heygen_async.http.caller import Caller
from heygen_async.http.multipart import streamed_file

ROUTE = "/v3/assets"


@attrs.frozen(kw_only=True, eq=False)
class FileToUpload:
    """An opened file, ready to be uploaded.

    Attributes:
        source: Source of the bytes.
        media: Type, name and route of the file.
        progress: Reporter of the progress.
        sha256: SHA-256 of the content in hex; None if it was not computed.
    """

    source: ByteSource
    media: Media
    progress: ProgressReporter
    sha256: str | None = None

    @property
    def mark(self) -> str | None:
        """The identity of the content: SHA-256 and media type. None without a SHA-256."""
        return None if self.sha256 is None else f"{self.sha256}:{self.media.media_type}"

    def done(self, asset_id: str, *, reused: bool = False) -> UploadedAsset:
        """Return the asset of this file; if it was *reused*, report its progress as complete."""
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
        assets: Sends requests of direct uploads.
        caller: Sends forms.
        options: Options of each call.
        ready_within: Most seconds to wait for HeyGen's check of a direct upload.
    """

    assets: generated.Assets
    caller: Caller
    options: Options | None
    ready_within: float

    async def upload(self, file: FileToUpload) -> str:
        """Upload a file by the route of its type and size; return the asset's id."""
        return await (self._as_form(file) if file.media.as_form else self._directly(file))

    async def put(self, file: FileToUpload, slot: PresignedSlot | None = None) -> PresignedSlot:
        """Send a file to the storage, without completing it; return the slot that was used."""
        upload = DirectUpload(
            assets=self.assets,
            caller=self.caller,
            source=file.source,
            media=file.media,
            sent=file.progress.sent,
        )
        return await upload.put(self.options, slot)

    async def in_parts(self, file: FileToUpload) -> str:
        """Send a file to the storage in parts, and complete it; return the asset's id."""
        upload = PartsUpload(
            assets=self.assets,
            caller=self.caller,
            source=file.source,
            media=file.media,
            sent=file.progress.sent,
        )
        return await upload.upload(self.options)

    async def _directly(self, file: FileToUpload) -> str:
        if file.source.size_bytes > MOST_PUT_BYTES:
            asset_id = await self.in_parts(file)
        else:
            try:
                asset_id = (await self.put(file)).details.asset_id
                await presigned.complete(self.assets, asset_id, self.options)
            except (TooLargeForOnePutError, BadRequestError) as exc:
                asset_id = await self.after_refusal(file, exc)
        return await self.checked(asset_id)

    async def checked(self, asset_id: str) -> str:
        """Return *asset_id* when HeyGen has checked the file, or raise the error of a file that it cannot use."""
        errors = await presigned.wait_until_checked(self.assets, [asset_id], self.options, self.ready_within)
        if asset_id in errors:
            raise errors[asset_id]
        return asset_id

    async def after_refusal(self, file: FileToUpload, error: HeyGenError) -> str:
        """Send a file in parts after *error*, if that says that it is too large for one PUT; else raise the error."""
        if isinstance(error, BadRequestError) and error.param != "size_bytes":
            raise error
        try:
            return await self.in_parts(file)
        except APIError as exc:
            if exc.http_status in {404, 405}:
                error.add_note("HeyGen takes no uploads in parts either")
                raise error from exc
            raise

    async def _as_form(self, file: FileToUpload) -> str:
        content = Body(size_bytes=file.source.size_bytes, open=file.source.open, sent=file.progress.sent)
        body, content_type = streamed_file(content, file.media.filename)
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

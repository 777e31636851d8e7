"""Files that you have at HeyGen, and the ways to bring them there: `heygen.assets`."""

from __future__ import annotations

from heygen_async.api import direct
from heygen_async.api.direct import DirectUpload
from heygen_async.api.form import streamed_file
from heygen_async.api.generated import assets as generated
from heygen_async.api.generated.assets import UploadedFile
from heygen_async.api.media import HEAD_BYTES, Media, Purpose, media_of
from heygen_async.api.sources import Given, Source, opened
from heygen_async.api.uploads import READY_SECONDS, OnProgress, Progress, UploadedAsset
from heygen_async.bodies import Body
from heygen_async.calls import UPLOAD_SECONDS, Call, Options, reads

ROUTE = "/v3/assets"


class Assets(generated.Assets):
    """`heygen.assets`: files that you have at HeyGen."""

    async def upload(
        self,
        source: Given,
        options: Options | None = None,
        *,
        filename: str | None = None,
        media_type: str | None = None,
        size: int | None = None,
        purpose: Purpose = "any",
        ready_within: float = READY_SECONDS,
        on_progress: OnProgress | None = None,
    ) -> UploadedAsset:
        """Bring a file of any size to HeyGen and return its id. Costs nothing.

            logo = await heygen.assets.upload("logo.png")
            request = ImageVideo(image=logo.asset, voice_id="...", script="Hi Ada")

        It is read while it is sent, a quarter of a megabyte at a time. Up to 32 MB it goes to HeyGen itself; above
        that, and as a zip, to the storage that HeyGen names, without your key.

        Args:
            source: A path, bytes, a file open for reading bytes, or an async iterable of bytes.
            options: As for each call that it takes.
            filename: As it is to be called at HeyGen; else its own name.
            media_type: Only for what is not known by its first bytes.
            size: In bytes, for an async iterable where you know it. One of unknown size is put into a temporary file
                first; one of known size above 32 MB is sent as it comes, and not again if that fails.
            purpose: "videos": it goes into a video, which has limits of its own: 50 MB for images and sound, 100 MB for
                films.
            ready_within: Seconds in which HeyGen must have looked through what it got directly; 0 does not wait.
            on_progress: Called with each `UploadProgressed`; as an observer, it must be quick.

        Raises:
            InvalidInputError: Not there, empty, too large, or of no type that HeyGen takes; nothing was sent.
            UploadError: The storage refused it, or HeyGen cannot use it.
            ConflictError: HeyGen does not see what the storage took.
            DeadlineExceededError: HeyGen has it, and has not looked through it; `resource_id` is its id.

        Cancelling it leaves nothing running here.
        """
        async with opened(source, size) as found:
            media = media_of(
                found.subject,
                found.head[:HEAD_BYTES],
                found.size_bytes,
                filename=filename or found.name,
                media_type=media_type,
                purpose=purpose,
            )
            progress = Progress(self._caller.telemetry, on_progress, found.size_bytes)
            return await self._bring(found, media, progress, options, ready_within)

    async def _bring(
        self, source: Source, media: Media, progress: Progress, options: Options | None, ready_within: float
    ) -> UploadedAsset:
        if media.as_form:
            asset_id = await self._as_form(source, media, progress, options)
        else:
            asset_id = await self._directly(source, media, progress, options, ready_within)
        return UploadedAsset(
            asset_id=asset_id, filename=media.filename, media_type=media.media_type, size_bytes=source.size_bytes
        )

    async def _as_form(self, source: Source, media: Media, progress: Progress, options: Options | None) -> str:
        file = Body(size_bytes=source.size_bytes, open=source.open, sent=progress.sent)
        body, content_type = streamed_file(file, media.filename)
        call = Call(
            method="POST",
            path=ROUTE,
            route=ROUTE,
            body=body,
            headers={"Content-Type": content_type},
            timeout=UPLOAD_SECONDS,
            read=reads(UploadedFile),
            takes_key=True,
        )
        return (await self._caller.send(call, options)).asset_id

    async def _directly(
        self, source: Source, media: Media, progress: Progress, options: Options | None, ready_within: float
    ) -> str:
        way = DirectUpload(assets=self, caller=self._caller, source=source, media=media, sent=progress.sent)
        slot = await way.put(options)
        asset_id = slot.given.asset_id
        await direct.complete(self, asset_id, options)
        for error in (await direct.unusable(self, [asset_id], options, ready_within)).values():
            raise error
        return asset_id

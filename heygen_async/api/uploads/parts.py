"""Uploads in parts, of files that are too large for one PUT.

Each part is a PUT to an address of its own, repeated by itself if it fails. The parts are sent one after another, and
read while they are sent, so that memory does not grow with the file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import anyio
import attrs

from heygen_async.api.generated import assets as generated
from heygen_async.api.generated.assets import MultipartUpload, StoredPart, UploadPart, UploadSlot
from heygen_async.api.uploads.byte_readers import PartChunks
from heygen_async.api.uploads.byte_sources import ByteSource
from heygen_async.api.uploads.media_types import Media
from heygen_async.api.uploads.presigned import DirectUpload, PresignedSlot, repeat_while_unseen
from heygen_async.errors import ContractError, HeyGenError
from heygen_async.http.call import Options
from heygen_async.http.caller import Caller

MOST_PUT_BYTES = 5 * 1024**3  # S3: "an object up to 5 GB in a single operation"
GIVE_UP_SECONDS = 10.0


class _StoredAlreadyError(Exception):
    """The storage has the part, although the answer to its PUT was lost."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


@attrs.define(eq=False, kw_only=True)
class _PartPut(DirectUpload):
    """The PUT of one part. A fresh address comes from the state of the whole upload."""

    multipart_id: str
    number: int

    async def request_slot(self, options: Options | None) -> PresignedSlot:
        """Request a fresh address for the part."""
        at = anyio.current_time()
        made = await self.assets.multipart(self.multipart_id, options)
        part = _part(made, self.number)
        if part.etag is not None:
            raise _StoredAlreadyError(part.etag)
        return slot_of(made, part, at)


@attrs.define(eq=False, kw_only=True)
class PartsUpload:
    """The upload of one file in parts.

    Attributes:
        assets: Sends requests to HeyGen.
        caller: Sends the PUTs, and decides about retries.
        source: Source of the bytes.
        media: Type and name of the file.
        sent: Called with the number of bytes sent so far.
    """

    assets: generated.Assets
    caller: Caller
    source: ByteSource
    media: Media
    sent: Callable[[int], None]

    async def upload(self, options: Options | None) -> str:
        """Send the file and complete it; return the asset's id. An upload that fails is given up at HeyGen, too.

        Raises:
            UploadError: The storage refused a part.
            HeyGenError: The error of the last attempt.
        """
        at = anyio.current_time()
        made = await self.assets.create_multipart(
            self.media.media_type, self.media.filename, self.source.size_bytes, options
        )
        options = None if options is None else attrs.evolve(options, idempotency_key=None)
        try:
            parts = await self._send_all(made, at, options)
            await repeat_while_unseen(
                lambda: self.assets.complete(made.asset_id, options, multipart_id=made.multipart_id, parts=parts)
            )
        except BaseException:
            await self._give_up(made.multipart_id)
            raise
        return made.asset_id

    async def _send_all(self, made: MultipartUpload, at: float, options: Options | None) -> list[StoredPart]:
        size, step = self.source.size_bytes, made.part_size_bytes
        if step < 1 or len(made.parts) != -(-size // step):
            raise ContractError(
                f"upload {made.multipart_id}: {len(made.parts)} parts of {step:,} bytes for a file of {size:,} bytes"
            )
        stored = []
        for index, part in enumerate(sorted(made.parts, key=lambda part: part.part_number)):
            etag = part.etag or await self._send(made, part, index * step, at, options)
            stored.append(StoredPart(part_number=part.part_number, etag=etag))
        return stored

    async def _send(
        self, made: MultipartUpload, part: UploadPart, start: int, at: float, options: Options | None
    ) -> str:
        """Send one part and return its ETag."""
        size = min(made.part_size_bytes, self.source.size_bytes - start)
        source = attrs.evolve(
            self.source,
            subject=f"{self.source.subject}, part {part.part_number}",
            size_bytes=size,
            open=lambda _=0: PartChunks(self.source.open(start), size),
        )
        put = _PartPut(
            assets=self.assets,
            caller=self.caller,
            source=source,
            media=self.media,
            sent=lambda count: self.sent(start + count),
            multipart_id=made.multipart_id,
            number=part.part_number,
        )
        try:
            await put.put(options, slot_of(made, part, at))
        except _StoredAlreadyError as exc:
            return exc.etag
        if not put.etag:
            raise ContractError(f"{source.subject}: the storage has sent no ETag, so the upload cannot be completed")
        return put.etag

    async def _give_up(self, multipart_id: str) -> None:
        # Without an answer nothing is lost: the storage forgets unfinished uploads by itself.
        with anyio.CancelScope(shield=True), contextlib.suppress(HeyGenError):
            await self.assets.delete_multipart(multipart_id, Options(deadline=GIVE_UP_SECONDS))


def slot_of(made: MultipartUpload, part: UploadPart, at: float) -> PresignedSlot:
    """Return the address of a part; *at* is the loop time of the request for it."""
    if part.upload_url is None:
        raise ContractError(f"upload {made.multipart_id}: there is no address for part {part.part_number}")
    details = UploadSlot(
        asset_id=made.asset_id,
        expires_in_seconds=made.expires_in_seconds,
        max_bytes=made.part_size_bytes,
        status="pending_upload",
        upload_headers=made.upload_headers or {},
        upload_url=part.upload_url,
    )
    return PresignedSlot(details=details, at=at)


def _part(made: MultipartUpload, number: int) -> UploadPart:
    for part in made.parts:
        if part.part_number == number:
            return part
    raise ContractError(f"upload {made.multipart_id}: there is no part {number}")

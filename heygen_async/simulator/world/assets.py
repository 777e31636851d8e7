"""Assets: files that the account has uploaded, and direct uploads that have not arrived yet."""

from __future__ import annotations

import attrs

from heygen_async.simulator.http.received import ReceivedBody, received
from heygen_async.simulator.world.batches import Item

NOT_UPLOADED = {"code": "asset_not_available", "message": "The object was not uploaded."}


@attrs.define(kw_only=True, eq=False)
class PartsState:
    """An upload in parts.

    Attributes:
        multipart_id: Id of the upload.
        part_bytes: Size of each part but the last.
        count: Number of parts.
        received: Parts that have arrived, by number.
    """

    multipart_id: str
    part_bytes: int
    count: int
    received: dict[int, ReceivedBody] = attrs.field(factory=dict)

    def size_of(self, number: int, size_bytes: int) -> int:
        """Return the size of part *number* of a file of *size_bytes*."""
        return min(self.part_bytes, size_bytes - (number - 1) * self.part_bytes)

    def joined(self) -> ReceivedBody:
        """Return the whole file. Of a large file there is no SHA-256, because its parts are not kept."""
        parts = [self.received[number] for number in sorted(self.received)]
        kept = [part.content for part in parts if part.content is not None]
        if len(kept) == len(parts):
            return received(b"".join(kept))
        size = sum(part.size_bytes for part in parts)
        return ReceivedBody(size_bytes=size, sha256=b"", head=parts[0].head, content=None)


@attrs.define(kw_only=True, eq=False)
class Asset:
    """An uploaded file, or a direct upload that has not arrived yet.

    Attributes:
        asset_id: Id of the asset.
        number: Rises with each asset of the world.
        name: Name of the file.
        mime_type: Media type, declared for a direct upload, otherwise detected from the first bytes.
        size_bytes: Size in bytes, declared for a direct upload.
        checksum: Declared SHA-256, if any.
        made_at: Loop time.
        upload_expires_at: Loop time until which a direct upload is accepted; None for a file sent in its request.
        received: The received file; None until it arrives.
        ready_at: Loop time at which it can be used; None until the upload is completed.
        failed: True if its batch was completed and the file had not arrived.
        deleted: True after DELETE.
        parts: State of an upload in parts; None for one PUT.
    """

    asset_id: str
    number: int
    name: str
    mime_type: str
    size_bytes: int
    checksum: str | None = None
    made_at: float
    upload_expires_at: float | None = None
    received: ReceivedBody | None = None
    ready_at: float | None = None
    failed: bool = False
    deleted: bool = False
    parts: PartsState | None = None

    def status(self, now: float) -> str:
        """Return the status at loop time *now*: queued until completion, then processing, then completed.

        Source: statuses of ``GET /v3/assets/statuses`` (section 4 of the notes).
        """
        if self.failed:
            return "failed"
        if self.ready_at is None:
            return "queued"
        return "completed" if now >= self.ready_at else "processing"

    def batch_item(self, now: float) -> Item:
        """Return the status of this asset as a member of a batch."""
        status = self.status(now)
        return Item(
            status=status,
            resource_id=None if status == "queued" else self.asset_id,
            error=dict(NOT_UPLOADED) if status == "failed" else None,
        )

    def mismatch(self, file: ReceivedBody) -> tuple[str, str] | None:
        """Return the first declared field that does not fit *file*, and the reason; None if all fit.

        Source: "size_bytes must be exact; content_type is verified on completion" of the contract.
        """
        if file.size_bytes != self.size_bytes:
            return "size_bytes", f"{self.size_bytes} bytes were declared, {file.size_bytes} received."
        if file.mime_type not in (None, self.mime_type):
            return "content_type", f"{self.mime_type} was declared, {file.mime_type} received."
        if self.checksum is not None and file.sha256 and not file.has_checksum(self.checksum):
            return "checksum_sha256", "The checksum does not match."
        return None

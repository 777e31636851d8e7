"""Assets: files that the account has uploaded, and slots for those that are yet to come."""

from __future__ import annotations

import attrs

from heygen_async.simulator.http.received import ReceivedBody
from heygen_async.simulator.world.batches import Item

NEVER_CAME = {"code": "asset_not_available", "message": "The object was not uploaded."}


@attrs.define(kw_only=True, eq=False)
class Asset:
    """A file, or the place for one.

    Attributes:
        asset_id: Of the asset.
        number: Rises with each asset of the world.
        name: Of the file.
        mime_type: As announced; without announcement, by its first bytes.
        size_bytes: As announced.
        checksum: SHA-256 as announced, if it was.
        made_at: Loop time.
        upload_expires_at: Loop time until which its slot takes a file; None for what came with its request.
        received: What came; None until then.
        ready_at: Loop time at which it can be used; None until it is complete.
        failed: True if its batch was completed without it.
        deleted: True if DELETE took it away.
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

    def status(self, now: float) -> str:
        """Return the status at loop time *now*: queued until it is complete, then processing, then completed.

        Source: words of ``GET /v3/assets/statuses`` (section 4 of the notes).
        """
        if self.failed:
            return "failed"
        if self.ready_at is None:
            return "queued"
        return "completed" if now >= self.ready_at else "processing"

    def batch_item(self, now: float) -> Item:
        """Return how it is getting on as a member of a batch."""
        status = self.status(now)
        return Item(
            status=status,
            resource_id=None if status == "queued" else self.asset_id,
            error=dict(NEVER_CAME) if status == "failed" else None,
        )

    def mismatch(self, came: ReceivedBody) -> tuple[str, str] | None:
        """Return the field of the announcement that *came* does not keep, and why.

        Source: "size_bytes must be exact; content_type is verified on completion" of the contract.
        """
        if came.size_bytes != self.size_bytes:
            return "size_bytes", f"{self.size_bytes} bytes were announced, {came.size_bytes} came."
        if came.mime_type not in (None, self.mime_type):
            return "content_type", f"{self.mime_type} was announced, {came.mime_type} came."
        if self.checksum is not None and not came.has_checksum(self.checksum):
            return "checksum_sha256", "The checksum does not match."
        return None

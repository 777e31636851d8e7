"""Batches: up to a hundred jobs or uploads in one request, queued by the server."""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

import attrs

from heygen_async.simulator.world.renders import Render


@attrs.frozen(kw_only=True)
class Item:
    """Status of one member of a batch.

    Attributes:
        status: queued, processing, completed or failed.
        resource_id: Id of the video, translation or asset; None while it is queued.
        error: Code and message of the failure; None if it has not failed.
    """

    status: str
    resource_id: str | None
    error: dict[str, Any] | None = None


class Member(Protocol):
    """Member of a batch: a render or an asset."""

    def batch_item(self, now: float) -> Item:
        """Return the status of this member at loop time *now*."""


@attrs.define(kw_only=True, eq=False)
class BatchState:
    """A batch of jobs or assets.

    Attributes:
        batch_id: Id of the batch.
        item_kind: Kind of its members, a name of `job_kinds` or "asset". Each kind has its own batch endpoints.
        title: Title as sent.
        callback_url: Receives one event when all members have ended.
        created_at: Loop time.
        members: Members in the order of the request.
        running: Number of members that have not ended.
    """

    batch_id: str
    item_kind: str = "video"
    title: str | None
    callback_url: str | None = None
    created_at: float
    members: tuple[Member, ...]
    running: int = 0

    def items(self, now: float) -> list[Item]:
        """Return the status of each member at loop time *now*."""
        return [member.batch_item(now) for member in self.members]

    def status(self, now: float) -> str:
        """Return the status of the batch: failed only if all members failed.

        HeyGen does not document if a completed batch may hold failed items (section 4 of the notes).
        """
        statuses = {item.status for item in self.items(now)}
        if statuses & {"queued", "processing"}:
            return "processing"
        return "failed" if statuses == {"failed"} else "completed"

    def counts(self, now: float) -> dict[str, int]:
        """Count the members by status."""
        return dict(Counter(item.status for item in self.items(now)))


@attrs.frozen
class RenderMember:
    """A render as a member of a batch.

    Attributes:
        render: The render.
    """

    render: Render

    def batch_item(self, now: float) -> Item:
        """Return the status of this member at loop time *now*."""
        render = self.render
        if render.started_at is None and not render.deleted:
            return Item(status="queued", resource_id=None)
        status = render.status(now)
        if status == "pending":
            status = "processing"
        return Item(status=status, resource_id=render.video_id, error=error(render) if status == "failed" else None)


@attrs.frozen
class FailedMember:
    """An item of a batch that named something unknown: it has failed, and there is no render.

    Attributes:
        failure: Code and message.
    """

    failure: dict[str, Any]

    def batch_item(self, now: float) -> Item:  # noqa: ARG002 - the time plays no part
        """Return the status of this member."""
        return Item(status="failed", resource_id=None, error=self.failure)


def error(render: Render) -> dict[str, Any] | None:
    """Return code and message of the failure of *render*; None if it does not fail."""
    failure = render.faults.failure
    return {"code": failure.code, "message": failure.message} if failure else None

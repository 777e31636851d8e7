"""Batches: up to a hundred things in one request, queued by the server."""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

import attrs

from heygen_async.simulator.world.renders import Render


@attrs.frozen(kw_only=True)
class Item:
    """How one member of a batch is getting on.

    Attributes:
        status: queued, processing, completed or failed.
        resource_id: Of the video, translation or asset; None while it is queued.
        error: Why it failed.
    """

    status: str
    resource_id: str | None
    error: dict[str, Any] | None = None


class Member(Protocol):
    """What a batch is made of."""

    def batch_item(self, now: float) -> Item:
        """Return how it is getting on at loop time *now*."""


@attrs.define(kw_only=True, eq=False)
class BatchState:
    """What was asked for together.

    Attributes:
        batch_id: Of the batch.
        family: Of its members: a batch of lipsyncs is not found among the videos.
        title: As sent.
        callback_url: Told once, when all have ended.
        created_at: Loop time.
        members: In the order of the request.
        running: How many have not ended.
    """

    batch_id: str
    family: str = "video"
    title: str | None
    callback_url: str | None = None
    created_at: float
    members: tuple[Member, ...]
    running: int = 0

    def items(self, now: float) -> list[Item]:
        """Return how each member is getting on."""
        return [member.batch_item(now) for member in self.members]

    def status(self, now: float) -> str:
        """Return the status of the whole: failed only if nothing of it was made.

        Whether "completed" may hold failed items is not stated anywhere (section 4 of the notes).
        """
        words = {item.status for item in self.items(now)}
        if words & {"queued", "processing"}:
            return "processing"
        return "failed" if words == {"failed"} else "completed"

    def counts(self, now: float) -> dict[str, int]:
        """Return how many members have each status."""
        return dict(Counter(item.status for item in self.items(now)))


@attrs.frozen
class RenderMember:
    """A render as member of a batch.

    Attributes:
        render: What is made.
    """

    render: Render

    def batch_item(self, now: float) -> Item:
        """Return how it is getting on at loop time *now*."""
        render = self.render
        if render.started_at is None and not render.deleted:
            return Item(status="queued", resource_id=None)
        word = render.status(now)
        status = "processing" if word == "pending" else word
        return Item(status=status, resource_id=render.video_id, error=error(render) if status == "failed" else None)


def error(render: Render) -> dict[str, Any] | None:
    """Return why *render* failed."""
    failure = render.faults.failure
    return {"code": failure.code, "message": failure.message} if failure else None

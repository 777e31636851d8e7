"""Batches: up to a hundred videos in one request, queued by the server."""

from __future__ import annotations

from collections import Counter

import attrs

from heygen_async.simulator.renders import Render


@attrs.frozen(kw_only=True)
class Batch:
    """Videos that were asked for together.

    Attributes:
        batch_id: Of the batch.
        title: As sent.
        created_at: Loop time.
        renders: In the order of the request.
    """

    batch_id: str
    title: str | None
    created_at: float
    renders: tuple[Render, ...]

    def statuses(self, now: float) -> list[str]:
        """Return the status of each item: queued, processing, completed or failed."""
        return [item_status(render, now) for render in self.renders]

    def status(self, now: float) -> str:
        """Return the status of the whole: failed only if nothing of it was made.

        Whether "completed" may hold failed items is not stated anywhere (section 4 of the notes).
        """
        words = set(self.statuses(now))
        if words & {"queued", "processing"}:
            return "processing"
        return "failed" if words == {"failed"} else "completed"

    def counts(self, now: float) -> dict[str, int]:
        """Return how many items have each status."""
        return dict(Counter(self.statuses(now)))


def item_status(render: Render, now: float) -> str:
    """Return the status of an item of a batch."""
    if render.started_at is None and not render.deleted:
        return "queued"
    word = render.status(now)
    return "processing" if word == "pending" else word

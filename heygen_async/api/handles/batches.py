"""Batches: up to a hundred videos in one request. `/v3/videos/batches`."""

from __future__ import annotations

from typing import Any

import attrs

from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.api.handles.status import as_word
from heygen_async.http.call import Call, data_reader, path_id
from heygen_async.http.caller import Caller
from heygen_async.value import Value

BATCH_ITEMS = 100

# A batch has no failure of its own: each item has one.
_ENDS = Ends(subject="video batch", succeeded=frozenset({"completed", "failed"}), failed=frozenset())


@attrs.frozen(kw_only=True, repr=False)
class CreatedBatch(Value):
    """The answer to a batch: its id. Source: `POST /v3/videos/batches`."""

    batch_id: str


@attrs.frozen(kw_only=True, repr=False)
class BatchItem(Value):
    """One video of a batch.

    Attributes:
        item_index: Place in the request, from 0.
        status: queued, processing, completed or failed; HeyGen may add others.
        video_id: Id of the video; None while it is queued.
        error: Error of a failed item; HeyGen does not document its shape, `code` and `message` are usual.

    Source: `GET /v3/videos/batches/{batch_id}`.
    """

    item_index: int
    status: str = attrs.field(converter=as_word)
    video_id: str | None = None
    error: dict[str, Any] | None = None


@attrs.frozen(kw_only=True, repr=False)
class Batch(Value):
    """A batch with its present status.

    Attributes:
        batch_id: Id of the batch.
        status: processing, completed or failed.
        items: All videos: one page holds a hundred, the most that a batch may have.
        total_items: Number of videos.
        counts_by_status: Number of videos by status.
        title: Title of the batch.
        created_at: Time of creation in Unix seconds.

    Source: `GET /v3/videos/batches/{batch_id}`.
    """

    batch_id: str
    status: str = attrs.field(converter=as_word)
    items: tuple[BatchItem, ...]
    total_items: int | None = None
    counts_by_status: dict[str, int] = attrs.field(factory=dict)
    title: str | None = None
    created_at: float | None = None


def follow_batch(caller: Caller, batch_id: str) -> ServerJob[Batch]:
    """Return a handle on a batch."""
    return ServerJob(caller, batch_id, get_batch, _ENDS)


def get_batch(batch_id: str) -> Call[Batch]:
    """Return the call that reads one batch."""
    return Call(
        method="GET",
        path=f"/v3/videos/batches/{path_id(batch_id)}",
        route="/v3/videos/batches/{batch_id}",
        query={"limit": BATCH_ITEMS},
        read=data_reader(Batch),
    )

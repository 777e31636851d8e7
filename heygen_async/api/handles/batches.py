"""Batches: up to a hundred videos in one request. `/v3/videos/batches`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from heygen_async.api.handles.server_job import Ends, ServerJob
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo
from heygen_async.api.requests.stored import StoredRequest, body_of
from heygen_async.errors import InvalidInputError
from heygen_async.http.caller import Call, Caller, path_id, reads

BATCH_ITEMS = 100
KINDS = frozenset({"avatar", "image", "cinematic_avatar"})  # agents and templates cannot be batched

_ENDS = Ends(subject="video batch", well=frozenset({"completed", "failed"}), badly=frozenset())  # its items tell

BatchableRequest = DirectVideo | ImageVideo | CinematicAvatar | StoredRequest


@attrs.frozen(kw_only=True)
class CreatedBatch:
    """The answer to a batch: an id to follow. Source: `POST /v3/videos/batches`."""

    batch_id: str


@attrs.frozen(kw_only=True)
class BatchItem:
    """One video of a batch.

    Attributes:
        item_index: Its place in the request, from 0.
        status: queued, processing, completed or failed; HeyGen may add words.
        video_id: None while it is queued.
        error: Why it failed; its shape is not documented, `code` and `message` are usual.

    Source: `GET /v3/videos/batches/{batch_id}`.
    """

    item_index: int
    status: str
    video_id: str | None = None
    error: dict[str, Any] | None = None


@attrs.frozen(kw_only=True)
class Batch:
    """A batch as HeyGen describes it now.

    Attributes:
        batch_id: Its id.
        status: processing, completed or failed.
        total_items: How many videos it has.
        counts_by_status: How many of them are how far.
        items: The first hundred, which are all.
        title: As given.
        created_at: Unix seconds.

    Source: `GET /v3/videos/batches/{batch_id}`.
    """

    batch_id: str
    status: str
    total_items: int
    items: tuple[BatchItem, ...]
    counts_by_status: dict[str, int] = attrs.field(factory=dict)
    title: str | None = None
    created_at: float | None = None


def folder_of(request: BatchableRequest) -> str | None:
    """Return the folder of a request: in a batch all have the same."""
    folder = request.body.get("folder_id") if isinstance(request, StoredRequest) else request.folder_id
    return folder or None


def create_batch(requests: Sequence[BatchableRequest], title: str | None = None) -> Call[CreatedBatch]:
    """Return the call that makes all *requests*."""
    if not 0 < len(requests) <= BATCH_ITEMS:
        raise InvalidInputError(f"requests: {len(requests)} of them, must be 1 to {BATCH_ITEMS} in a batch")
    for index, request in enumerate(requests):
        if getattr(request, "kind", None) not in KINDS:
            raise InvalidInputError(
                f"requests, item {index}: a {type(request).__name__}; only DirectVideo, ImageVideo and CinematicAvatar "
                "can be asked for in a batch"
            )
    folders = {folder_of(request) for request in requests}
    if len(folders) > 1:
        names = ", ".join(sorted(map(repr, folders)))
        raise InvalidInputError(f"requests: folder_id {names}; a batch has one folder, so make one batch for each")
    return Call(
        method="POST",
        path="/v3/videos/batches",
        route="/v3/videos/batches",
        body=_body(requests, title, folders.pop()),
        read=reads(CreatedBatch),
        takes_key=True,
        costs=True,
    )


def _body(requests: Sequence[BatchableRequest], title: str | None, folder_id: str | None) -> Mapping[str, Any]:
    items = [{name: value for name, value in body_of(each).items() if name != "folder_id"} for each in requests]
    named = {"title": title, "folder_id": folder_id}
    return {"videos": items, **{name: value for name, value in named.items() if value is not None}}


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
        read=reads(Batch),
    )

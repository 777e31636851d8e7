"""Batches of requests: up to a hundred videos in one POST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from heygen_async.api.fields.assets import address
from heygen_async.api.handles.batches import BATCH_ITEMS, CreatedBatch
from heygen_async.api.requests.modes import CinematicAvatar, DirectVideo, ImageVideo
from heygen_async.api.requests.stored import StoredRequest, body_of
from heygen_async.errors import InvalidInputError
from heygen_async.http import wire
from heygen_async.http.call import Call, data_reader

KINDS = frozenset({"avatar", "image", "cinematic_avatar"})  # agents and templates cannot be batched


BatchableRequest = DirectVideo | ImageVideo | CinematicAvatar | StoredRequest


@attrs.frozen(kw_only=True)
class _BatchSettings:
    """Settings of a whole batch. Source: `CreateVideoBatchRequest`."""

    title: str | None = None
    callback_url: str | None = attrs.field(default=None, validator=address(), repr=False)
    folder_id: str | None = None


def folder_of(request: BatchableRequest) -> str | None:
    """Return the folder of a request. All requests of a batch must have the same."""
    folder = request.body.get("folder_id") if isinstance(request, StoredRequest) else request.folder_id
    return folder or None


def create_batch(
    requests: Sequence[BatchableRequest], title: str | None = None, callback_url: str | None = None
) -> Call[CreatedBatch]:
    """Return the call that submits all *requests*."""
    if not 0 < len(requests) <= BATCH_ITEMS:
        raise InvalidInputError(f"requests: {len(requests)}; a batch must have 1 to {BATCH_ITEMS}")
    for index, request in enumerate(requests):
        if getattr(request, "kind", None) not in KINDS:
            raise InvalidInputError(
                f"requests, item {index}: a {type(request).__name__}; only DirectVideo, ImageVideo and CinematicAvatar "
                "can be in a batch"
            )
    folders = {folder_of(request) for request in requests}
    if len(folders) > 1:
        names = ", ".join(sorted(map(repr, folders)))
        raise InvalidInputError(f"requests: folder_id {names}; a batch has one folder, so make one batch for each")
    return Call(
        method="POST",
        path="/v3/videos/batches",
        route="/v3/videos/batches",
        body=_body(requests, _BatchSettings(title=title, callback_url=callback_url, folder_id=folders.pop())),
        read=data_reader(CreatedBatch),
        takes_key=True,
        costs=True,
    )


def _body(requests: Sequence[BatchableRequest], settings: _BatchSettings) -> Mapping[str, Any]:
    items = [{name: value for name, value in body_of(each).items() if name != "folder_id"} for each in requests]
    return {"videos": items, **wire.encode(settings)}

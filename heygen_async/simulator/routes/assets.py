"""/v3/assets: files sent in a request, and direct uploads to storage."""

from __future__ import annotations

import functools
from typing import Any

from heygen_async.simulator.account.catalog import USERNAME
from heygen_async.simulator.http.multipart import FormPart
from heygen_async.simulator.http.received import received
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.routes import batches
from heygen_async.simulator.routes.batches import BatchRoutes
from heygen_async.simulator.storage.presigned import presign
from heygen_async.simulator.storage.uploads import part_address, upload_address, upload_headers
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world.assets import Asset, PartsState
from heygen_async.simulator.world.batches import BatchState, Item

MOST_BYTES = 32 * 1024 * 1024
SPACE = "space_simulator"
MULTIPART = "/v3/assets/direct-uploads/multipart"
MOST_PARTS = 10_000


def create(call: RouteCall) -> Reply:
    """POST /v3/assets."""
    file: FormPart = call.body["file"]
    if len(file.content) > MOST_BYTES:
        raise RefusalError(413, "payload_too_large", f"The file has more than {MOST_BYTES} bytes.", param="file")
    content = received(file.content)
    if content.mime_type in (None, "application/zip"):
        raise invalid("file", "The type of the file is not supported.")
    asset = _new(call, file.filename or "upload", str(content.mime_type), content.size_bytes, None)
    asset.received = content
    asset.ready_at = asset.made_at
    return data_reply(_uploaded(call, asset))


def list_(call: RouteCall) -> Reply:
    """GET /v3/assets, newest first."""
    folder = call.query.get("folder_id")
    found = [
        (-asset.number, asset)
        for asset in reversed(call.world.assets.values())
        if _usable(asset) and call.query["username"] == USERNAME and folder in (None, "")  # uploads name no folder
    ]
    return call.page_reply(found, functools.partial(_view, call))


def get(call: RouteCall) -> Reply:
    """GET /v3/assets/{asset_id}."""
    return data_reply(_view(call, _find(call, usable=True)))


def delete(call: RouteCall) -> Reply:
    """DELETE /v3/assets/{asset_id}."""
    asset = _find(call)
    asset.deleted = True
    asset.received = None
    return data_reply({"id": asset.asset_id})


def direct_upload(call: RouteCall) -> Reply:
    """POST /v3/assets/direct-uploads."""
    return data_reply(_upload_view(call, _declared(call, call.body)))


def direct_uploads(call: RouteCall) -> Reply:
    """POST /v3/assets/direct-uploads/batches. According to the contract, its callback_url is never called."""
    assets = [_declared(call, file) for file in call.body["files"]]
    world = call.world
    batch = BatchState(
        batch_id=world.make_id("batch", world.next_number("batch")),
        item_kind="asset",
        title=call.body.get("title"),
        created_at=world.now(),
        members=tuple(assets),
    )
    world.batches[batch.batch_id] = batch
    return data_reply({"batch_id": batch.batch_id, "items": [_upload_view(call, asset) for asset in assets]})


def create_multipart(call: RouteCall) -> Reply:
    """POST /v3/assets/direct-uploads/multipart. The fields are a guess: no source describes them."""
    world, body = call.world, call.body
    if body["size_bytes"] > world.most_multipart_bytes:
        raise invalid("size_bytes", f"At most {world.most_multipart_bytes} bytes.")
    asset = _new(call, body["filename"], body["content_type"], body["size_bytes"], body.get("checksum_sha256"))
    asset.upload_expires_at = asset.made_at + world.upload_seconds
    part_bytes = max(world.part_bytes, -(-asset.size_bytes // MOST_PARTS))
    asset.parts = PartsState(
        multipart_id=world.make_id("multipart", world.next_number("multipart")),
        part_bytes=part_bytes,
        count=-(-asset.size_bytes // part_bytes),
    )
    return data_reply(_parts_view(call, asset, asset.parts))


def multipart(call: RouteCall) -> Reply:
    """GET /v3/assets/direct-uploads/multipart/{multipart_id}: the stored parts, and addresses for the others."""
    return data_reply(_parts_view(call, *_find_parts(call)))


def delete_multipart(call: RouteCall) -> Reply:
    """DELETE /v3/assets/direct-uploads/multipart/{multipart_id}."""
    asset, parts = _find_parts(call)
    asset.parts = None
    asset.deleted = True
    return data_reply({"multipart_id": parts.multipart_id})


def complete(call: RouteCall) -> Reply:
    """POST /v3/assets/{asset_id}/complete. May be repeated."""
    asset = _find(call)
    if asset.parts is not None:
        _join(call, asset, asset.parts)
    if asset.upload_expires_at is None:
        raise RefusalError(404, "asset_not_found", "There is no such direct upload.")
    if asset.received is None:
        raise RefusalError(409, "conflict", "The object is not there yet.")
    asset.checksum = call.body.get("checksum_sha256") or asset.checksum
    if problem := asset.mismatch(asset.received):
        raise invalid(*problem)
    _complete(call, asset)
    return data_reply({**_uploaded(call, asset), "status": "processing"})


def complete_batch(call: RouteCall) -> Reply:
    """POST /v3/assets/complete/batches. May be repeated for files that arrive later."""
    batch = call.world.batches.get(call.body["batch_id"])
    if batch is None or batch.item_kind != "asset":
        raise invalid("batch_id", "There is no such batch.")  # the contract declares no 404 here
    for asset in batch.members:
        if isinstance(asset, Asset) and not asset.deleted:
            asset.failed = asset.received is None or asset.mismatch(asset.received) is not None
            if not asset.failed:
                _complete(call, asset)
    return data_reply({"batch_id": batch.batch_id}, status=202)


def search(call: RouteCall) -> Reply:
    """GET /v3/assets/search: finds public pictures and icons, or the account's own, by name."""
    kind, words = call.query["type"], call.query["query"].lower()
    public = call.query.get("scope", "public") == "public"
    found = call.world.library.pictures if public else _own_pictures(call)
    matches = [
        (index, item) for index, item in enumerate(found) if item["type"] == kind and words in item["id"].lower()
    ]
    return call.page_reply(matches, dict)


def _join(call: RouteCall, asset: Asset, parts: PartsState) -> None:
    """Put the parts together, if the request names the upload and the ETag of each part."""
    if call.body.get("multipart_id") != parts.multipart_id:
        raise invalid("multipart_id", "The id of the upload in parts is missing or another.")
    named = {part["part_number"]: part["etag"] for part in call.body.get("parts") or ()}
    stored = {number: file.etag for number, file in parts.received.items()}
    if len(stored) < parts.count:
        raise RefusalError(409, "conflict", "Not all parts are there yet.")
    if named != stored:
        raise invalid("parts", "A part is missing, or has another ETag.")
    asset.received, asset.parts = parts.joined(), None


def _find_parts(call: RouteCall) -> tuple[Asset, PartsState]:
    for asset in call.world.assets.values():
        if asset.parts is not None and asset.parts.multipart_id == call.names["multipart_id"]:
            return asset, asset.parts
    raise RefusalError(404, "not_found", "There is no such upload.")


def _parts_view(call: RouteCall, asset: Asset, parts: PartsState) -> dict[str, Any]:
    def view(number: int) -> dict[str, Any]:
        file = parts.received.get(number)
        address = None if file else part_address(call.world, call.origin, asset, number)
        size = parts.size_of(number, asset.size_bytes)
        return {"part_number": number, "size_bytes": size, "upload_url": address, "etag": file and file.etag}

    return {
        "asset_id": asset.asset_id,
        "multipart_id": parts.multipart_id,
        "part_size_bytes": parts.part_bytes,
        "max_bytes": call.world.most_multipart_bytes,
        "expires_in_seconds": int(call.world.upload_seconds),
        "upload_headers": {},
        "parts": [view(number) for number in range(1, parts.count + 1)],
        "status": "pending_upload",
    }


def _own_pictures(call: RouteCall) -> list[dict[str, Any]]:
    return [
        {"type": "image", "id": asset.name, "url": _address(call, asset)}
        for asset in call.world.assets.values()
        if _usable(asset) and asset.mime_type.startswith("image/")
    ]


def _complete(call: RouteCall, asset: Asset) -> None:
    if asset.ready_at is None:
        asset.ready_at = call.world.now() + call.world.asset_seconds


def _declared(call: RouteCall, file: dict[str, Any]) -> Asset:
    if file["size_bytes"] > call.world.most_upload_bytes:
        raise invalid("size_bytes", f"At most {call.world.most_upload_bytes} bytes.")
    asset = _new(call, file["filename"], file["content_type"], file["size_bytes"], file.get("checksum_sha256"))
    asset.upload_expires_at = asset.made_at + call.world.upload_seconds
    return asset


def _new(call: RouteCall, name: str, mime_type: str, size_bytes: int, checksum: str | None) -> Asset:
    world = call.world
    number = world.next_number("asset")
    asset = Asset(
        asset_id=world.make_id("asset", number),
        number=number,
        name=name.rpartition("/")[2] or "upload",
        mime_type=mime_type,
        size_bytes=size_bytes,
        checksum=checksum,
        made_at=world.now(),
    )
    world.assets[asset.asset_id] = asset
    return asset


def _find(call: RouteCall, *, usable: bool = False) -> Asset:
    asset = call.world.assets.get(call.names["asset_id"])
    if asset is None or asset.deleted or (usable and not _usable(asset)):
        raise RefusalError(404, "asset_not_found", "There is no such asset.")
    return asset


def _usable(asset: Asset) -> bool:
    return asset.ready_at is not None and not asset.deleted


def _upload_view(call: RouteCall, asset: Asset) -> dict[str, Any]:
    return {
        "asset_id": asset.asset_id,
        "upload_url": upload_address(call.world, call.origin, asset),
        "upload_headers": upload_headers(asset),
        "max_bytes": call.world.most_upload_bytes,
        "expires_in_seconds": int(call.world.upload_seconds),
        "status": "pending_upload",
    }


def _uploaded(call: RouteCall, asset: Asset) -> dict[str, Any]:
    return {
        "asset_id": asset.asset_id,
        "url": _address(call, asset),
        "mime_type": asset.mime_type,
        "size_bytes": asset.size_bytes,
    }


def _view(call: RouteCall, asset: Asset) -> dict[str, Any]:
    return {
        "id": asset.asset_id,
        "name": asset.name,
        "type": asset.mime_type.partition("/")[0],
        "owner": USERNAME,
        "space_id": SPACE,
        "folder_id": None,
        "uploaded_at": int(call.world.unix_time(asset.made_at)),
        "url": _address(call, asset),
    }


def _address(call: RouteCall, asset: Asset) -> str:
    return presign(call.world, call.origin, f"/files/assets/{asset.asset_id}", call.world.url_seconds)


def _find_item(call: RouteCall, asset_id: str) -> Item | None:
    asset = call.world.assets.get(asset_id)
    return None if asset is None or asset.deleted else asset.batch_item(call.world.now())


BATCH_ROUTES = BatchRoutes(item_kind="asset", ids_name="asset_ids", find_item=_find_item)

ROUTES: Routes = {
    ("POST", "/v3/assets"): create,
    ("GET", "/v3/assets"): list_,
    ("POST", "/v3/assets/direct-uploads"): direct_upload,
    ("POST", MULTIPART): create_multipart,
    ("GET", f"{MULTIPART}/{{multipart_id}}"): multipart,
    ("DELETE", f"{MULTIPART}/{{multipart_id}}"): delete_multipart,
    ("POST", "/v3/assets/direct-uploads/batches"): direct_uploads,
    ("POST", "/v3/assets/complete/batches"): complete_batch,
    ("GET", "/v3/assets/search"): search,
    **batches.routes(BATCH_ROUTES, "/v3/assets"),
    ("GET", "/v3/assets/{asset_id}"): get,
    ("DELETE", "/v3/assets/{asset_id}"): delete,
    ("POST", "/v3/assets/{asset_id}/complete"): complete,
}

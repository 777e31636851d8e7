"""Direct uploads: the storage service accepts a PUT to a presigned address and refuses credentials."""

from __future__ import annotations

from heygen_async.simulator.http.incoming import IncomingRequest
from heygen_async.simulator.http.received import ReceivedBody
from heygen_async.simulator.http.replies import Reply
from heygen_async.simulator.storage.presigned import CREDENTIALS, address_problem, presign, xml_refusal
from heygen_async.simulator.world.assets import Asset
from heygen_async.simulator.world.world import World

UPLOADS = "/uploads/"
PARTS = "/parts/"


def upload_address(world: World, origin: str, asset: Asset) -> str:
    """Return the presigned address that accepts the file of *asset*."""
    return presign(world, origin, f"{UPLOADS}{asset.asset_id}", world.upload_seconds)


def part_address(world: World, origin: str, asset: Asset, number: int) -> str:
    """Return the presigned address that accepts part *number* of the file of *asset*."""
    return presign(world, origin, f"{UPLOADS}{asset.asset_id}{PARTS}{number}", world.upload_seconds)


def upload_headers(asset: Asset) -> dict[str, str]:
    """Return the headers that are part of the signature, which the PUT must repeat."""
    headers = {"Content-Type": asset.mime_type, "x-amz-server-side-encryption": "AES256"}
    return headers if asset.checksum is None else {**headers, "x-amz-meta-sha256": asset.checksum}


def put(world: World, incoming: IncomingRequest) -> Reply:
    """Accept or refuse a file as a storage service does."""
    asset_id, _, part = incoming.path.removeprefix(UPLOADS).partition(PARTS)
    asset = world.assets.get(asset_id)
    if refusal := _refusal(world, incoming, None if part else asset):
        return refusal
    file = incoming.upload
    if asset is None or file is None or asset.deleted:
        return xml_refusal(404, "NoSuchKey", "There is no such upload.")
    if part:
        return _put_part(asset, int(part), file)
    if file.size_bytes > world.most_upload_bytes:
        return xml_refusal(400, "EntityTooLarge", f"At most {world.most_upload_bytes} bytes.")
    if asset.ready_at is None:  # a completed upload is not replaced
        asset.received = file
    return Reply(headers={"ETag": file.etag})


def _put_part(asset: Asset, number: int, file: ReceivedBody) -> Reply:
    if asset.parts is None:
        return xml_refusal(404, "NoSuchUpload", "The upload was completed or given up.")
    if file.size_bytes != asset.parts.size_of(number, asset.size_bytes):
        return xml_refusal(400, "EntityTooSmall", "The part has another size than was signed.")
    asset.parts.received[number] = file
    return Reply(headers={"ETag": file.etag})


def _refusal(world: World, incoming: IncomingRequest, asset: Asset | None) -> Reply | None:
    if any(name in incoming.headers for name in CREDENTIALS):
        return xml_refusal(403, "AccessDenied", "There were headers present which were not signed: credentials.")
    if incoming.method != "PUT":
        return xml_refusal(403, "SignatureDoesNotMatch", "The address is signed for PUT.")
    if problem := address_problem(world, incoming.path, dict(incoming.query)):
        return xml_refusal(403, "AccessDenied", problem)
    for name, text in upload_headers(asset).items() if asset else ():
        if incoming.headers.get(name.lower()) != text:
            return xml_refusal(403, "SignatureDoesNotMatch", f"Header {name} is signed as '{text}'.")
    return None

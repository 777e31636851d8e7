"""Uploads to the simulated account: forms, direct uploads and their batches."""

from __future__ import annotations

import base64
import hashlib
import io
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import anyio
import pytest

from heygen_async.simulator import ErrorAnswer, Server, World
from heygen_async.simulator.http.received import CHUNK_BYTES, KEPT_BYTES, receive
from tests.helpers.simulator_ask import Ask, code

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\r\n\r\n--\r\n" * 5
MP4 = b"\x00\x00\x00\x18ftypisom" + b"\x01" * 100
SLOT = {"filename": "a.mp4", "content_type": "video/mp4", "size_bytes": len(MP4)}


@pytest.fixture
async def storage() -> AsyncIterator[aiohttp.ClientSession]:
    """A session without credentials, since storage refuses them."""
    async with aiohttp.ClientSession() as session:
        yield session


async def upload(http: aiohttp.ClientSession, content: bytes, key: str | None = None) -> tuple[int, Any]:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(content), filename="ünïcode name.png", content_type="application/octet-stream")
    headers = {} if key is None else {"Idempotency-Key": key}
    async with http.post("/v3/assets", data=form, headers=headers) as answer:
        return answer.status, await answer.json()


async def new_upload(ask: Ask, **changes: Any) -> dict[str, Any]:
    status, made = await ask("POST", "/v3/assets/direct-uploads", SLOT | changes)
    assert (status, made["data"]["status"]) == (200, "pending_upload")
    return dict(made["data"])


async def put(
    storage: aiohttp.ClientSession, upload_slot: dict[str, Any], content: Any, **headers: str
) -> tuple[int, str]:
    async with storage.put(
        upload_slot["upload_url"], data=content, headers=upload_slot["upload_headers"] | headers
    ) as answer:
        return answer.status, await answer.text()


# --- forms


async def test_a_file_is_uploaded_in_a_form(ask: Ask, http: aiohttp.ClientSession, world: World) -> None:
    """The type of a file is detected from its bytes; an asset can be listed, read, fetched and deleted."""
    status, made = await upload(http, PNG)
    asset = made["data"]
    assert (status, asset["mime_type"], asset["size_bytes"]) == (200, "image/png", len(PNG))
    async with aiohttp.ClientSession() as bare, bare.get(asset["url"]) as answer:
        assert await answer.read() == PNG
    async with aiohttp.ClientSession() as bare, bare.get(f"{asset['url']}0") as answer:
        assert answer.status == 403
    found = (await ask("GET", f"/v3/assets/{asset['asset_id']}"))[1]["data"]
    assert (found["name"], found["type"]) == ("ünïcode name.png", "image")
    assert (await ask("GET", "/v3/assets?username=simulator"))[1]["data"][0]["id"] == asset["asset_id"]
    assert (await ask("GET", "/v3/assets?username=else"))[1]["data"] == []
    _, own = await ask("GET", "/v3/assets/search?query=name&type=image&scope=personal")
    assert [item["id"] for item in own["data"]] == ["ünïcode name.png"]
    assert (await ask("DELETE", f"/v3/assets/{asset['asset_id']}"))[1]["data"] == {"id": asset["asset_id"]}
    assert code(await ask("GET", f"/v3/assets/{asset['asset_id']}")) == (404, "asset_not_found")
    assert code(await ask("DELETE", f"/v3/assets/{asset['asset_id']}")) == (404, "asset_not_found")
    async with aiohttp.ClientSession() as bare, bare.get(asset["url"]) as answer:
        assert answer.status == 404
    assert world.ledger == []


async def test_a_key_makes_one_asset_of_two_uploads(http: aiohttp.ClientSession, world: World) -> None:
    """Two uploads with the same key make one asset."""
    first = await upload(http, PNG, "k1")
    assert await upload(http, PNG, "k1") == first
    assert len(world.assets) == 1


async def test_a_file_may_have_32_megabytes(http: aiohttp.ClientSession, world: World) -> None:
    """A file of 32 MB is accepted, of which only size and digest are kept; one byte more gets a 413."""
    whole = PNG.ljust(32 * 1024 * 1024, b"\x00")
    status, made = await upload(http, whole)
    received = world.assets[made["data"]["asset_id"]].received
    assert status == 200
    assert received is not None
    assert received.content is None
    assert received.has_checksum(hashlib.sha256(whole).hexdigest())
    async with aiohttp.ClientSession() as bare, bare.get(made["data"]["url"]) as answer:
        assert answer.status == 404
    refusal = code(await upload(http, whole + b"\x00"))
    assert refusal == (413, "payload_too_large")


FORM = "multipart/form-data; boundary=b"
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%PDF-\r\n'
TEXT = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n'
TITLE = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n'
END = b"--b--\r\n"


@pytest.mark.parametrize(
    ("kind", "body", "path"),
    [
        ("application/json", b"{}", None),
        ("multipart/form-data", b"--b--", None),
        (FORM, b"", None),
        (FORM, FILE, None),
        (FORM, END, "file"),
        (FORM, b"--b\r\nno name\r\n\r\nx\r\n" + END, None),
        (FORM, FILE.partition(b"; filename")[0] + b"\r\n" + END, None),
        (FORM, TEXT + END, "file"),
        (FORM, TITLE + FILE + END, "title"),
        (FORM, FILE + FILE + END, "file"),
        (FORM, FILE.replace(b"%PDF-", b"plain") + END, "file"),
    ],
)
async def test_an_invalid_form_is_refused(
    http: aiohttp.ClientSession, world: World, kind: str, body: bytes, path: str | None
) -> None:
    """An incomplete or unexpected form gets a 400 that names the wrong field, if any."""
    async with http.post("/v3/assets", data=body, headers={"Content-Type": kind}) as answer:
        error = (await answer.json())["error"]
        assert (answer.status, error["code"], error.get("param")) == (400, "invalid_parameter", path)
    assert world.assets == {}


# --- direct uploads


async def test_a_direct_upload(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """A direct upload is created, sent to storage, completed and then processed."""
    upload_slot = await new_upload(ask, checksum_sha256=hashlib.sha256(MP4).hexdigest())
    path = f"/v3/assets/{upload_slot['asset_id']}"
    statuses = f"/v3/assets/statuses?asset_ids={upload_slot['asset_id']},nobody"
    assert code(await ask("POST", f"{path}/complete", {})) == (409, "conflict")
    assert code(await ask("GET", path)) == (404, "asset_not_found")
    assert [entry["status"] for entry in (await ask("GET", statuses))[1]["data"]] == ["queued", "not_found"]
    assert (await put(storage, upload_slot, MP4))[0] == 200
    for _ in range(2):
        status, done = await ask("POST", f"{path}/complete", {})
        assert (status, done["data"]["size_bytes"], done["data"]["status"]) == (200, len(MP4), "processing")
    assert (await ask("GET", statuses))[1]["data"][0]["status"] == "processing"
    await anyio.sleep(world.asset_seconds)
    assert (await ask("GET", statuses))[1]["data"][0]["status"] == "completed"
    assert (await ask("GET", path))[1]["data"]["name"] == "a.mp4"
    assert (await put(storage, upload_slot, b"else"))[0] == 200
    assert (await ask("POST", f"{path}/complete", {}))[1]["data"]["size_bytes"] == len(MP4)


@pytest.mark.parametrize("name", ["x-api-key", "Authorization"])
async def test_storage_refuses_credentials(ask: Ask, storage: aiohttp.ClientSession, world: World, name: str) -> None:
    """Storage refuses a request with the API key."""
    upload_slot = await new_upload(ask)
    assert (await put(storage, upload_slot, MP4, **{name: "simulator-key"}))[0] == 403
    assert world.assets[upload_slot["asset_id"]].received is None
    assert world.requests[-1].route == "/uploads/{name}"


async def test_storage_requires_the_signed_headers(ask: Ask, storage: aiohttp.ClientSession) -> None:
    """Storage requires each header of the direct upload with its exact value."""
    upload_slot = await new_upload(ask, checksum_sha256="00")
    assert len(upload_slot["upload_headers"]) == 3
    for name in upload_slot["upload_headers"]:
        status, text = await put(storage, upload_slot, MP4, **{name: "else"})
        assert (status, "SignatureDoesNotMatch" in text) == (403, True)


async def test_an_upload_address_has_limits(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """An upload address is limited to its method, signature, lifetime and size."""
    upload_slot = await new_upload(ask)
    async with storage.get(upload_slot["upload_url"]) as answer:
        assert answer.status == 403
    assert (await put(storage, upload_slot | {"upload_url": upload_slot["upload_url"] + "0"}, MP4))[0] == 403
    world.most_upload_bytes = 10
    assert (await put(storage, upload_slot, MP4))[0] == 400
    assert code(await ask("POST", "/v3/assets/direct-uploads", SLOT)) == (400, "invalid_parameter")
    await anyio.sleep(upload_slot["expires_in_seconds"])
    assert "expired" in (await put(storage, upload_slot, MP4))[1]


async def test_a_deleted_asset_accepts_no_upload(ask: Ask, storage: aiohttp.ClientSession) -> None:
    """A PUT for a deleted asset gets a 404."""
    upload_slot = await new_upload(ask)
    await ask("DELETE", f"/v3/assets/{upload_slot['asset_id']}")
    assert (await put(storage, upload_slot, MP4))[0] == 404


@pytest.mark.parametrize(
    ("announced", "body", "param"),
    [
        ({"size_bytes": 7}, {}, "size_bytes"),
        ({"content_type": "image/png"}, {}, "content_type"),
        ({"checksum_sha256": "00"}, {}, "checksum_sha256"),
        ({}, {"checksum_sha256": "00"}, "checksum_sha256"),
        ({}, {"checksum_sha256": base64.b64encode(hashlib.sha256(MP4).digest()).decode()}, None),
        ({"checksum_sha256": hashlib.sha256(MP4).hexdigest().upper()}, {}, None),
    ],
)
async def test_an_upload_must_fit_its_declaration(
    ask: Ask, storage: aiohttp.ClientSession, announced: dict[str, Any], body: dict[str, Any], param: str | None
) -> None:
    """Completion checks the size, type and checksum that were declared."""
    upload_slot = await new_upload(ask, **announced)
    assert (await put(storage, upload_slot, MP4))[0] == 200
    status, found = await ask("POST", f"/v3/assets/{upload_slot['asset_id']}/complete", body)
    assert (status, found.get("error", {}).get("param")) == (400 if param else 200, param)


async def test_only_direct_uploads_are_completed(ask: Ask, http: aiohttp.ClientSession) -> None:
    """An asset that was uploaded in a form cannot be completed."""
    _, made = await upload(http, PNG)
    path = f"/v3/assets/{made['data']['asset_id']}/complete"
    assert code(await ask("POST", path, {})) == (404, "asset_not_found")


async def test_faults_apply_to_uploads(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """A PUT that gets a 503 stores no file."""
    upload_slot = await new_upload(ask)
    world.faults.append(ErrorAnswer(path="/uploads/", times=1))
    assert [(await put(storage, upload_slot, MP4))[0] for _ in range(2)] == [503, 200]


async def test_a_large_upload_needs_little_memory(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """A large upload is hashed while it arrives, so 64 MB need less than 16 MB of memory."""
    chunk, count = b"\x00" * 1024 * 1024, 64
    upload_slot = await new_upload(ask, size_bytes=count * len(chunk), content_type="application/octet-stream")

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield chunk

    tracemalloc.start()
    try:
        assert (await put(storage, upload_slot, stream()))[0] == 200
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    received = world.assets[upload_slot["asset_id"]].received
    assert received is not None
    assert (received.size_bytes, received.content) == (count * len(chunk), None)
    assert received.sha256 == hashlib.sha256(chunk * count).digest()
    assert peak < 16 * 1024 * 1024


class CountingStream:
    """A stream of zeros that counts the bytes that are left."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.largest_chunk = 0

    async def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        self.largest_chunk = max(self.largest_chunk, n)
        while self.left:
            part = min(n, self.left)
            self.left -= part
            yield bytes(part)


@pytest.mark.parametrize("size", [0, 1, KEPT_BYTES, KEPT_BYTES + 1, 4 * KEPT_BYTES])
async def test_a_stream_is_read_in_chunks(size: int) -> None:
    """A stream is read in chunks, and only small files are kept."""
    stream = CountingStream(size)
    came = await receive(stream)
    assert (stream.left, stream.largest_chunk) == (0, CHUNK_BYTES)
    assert (came.size_bytes, came.content is None) == (size, size > KEPT_BYTES)
    assert came.has_checksum(hashlib.sha256(bytes(size)).hexdigest())


async def test_a_connection_that_breaks_stores_nothing(ask: Ask, server: Server, world: World) -> None:
    """An upload whose connection breaks stores no file."""
    upload_slot = await new_upload(ask)
    host, port = server.base_url.removeprefix("http://").split(":")
    async with await anyio.connect_tcp(host, int(port)) as wire:
        head = f"PUT {upload_slot['upload_url'].removeprefix(server.base_url)} HTTP/1.1\r\nHost: {host}\r\n"
        await wire.send(f"{head}Content-Length: 1000\r\n\r\nhalf".encode())
    await anyio.sleep(10)
    assert world.assets[upload_slot["asset_id"]].received is None
    assert code(await ask("POST", f"/v3/assets/{upload_slot['asset_id']}/complete", {})) == (409, "conflict")


# --- batches


async def test_a_batch_of_uploads(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """Files that have not arrived fail at completion; a second completion accepts those that arrived late."""
    status, made = await ask("POST", "/v3/assets/direct-uploads/batches", {"files": [SLOT] * 3, "title": "All"}, "k")
    batch_id, uploads = made["data"]["batch_id"], made["data"]["items"]
    assert (status, len(uploads)) == (200, 3)
    path, done = f"/v3/assets/batches/{batch_id}", {"batch_id": batch_id}
    await put(storage, uploads[0], MP4)
    assert (await ask("GET", path))[1]["data"]["counts_by_status"] == {"queued": 3}
    assert await ask("POST", "/v3/assets/complete/batches", done) == (202, {"data": done})
    await anyio.sleep(world.asset_seconds)
    batch = (await ask("GET", path))[1]["data"]
    assert (batch["status"], batch["title"]) == ("completed", "All")
    assert [item["status"] for item in batch["items"]] == ["completed", "failed", "failed"]
    assert batch["items"][1]["error"]["code"] == "asset_not_available"
    await put(storage, uploads[1], MP4)
    await ask("POST", "/v3/assets/complete/batches", done)
    _, found = await ask("GET", f"/v3/assets/statuses?batch_ids={batch_id}")
    assert [entry["status"] for entry in found["data"]] == ["completed", "processing", "failed"]
    assert code(await ask("GET", f"/v3/videos/batches/{batch_id}")) == (404, "not_found")
    assert code(await ask("POST", "/v3/assets/complete/batches", {"batch_id": "b"})) == (400, "invalid_parameter")


async def test_a_deleted_asset_is_not_completed(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """Completion of a batch leaves deleted assets as they are."""
    _, made = await ask("POST", "/v3/assets/direct-uploads/batches", {"files": [SLOT, SLOT]})
    batch_id, uploads = made["data"]["batch_id"], made["data"]["items"]
    for upload_slot in uploads:
        await put(storage, upload_slot, MP4)
    await ask("DELETE", f"/v3/assets/{uploads[0]['asset_id']}")
    await ask("POST", "/v3/assets/complete/batches", {"batch_id": batch_id})
    _, found = await ask("GET", f"/v3/assets/statuses?batch_ids={batch_id}")
    assert [entry["status"] for entry in found["data"]] == ["queued", "processing"]


async def test_a_strict_catalog_requires_existing_assets(ask: Ask, http: aiohttp.ClientSession, world: World) -> None:
    """With a strict catalog, a video needs an existing asset."""
    world.strict_catalog = True
    _, made = await upload(http, PNG)
    body = {"type": "image", "script": "Hi", "voice_id": "voice_warm"}
    found = []
    for asset_id in (made["data"]["asset_id"], "x"):
        image = {"type": "asset_id", "asset_id": asset_id}
        found.append((await ask("POST", "/v3/videos", body | {"image": image}))[0])
    assert found == [200, 404]


async def test_public_pictures_are_found(ask: Ask) -> None:
    """Public pictures are found by a part of their name; the type is required."""
    _, found = await ask("GET", "/v3/assets/search?query=heart&type=icon")
    assert [item["id"] for item in found["data"]] == ["icon_heart"]
    assert code(await ask("GET", "/v3/assets/search?query=heart")) == (400, "invalid_parameter")


# --- uploads in parts

PARTS = "/v3/assets/direct-uploads/multipart"


async def put_part(address: str, part: bytes) -> tuple[int, str | None]:
    async with aiohttp.ClientSession() as storage, storage.put(address, data=part) as answer:
        return answer.status, answer.headers.get("ETag")


async def test_a_file_is_uploaded_in_parts(ask: Ask, world: World) -> None:
    """Each part has an address; the upload shows what is missing, and is completed by the ETags of all parts."""
    world.part_bytes = 6
    content = b"%PDF-1.7 in parts"
    slot = {"filename": "a.pdf", "content_type": "application/pdf", "size_bytes": len(content)}
    _, made = await ask("POST", PARTS, slot)
    upload = made["data"]
    done = f"/v3/assets/{upload['asset_id']}/complete"
    named = {"multipart_id": upload["multipart_id"], "parts": []}
    tags = []
    for part in upload["parts"]:
        assert code(await ask("POST", done, named)) == (409, "conflict")
        start = (part["part_number"] - 1) * 6
        assert (await put_part(part["upload_url"], b"wrong size"))[0] == 400
        status, tag = await put_part(part["upload_url"], content[start : start + 6])
        assert status == 200
        tags.append({"part_number": part["part_number"], "etag": tag})
        state = (await ask("GET", f"{PARTS}/{upload['multipart_id']}"))[1]["data"]["parts"]
        assert [each["etag"] is not None for each in state].count(True) == len(tags)
    assert (await ask("POST", done, {}))[1]["error"]["param"] == "multipart_id"
    assert (await ask("POST", done, named | {"parts": tags[:2]}))[1]["error"]["param"] == "parts"
    assert (await ask("POST", done, named | {"parts": tags}))[0] == 200
    assert (await ask("POST", done, named | {"parts": tags}))[0] == 200
    received = world.assets[upload["asset_id"]].received
    assert received is not None
    assert received.content == content
    assert code(await ask("GET", f"{PARTS}/{upload['multipart_id']}")) == (404, "not_found")
    assert (await put_part(upload["parts"][0]["upload_url"], content[:6]))[0] == 404


async def test_an_upload_in_parts_is_given_up(ask: Ask, world: World) -> None:
    """The storage forgets it; a file above the limit is not begun."""
    slot = {"filename": "a.mp4", "content_type": "video/mp4", "size_bytes": 100}
    _, made = await ask("POST", PARTS, slot)
    path = f"{PARTS}/{made['data']['multipart_id']}"
    assert (await ask("DELETE", path))[0] == 200
    assert code(await ask("DELETE", path)) == (404, "not_found")
    world.most_multipart_bytes = 99
    assert (await ask("POST", PARTS, slot))[1]["error"]["param"] == "size_bytes"

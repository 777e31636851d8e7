"""Uploads to the simulated account: forms, direct uploads, batches of them."""

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
    """Whoever speaks to storage brings no credentials."""
    async with aiohttp.ClientSession() as session:
        yield session


async def upload(http: aiohttp.ClientSession, content: bytes, key: str | None = None) -> tuple[int, Any]:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(content), filename="ünïcode name.png", content_type="application/octet-stream")
    headers = {} if key is None else {"Idempotency-Key": key}
    async with http.post("/v3/assets", data=form, headers=headers) as answer:
        return answer.status, await answer.json()


async def slot_for(ask: Ask, **changes: Any) -> dict[str, Any]:
    status, made = await ask("POST", "/v3/assets/direct-uploads", SLOT | changes)
    assert (status, made["data"]["status"]) == (200, "pending_upload")
    return dict(made["data"])


async def put(storage: aiohttp.ClientSession, slot: dict[str, Any], content: Any, **headers: str) -> tuple[int, str]:
    async with storage.put(slot["upload_url"], data=content, headers=slot["upload_headers"] | headers) as answer:
        return answer.status, await answer.text()


# --- forms


async def test_a_file_comes_with_its_request(ask: Ask, http: aiohttp.ClientSession, world: World) -> None:
    """Its type is what its bytes say; it can be listed, read, fetched and deleted."""
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
    """The form's operation honours keys."""
    first = await upload(http, PNG, "k1")
    assert await upload(http, PNG, "k1") == first
    assert len(world.assets) == 1


async def test_a_file_may_have_32_megabytes(http: aiohttp.ClientSession, world: World) -> None:
    """One byte more is a 413; of what is large only its size and digest stay."""
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
async def test_a_form_that_is_none(
    http: aiohttp.ClientSession, world: World, kind: str, body: bytes, path: str | None
) -> None:
    """400, and what is wrong."""
    async with http.post("/v3/assets", data=body, headers={"Content-Type": kind}) as answer:
        error = (await answer.json())["error"]
        assert (answer.status, error["code"], error.get("param")) == (400, "invalid_parameter", path)
    assert world.assets == {}


# --- direct uploads


async def test_a_direct_upload(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """A slot, a PUT, completion; then it is processed."""
    slot = await slot_for(ask, checksum_sha256=hashlib.sha256(MP4).hexdigest())
    path = f"/v3/assets/{slot['asset_id']}"
    statuses = f"/v3/assets/statuses?asset_ids={slot['asset_id']},nobody"
    assert code(await ask("POST", f"{path}/complete", {})) == (409, "conflict")
    assert code(await ask("GET", path)) == (404, "asset_not_found")
    assert [entry["status"] for entry in (await ask("GET", statuses))[1]["data"]] == ["queued", "not_found"]
    assert (await put(storage, slot, MP4))[0] == 200
    for _ in range(2):
        status, done = await ask("POST", f"{path}/complete", {})
        assert (status, done["data"]["size_bytes"], done["data"]["status"]) == (200, len(MP4), "processing")
    assert (await ask("GET", statuses))[1]["data"][0]["status"] == "processing"
    await anyio.sleep(world.asset_seconds)
    assert (await ask("GET", statuses))[1]["data"][0]["status"] == "completed"
    assert (await ask("GET", path))[1]["data"]["name"] == "a.mp4"
    assert (await put(storage, slot, b"else"))[0] == 200
    assert (await ask("POST", f"{path}/complete", {}))[1]["data"]["size_bytes"] == len(MP4)


@pytest.mark.parametrize("name", ["x-api-key", "Authorization"])
async def test_storage_refuses_credentials(ask: Ask, storage: aiohttp.ClientSession, world: World, name: str) -> None:
    """Nobody but HeyGen may see the key."""
    slot = await slot_for(ask)
    assert (await put(storage, slot, MP4, **{name: "simulator-key"}))[0] == 403
    assert world.assets[slot["asset_id"]].received is None
    assert world.requests[-1].route == "/uploads/{name}"


async def test_storage_wants_the_headers_of_the_slot(ask: Ask, storage: aiohttp.ClientSession) -> None:
    """Each of them, as it is."""
    slot = await slot_for(ask, checksum_sha256="00")
    assert len(slot["upload_headers"]) == 3
    for name in slot["upload_headers"]:
        status, text = await put(storage, slot, MP4, **{name: "else"})
        assert (status, "SignatureDoesNotMatch" in text) == (403, True)


async def test_an_address_of_storage_has_its_limits(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """Its method, its signature, its time, its size."""
    slot = await slot_for(ask)
    async with storage.get(slot["upload_url"]) as answer:
        assert answer.status == 403
    assert (await put(storage, slot | {"upload_url": slot["upload_url"] + "0"}, MP4))[0] == 403
    world.most_upload_bytes = 10
    assert (await put(storage, slot, MP4))[0] == 400
    assert code(await ask("POST", "/v3/assets/direct-uploads", SLOT)) == (400, "invalid_parameter")
    await anyio.sleep(slot["expires_in_seconds"])
    assert "expired" in (await put(storage, slot, MP4))[1]


async def test_nothing_comes_for_what_was_deleted(ask: Ask, storage: aiohttp.ClientSession) -> None:
    """404."""
    slot = await slot_for(ask)
    await ask("DELETE", f"/v3/assets/{slot['asset_id']}")
    assert (await put(storage, slot, MP4))[0] == 404


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
async def test_what_came_must_be_what_was_announced(
    ask: Ask, storage: aiohttp.ClientSession, announced: dict[str, Any], body: dict[str, Any], param: str | None
) -> None:
    """Size, type, checksum."""
    slot = await slot_for(ask, **announced)
    assert (await put(storage, slot, MP4))[0] == 200
    status, found = await ask("POST", f"/v3/assets/{slot['asset_id']}/complete", body)
    assert (status, found.get("error", {}).get("param")) == (400 if param else 200, param)


async def test_only_slots_are_completed(ask: Ask, http: aiohttp.ClientSession) -> None:
    """What came with its request is complete."""
    _, made = await upload(http, PNG)
    path = f"/v3/assets/{made['data']['asset_id']}/complete"
    assert code(await ask("POST", path, {})) == (404, "asset_not_found")


async def test_faults_befall_uploads_too(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """A PUT that met a 503 has stored nothing."""
    slot = await slot_for(ask)
    world.faults.append(ErrorAnswer(path="/uploads/", times=1))
    assert [(await put(storage, slot, MP4))[0] for _ in range(2)] == [503, 200]


async def test_a_large_upload_goes_past_the_memory(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """64 MB take no more than a few: they are hashed while they come."""
    chunk, count = b"\x00" * 1024 * 1024, 64
    slot = await slot_for(ask, size_bytes=count * len(chunk), content_type="application/octet-stream")

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield chunk

    tracemalloc.start()
    try:
        assert (await put(storage, slot, stream()))[0] == 200
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    received = world.assets[slot["asset_id"]].received
    assert received is not None
    assert (received.size_bytes, received.content) == (count * len(chunk), None)
    assert received.sha256 == hashlib.sha256(chunk * count).digest()
    assert peak < 16 * 1024 * 1024


class Endless:
    """A stream that counts how it is read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.largest_part = 0

    async def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        self.largest_part = max(self.largest_part, n)
        while self.left:
            part = min(n, self.left)
            self.left -= part
            yield bytes(part)


@pytest.mark.parametrize("size", [0, 1, KEPT_BYTES, KEPT_BYTES + 1, 4 * KEPT_BYTES])
async def test_a_stream_is_read_in_parts(size: int) -> None:
    """And only what is small is kept."""
    stream = Endless(size)
    came = await receive(stream)
    assert (stream.left, stream.largest_part) == (0, CHUNK_BYTES)
    assert (came.size_bytes, came.content is None) == (size, size > KEPT_BYTES)
    assert came.has_checksum(hashlib.sha256(bytes(size)).hexdigest())


async def test_a_connection_that_breaks_stores_nothing(ask: Ask, server: Server, world: World) -> None:
    """Half of a PUT is none."""
    slot = await slot_for(ask)
    host, port = server.base_url.removeprefix("http://").split(":")
    async with await anyio.connect_tcp(host, int(port)) as wire:
        head = f"PUT {slot['upload_url'].removeprefix(server.base_url)} HTTP/1.1\r\nHost: {host}\r\n"
        await wire.send(f"{head}Content-Length: 1000\r\n\r\nhalf".encode())
    await anyio.sleep(10)
    assert world.assets[slot["asset_id"]].received is None
    assert code(await ask("POST", f"/v3/assets/{slot['asset_id']}/complete", {})) == (409, "conflict")


# --- batches


async def test_a_batch_of_uploads(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """What did not come fails; completing again takes what came late."""
    status, made = await ask("POST", "/v3/assets/direct-uploads/batches", {"files": [SLOT] * 3, "title": "All"}, "k")
    batch_id, slots = made["data"]["batch_id"], made["data"]["items"]
    assert (status, len(slots)) == (200, 3)
    path, done = f"/v3/assets/batches/{batch_id}", {"batch_id": batch_id}
    await put(storage, slots[0], MP4)
    assert (await ask("GET", path))[1]["data"]["counts_by_status"] == {"queued": 3}
    assert await ask("POST", "/v3/assets/complete/batches", done) == (202, {"data": done})
    await anyio.sleep(world.asset_seconds)
    batch = (await ask("GET", path))[1]["data"]
    assert (batch["status"], batch["title"]) == ("completed", "All")
    assert [item["status"] for item in batch["items"]] == ["completed", "failed", "failed"]
    assert batch["items"][1]["error"]["code"] == "asset_not_available"
    await put(storage, slots[1], MP4)
    await ask("POST", "/v3/assets/complete/batches", done)
    _, found = await ask("GET", f"/v3/assets/statuses?batch_ids={batch_id}")
    assert [entry["status"] for entry in found["data"]] == ["completed", "processing", "failed"]
    assert code(await ask("GET", f"/v3/videos/batches/{batch_id}")) == (404, "not_found")
    assert code(await ask("POST", "/v3/assets/complete/batches", {"batch_id": "b"})) == (400, "invalid_parameter")


async def test_what_was_deleted_is_not_completed(ask: Ask, storage: aiohttp.ClientSession, world: World) -> None:
    """It stays as it was."""
    _, made = await ask("POST", "/v3/assets/direct-uploads/batches", {"files": [SLOT, SLOT]})
    batch_id, slots = made["data"]["batch_id"], made["data"]["items"]
    for slot in slots:
        await put(storage, slot, MP4)
    await ask("DELETE", f"/v3/assets/{slots[0]['asset_id']}")
    await ask("POST", "/v3/assets/complete/batches", {"batch_id": batch_id})
    _, found = await ask("GET", f"/v3/assets/statuses?batch_ids={batch_id}")
    assert [entry["status"] for entry in found["data"]] == ["queued", "processing"]


async def test_a_strict_catalog_wants_assets_that_are_ready(
    ask: Ask, http: aiohttp.ClientSession, world: World
) -> None:
    """One that was uploaded will do."""
    world.strict_catalog = True
    _, made = await upload(http, PNG)
    body = {"type": "image", "script": "Hi", "voice_id": "voice_warm"}
    found = []
    for asset_id in (made["data"]["asset_id"], "x"):
        image = {"type": "asset_id", "asset_id": asset_id}
        found.append((await ask("POST", "/v3/videos", body | {"image": image}))[0])
    assert found == [200, 404]


async def test_public_pictures_are_found(ask: Ask) -> None:
    """By a part of their name; the query needs its words."""
    _, found = await ask("GET", "/v3/assets/search?query=heart&type=icon")
    assert [item["id"] for item in found["data"]] == ["icon_heart"]
    assert code(await ask("GET", "/v3/assets/search?query=heart")) == (400, "invalid_parameter")

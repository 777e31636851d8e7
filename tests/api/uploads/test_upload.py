"""Upload of one file: in a form or directly to the storage, with faults, deadlines and progress."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest
from aiohttp import web

from heygen_async import Event, HeyGen, Options, RetryPlanned, RetryPolicy, UploadedAsset, UploadProgressed, errors
from heygen_async.api.uploads.byte_readers import HandleChunks, PathChunks
from heygen_async.http.bodies import Body, BodyStream
from heygen_async.simulator import DropAfterAccept, DropBefore, ErrorAnswer, Server, World
from heygen_async.simulator.world.assets import Asset
from tests.helpers.storage import FORM_BYTES, MP4, PNG, Depot, line_to, listening

LARGE = FORM_BYTES + 1
DIRECT = {
    "POST /v3/assets/direct-uploads": 1,
    "PUT /uploads/{name}": 1,
    "POST /v3/assets/{asset_id}/complete": 1,
}


def film(folder: Path, size: int = LARGE) -> Path:
    """Create a sparse file that starts like an MP4."""
    path = folder / "film.mp4"
    with path.open("wb") as file:
        file.write(MP4)
        file.truncate(size)
    return path


def received(world: World, made: UploadedAsset) -> Asset:
    asset = world.assets[made.asset_id]
    assert asset.received is not None
    assert asset.received.size_bytes == made.size_bytes == asset.size_bytes
    return asset


def counts(world: World) -> dict[str, int]:
    """Return the number of requests by route, without polls of HeyGen's check."""
    return {route: count for route, count in world.request_counts().items() if "statuses" not in route}


def client(address: str, **settings: Any) -> HeyGen:
    return HeyGen("simulator-key", base_url=address, **settings)


# In a form


async def test_a_small_file_is_sent_in_a_form(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A small file is one POST under a key."""
    path = tmp_path / "logo.png"
    path.write_bytes(PNG)
    made = await heygen.assets.upload(path)
    assert (made.filename, made.media_type, made.size_bytes) == ("logo.png", "image/png", len(PNG))
    asset = received(world, made)
    assert asset.received is not None
    assert (asset.name, asset.received.content) == ("logo.png", PNG)
    assert counts(world) == {"POST /v3/assets": 1}
    assert world.requests[0].key
    assert made.asset.asset_id == made.asset_id


@pytest.mark.parametrize(("size", "requests"), [(FORM_BYTES, {"POST /v3/assets": 1}), (LARGE, DIRECT)])
async def test_the_limit_of_a_form_is_32_megabytes(
    heygen: HeyGen, world: World, tmp_path: Path, size: int, requests: dict[str, int]
) -> None:
    """A file of 32 MB is sent in a form, and one of a byte more to the storage."""
    path = film(tmp_path, size)
    made = await heygen.assets.upload(path)
    asset = received(world, made)
    assert asset.received is not None
    assert asset.received.sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert counts(world) == requests


async def test_a_lost_answer_makes_no_second_asset(heygen: HeyGen, world: World) -> None:
    """After a lost answer a form is repeated under its key, and makes one asset."""
    world.faults.append(DropAfterAccept(path="/v3/assets", nth=1))
    made = await heygen.assets.upload(PNG, filename="a.png")
    assert list(world.assets) == [made.asset_id]
    assert len({request.key for request in world.requests}) == 1
    assert len(world.requests) == 2


async def test_a_connection_that_breaks_in_a_form(server: Server, world: World, tmp_path: Path) -> None:
    """After a connection breaks in a form the file is read again from its start."""
    path = film(tmp_path, 20_000_000)
    events: list[UploadProgressed] = []
    async with line_to(server.base_url, 5_000_000) as line, client(line) as heygen:
        made = await heygen.assets.upload(path, on_progress=events.append)
    received(world, made)
    assert counts(world) == {"POST /v3/assets": 1}  # the first was not complete
    assert [event.sent_bytes for event in events].count(0) == 2
    assert events[-1].sent_bytes == 20_000_000


# Directly


async def test_the_storage_gets_the_headers_and_no_credentials(tmp_path: Path) -> None:
    """The storage gets HeyGen's headers and a length, but no User-Agent and no key."""
    depot, path = Depot(), film(tmp_path)
    async with depot.open() as address, client(address) as heygen:
        made = await heygen.assets.upload(path)
    assert depot.bodies == [hashlib.sha256(path.read_bytes()).hexdigest()]
    host = depot.headers.pop("Host")
    assert host.startswith("127.0.0.2:")
    assert depot.headers.pop("Connection", "close") == "close"  # for this connection only, never signed
    assert depot.headers == {"Content-Type": "video/mp4", "x-amz-meta-one": "1", "Content-Length": str(LARGE)}
    assert made.asset_id == "a1"
    assert depot.asked == [
        "POST /v3/assets/direct-uploads",
        "POST /v3/assets/a1/complete",
        "GET /v3/assets/statuses",
    ]


async def test_a_signed_length_is_sent_once(tmp_path: Path) -> None:
    """If HeyGen's headers have the length, no second Content-Length is added."""
    depot, path = Depot(), film(tmp_path)
    body = Body(size_bytes=LARGE, open=lambda: PathChunks(path))
    async with client("http://127.0.0.1:9") as heygen, listening(depot.storage) as storage:
        answer = await heygen.transport.put(f"{storage}/x", {"content-length": str(LARGE)}, body)
    assert answer.status == 200
    assert {name.lower(): text for name, text in depot.headers.items() if name not in {"Host", "Connection"}} == {
        "content-length": str(LARGE)
    }


async def test_a_zip_is_sent_to_the_storage(heygen: HeyGen, world: World) -> None:
    """A zip of any size is sent to the storage, because forms do not take it."""
    made = await heygen.assets.upload(b"PK\x03\x04" + bytes(100), filename="site.zip")
    assert (made.media_type, counts(world)) == ("application/zip", DIRECT)


async def test_a_completion_is_repeated_while_the_file_is_not_seen(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """A completion that is answered with 409 is repeated, with the pauses of the official client."""
    world.faults.append(ErrorAnswer(path="*/complete", status=409, code="conflict", times=2))
    made = await heygen.assets.upload(film(tmp_path), ready_within=0)
    received(world, made)
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 3
    assert anyio.current_time() == pytest.approx(0.5 + 1.0, abs=0.1)


async def test_a_file_that_is_never_seen(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A completion that is answered with 409 is sent six times in seven and a half seconds, then raises."""
    world.faults.append(ErrorAnswer(path="*/complete", status=409, code="conflict"))
    with pytest.raises(errors.ConflictError):
        await heygen.assets.upload(film(tmp_path))
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 6
    assert anyio.current_time() == pytest.approx(7.5, abs=0.1)


async def test_a_retried_conflict_is_not_repeated_again(world: World, server: Server) -> None:
    """`resource_not_ready` is repeated by the retry policy only."""
    world.faults.append(ErrorAnswer(path="*/complete", status=409, code="resource_not_ready"))
    async with client(server.base_url, retry=RetryPolicy(attempts=2)) as heygen:
        with pytest.raises(errors.ResourceNotReadyError):
            await heygen.assets.upload(b"PK\x03\x04")
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 2


async def test_a_lost_answer_to_the_completion_is_repeated(heygen: HeyGen, world: World) -> None:
    """A completion is repeated after a lost answer, although it is a POST without a key."""
    world.faults.append(DropAfterAccept(path="*/complete", nth=1))
    made = await heygen.assets.upload(b"PK\x03\x04")
    assert list(world.assets) == [made.asset_id]
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 2


async def test_a_connection_that_breaks_in_a_put(server: Server, world: World, tmp_path: Path) -> None:
    """After a connection breaks in a PUT the file is read again from its start, and is one asset."""
    path = film(tmp_path)
    events: list[Event] = []
    # The first connection is that of the calls to HeyGen.
    broken = line_to(server.base_url, None, 5_000_000, 9_000_000)
    async with broken as line, client(line, observers=[events.append]) as heygen:
        made = await heygen.assets.upload(path)
    asset = received(world, made)
    assert asset.received is not None
    assert asset.received.sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert counts(world) == DIRECT  # the first two were not complete
    planned = [event for event in events if isinstance(event, RetryPlanned)]
    assert [(event.method, event.route, event.error) for event in planned] == [
        ("PUT", "storage", "ConnectionLostError")
    ] * 2
    sent = [event.sent_bytes for event in events if isinstance(event, UploadProgressed)]
    assert sent.count(0) == 3
    assert sent[-1] == LARGE


async def test_a_failing_storage_is_retried(heygen: HeyGen, world: World) -> None:
    """A PUT that is answered with 503 or 429 is retried."""
    world.faults.append(ErrorAnswer(path="/uploads/", status=503, times=1))
    world.faults.append(ErrorAnswer(path="/uploads/", status=429, retry_after="20", times=1))
    await heygen.assets.upload(b"PK\x03\x04")
    assert counts(world)["PUT /uploads/{name}"] == 3
    assert anyio.current_time() >= 20


async def test_a_storage_that_always_fails(world: World, server: Server) -> None:
    """After all attempts of a PUT the last error has their number."""
    world.faults.append(DropBefore(path="/uploads/"))
    async with client(server.base_url) as heygen:
        with pytest.raises(errors.ConnectionLostError) as caught:
            await heygen.assets.upload(b"PK\x03\x04", Options(attempts=3))
    assert caught.value.attempts == 3
    assert counts(world) == {"POST /v3/assets/direct-uploads": 1, "PUT /uploads/{name}": 3}


@pytest.mark.parametrize(
    ("status", "body", "kind", "attempts"),
    [
        (400, "<Error><Code>RequestTimeout</Code></Error>", errors.ServerError, 5),
        (400, "<Error><Code>EntityTooLarge</Code></Error>", errors.UploadError, 1),
        (307, "", errors.UploadError, 1),
        (403, "<Error><Code>AccessDenied</Code></Error>", errors.UploadError, 3),
        (400, "<Error><Code>ExpiredToken</Code></Error>", errors.UploadError, 3),
        (410, "", errors.UploadError, 3),
    ],
)
async def test_refusals_of_the_storage(status: int, body: str, kind: type[errors.HeyGenError], attempts: int) -> None:
    """By status and code a refused PUT is retried, retried with a new address, or given up."""
    puts = []

    async def put(request: web.Request) -> web.Response:
        puts.append(await request.read())
        return web.Response(status=status, text=body, headers={"Location": "http://127.0.0.1:9/"})

    depot = Depot(put=put)
    async with depot.open() as address, client(address) as heygen:
        with pytest.raises(kind, match=f"HTTP {status}") as caught:
            await heygen.assets.upload(b"PK\x03\x04", filename="a.zip")
    assert len(puts) == attempts
    addresses = depot.asked.count("POST /v3/assets/direct-uploads")
    assert addresses == (3 if attempts == 3 else 1)
    assert caught.value.spent == "no"


async def test_a_refused_address_is_replaced(heygen: HeyGen, world: World) -> None:
    """A refused address is replaced under a new key, and the asset is that of the second address."""
    world.faults.append(ErrorAnswer(path="/uploads/", status=403, times=1))
    made = await heygen.assets.upload(b"PK\x03\x04", Options(idempotency_key="mine"))
    received(world, made)
    keys = [request.key for request in world.requests if request.route.endswith("/direct-uploads")]
    assert keys[0] == "mine"
    assert len(set(keys)) == len(world.assets) == 2


async def test_an_expired_address_is_not_used(heygen: HeyGen, world: World) -> None:
    """If the pause before a retry is longer than the address is valid, a new one is requested."""
    world.upload_seconds = 10
    world.faults.append(ErrorAnswer(path="/uploads/", status=503, retry_after="30", times=1))
    made = await heygen.assets.upload(b"PK\x03\x04")
    received(world, made)
    assert counts(world)["POST /v3/assets/direct-uploads"] == 2
    assert [request.status for request in world.requests if request.method == "PUT"] == [503, 200]


async def test_a_file_above_the_limit_of_its_address_is_not_sent(tmp_path: Path) -> None:
    """A file above the limit of its address is not sent, if the server takes no uploads in parts either."""
    depot = Depot(max_bytes=LARGE - 1, takes_parts=False)
    async with depot.open() as address, client(address) as heygen:
        with pytest.raises(errors.InvalidInputError, match=r"film.mp4: 33,554,433 bytes; HeyGen takes .* 33,554,432"):
            await heygen.assets.upload(film(tmp_path))
    assert depot.bodies == []
    assert depot.asked == ["POST /v3/assets/direct-uploads", "POST /v3/assets/direct-uploads/multipart"]


async def test_a_presigned_address_is_in_no_text(caplog: pytest.LogCaptureFixture) -> None:
    """Errors, their causes, events and the log do not contain a presigned address."""
    caplog.set_level(logging.DEBUG)

    async def put(request: web.Request) -> web.Response:
        await request.content.readany()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    depot, events = Depot(put=put), list[Event]()
    async with depot.open() as address, client(address, observers=[events.append]) as heygen:
        with pytest.raises(errors.ConnectionLostError) as caught:
            await heygen.assets.upload(b"PK\x03\x04" + bytes(5_000_000), Options(attempts=2))
    text = "".join(traceback.format_exception(caught.value)) + repr(events) + caplog.text
    assert "Signature" not in text
    assert "s3cret" not in text


# HeyGen's check


async def test_an_upload_waits_for_the_check(tmp_path: Path) -> None:
    """A direct upload waits until the status is `completed`; unknown statuses count as not yet."""
    depot = Depot(status=["not_found", "processing", "scanning", "completed"])
    async with depot.open() as address, client(address) as heygen:
        await heygen.assets.upload(film(tmp_path))
    assert depot.asked.count("GET /v3/assets/statuses") == 4


@pytest.mark.parametrize("reason", [None, {"code": "asset_not_available", "message": "It is no film."}])
async def test_a_file_that_heygen_cannot_use(tmp_path: Path, reason: dict[str, Any] | None) -> None:
    """A failed check raises UploadError with HeyGen's reason, if it gives one."""
    depot = Depot(status=["failed"], error=reason)
    async with depot.open() as address, client(address) as heygen:
        with pytest.raises(errors.UploadError, match="It is no film" if reason else "gives no reason") as caught:
            await heygen.assets.upload(film(tmp_path))
    assert caught.value.resource_id == "a1"
    assert caught.value.code == (reason and reason["code"])


async def test_a_file_that_is_never_checked(tmp_path: Path) -> None:
    """A check that takes longer than `ready_within` raises DeadlineExceededError with the asset's id."""
    depot = Depot(status=["processing"])
    async with depot.open() as address, client(address) as heygen:
        with pytest.raises(errors.DeadlineExceededError, match="within 30 s") as caught:
            await heygen.assets.upload(film(tmp_path), ready_within=30)
    assert caught.value.resource_id == "a1"
    assert 20 < anyio.current_time() <= 30.1


# Streams


async def stream(size: int, chunk: int = 1_000_000) -> AsyncIterator[bytes]:
    """Yield an MP4 in chunks of which the first are small and one is empty."""
    yield MP4[:4]
    yield b""
    yield MP4[4:]
    left = size - len(MP4)
    while left > 0:
        yield bytes(min(chunk, left))
        left -= chunk


@pytest.mark.parametrize("size", [200, LARGE])
async def test_a_stream_of_unknown_size(heygen: HeyGen, world: World, size: int) -> None:
    """A stream of unknown size is copied to a temporary file first, so that it can be sent again."""
    world.faults.append(DropBefore(nth=1, path="/uploads/" if size == LARGE else "/v3/assets"))
    made = await heygen.assets.upload(stream(size), filename="film.mp4")
    assert received(world, made).name == "film.mp4"
    assert made.size_bytes == size


async def test_a_stream_of_known_size_is_sent_while_it_is_read(heygen: HeyGen, world: World) -> None:
    """A large stream of known size is sent to the storage without a temporary file."""
    made = await heygen.assets.upload(stream(LARGE), size=LARGE)
    assert received(world, made).mime_type == "video/mp4"
    assert counts(world) == DIRECT


async def test_a_stream_is_not_sent_again(heygen: HeyGen, world: World) -> None:
    """A stream that can be read once is not sent again after a failure, and a note says how to change that."""
    world.faults.append(DropBefore(path="/uploads/", nth=1))
    with pytest.raises(errors.ConnectionLostError) as caught:
        await heygen.assets.upload(stream(LARGE), size=LARGE)
    assert "only once" in caught.value.__notes__[0]
    assert counts(world)["PUT /uploads/{name}"] == 1


async def test_a_refused_stream_is_not_sent_again(heygen: HeyGen, world: World) -> None:
    """A stream that can be read once is not sent to a second address."""
    world.faults.append(ErrorAnswer(path="/uploads/", status=403))
    with pytest.raises(errors.UploadError) as caught:
        await heygen.assets.upload(stream(LARGE), size=LARGE)
    assert "only once" in caught.value.__notes__[0]
    assert counts(world)["POST /v3/assets/direct-uploads"] == 1


@pytest.mark.parametrize(
    ("declared", "real", "message"), [(LARGE + 5, LARGE, "33,554,433 came"), (LARGE, LARGE + 100_000, "more came")]
)
async def test_a_stream_of_another_size(heygen: HeyGen, world: World, declared: int, real: int, message: str) -> None:
    """A stream that does not have the declared size is refused, and no asset is complete."""
    with pytest.raises(errors.InvalidInputError, match=message):
        await heygen.assets.upload(stream(real), size=declared)
    assert [request.status for request in world.requests if request.method == "PUT"] == []
    assert all(asset.received is None for asset in world.assets.values())


async def test_a_stream_that_breaks(heygen: HeyGen, world: World) -> None:
    """The error of a stream is raised, not the connection's."""

    async def broken() -> AsyncIterator[bytes]:
        yield MP4
        yield bytes(1_000_000)
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        await heygen.assets.upload(broken(), size=LARGE)
    with pytest.raises(LookupError, match="no more"):
        await heygen.assets.upload(broken())
    assert all(asset.received is None for asset in world.assets.values())


async def test_a_slow_stream_does_not_time_out(heygen: HeyGen, world: World) -> None:
    """An hour between two chunks of a stream is no timeout."""

    async def slow() -> AsyncIterator[bytes]:
        yield MP4
        await anyio.sleep(3600)
        yield bytes(LARGE - len(MP4))

    received(world, await heygen.assets.upload(slow(), size=LARGE))


# Connections that stall


# A cancelled writer leaves an unread future behind, which is a line in the log and an error in these tests.
leaves_a_future = pytest.mark.skipif(aiohttp.__version__.startswith("3.10."), reason="a flaw of aiohttp 3.10")


@pytest.mark.parametrize("reads", [pytest.param(False, marks=leaves_a_future), True])
async def test_a_storage_that_stalls_times_out(tmp_path: Path, reads: bool) -> None:  # noqa: FBT001 - a parameter
    """A PUT times out after a minute without a byte sent, or two minutes after the last byte without an answer."""

    async def put(request: web.Request) -> web.Response:
        if reads:
            await request.content.read()
        await asyncio.sleep(1e6)
        return web.Response()

    path = film(tmp_path, FORM_BYTES * 2)
    async with Depot(put=put).open() as address, client(address) as heygen:
        with pytest.raises(errors.AttemptTimeoutError, match="no bytes went out, or no answer came"):
            await heygen.assets.upload(path, Options(attempts=1))
    assert anyio.current_time() == pytest.approx(120 if reads else 60, abs=1)


@leaves_a_future
async def test_a_form_that_stalls_times_out(tmp_path: Path) -> None:
    """A form times out after a minute without a byte sent."""

    async def silent(request: web.Request) -> web.Response:
        await asyncio.sleep(1e6)
        return web.Response()

    async with listening(silent) as address, client(address) as heygen:
        with pytest.raises(errors.AttemptTimeoutError):
            await heygen.assets.upload(film(tmp_path, FORM_BYTES), Options(attempts=1))
    assert anyio.current_time() == pytest.approx(60, abs=1)


async def test_no_server(tmp_path: Path) -> None:
    """Without a server a form or a PUT raises ConnectionFailedError."""
    async with client("http://127.0.0.1:9", retry=RetryPolicy(attempts=1)) as heygen:
        with pytest.raises(errors.ConnectionFailedError):
            await heygen.assets.upload(PNG)
    depot = Depot()
    async with depot.open() as address, client(address) as heygen:
        depot._storage = "http://127.0.0.1:9"
        with pytest.raises(errors.ConnectionFailedError, match="PUT to the storage: no connection"):
            await heygen.assets.upload(film(tmp_path), Options(attempts=2))


@pytest.mark.parametrize("size", [FORM_BYTES, LARGE])
async def test_cancelling_closes_everything(tmp_path: Path, size: int) -> None:
    """A cancelled upload leaves no open file, task or connection, which would be a warning and so an error."""
    begun = anyio.Event()

    async def half(request: web.Request) -> web.Response:
        await request.content.readany()
        begun.set()
        await asyncio.sleep(1e6)
        return web.Response()

    depot = Depot(put=half)
    server = depot.open() if size == LARGE else listening(half)
    async with server as address, client(address) as heygen, anyio.create_task_group() as group:
        group.start_soon(heygen.assets.upload, film(tmp_path, size))
        await begun.wait()
        group.cancel_scope.cancel()
    assert depot.bodies == []
    assert "POST /v3/assets/a1/complete" not in depot.asked


# Progress


async def test_progress_is_reported_in_steps(heygen: HeyGen, events: list[Event], tmp_path: Path) -> None:
    """Observers and `on_progress` get about two hundred rising events, from 0 to the file's size."""
    mine: list[UploadProgressed] = []
    await heygen.assets.upload(film(tmp_path, 150_000_000), on_progress=mine.append)
    assert [event for event in events if isinstance(event, UploadProgressed)] == mine
    sent = [event.sent_bytes for event in mine]
    assert sent == sorted(set(sent))
    assert (sent[0], sent[-1]) == (0, 150_000_000)
    assert 100 < len(sent) <= 202
    assert {(event.upload, event.total_bytes) for event in mine} == {(mine[0].upload, 150_000_000)}


async def test_a_callback_that_fails_is_logged(heygen: HeyGen, world: World, caplog: pytest.LogCaptureFixture) -> None:
    """An exception of `on_progress` is logged and the upload goes on; each upload has a number of its own."""
    numbers = []

    def fail(event: UploadProgressed) -> None:
        numbers.append(event.upload)
        raise ValueError("mine")

    received(world, await heygen.assets.upload(PNG, on_progress=fail))
    received(world, await heygen.assets.upload(PNG + b"!", on_progress=fail))
    assert "failed on UploadProgressed" in caplog.text
    assert len(set(numbers)) == 2


async def test_an_open_file_is_read_from_its_position(heygen: HeyGen, world: World) -> None:
    """An open file is sent from its position on, and stays open."""
    file = io.BytesIO(b"header" + PNG)
    file.seek(6)
    made = await heygen.assets.upload(file, filename="a.png")
    asset = received(world, made)
    assert asset.received is not None
    assert asset.received.content == PNG
    assert not file.closed


async def test_a_body_is_sent_once() -> None:
    """A second iteration of a body raises, because older versions of aiohttp would send the rest of it only."""
    body = Body(size_bytes=len(PNG), open=lambda: HandleChunks(io.BytesIO(PNG), 0))
    chunks = BodyStream(body, anyio.CancelScope())
    assert aiter(chunks) is chunks
    with pytest.raises(errors.ConnectionLostError):
        aiter(chunks)

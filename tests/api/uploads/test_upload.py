"""One file's way to HeyGen: with its request, or directly to the storage; and what may happen on it."""

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
    """A file that begins like a film and takes no room on the disk."""
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
    """Requests without the looks at what HeyGen makes of the file."""
    return {route: count for route, count in world.request_counts().items() if "statuses" not in route}


def client(address: str, **settings: Any) -> HeyGen:
    return HeyGen("simulator-key", base_url=address, **settings)


# With the request


async def test_a_small_file_comes_with_its_request(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """One POST under a key, and the bytes are the file's."""
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


@pytest.mark.parametrize(("size", "ways"), [(FORM_BYTES, {"POST /v3/assets": 1}), (LARGE, DIRECT)])
async def test_the_border_is_at_32_megabytes(
    heygen: HeyGen, world: World, tmp_path: Path, size: int, ways: dict[str, int]
) -> None:
    """The last byte that a form may have, and one more."""
    path = film(tmp_path, size)
    made = await heygen.assets.upload(path)
    asset = received(world, made)
    assert asset.received is not None
    assert asset.received.sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert counts(world) == ways


async def test_a_lost_answer_makes_no_second_asset(heygen: HeyGen, world: World) -> None:
    """It is repeated under its key, from the first byte."""
    world.faults.append(DropAfterAccept(path="/v3/assets", nth=1))
    made = await heygen.assets.upload(PNG, filename="a.png")
    assert list(world.assets) == [made.asset_id]
    assert len({seen.key for seen in world.requests}) == 1
    assert len(world.requests) == 2


async def test_a_line_that_breaks_in_the_middle_of_a_form(server: Server, world: World, tmp_path: Path) -> None:
    """The file is read again from its beginning."""
    path = film(tmp_path, 20_000_000)
    events: list[UploadProgressed] = []
    async with line_to(server.base_url, 5_000_000) as line, client(line) as heygen:
        made = await heygen.assets.upload(path, on_progress=events.append)
    received(world, made)
    assert counts(world) == {"POST /v3/assets": 1}  # the first was never whole
    assert [event.sent_bytes for event in events].count(0) == 2
    assert events[-1].sent_bytes == 20_000_000


# Directly


async def test_the_storage_gets_the_headers_and_no_credentials(tmp_path: Path) -> None:
    """Word for word, and not even a User-Agent; the key goes to HeyGen's host only."""
    depot, path = Depot(), film(tmp_path)
    async with depot.open() as address, client(address) as heygen:
        made = await heygen.assets.upload(path)
    assert depot.bodies == [hashlib.sha256(path.read_bytes()).hexdigest()]
    host = depot.headers.pop("Host")
    assert host.startswith("127.0.0.2:")
    assert depot.headers.pop("Connection", "close") == "close"  # of this line only, never signed
    assert depot.headers == {"Content-Type": "video/mp4", "x-amz-meta-one": "1", "Content-Length": str(LARGE)}
    assert made.asset_id == "a1"
    assert depot.asked == [
        "POST /v3/assets/direct-uploads",
        "POST /v3/assets/a1/complete",
        "GET /v3/assets/statuses",
    ]


async def test_headers_that_tell_the_length_are_not_doubled(tmp_path: Path) -> None:
    """Where HeyGen has signed it."""
    depot, path = Depot(), film(tmp_path)
    body = Body(size_bytes=LARGE, open=lambda: PathChunks(path))
    async with client("http://127.0.0.1:9") as heygen, listening(depot.storage) as storage:
        answer = await heygen.transport.put(f"{storage}/x", {"content-length": str(LARGE)}, body)
    assert answer.status == 200
    assert {name.lower(): text for name, text in depot.headers.items() if name not in {"Host", "Connection"}} == {
        "content-length": str(LARGE)
    }


async def test_a_zip_goes_directly_whatever_its_size(heygen: HeyGen, world: World) -> None:
    """Forms do not take it."""
    made = await heygen.assets.upload(b"PK\x03\x04" + bytes(100), filename="site.zip")
    assert (made.media_type, counts(world)) == ("application/zip", DIRECT)


async def test_a_file_that_is_not_seen_yet_is_told_again(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """409 twice, then done; the pauses are those of the official client."""
    world.faults.append(ErrorAnswer(path="*/complete", status=409, code="conflict", times=2))
    made = await heygen.assets.upload(film(tmp_path), ready_within=0)
    received(world, made)
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 3
    assert anyio.current_time() == pytest.approx(0.5 + 1.0, abs=0.1)


async def test_a_file_that_is_never_seen(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Bounded: six times in seven and a half seconds."""
    world.faults.append(ErrorAnswer(path="*/complete", status=409, code="conflict"))
    with pytest.raises(errors.ConflictError):
        await heygen.assets.upload(film(tmp_path))
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 6
    assert anyio.current_time() == pytest.approx(7.5, abs=0.1)


async def test_a_conflict_that_the_retries_sat_out_is_not_sat_out_again(world: World, server: Server) -> None:
    """`resource_not_ready` is repeated by the retry policy; not six times as often."""
    world.faults.append(ErrorAnswer(path="*/complete", status=409, code="resource_not_ready"))
    async with client(server.base_url, retry=RetryPolicy(attempts=2)) as heygen:
        with pytest.raises(errors.ResourceNotReadyError):
            await heygen.assets.upload(b"PK\x03\x04")
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 2


async def test_a_lost_answer_to_the_completion_is_repeated(heygen: HeyGen, world: World) -> None:
    """It may be said again, though it is a POST without a key."""
    world.faults.append(DropAfterAccept(path="*/complete", nth=1))
    made = await heygen.assets.upload(b"PK\x03\x04")
    assert list(world.assets) == [made.asset_id]
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 2


async def test_a_line_that_breaks_in_the_middle_of_a_put(server: Server, world: World, tmp_path: Path) -> None:
    """The file is read again from its beginning; it stays one asset."""
    path = film(tmp_path)
    events: list[Event] = []
    # The first connection is that of the calls to HeyGen.
    broken = line_to(server.base_url, None, 5_000_000, 9_000_000)
    async with broken as line, client(line, observers=[events.append]) as heygen:
        made = await heygen.assets.upload(path)
    asset = received(world, made)
    assert asset.received is not None
    assert asset.received.sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert counts(world) == DIRECT  # the first two were never whole
    planned = [event for event in events if isinstance(event, RetryPlanned)]
    assert [(event.method, event.route, event.error) for event in planned] == [
        ("PUT", "storage", "ConnectionLostError")
    ] * 2
    told = [event.sent_bytes for event in events if isinstance(event, UploadProgressed)]
    assert told.count(0) == 3
    assert told[-1] == LARGE


async def test_a_storage_that_is_not_well_is_tried_again(heygen: HeyGen, world: World) -> None:
    """5xx, 429, and a line that it has found too slow; as long as the retries last."""
    world.faults.append(ErrorAnswer(path="/uploads/", status=503, times=1))
    world.faults.append(ErrorAnswer(path="/uploads/", status=429, retry_after="20", times=1))
    await heygen.assets.upload(b"PK\x03\x04")
    assert counts(world)["PUT /uploads/{name}"] == 3
    assert anyio.current_time() >= 20


async def test_a_storage_that_is_never_well(world: World, server: Server) -> None:
    """The last error tells how often."""
    world.faults.append(DropBefore(path="/uploads/"))
    async with client(server.base_url) as heygen:
        with pytest.raises(errors.ConnectionLostError) as caught:
            await heygen.assets.upload(b"PK\x03\x04", Options(attempts=3))
    assert caught.value.attempts == 3
    assert counts(world) == {"POST /v3/assets/direct-uploads": 1, "PUT /uploads/{name}": 3}


@pytest.mark.parametrize(
    ("status", "body", "kind", "tries"),
    [
        (400, "<Error><Code>RequestTimeout</Code></Error>", errors.ServerError, 5),
        (400, "<Error><Code>EntityTooLarge</Code></Error>", errors.UploadError, 1),
        (307, "", errors.UploadError, 1),
        (403, "<Error><Code>AccessDenied</Code></Error>", errors.UploadError, 3),
        (400, "<Error><Code>ExpiredToken</Code></Error>", errors.UploadError, 3),
        (410, "", errors.UploadError, 3),
    ],
)
async def test_what_a_refusal_of_the_storage_means(
    status: int, body: str, kind: type[errors.HeyGenError], tries: int
) -> None:
    """Some are worth a try, some a new address, some neither."""
    puts = []

    async def put(request: web.Request) -> web.Response:
        puts.append(await request.read())
        return web.Response(status=status, text=body, headers={"Location": "http://127.0.0.1:9/"})

    depot = Depot(put=put)
    async with depot.open() as address, client(address) as heygen:
        with pytest.raises(kind, match=f"HTTP {status}") as caught:
            await heygen.assets.upload(b"PK\x03\x04", filename="a.zip")
    assert len(puts) == tries
    addresses = depot.asked.count("POST /v3/assets/direct-uploads")
    assert addresses == (3 if tries == 3 else 1)
    assert caught.value.spent == "no"


async def test_a_refused_address_is_replaced(heygen: HeyGen, world: World) -> None:
    """By a new one, under a key of its own; the asset is that of the address which took it."""
    world.faults.append(ErrorAnswer(path="/uploads/", status=403, times=1))
    made = await heygen.assets.upload(b"PK\x03\x04", Options(idempotency_key="mine"))
    received(world, made)
    keys = [seen.key for seen in world.requests if seen.route.endswith("/direct-uploads")]
    assert keys[0] == "mine"
    assert len(set(keys)) == len(world.assets) == 2


async def test_an_address_that_became_too_old_is_not_tried(heygen: HeyGen, world: World) -> None:
    """A pause before the next try may last longer than it."""
    world.upload_seconds = 10
    world.faults.append(ErrorAnswer(path="/uploads/", status=503, retry_after="30", times=1))
    made = await heygen.assets.upload(b"PK\x03\x04")
    received(world, made)
    assert counts(world)["POST /v3/assets/direct-uploads"] == 2
    assert [seen.status for seen in world.requests if seen.method == "PUT"] == [503, 200]


async def test_what_is_too_large_for_a_slot_is_not_sent(tmp_path: Path) -> None:
    """The limit is not documented: HeyGen tells it with the address."""
    depot = Depot(max_bytes=LARGE - 1)
    async with depot.open() as address, client(address) as heygen:
        with pytest.raises(errors.InvalidInputError, match=r"film.mp4: 33,554,433 bytes; HeyGen takes .* 33,554,432"):
            await heygen.assets.upload(film(tmp_path))
    assert depot.bodies == []
    assert depot.asked == ["POST /v3/assets/direct-uploads"]


async def test_a_presigned_address_is_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Not in errors, their causes, or the log: whoever reads it could write the file."""
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
    said = "".join(traceback.format_exception(caught.value)) + repr(events) + caplog.text
    assert "Signature" not in said
    assert "s3cret" not in said


# What HeyGen makes of it


async def test_it_is_there_when_heygen_has_looked_through_it(tmp_path: Path) -> None:
    """Words that are not known count as not yet."""
    depot = Depot(status=["not_found", "processing", "scanning", "completed"])
    async with depot.open() as address, client(address) as heygen:
        await heygen.assets.upload(film(tmp_path))
    assert depot.asked.count("GET /v3/assets/statuses") == 4


@pytest.mark.parametrize("reason", [None, {"code": "asset_not_available", "message": "It is no film."}])
async def test_what_heygen_cannot_use(tmp_path: Path, reason: dict[str, Any] | None) -> None:
    """The error has HeyGen's reason, if it gives one."""
    depot = Depot(status=["failed"], error=reason)
    async with depot.open() as address, client(address) as heygen:
        with pytest.raises(errors.UploadError, match="It is no film" if reason else "gives no reason") as caught:
            await heygen.assets.upload(film(tmp_path))
    assert caught.value.resource_id == "a1"
    assert caught.value.code == (reason and reason["code"])


async def test_what_heygen_never_looks_through(tmp_path: Path) -> None:
    """The error leads back to it."""
    depot = Depot(status=["processing"])
    async with depot.open() as address, client(address) as heygen:
        with pytest.raises(errors.DeadlineExceededError, match="within 30 s") as caught:
            await heygen.assets.upload(film(tmp_path), ready_within=30)
    assert caught.value.resource_id == "a1"
    assert 20 < anyio.current_time() <= 30.1


# Streams


async def stream(size: int, chunk: int = 1_000_000) -> AsyncIterator[bytes]:
    """A film that comes in pieces, the first of them small, some of them empty."""
    yield MP4[:4]
    yield b""
    yield MP4[4:]
    left = size - len(MP4)
    while left > 0:
        yield bytes(min(chunk, left))
        left -= chunk


@pytest.mark.parametrize("size", [200, LARGE])
async def test_a_stream_of_unknown_size(heygen: HeyGen, world: World, size: int) -> None:
    """It is put into a temporary file first, so it can be repeated as well."""
    world.faults.append(DropBefore(nth=1, path="/uploads/" if size == LARGE else "/v3/assets"))
    made = await heygen.assets.upload(stream(size), filename="film.mp4")
    assert received(world, made).name == "film.mp4"
    assert made.size_bytes == size


async def test_a_stream_of_known_size_is_sent_as_it_comes(heygen: HeyGen, world: World) -> None:
    """Nothing of it is kept."""
    made = await heygen.assets.upload(stream(LARGE), size=LARGE)
    assert received(world, made).mime_type == "video/mp4"
    assert counts(world) == DIRECT


async def test_a_stream_that_went_out_does_not_come_again(heygen: HeyGen, world: World) -> None:
    """It is not repeated, and the error says what would help."""
    world.faults.append(DropBefore(path="/uploads/", nth=1))
    with pytest.raises(errors.ConnectionLostError) as caught:
        await heygen.assets.upload(stream(LARGE), size=LARGE)
    assert "only once" in caught.value.__notes__[0]
    assert counts(world)["PUT /uploads/{name}"] == 1


async def test_a_refused_stream_does_not_come_again(heygen: HeyGen, world: World) -> None:
    """A new address would get the rest of it only."""
    world.faults.append(ErrorAnswer(path="/uploads/", status=403))
    with pytest.raises(errors.UploadError) as caught:
        await heygen.assets.upload(stream(LARGE), size=LARGE)
    assert "only once" in caught.value.__notes__[0]
    assert counts(world)["POST /v3/assets/direct-uploads"] == 1


@pytest.mark.parametrize(
    ("said", "real", "found"), [(LARGE + 5, LARGE, "33,554,433 came"), (LARGE, LARGE + 100_000, "more came")]
)
async def test_a_stream_of_another_size(heygen: HeyGen, world: World, said: int, real: int, found: str) -> None:
    """The announced size is exact, or nothing counts."""
    with pytest.raises(errors.InvalidInputError, match=found):
        await heygen.assets.upload(stream(real), size=said)
    assert [seen.status for seen in world.requests if seen.method == "PUT"] == []
    assert all(asset.received is None for asset in world.assets.values())


async def test_a_stream_that_breaks(heygen: HeyGen, world: World) -> None:
    """Its own error comes out, not that of the line."""

    async def broken() -> AsyncIterator[bytes]:
        yield MP4
        yield bytes(1_000_000)
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        await heygen.assets.upload(broken(), size=LARGE)
    with pytest.raises(LookupError, match="no more"):
        await heygen.assets.upload(broken())
    assert all(asset.received is None for asset in world.assets.values())


async def test_a_slow_stream_is_no_dead_line(heygen: HeyGen, world: World) -> None:
    """An hour between two chunks is the source's business."""

    async def slow() -> AsyncIterator[bytes]:
        yield MP4
        await anyio.sleep(3600)
        yield bytes(LARGE - len(MP4))

    received(world, await heygen.assets.upload(slow(), size=LARGE))


# Lines that are silent


# When a writer that waits is cancelled, it leaves a future behind that nobody reads: a line in the log, an error here.
leaves_a_future = pytest.mark.skipif(aiohttp.__version__.startswith("3.10."), reason="a flaw of aiohttp 3.10")


@pytest.mark.parametrize("reads", [pytest.param(False, marks=leaves_a_future), True])
async def test_a_silent_storage_is_given_up(tmp_path: Path, reads: bool) -> None:  # noqa: FBT001 - a parameter
    """One that takes no more bytes after a minute, one that has all of them after two."""

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
async def test_a_silent_heygen_is_given_up(tmp_path: Path) -> None:
    """The same while a form is sent."""

    async def silent(request: web.Request) -> web.Response:
        await asyncio.sleep(1e6)
        return web.Response()

    async with listening(silent) as address, client(address) as heygen:
        with pytest.raises(errors.AttemptTimeoutError):
            await heygen.assets.upload(film(tmp_path, FORM_BYTES), Options(attempts=1))
    assert anyio.current_time() == pytest.approx(60, abs=1)


async def test_nobody_listens(tmp_path: Path) -> None:
    """Nothing was sent; a form says so, and a storage that is not there, too."""
    async with client("http://127.0.0.1:9", retry=RetryPolicy(attempts=1)) as heygen:
        with pytest.raises(errors.ConnectionFailedError):
            await heygen.assets.upload(PNG)
    depot = Depot()
    async with depot.open() as address, client(address) as heygen:
        depot._storage = "http://127.0.0.1:9"
        with pytest.raises(errors.ConnectionFailedError, match="PUT to the storage: no connection"):
            await heygen.assets.upload(film(tmp_path), Options(attempts=2))


@pytest.mark.parametrize("size", [FORM_BYTES, LARGE])
async def test_cancelling_leaves_nothing(tmp_path: Path, size: int) -> None:
    """No open file, no task, no connection: warnings are errors here."""
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


async def test_progress_is_told_in_steps(heygen: HeyGen, events: list[Event], tmp_path: Path) -> None:
    """From nothing to all, never backwards, some two hundred times; to the observers and to you."""
    mine: list[UploadProgressed] = []
    await heygen.assets.upload(film(tmp_path, 150_000_000), on_progress=mine.append)
    told = [event for event in events if isinstance(event, UploadProgressed)]
    assert told == mine
    sent = [event.sent_bytes for event in mine]
    assert sent == sorted(set(sent))
    assert (sent[0], sent[-1]) == (0, 150_000_000)
    assert 100 < len(sent) <= 202
    assert {(event.upload, event.total_bytes) for event in mine} == {(mine[0].upload, 150_000_000)}


async def test_a_callback_that_fails_changes_nothing(
    heygen: HeyGen, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """As with observers; and each upload has a number of its own."""
    numbers = []

    def fail(event: UploadProgressed) -> None:
        numbers.append(event.upload)
        raise ValueError("mine")

    received(world, await heygen.assets.upload(PNG, on_progress=fail))
    received(world, await heygen.assets.upload(PNG + b"!", on_progress=fail))
    assert "failed on UploadProgressed" in caplog.text
    assert len(set(numbers)) == 2


async def test_an_open_file_is_read_from_where_it_stands(heygen: HeyGen, world: World) -> None:
    """What is in front of that is not sent; it stays open."""
    file = io.BytesIO(b"header" + PNG)
    file.seek(6)
    made = await heygen.assets.upload(file, filename="a.png")
    asset = received(world, made)
    assert asset.received is not None
    assert asset.received.content == PNG
    assert not file.closed


async def test_a_body_goes_out_once() -> None:
    """Older versions of aiohttp send a PUT again by themselves; what is left of a body would not be the body."""
    body = Body(size_bytes=len(PNG), open=lambda: HandleChunks(io.BytesIO(PNG), 0))
    flow = BodyStream(body, anyio.CancelScope())
    assert aiter(flow) is flow
    with pytest.raises(errors.ConnectionLostError):
        aiter(flow)

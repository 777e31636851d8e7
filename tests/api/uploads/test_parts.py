"""Uploads in parts: each part by itself, whatever happens on the way, and never the whole file in memory."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any

import anyio
import pytest

from heygen_async import HeyGen, NotUploaded, Options, UploadedAsset, UploadProgressed, errors
from heygen_async.api.uploads import parts
from heygen_async.api.uploads.byte_readers import HandleChunks, PartChunks, StreamChunks
from heygen_async.simulator import AlteredAnswer, DropAfterAccept, DropBefore, ErrorAnswer, Fault, Slow, World
from tests.helpers.storage import FORM_BYTES, MP4

PART = 12 * 1024**2
SIZE = FORM_BYTES + 1_000_001  # three parts, the last of them smaller
MULTIPART = "/v3/assets/direct-uploads/multipart"


@pytest.fixture
def world() -> World:
    """An account that takes 33 MB in one PUT, so that the films of these tests need parts."""
    return World(most_upload_bytes=FORM_BYTES, part_bytes=PART)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(MP4 + bytes(range(256)) * ((SIZE - len(MP4)) // 256) + bytes((SIZE - len(MP4)) % 256))
    assert path.stat().st_size == SIZE
    return path


def pieces(film: Path) -> list[bytes]:
    content = film.read_bytes()
    return [hashlib.sha256(content[start : start + PART]).digest() for start in range(0, SIZE, PART)]


def watched(world: World, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return a list that gets the hash of each stored part when an upload is completed."""
    from heygen_async.simulator.world.assets import PartsState

    stored: list[bytes] = []
    joined = PartsState.joined

    def note(state: PartsState) -> Any:
        stored.extend(state.received[number].sha256 for number in sorted(state.received))
        return joined(state)

    monkeypatch.setattr(PartsState, "joined", note)
    return stored


async def once(path: Path) -> AsyncIterator[bytes]:
    """Yield a file in chunks whose ends are no ends of parts."""
    with path.open("rb") as file:
        while chunk := file.read(777_777):
            yield chunk


def opened(path: Path) -> IO[bytes]:
    file = io.BytesIO(b"skipped" + path.read_bytes())
    file.seek(7)
    return file


@pytest.mark.parametrize("source", ["path", "bytes", "file", "stream"])
async def test_a_film_above_one_put_is_sent_in_parts(
    heygen: HeyGen, world: World, film: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """From every kind of source, byte by byte; the progress is that of the whole file."""
    stored, sent = watched(world, monkeypatch), list[UploadProgressed]()
    sources: dict[str, Any] = {
        "path": lambda: film,
        "bytes": film.read_bytes,
        "file": lambda: opened(film),
        "stream": lambda: once(film),
    }
    size = SIZE if source == "stream" else None
    made = await heygen.assets.upload(
        sources[source](), filename="film.mp4", size=size, reuse=False, on_progress=sent.append
    )
    assert stored == pieces(film)
    assert world.assets[made.asset_id].status(anyio.current_time()) == "completed"
    counts = [event.sent_bytes for event in sent]
    assert (counts[0], counts[-1], sorted(counts)) == (0, SIZE, counts)
    routes = world.request_counts()
    assert (routes[f"POST {MULTIPART}"], routes["PUT /uploads/{name}"]) == (1, 3)


async def test_a_part_that_fails_is_repeated_by_itself(
    heygen: HeyGen, world: World, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken connections and errors of the storage cost one part each, not the film."""
    stored = watched(world, monkeypatch)
    world.faults += [DropBefore(path="/uploads/", nth=2), ErrorAnswer(path="/uploads/", nth=3, status=503)]
    await heygen.assets.upload(film, reuse=False)
    assert stored == pieces(film)
    assert world.request_counts()["PUT /uploads/{name}"] == 5


async def test_a_fresh_address_is_asked_for(
    heygen: HeyGen, world: World, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that has expired is replaced; parts that are stored stay."""
    stored = watched(world, monkeypatch)
    world.upload_seconds = 100
    world.faults.append(Slow(path="/uploads/", seconds=60))
    await heygen.assets.upload(film, reuse=False)
    assert stored == pieces(film)
    assert world.request_counts()[f"GET {MULTIPART}/{{multipart_id}}"] >= 1


async def test_a_part_whose_answer_was_lost_is_not_sent_again_with_a_fresh_address(
    heygen: HeyGen, world: World, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state of the upload has its ETag."""
    stored = watched(world, monkeypatch)
    world.upload_seconds = 1
    world.faults += [Slow(path="/uploads/", nth=1, seconds=3), DropAfterAccept(path="/uploads/", nth=1)]
    await heygen.assets.upload(film, reuse=False)
    assert stored == pieces(film)
    assert world.request_counts()["PUT /uploads/{name}"] == 3


async def test_a_film_that_the_storage_refuses_is_given_up(heygen: HeyGen, world: World, film: Path) -> None:
    """HeyGen is told, so that the storage forgets the parts."""
    world.faults.append(ErrorAnswer(path="/uploads/", status=400, code="x"))
    with pytest.raises(errors.UploadError, match=r"film\.mp4, part 1: the storage answered HTTP 400"):
        await heygen.assets.upload(film, reuse=False)
    assert world.request_counts()[f"DELETE {MULTIPART}/{{multipart_id}}"] == 1


async def test_a_cancelled_upload_is_given_up(heygen: HeyGen, world: World, film: Path) -> None:
    """A cancellation in the middle leaves no upload behind."""
    world.faults.append(Slow(path="/uploads/", nth=2, seconds=1000))
    with anyio.move_on_after(100) as scope:
        await heygen.assets.upload(film, reuse=False)
    assert scope.cancelled_caught
    assert world.request_counts()[f"DELETE {MULTIPART}/{{multipart_id}}"] == 1


async def test_a_source_that_is_used_up_is_not_sent_again(heygen: HeyGen, world: World, film: Path) -> None:
    """A stream can be read once: the error says so."""
    world.faults.append(DropBefore(path="/uploads/", nth=2))
    with pytest.raises(errors.HeyGenError) as caught:
        await heygen.assets.upload(once(film), filename="film.mp4", size=SIZE)
    assert "can be read only once" in " ".join(caught.value.__notes__)


async def test_files_of_a_batch_that_need_parts(heygen: HeyGen, world: World, film: Path) -> None:
    """The others go as a batch; a film above the limit of a PUT goes in parts."""
    small = b"%PDF-1.7"
    made = await heygen.assets.upload_many([small, film, small + b"2"])
    assert all(isinstance(each, UploadedAsset) for each in made), made
    assert world.request_counts()[f"POST {MULTIPART}"] == 1


async def test_a_file_above_all_limits_is_refused(heygen: HeyGen, world: World, film: Path) -> None:
    """The error is HeyGen's, of the parts."""
    world.most_multipart_bytes = 1000
    with pytest.raises(errors.BadRequestError, match="At most 1000 bytes"):
        await heygen.assets.upload(film)
    made = await heygen.assets.upload_many([film])
    assert isinstance(made[0], NotUploaded)


async def test_above_five_gigabytes_one_put_is_not_tried(
    heygen: HeyGen, world: World, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The storage takes no more in one PUT; the limit is lowered here, so that the test needs no such file."""
    world.most_upload_bytes = 2**40
    for module in ("routing", "batch"):
        monkeypatch.setattr(f"heygen_async.api.uploads.{module}.MOST_PUT_BYTES", FORM_BYTES)
    await heygen.assets.upload(film, Options(idempotency_key="k1"))
    made = await heygen.assets.upload_many([b"%PDF-1.7", b"%PDF-1.7 2", film], reuse=False)
    assert all(isinstance(each, UploadedAsset) for each in made), made
    routes = world.request_counts()
    assert (routes[f"POST {MULTIPART}"], routes["POST /v3/assets/direct-uploads"]) == (2, 0)
    assert parts.MOST_PUT_BYTES == 5 * 1024**3


async def test_memory_does_not_grow_with_the_film(heygen: HeyGen, film: Path) -> None:
    """A film of 34 MB needs less than 12 MB, client and simulator together."""
    tracemalloc.start()
    try:
        await heygen.assets.upload(film, reuse=False)
        assert tracemalloc.get_traced_memory()[1] < 12 * 1024**2
    finally:
        tracemalloc.stop()


async def test_a_part_ends_where_it_should() -> None:
    """The rest of a chunk is the start of the next part of a stream."""

    async def source() -> AsyncIterator[bytes]:
        for chunk in (b"abcdef", b"gh"):
            yield chunk

    stream = StreamChunks(source())
    found = []
    for size in (4, 3, 1):
        part, taken = PartChunks(stream, size), b""
        while chunk := await part.receive():
            taken += chunk
        part.close()
        found.append(taken)
    assert found == [b"abcd", b"efg", b"h"]
    part = PartChunks(HandleChunks(io.BytesIO(b"abcdef"), 1), 3)
    assert [await part.receive(), await part.receive()] == [b"bcd", b""]


ODD: dict[str, tuple[list[Fault], str]] = {
    "no size of a part": ([AlteredAnswer(path=MULTIPART, fields={"data.part_size_bytes": 0})], "3 parts of 0 bytes"),
    "a part too few": ([AlteredAnswer(path=MULTIPART, fields={"data.parts": []})], "0 parts of 12,582,912 bytes"),
    "no address": (
        [AlteredAnswer(path=MULTIPART, fields={"data.parts.0.upload_url": None})],
        "there is no address for part 1",
    ),
    "no ETag": (
        [ErrorAnswer(path="/uploads/", status=200, after_accept=True)],
        "part 1: the storage has sent no ETag",
    ),
    "a part that is gone": (
        [
            Slow(path="/uploads/", nth=1, seconds=3),
            DropBefore(path="/uploads/", nth=1),
            AlteredAnswer(method="GET", path=f"{MULTIPART}/", fields={"data.parts": []}),
        ],
        "there is no part 1",
    ),
}


@pytest.mark.parametrize("case", ODD)
async def test_an_odd_answer_ends_an_upload_in_parts(heygen: HeyGen, world: World, film: Path, case: str) -> None:
    """The error tells what is odd; the upload is given up."""
    faults, reason = ODD[case]
    world.upload_seconds = 1 if len(faults) > 1 else 3600
    world.faults += faults
    with pytest.raises(errors.ContractError, match=reason):
        await heygen.assets.upload(film, reuse=False)
    assert world.request_counts()[f"DELETE {MULTIPART}/{{multipart_id}}"] == 1


async def test_another_refusal_is_no_reason_for_parts(heygen: HeyGen, world: World, film: Path) -> None:
    """Only a file that is too large is sent in parts."""
    world.faults.append(ErrorAnswer(path="/v3/assets/direct-uploads", status=400, code="invalid_parameter"))
    with pytest.raises(errors.BadRequestError):
        await heygen.assets.upload(film, reuse=False)
    assert world.request_counts()[f"POST {MULTIPART}"] == 0

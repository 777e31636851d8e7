"""Uploads of many files: one batch, bounded work, a result for each file."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async import Event, HeyGen, NotUploaded, Options, Upload, UploadedAsset, UploadProgressed, errors
from heygen_async.api.uploads.batch import BatchFile
from heygen_async.simulator import DropAfterAccept, DropBefore, ErrorAnswer, Slow, World
from tests.helpers.storage import MP4, PNG, Depot

BATCH = {
    "POST /v3/assets/direct-uploads/batches": 1,
    "POST /v3/assets/complete/batches": 1,
}


def pictures(count: int, start: int = 0) -> list[bytes]:
    return [PNG + str(number).encode() for number in range(start, start + count)]


def counts(world: World) -> dict[str, int]:
    """Return the number of requests by route, without polls of HeyGen's check."""
    return {route: count for route, count in world.request_counts().items() if "statuses" not in route}


def contents(world: World, made: list[UploadedAsset | NotUploaded]) -> list[bytes | None]:
    found = []
    for done in made:
        assert isinstance(done, UploadedAsset)
        received = world.assets[done.asset_id].received
        assert received is not None
        found.append(received.content)
    return found


def kinds(made: list[UploadedAsset | NotUploaded]) -> list[type]:
    return [type(done.error) if isinstance(done, NotUploaded) else type(done) for done in made]


@pytest.mark.parametrize("count", [2, 100])
async def test_up_to_a_hundred_are_one_batch(heygen: HeyGen, world: World, count: int) -> None:
    """Up to a hundred files are one batch of two requests, and the results are in the order of the files."""
    files = pictures(count)
    made = await heygen.assets.upload_many(files)
    assert contents(world, made) == files
    assert counts(world) == {**BATCH, "PUT /uploads/{name}": count}
    assert {asset.status(world.now()) for asset in world.assets.values()} == {"completed"}


async def test_more_than_a_hundred_are_several_batches(heygen: HeyGen, world: World) -> None:
    """201 files are two batches, and one file that is sent as by `upload`."""
    files = pictures(201)
    made = await heygen.assets.upload_many(files)
    assert contents(world, made) == files
    assert counts(world)["POST /v3/assets/direct-uploads/batches"] == 2
    assert counts(world)["POST /v3/assets"] == 1


async def test_no_file_and_one_file(heygen: HeyGen, world: World) -> None:
    """No file sends no request, and one file is sent without a batch."""
    assert await heygen.assets.upload_many([]) == []
    assert world.requests == []
    assert contents(world, await heygen.assets.upload_many([PNG])) == [PNG]
    assert counts(world) == {"POST /v3/assets": 1}


async def test_work_is_bounded(heygen: HeyGen, world: World) -> None:
    """At most `at_once` files are read and sent at the same time."""
    running = peak = 0

    async def counted(content: bytes) -> AsyncIterator[bytes]:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await anyio.sleep(1)
        yield content
        running -= 1

    files = pictures(20)
    made = await heygen.assets.upload_many([counted(file) for file in files], at_once=3)
    assert contents(world, made) == files
    assert peak == 3
    world.faults.append(Slow(path="/uploads/", seconds=10))
    began = anyio.current_time()
    await heygen.assets.upload_many(pictures(12, start=100), at_once=3)
    assert anyio.current_time() - began == pytest.approx(4 * 10, abs=5)


async def test_each_file_may_have_its_settings(heygen: HeyGen, world: World) -> None:
    """Each file may have its own name, type and size."""

    async def stream() -> AsyncIterator[bytes]:
        yield MP4

    made = await heygen.assets.upload_many(
        [Upload(b"\0\0", filename="odd.mov", media_type="video/quicktime"), Upload(stream(), size=len(MP4))]
    )
    assert [(done.filename, done.media_type) for done in made if isinstance(done, UploadedAsset)] == [
        ("odd.mov", "video/quicktime"),
        ("upload.mp4", "video/mp4"),
    ]
    assert [asset.name for asset in world.assets.values()] == ["odd.mov", "upload.mp4"]


async def test_a_bad_file_does_not_affect_the_others(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A bad file is a NotUploaded at its place, with its error, and the others are uploaded."""

    async def broken() -> AsyncIterator[bytes]:
        yield PNG
        raise LookupError("mine")

    good = pictures(3)
    sources: list[Any] = [good[0], tmp_path / "no.png", b"", good[1], broken(), b"GIF89a", good[2]]
    made = await heygen.assets.upload_many(sources)
    assert kinds(made) == [
        UploadedAsset,
        errors.InvalidInputError,
        errors.InvalidInputError,
        UploadedAsset,
        LookupError,
        errors.InvalidInputError,
        UploadedAsset,
    ]
    assert [done.index for done in made if isinstance(done, NotUploaded)] == [1, 2, 4, 5]
    assert contents(world, [done for done in made if isinstance(done, UploadedAsset)]) == good
    assert counts(world) == {**BATCH, "PUT /uploads/{name}": 3}


async def test_a_file_that_the_storage_refuses(heygen: HeyGen, world: World) -> None:
    """If the storage refuses one file, the others are completed."""
    world.faults.append(ErrorAnswer(path="/uploads/", status=400, nth=2))
    made = await heygen.assets.upload_many(pictures(4), at_once=1)
    assert kinds(made) == [UploadedAsset, errors.UploadError, UploadedAsset, UploadedAsset]
    assert counts(world) == {**BATCH, "PUT /uploads/{name}": 4}


async def test_a_file_that_heygen_cannot_use(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A file whose content has changed since it was opened is an UploadError, and the other is uploaded."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)

    def change(event: UploadProgressed) -> None:
        if event.index == 1:
            path.write_bytes(MP4.ljust(len(PNG), b"\0"))

    made = await heygen.assets.upload_many([MP4, path], on_progress=change)
    assert kinds(made) == [UploadedAsset, errors.UploadError]
    assert "HeyGen cannot use it" in str([done.error for done in made if isinstance(done, NotUploaded)])


async def test_a_refused_batch_is_sent_one_by_one(heygen: HeyGen, world: World) -> None:
    """If HeyGen refuses a batch, each file is sent by itself, and only the bad one fails."""
    world.most_upload_bytes = world.most_multipart_bytes = 1_000
    large = PNG + bytes(1_000)
    made = await heygen.assets.upload_many([PNG, Upload(b"PK\x03\x04" + large, filename="a.zip"), MP4])
    assert kinds(made) == [UploadedAsset, errors.BadRequestError, UploadedAsset]


async def test_a_batch_that_cannot_be_requested(heygen: HeyGen, world: World) -> None:
    """If a batch cannot be requested, all of its files have the error."""
    world.api_keys = ("another",)
    made = await heygen.assets.upload_many(pictures(3))
    assert kinds(made) == [errors.AuthenticationError] * 3
    assert [done.index for done in made if isinstance(done, NotUploaded)] == [0, 1, 2]


async def test_a_lost_answer_makes_no_second_batch(heygen: HeyGen, world: World) -> None:
    """Both requests of a batch are repeated after a lost answer, without a second batch."""
    world.faults.append(DropAfterAccept(path="/v3/assets/direct-uploads/batches", nth=1))
    world.faults.append(DropAfterAccept(path="/v3/assets/complete/batches", nth=1))
    files = pictures(2)
    assert contents(world, await heygen.assets.upload_many(files)) == files
    assert len(world.assets) == 2


async def test_a_refused_address_of_a_batch(heygen: HeyGen, world: World) -> None:
    """A file whose address is refused gets a new one, and is completed by itself."""
    world.faults.append(ErrorAnswer(path="/uploads/", status=403, nth=1))
    files = pictures(3)
    made = await heygen.assets.upload_many(files, at_once=1)
    assert contents(world, made) == files
    assert counts(world) == {
        **BATCH,
        "PUT /uploads/{name}": 4,
        "POST /v3/assets/direct-uploads": 1,
        "POST /v3/assets/{asset_id}/complete": 1,
    }


async def test_addresses_that_expire_while_others_are_sent(heygen: HeyGen, world: World) -> None:
    """An address that has expired is replaced before it is used."""
    world.upload_seconds = 25
    world.faults.append(Slow(path="/uploads/", seconds=10))
    files = pictures(5)
    made = await heygen.assets.upload_many(files, at_once=1)
    assert contents(world, made) == files
    assert [request.status for request in world.requests if request.method == "PUT"] == [200] * 5


@pytest.mark.parametrize("status", [409, 400])
async def test_a_batch_whose_completion_is_refused(heygen: HeyGen, world: World, status: int) -> None:
    """If the completion of a batch is refused, each file is completed by itself."""
    world.faults.append(ErrorAnswer(path="/v3/assets/complete/batches", status=status, code="conflict"))
    files = pictures(2)
    assert contents(world, await heygen.assets.upload_many(files)) == files
    assert counts(world)["POST /v3/assets/complete/batches"] == (6 if status == 409 else 1)
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 2


async def test_a_completion_without_an_answer(heygen: HeyGen, world: World) -> None:
    """If the completion gets no answer, the files of the batch have the error; one with a new address does not."""
    world.faults.append(DropBefore(path="/v3/assets/complete/batches"))
    world.faults.append(ErrorAnswer(path="/uploads/", status=403, nth=1))
    made = await heygen.assets.upload_many(pictures(3), at_once=1)
    assert kinds(made) == [UploadedAsset, errors.ConnectionLostError, errors.ConnectionLostError]
    assert counts(world)["POST /v3/assets/{asset_id}/complete"] == 1


async def test_refused_polls_of_the_check(heygen: HeyGen, world: World) -> None:
    """If the polls of HeyGen's check are refused, all files have the error; `ready_within=0` sends no polls."""
    world.faults.append(ErrorAnswer(path="/v3/assets/statuses", status=403, code="forbidden"))
    made = await heygen.assets.upload_many(pictures(2))
    assert kinds(made) == [errors.PermissionDeniedError] * 2
    made = await heygen.assets.upload_many(pictures(2, start=10), ready_within=0)
    assert kinds(made) == [UploadedAsset] * 2


async def test_a_batch_with_too_few_addresses() -> None:
    """If HeyGen returns too few addresses, all files have a ContractError."""
    async with Depot().open() as address, HeyGen("k", base_url=address) as heygen:
        made = await heygen.assets.upload_many(pictures(2))
    assert kinds(made) == [errors.ContractError] * 2
    assert "1 addresses for 2 files" in str([done.error for done in made if isinstance(done, NotUploaded)])


async def test_equal_content_is_sent_once(heygen: HeyGen, world: World) -> None:
    """Files with equal content and any names are sent once, and share the asset or the error."""
    files: list[Any] = [PNG, MP4, PNG, Upload(PNG, filename="other.png"), MP4]
    made = await heygen.assets.upload_many(files)
    ids = [done.asset_id for done in made if isinstance(done, UploadedAsset)]
    assert len(set(ids)) == len(world.assets) == 2
    assert ids == [ids[0], ids[1], ids[0], ids[0], ids[1]]
    assert [done.reused for done in made if isinstance(done, UploadedAsset)] == [False, False, True, True, True]
    world.faults.append(ErrorAnswer(path="/uploads/", status=400))
    new = pictures(2, start=50)
    made = await heygen.assets.upload_many([new[0], new[1], new[0]])
    assert [(done.index, type(done.error)) for done in made if isinstance(done, NotUploaded)] == [
        (0, errors.UploadError),
        (1, errors.UploadError),
        (2, errors.UploadError),
    ]


async def test_progress_has_the_index_of_the_file(heygen: HeyGen, events: list[Event]) -> None:
    """Progress events have the file's place in all files, over several batches."""
    mine: list[UploadProgressed] = []
    files = pictures(102)
    await heygen.assets.upload_many(files, on_progress=mine.append)
    last = {event.index: (event.sent_bytes, event.total_bytes) for event in mine}
    assert last == {index: (len(file), len(file)) for index, file in enumerate(files)}
    assert [event for event in events if isinstance(event, UploadProgressed)] == mine
    assert len(Counter(event.upload for event in mine)) == 102


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"at_once": 0}, "at_once: 0; must be at least 1"),
        ({"options": Options(idempotency_key="k")}, "one key cannot be used for several files"),
    ],
)
async def test_invalid_settings_are_refused(
    heygen: HeyGen, world: World, settings: dict[str, int], message: str
) -> None:
    """Invalid settings are refused before a file is opened."""
    with pytest.raises(errors.InvalidInputError, match=message):
        await heygen.assets.upload_many([PNG], **settings)  # type: ignore[arg-type] # a parameter
    assert world.requests == []


async def test_cancelling_stops_all_uploads(heygen: HeyGen, world: World) -> None:
    """A cancelled batch is not completed, and no file stays open."""
    world.faults.append(Slow(path="/uploads/", seconds=1_000))
    with anyio.move_on_after(10) as scope:
        await heygen.assets.upload_many(pictures(10))
    assert scope.cancelled_caught
    assert "POST /v3/assets/complete/batches" not in counts(world)


def test_a_file_that_was_not_opened_is_not_uploaded() -> None:
    """`opened` of a file that was not opened raises ValueError."""

    async def open_file(_: object) -> UploadedAsset:
        raise LookupError

    file = BatchFile(index=3, open=open_file)
    assert file.asset_id == ""
    with pytest.raises(ValueError, match="file 3"):
        _ = file.opened

"""Files that HeyGen has already are not sent again: within a client, and with a journal also later."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from heygen_async import Completed, HeyGen, ImageVideo, Journal, UploadedAsset, UploadProgressed
from heygen_async.api.uploads.known_assets import TRUSTED_SECONDS
from heygen_async.simulator import DropBefore, ErrorAnswer, Server, Slow, World
from tests.helpers.storage import FORM_BYTES, MP4, PNG


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    path = tmp_path / "logo.png"
    path.write_bytes(PNG)
    return path


def count_files(world: World) -> int:
    """Return the number of files that were sent."""
    routes = {"/v3/assets", "/uploads/{name}"}
    return sum(request.route in routes and request.method != "GET" for request in world.requests)


async def test_five_hundred_rows_share_one_upload(heygen: HeyGen, world: World, logo: Path) -> None:
    """Five hundred uploads of one content at the same time send one file, and all report its progress."""
    made: list[UploadedAsset] = []
    events: list[UploadProgressed] = []

    async def row(number: int) -> None:
        source = logo if number % 2 else PNG
        made.append(await heygen.assets.upload(source, on_progress=events.append))

    world.faults.append(Slow(path="/v3/assets", seconds=5))
    async with anyio.create_task_group() as group:
        for number in range(500):
            group.start_soon(row, number)
    assert len({done.asset_id for done in made}) == len(world.assets) == 1
    assert len(world.requests) == 1
    assert sum(not done.reused for done in made) == 1
    assert sum(event.sent_bytes == len(PNG) for event in events) == 500


async def test_a_waiting_upload_sends_the_file_if_the_first_fails(heygen: HeyGen, world: World) -> None:
    """The failure of one upload does not affect others of the content: the next one sends the file."""
    world.faults.append(ErrorAnswer(path="/v3/assets", status=400, nth=1))
    done: list[UploadedAsset | Exception] = []

    async def row() -> None:
        try:
            done.append(await heygen.assets.upload(PNG))
        except Exception as exc:  # noqa: BLE001 - whatever it is
            done.append(exc)

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(row)
    assert [type(each).__name__ for each in done] == ["BadRequestError", "UploadedAsset", "UploadedAsset"]
    assert len(world.assets) == 1


async def test_other_content_is_another_asset(heygen: HeyGen, world: World) -> None:
    """Other content, or equal content of another type, is another asset."""
    first = await heygen.assets.upload(b"\0\0\0", media_type="audio/mpeg")
    second = await heygen.assets.upload(b"\0\0\1", media_type="audio/mpeg")
    third = await heygen.assets.upload(b"\0\0\0", media_type="video/quicktime")
    assert len({first.asset_id, second.asset_id, third.asset_id}) == 3
    assert first.sha256 == third.sha256 != second.sha256


async def test_reuse_can_be_declined(heygen: HeyGen, world: World) -> None:
    """With `reuse=False` a file is sent again, without a hash."""
    await heygen.assets.upload(PNG)
    made = await heygen.assets.upload(PNG, reuse=False)
    assert (made.sha256, made.reused, len(world.assets)) == (None, False, 2)
    many = await heygen.assets.upload_many([PNG, PNG], reuse=False)
    assert [each.reused for each in many if isinstance(each, UploadedAsset)] == [False, False]
    assert len(world.assets) == 4


async def test_a_source_that_can_be_read_once_is_not_recognized(heygen: HeyGen, world: World) -> None:
    """A stream that can be read once is sent each time, because its hash would come too late."""

    async def stream() -> AsyncIterator[bytes]:
        yield MP4
        yield bytes(FORM_BYTES)

    for _ in range(2):
        made = await heygen.assets.upload(stream(), size=len(MP4) + FORM_BYTES)
        assert (made.sha256, made.reused) == (None, False)
    assert len(world.assets) == 2


async def test_a_deleted_asset_is_uploaded_again(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A file is sent again after this client deleted its asset, or once HeyGen is found not to have it."""
    with Journal(tmp_path / "j.db", create=True) as journal:
        first = await heygen.assets.upload(PNG, memory=journal)
        await heygen.assets.delete(first.asset_id)
        second = await heygen.assets.upload(PNG, memory=journal)
        assert (second.reused, second.asset_id != first.asset_id) == (False, True)
        world.assets[second.asset_id].deleted = True
        assert (await heygen.assets.upload(PNG, memory=journal)).asset_id == second.asset_id  # trusted for ten minutes
        await anyio.sleep(TRUSTED_SECONDS + 1)
        third = await heygen.assets.upload(PNG, memory=journal)
        assert (third.reused, third.asset_id) == (False, list(world.assets)[-1])
        assert journal.asset(f"{third.sha256}:image/png") == third.asset_id
    assert count_files(world) == 3


async def test_an_asset_is_checked_every_ten_minutes(heygen: HeyGen, world: World) -> None:
    """A known asset is read once in ten minutes, for any number of uploads."""
    first = await heygen.assets.upload(PNG)
    for _ in range(3):
        await anyio.sleep(TRUSTED_SECONDS + 1)
        for _ in range(5):
            assert (await heygen.assets.upload(PNG)).asset_id == first.asset_id
    assert dict(world.request_counts()) == {"POST /v3/assets": 1, "GET /v3/assets/{asset_id}": 3}


async def test_a_check_that_fails_is_an_error(heygen: HeyGen, world: World) -> None:
    """If HeyGen cannot be asked for a known asset, the error is raised, and the file is not sent again."""
    await heygen.assets.upload(PNG)
    await anyio.sleep(TRUSTED_SECONDS + 1)
    world.faults.append(DropBefore(path="/v3/assets/*"))
    with pytest.raises(Exception, match="GET /v3/assets/"):
        await heygen.assets.upload(PNG)
    assert len(world.assets) == 1


async def test_a_journal_remembers(server: Server, world: World, logo: Path, tmp_path: Path) -> None:
    """With a journal a later client sends no file that HeyGen still has."""
    ids = set()
    for day in range(3):
        async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
            with Journal(tmp_path / "campaign.db", create=day == 0) as journal:
                made = await heygen.assets.upload(logo, memory=journal)
                many = await heygen.assets.upload_many([MP4, logo], memory=journal)
        ids |= {made.asset_id, *(each.asset_id for each in many if isinstance(each, UploadedAsset))}
        assert made.reused is (day > 0)
    assert len(ids) == len(world.assets) == 2
    world.assets[made.asset_id].deleted = True
    async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
        with Journal(tmp_path / "campaign.db") as journal:
            again = await heygen.assets.upload(logo, memory=journal)
    assert again.asset_id not in ids


async def test_an_asset_known_before_is_written_to_a_journal(heygen: HeyGen, tmp_path: Path) -> None:
    """An asset uploaded without a journal is written to the journal at the next upload of its content."""
    first = await heygen.assets.upload(PNG)
    with Journal(tmp_path / "j.db", create=True) as journal:
        assert (await heygen.assets.upload(PNG, memory=journal)).reused
        assert journal.asset(f"{first.sha256}:image/png") == first.asset_id
        journal.forget_asset(f"{first.sha256}:image/png")
        assert journal.asset(f"{first.sha256}:image/png") is None


def test_a_journal_without_the_table_gets_it(tmp_path: Path) -> None:
    """A journal of a version without the table `assets` gets it when it is opened for writing."""
    path = tmp_path / "old.db"
    Journal(path, create=True).close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE assets")
    db.close()
    with Journal(path, read_only=True) as journal:
        assert journal.counts() == {}
    with Journal(path) as journal:
        journal.keep_asset("m", "a1")
        journal.keep_asset("m", "a2")
        assert journal.asset("m") == "a2"


@pytest.mark.unmeasured
async def test_a_campaign_uploads_its_logo_once(server: Server, world: World, logo: Path, tmp_path: Path) -> None:
    """A campaign of a hundred rows that is continued by another client uploads its logo once."""
    path = tmp_path / "campaign.db"
    world.slots = 20

    async def run(most: int | None) -> None:
        async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
            with Journal(path, create=True) as journal:
                picture = await heygen.assets.upload(logo, purpose="videos", memory=journal)
            rows = [
                ImageVideo(image=picture.asset, voice_id="voice_warm", script=f"Hi {number}") for number in range(100)
            ]
            async with heygen.render_many(rows, journal=path, max_in_flight=20) as results:
                ended = 0
                async for result in results:
                    assert isinstance(result, Completed)
                    ended += 1
                    if ended == most:
                        break

    await run(most=10)
    await run(most=None)
    assert world.request_counts()["POST /v3/assets"] == len(world.assets) == 1
    assert len(world.ledger) == 100
    assert world.charged_once_per("script")

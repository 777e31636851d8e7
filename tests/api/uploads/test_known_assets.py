"""What HeyGen has already is not sent again: within a client, and by a journal beyond it."""

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


def sent(world: World) -> int:
    """Files that came in."""
    return sum(seen.route in {"/v3/assets", "/uploads/{name}"} and seen.method != "GET" for seen in world.requests)


async def test_five_hundred_rows_share_one_upload(heygen: HeyGen, world: World, logo: Path) -> None:
    """All at once, under whatever name; each is told that it is there."""
    made: list[UploadedAsset] = []
    told: list[UploadProgressed] = []

    async def row(number: int) -> None:
        source = logo if number % 2 else PNG
        made.append(await heygen.assets.upload(source, on_progress=told.append))

    world.faults.append(Slow(path="/v3/assets", seconds=5))
    async with anyio.create_task_group() as group:
        for number in range(500):
            group.start_soon(row, number)
    assert len({done.asset_id for done in made}) == len(world.assets) == 1
    assert len(world.requests) == 1
    assert sum(not done.reused for done in made) == 1
    assert sum(event.sent_bytes == len(PNG) for event in told) == 500


async def test_the_next_one_waiting_uploads_what_the_first_did_not(heygen: HeyGen, world: World) -> None:
    """A failure, or a cancellation, is nobody else's."""
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
    """And so is the same content as another type."""
    first = await heygen.assets.upload(b"\0\0\0", media_type="audio/mpeg")
    second = await heygen.assets.upload(b"\0\0\1", media_type="audio/mpeg")
    third = await heygen.assets.upload(b"\0\0\0", media_type="video/quicktime")
    assert len({first.asset_id, second.asset_id, third.asset_id}) == 3
    assert first.sha256 == third.sha256 != second.sha256


async def test_reuse_can_be_declined(heygen: HeyGen, world: World) -> None:
    """Then nothing is hashed, looked up or kept."""
    await heygen.assets.upload(PNG)
    made = await heygen.assets.upload(PNG, reuse=False)
    assert (made.sha256, made.reused, len(world.assets)) == (None, False, 2)
    many = await heygen.assets.upload_many([PNG, PNG], reuse=False)
    assert [each.reused for each in many if isinstance(each, UploadedAsset)] == [False, False]
    assert len(world.assets) == 4


async def test_what_is_read_only_once_is_not_known(heygen: HeyGen, world: World) -> None:
    """Its hash would come too late."""

    async def stream() -> AsyncIterator[bytes]:
        yield MP4
        yield bytes(FORM_BYTES)

    for _ in range(2):
        made = await heygen.assets.upload(stream(), size=len(MP4) + FORM_BYTES)
        assert (made.sha256, made.reused) == (None, False)
    assert len(world.assets) == 2


async def test_what_was_deleted_is_uploaded_anew(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """By this client, at once; by another, when it is looked again."""
    with Journal(tmp_path / "j.db", create=True) as journal:
        first = await heygen.assets.upload(PNG, memory=journal)
        await heygen.assets.delete(first.asset_id)
        second = await heygen.assets.upload(PNG, memory=journal)
        assert (second.reused, second.asset_id != first.asset_id) == (False, True)
        world.assets[second.asset_id].deleted = True
        assert (await heygen.assets.upload(PNG, memory=journal)).asset_id == second.asset_id  # seen a moment ago
        await anyio.sleep(TRUSTED_SECONDS + 1)
        third = await heygen.assets.upload(PNG, memory=journal)
        assert (third.reused, third.asset_id) == (False, list(world.assets)[-1])
        assert journal.asset(f"{third.sha256}:image/png") == third.asset_id
    assert sent(world) == 3


async def test_it_is_looked_again_now_and_then(heygen: HeyGen, world: World) -> None:
    """One GET in ten minutes, however many rows."""
    first = await heygen.assets.upload(PNG)
    for _ in range(3):
        await anyio.sleep(TRUSTED_SECONDS + 1)
        for _ in range(5):
            assert (await heygen.assets.upload(PNG)).asset_id == first.asset_id
    assert dict(world.request_counts()) == {"POST /v3/assets": 1, "GET /v3/assets/{asset_id}": 3}


async def test_a_look_that_fails_is_told(heygen: HeyGen, world: World) -> None:
    """It is not known whether HeyGen has it: that is no reason to upload it again."""
    await heygen.assets.upload(PNG)
    await anyio.sleep(TRUSTED_SECONDS + 1)
    world.faults.append(DropBefore(path="/v3/assets/*"))
    with pytest.raises(Exception, match="GET /v3/assets/"):
        await heygen.assets.upload(PNG)
    assert len(world.assets) == 1


async def test_a_journal_remembers(server: Server, world: World, logo: Path, tmp_path: Path) -> None:
    """Another client, another day: it is looked whether HeyGen still has it, and nothing is sent."""
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


async def test_a_client_tells_its_journal_what_it_knew_before(heygen: HeyGen, tmp_path: Path) -> None:
    """An upload without one, then the same with one."""
    first = await heygen.assets.upload(PNG)
    with Journal(tmp_path / "j.db", create=True) as journal:
        assert (await heygen.assets.upload(PNG, memory=journal)).reused
        assert journal.asset(f"{first.sha256}:image/png") == first.asset_id
        journal.forget_asset(f"{first.sha256}:image/png")
        assert journal.asset(f"{first.sha256}:image/png") is None


def test_a_journal_without_the_table_gets_it(tmp_path: Path) -> None:
    """One that was written before uploads were remembered."""
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


async def test_a_campaign_uploads_its_logo_once(server: Server, world: World, logo: Path, tmp_path: Path) -> None:
    """Five hundred rows; the run goes on in another client, and begins by the same lines."""
    path = tmp_path / "campaign.db"
    world.slots = 100

    async def run(most: int | None) -> None:
        async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
            with Journal(path, create=True) as journal:
                picture = await heygen.assets.upload(logo, purpose="videos", memory=journal)
            rows = [
                ImageVideo(image=picture.asset, voice_id="voice_warm", script=f"Hi {number}") for number in range(500)
            ]
            async with heygen.render_many(rows, journal=path, max_in_flight=100) as results:
                ended = 0
                async for result in results:
                    assert isinstance(result, Completed)
                    ended += 1
                    if ended == most:
                        break

    await run(most=50)
    await run(most=None)
    assert world.request_counts()["POST /v3/assets"] == len(world.assets) == 1
    assert len(world.ledger) == 500
    assert world.charged_once_per("script")

"""Files of finished videos: downloaded without a slot, continued, checked; a failed download is no failed render."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
from collections import namedtuple
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest
from aiohttp import web

from heygen_async import Completed, DirectVideo, HeyGen, Job, Journal, Result, RetryPolicy, Video, errors
from heygen_async.api.fields.looks import Caption
from heygen_async.bulk.download import download_queue, part_file
from heygen_async.bulk.download.disk_space import KEPT_FREE_BYTES
from heygen_async.bulk.download.downloader import Downloader
from heygen_async.bulk.download.file_types import KINDS, FileKind
from heygen_async.bulk.download.video_files import VideoFiles
from heygen_async.simulator import (
    ErrorAnswer,
    ExpiredUrl,
    NullVideoUrl,
    Server,
    Slow,
    Truncated,
    World,
    WrongLength,
    serve,
)
from heygen_async.simulator.storage.files import content

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil's own
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FILES = "/files/*"


def script(n: int, **fields: Any) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi number {n}", **fields)


def jobs(count: int, **fields: Any) -> list[Job]:
    return [Job(request=script(n, **fields), row={"n": str(n)}) for n in range(count)]


async def collect(heygen: HeyGen, source: Any, folder: Path, **settings: Any) -> list[Completed]:
    async with heygen.render_many(source, download_to=folder, **settings) as results:
        return [completed(result) async for result in results]


async def resume(heygen: HeyGen, path: Path) -> list[Completed]:
    async with heygen.resume(path) as results:
        return [completed(result) async for result in results]


def completed(result: Result) -> Completed:
    assert isinstance(result, Completed)
    return result


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaign.db"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def statuses(world: World) -> list[int | None]:
    """Return the statuses of the answers to requests for files."""
    return [seen.status for seen in world.requests if seen.route.startswith("/files/")]


def is_right(world: World, result: Completed) -> bool:
    assert result.file is not None
    return result.file.read_bytes() == content(world, world.videos[result.video.id], ".mp4")


# Interrupted files


async def test_bytes_are_not_downloaded_twice(heygen: HeyGen, world: World, out: Path) -> None:
    """After a lost connection, only the rest of the file is asked for."""
    world.faults += [Truncated(path=FILES, times=3)]
    (result,) = await collect(heygen, jobs(1), out)
    assert statuses(world) == [200, 206, 206, 206]
    assert is_right(world, result)
    assert names(out) == {"0001-" + result.video.id + ".mp4"}


async def test_attempts_that_bring_new_bytes_do_not_count(server: Server, world: World, out: Path) -> None:
    """A connection may be lost more often than there are attempts, while the file grows."""
    world.bytes_per_video = 100_000
    world.faults += [Truncated(path=FILES, times=14)]
    async with HeyGen("simulator-key", base_url=server.base_url, retry=RetryPolicy(attempts=1)) as heygen:
        (result,) = await collect(heygen, jobs(1), out)
    assert is_right(world, result)


async def test_another_run_continues_the_file(heygen: HeyGen, world: World, path: Path, out: Path) -> None:
    """The next run asks for the second half of a file, and renders no video."""
    world.faults += [Truncated(path=FILES, nth=1), ErrorAnswer(path=FILES, status=503)]
    (result,) = await collect(heygen, jobs(1), out, journal=path)
    assert result.file is None
    (part,) = out.glob("*.part")
    half = part.stat().st_size
    assert half > 1000
    world.faults.clear()
    world.requests.clear()
    (result,) = await resume(heygen, path)
    assert statuses(world) == [206]
    assert is_right(world, result)
    assert names(out) == {f"0001-{result.video.id}.mp4"}
    assert len(world.ledger) == 1


@pytest.mark.parametrize("changed", ["tag", "owner", "unreadable", "gone"])
async def test_a_part_of_another_file_is_not_continued(
    heygen: HeyGen, world: World, path: Path, out: Path, changed: str
) -> None:
    """A part is continued only if the server's tag, the owner and the note fit."""
    world.faults += [Truncated(path=FILES, nth=1), ErrorAnswer(path=FILES, status=503)]
    await collect(heygen, jobs(1), out, journal=path)
    (note,) = out.glob("*.part.json")
    text = note.read_text()
    if changed == "gone":
        note.unlink()
    else:
        note.write_text({"unreadable": "{"}.get(changed) or text.replace(f'"{changed}": "', f'"{changed}": "x'))
    world.faults.clear()
    world.requests.clear()
    (result,) = await resume(heygen, path)
    assert statuses(world) == [200]
    assert is_right(world, result)


async def test_a_whole_part_needs_only_its_name(heygen: HeyGen, world: World, path: Path, out: Path) -> None:
    """After a kill between the last byte and the renaming, no byte is downloaded again."""
    (result,) = await collect(heygen, jobs(1), out, journal=path)
    assert result.file is not None
    part = out / f"{result.file.name}.part"
    result.file.rename(part)
    size = part.stat().st_size
    note = f'{{"owner": "video {result.video.id}", "synced": {size}, "whole": {size}, "tag": null, "boot": null}}'
    part.with_name(part.name + ".json").write_text(note)
    world.requests.clear()
    (again,) = await resume(heygen, path)
    assert statuses(world) == []
    assert is_right(world, again)


async def test_leaving_a_run_keeps_the_part(heygen: HeyGen, world: World, path: Path, out: Path) -> None:
    """A row that is left during its download is unfinished, and the next run continues its part."""
    world.faults += [Truncated(path=FILES, nth=1), Slow(path=FILES, nth=1, seconds=1000)]
    async with heygen.render_many(jobs(1), journal=path, download_to=out) as results:
        while not list(out.glob("*.part")):
            await anyio.sleep(1)
        await anyio.sleep(10)
        (left,) = results.unfinished
        assert left.spent == "yes"
    assert list(out.glob("*.part"))
    world.faults.clear()
    world.requests.clear()
    (result,) = await resume(heygen, path)
    assert statuses(world) == [206]
    assert is_right(world, result)


# Wrong content


async def test_an_error_page_is_never_a_video(heygen: HeyGen, world: World, out: Path) -> None:
    """An HTML page with status 200 is asked for again, reported in the end, and not left on the disk."""
    world.faults += [ErrorAnswer(path=FILES, status=200, html=True, times=2)]
    (result,) = await collect(heygen, jobs(1), out)
    assert is_right(world, result)
    assert len(statuses(world)) == 3
    world.faults[:] = [ErrorAnswer(path=FILES, status=200, html=True)]
    (result,) = await collect(heygen, jobs(1), out / "second")
    assert result.file is None
    assert "the answer has no video: it begins with '<!DOCTYPE html>" in str(result.error)
    assert names(out / "second") == set()


async def test_a_wrong_length_is_found(heygen: HeyGen, world: World, out: Path) -> None:
    """Half a video with a wrong Content-Length is found by its boxes and downloaded again."""
    world.faults += [WrongLength(path=FILES, times=2)]
    (result,) = await collect(heygen, jobs(1), out)
    assert len(statuses(world)) == 3
    assert is_right(world, result)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_refused_address_is_replaced_and_nothing_rendered(
    heygen: HeyGen, world: World, out: Path, status: int
) -> None:
    """After any refusal the video is read again for a new address, for free."""
    world.faults += [ErrorAnswer(path=FILES, status=status, code="x", times=2)]
    (result,) = await collect(heygen, jobs(1), out)
    assert is_right(world, result)
    assert world.request_counts()["GET /v3/videos/{video_id}"] == 3
    assert len(world.ledger) == 1


async def test_an_address_that_expired_in_the_queue_is_replaced(heygen: HeyGen, world: World, out: Path) -> None:
    """A row that waited long for its download gets a new address."""
    world.url_seconds = 50
    world.faults += [Slow(path=FILES, seconds=30), ExpiredUrl(contains="number 1", times=3)]
    results = await collect(heygen, jobs(8), out, max_downloads=1)
    assert all(is_right(world, result) for result in results)
    assert 403 in statuses(world)
    assert len(world.ledger) == 8


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_failing_server_is_waited_for(heygen: HeyGen, world: World, out: Path, status: int) -> None:
    """After 429 and 5xx, the address is used again after the time that the server asks for."""
    world.faults += [ErrorAnswer(path=FILES, status=status, code="x", times=3, retry_after="20")]
    start = anyio.current_time()
    (result,) = await collect(heygen, jobs(1), out)
    assert is_right(world, result)
    assert anyio.current_time() - start > 60
    assert world.request_counts()["GET /v3/videos/{video_id}"] == 1


@pytest.mark.parametrize("retry_after", [None, "0"])
async def test_a_server_that_refuses_files_for_long_is_asked_ever_more_rarely(
    heygen: HeyGen, world: World, out: Path, retry_after: str | None
) -> None:
    """429s without a useful Retry-After: after a minute, a file is asked for every ten seconds."""
    world.render_seconds = lambda _: 10.0
    world.faults += [ErrorAnswer(path=FILES, status=429, code="x", between=(0.0, 600.0), retry_after=retry_after)]
    (result,) = await collect(heygen, jobs(1), out)
    assert is_right(world, result)
    asked = [seen.at for seen in world.requests if "/files/" in seen.path]
    assert len(asked) < 80
    assert min(after - before for before, after in itertools.pairwise(asked) if before > 100) >= 10


async def test_a_completed_video_without_an_address_is_waited_for(
    heygen: HeyGen, world: World, path: Path, out: Path
) -> None:
    """A completed video may have no address for a moment, in a run that only downloads too."""
    world.faults += [NullVideoUrl(polls=4)]
    await collect(heygen, jobs(1), out, journal=path)
    world.videos[str(world.ledger[0].video_id)].faults._uses.clear()
    for file in out.iterdir():
        file.unlink()
    (result,) = await resume(heygen, path)
    assert is_right(world, result)


# Slots, width, credentials


async def test_a_slow_download_holds_no_slot(heygen: HeyGen, world: World, out: Path) -> None:
    """With two slots and slow downloads, the last render begins long before most files are stored."""
    world.slots, world.render_seconds = 2, lambda _: 5.0
    world.faults += [Slow(path=FILES, seconds=50)]
    start = anyio.current_time()
    results = await collect(heygen, jobs(10), out, max_in_flight=2, max_downloads=1)
    assert all(is_right(world, result) for result in results)
    assert anyio.current_time() - start >= 500
    assert max(seen.at for seen in world.requests if seen.method == "POST") - start < 150


async def test_max_downloads_limits_files_at_once(heygen: HeyGen, world: World, out: Path) -> None:
    """No more files than `max_downloads` are downloaded at once."""
    world.slots, world.render_seconds = 30, lambda _: 5.0
    world.faults += [Slow(path=FILES, seconds=50)]
    start = anyio.current_time()
    await collect(heygen, jobs(9), out, max_in_flight=30, max_downloads=3)
    assert 150 <= anyio.current_time() - start < 190
    at = sorted(seen.at - start for seen in world.requests if seen.route.startswith("/files/"))
    assert (at[2] < 40, at[3] > 50) == (True, True)


async def test_files_of_an_earlier_run_hold_no_slot_either(heygen: HeyGen, world: World, path: Path, out: Path) -> None:
    """New rows are rendered while the files of an earlier run are downloaded."""
    world.render_seconds = lambda _: 5.0
    await collect(heygen, jobs(6), out, journal=path, max_in_flight=1)
    for file in out.iterdir():
        file.unlink()
    world.faults += [Slow(path=FILES, seconds=50)]
    start = anyio.current_time()
    results = await collect(heygen, jobs(8), out, journal=path, max_in_flight=1, max_downloads=1)
    assert len(results) == 8
    assert max(seen.at for seen in world.requests if seen.method == "POST") - start < 100
    assert anyio.current_time() - start >= 400


async def test_no_row_is_begun_while_too_many_wait(
    heygen: HeyGen, world: World, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row is begun while too many wait for their files."""
    monkeypatch.setattr(download_queue, "STORING_AT_MOST", 2)
    world.render_seconds = lambda _: 5.0
    world.faults += [Slow(path=FILES, seconds=50)]
    start = anyio.current_time()
    results = await collect(heygen, jobs(8), out, max_in_flight=1, max_downloads=1)
    assert all(is_right(world, result) for result in results)
    assert max(seen.at for seen in world.requests if seen.method == "POST") - start > 180


@pytest.mark.parametrize("width", [0, -1, 2.5, True, "4"])
async def test_max_downloads_must_be_a_number(heygen: HeyGen, world: World, out: Path, width: Any) -> None:
    """A wrong `max_downloads` is refused before anything is sent."""
    with pytest.raises(errors.InvalidInputError, match="max_downloads"):
        await collect(heygen, jobs(1), out, max_downloads=width)
    assert not world.requests


@pytest.mark.parametrize("files", [(), ("film",), "videos"])
async def test_kinds_of_files_are_known_by_name(
    heygen: HeyGen, world: World, path: Path, out: Path, files: Any
) -> None:
    """Unknown kinds of files are refused before anything is sent, with and without a journal."""
    for settings in ({}, {"journal": path}):
        with pytest.raises(errors.InvalidInputError, match="captioned_video, captions, thumbnail, gif"):
            await collect(heygen, jobs(1), out, files=files, **settings)
    assert not world.requests


async def test_the_callers_session_is_not_used_for_files(server: Server, world: World, out: Path) -> None:
    """A session of the caller may carry a key, and the simulator's storage refuses requests with one."""
    headers = {"x-api-key": "simulator-key", "Authorization": "Bearer simulator-key"}
    async with (
        aiohttp.ClientSession(headers=headers, cookies={"key": "x"}) as session,
        HeyGen("simulator-key", base_url=server.base_url, session=session) as heygen,
    ):
        (result,) = await collect(heygen, jobs(1), out)
    assert is_right(world, result)


async def test_a_wrong_key_ends_a_run_that_fetches(
    heygen: HeyGen, server: Server, world: World, path: Path, out: Path
) -> None:
    """A refused key ends the run, and the rows stay completed."""
    world.faults += [ErrorAnswer(path=FILES, status=500)]
    await collect(heygen, jobs(3), out, journal=path)
    async with HeyGen("wrong", base_url=server.base_url) as stranger:
        with pytest.raises(errors.AuthenticationError):
            await resume(stranger, path)
    world.faults.clear()
    assert len(await resume(heygen, path)) == 3


# Missing files


async def test_a_missing_file_is_reported_and_recorded(heygen: HeyGen, world: World, path: Path, out: Path) -> None:
    """A completed row without its file has the reason and the remedy; both go when the file is stored."""
    world.faults += [ErrorAnswer(path=FILES, status=503, code="x")]
    (result,) = await collect(heygen, jobs(1), out, journal=path)
    assert isinstance(result.error, errors.DownloadError)
    assert result.error.spent == "yes"
    assert result.error.resource_id == result.video.id
    assert "`heygen-async resume` fetches it and pays nothing" in str(result.error)
    with Journal(path, read_only=True) as journal:
        record = journal.get(1)
    assert (record.state, record.error_code, record.spent) == ("completed", "DownloadError", "yes")
    assert "the files' server failed" in str(record.error)
    world.faults.clear()
    await resume(heygen, path)
    with Journal(path, read_only=True) as journal:
        record = journal.get(1)
    assert (record.error_code, record.error, record.file is not None) == (None, None, True)
    assert len(world.ledger) == 1


async def test_a_full_disk_costs_no_render(
    heygen: HeyGen, world: World, path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that fit are stored, others are reported with numbers and can be downloaded later."""
    world.bytes_per_video = 1_000_000
    free = KEPT_FREE_BYTES + 2_500_000
    used = lambda: sum(file.stat().st_size for file in out.iterdir())  # noqa: E731 - used once
    with monkeypatch.context() as small:
        small.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, free - used()))
        results = await collect(heygen, jobs(5), out, journal=path, max_downloads=1)
    without_file = [result for result in results if result.file is None]
    assert 2 <= len(without_file) <= 4
    for result in without_file:
        assert result.error is not None
        assert result.error.code == "disk_full"
        assert "MB more; the disk has" in str(result.error)
    assert not list(out.glob("*.part*"))
    assert len(await resume(heygen, path)) == len(without_file)
    assert len(list(out.glob("*.mp4"))) == len(world.ledger) == 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
async def test_a_disk_that_fills_up_is_named(
    heygen: HeyGen, world: World, path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that others fill ends the download at once, and a later run can repeat it."""
    create = part_file._open_new

    def full(path: Path) -> Any:
        return Path("/dev/full").open("wb") if path.name == "0.mp4.part" else create(path)

    with monkeypatch.context() as small:
        small.setattr(part_file, "_open_new", full)
        results = await collect(heygen, jobs(2), out, journal=path, filename="{n}")
    by_row = {result.row["n"]: result for result in results}
    assert by_row["0"].error is not None
    assert (by_row["0"].error.code, by_row["1"].error) == ("disk_full", None)
    assert "No space left" in str(by_row["0"].error)
    (again,) = await resume(heygen, path)
    assert is_right(world, again)
    assert len(world.ledger) == 2


async def test_a_link_in_the_place_of_a_file_is_not_followed(heygen: HeyGen, world: World, out: Path) -> None:
    """Links with the names of a video and of its part lead a download to no other file, and are left alone."""
    precious = out.parent / "precious"
    precious.write_text("precious")
    out.mkdir()
    for name in ("0.mp4", "0.mp4.part", "0.mp4.part.json", "0.mp4.part.json.new"):
        (out / name).symlink_to(precious)
    (result,) = await collect(heygen, jobs(1), out, filename="{n}")
    assert is_right(world, result)
    assert precious.read_text() == "precious"
    assert Path(str(result.file)).name == "0-2.mp4"
    assert not Path(str(result.file)).is_symlink()


async def test_a_file_of_a_killed_process_gets_no_double(heygen: HeyGen, world: World, path: Path, out: Path) -> None:
    """If a process dies after it has named a file and before the journal notes it, the next one replaces that file."""
    (result,) = await collect(heygen, jobs(1), out, journal=path, filename="{number}-{id}")
    stored = names(out)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE jobs SET file = NULL")
        database.execute("DELETE FROM files")
    (again,) = await resume(heygen, path)
    assert names(out) == stored
    assert again.file == result.file
    assert is_right(world, again)


async def test_stored_files_are_not_downloaded_again(heygen: HeyGen, world: World, path: Path, out: Path) -> None:
    """A stored file is known by its size; one that lost its end is downloaded again under its name."""
    results = await collect(heygen, jobs(3), out, journal=path)
    before = names(out)
    world.requests.clear()
    assert await resume(heygen, path) == []
    assert not world.requests
    lost = results[0].file
    assert lost is not None
    os.truncate(lost, 100)
    (again,) = await resume(heygen, path)
    assert again.file == lost
    assert is_right(world, again)
    assert names(out) == before


# Other files


async def test_all_files_of_a_video(heygen: HeyGen, world: World, out: Path) -> None:
    """All kinds of files have one name, and each has the ending of its content."""

    def with_gif(body: dict[str, Any]) -> float:
        body["include_gif"] = True  # only templates can ask for it
        return 5.0

    world.render_seconds = with_gif
    (result,) = await collect(heygen, jobs(1, caption=Caption(style="default")), out, filename="{n}", files=KINDS)
    assert names(out) == {"0.mp4", "0-captioned.mp4", "0.srt", "0.jpg", "0.gif"}
    assert {kind: file.name for kind, file in result.files.items()} == {
        "video": "0.mp4",
        "captioned_video": "0-captioned.mp4",
        "captions": "0.srt",
        "thumbnail": "0.jpg",
        "gif": "0.gif",
    }
    assert result.file == result.files["video"]
    assert result.files["gif"].read_bytes().startswith(b"GIF89a")


async def test_a_webm_video_has_its_ending(heygen: HeyGen, world: World, out: Path) -> None:
    """The ending comes from the content."""
    (result,) = await collect(heygen, jobs(1, output_format="webm"), out, filename="{n}")
    assert result.file is not None
    assert result.file.name == "0.webm"


async def test_files_that_were_not_asked_for_are_not_missed(
    heygen: HeyGen, world: World, path: Path, out: Path
) -> None:
    """A video without captions has no caption file; that is no error and is not looked for again."""
    settings: dict[str, Any] = {"journal": path, "files": ["captions", "video", "gif"]}
    (result,) = await collect(heygen, jobs(1), out, **settings)
    assert (set(result.files), result.error) == ({"video"}, None)
    world.requests.clear()
    assert await resume(heygen, path) == []
    assert not world.requests


async def test_captions_that_come_late_are_waited_for(heygen: HeyGen, world: World, out: Path) -> None:
    """Captions that the request asked for are waited for."""
    async with heygen.render_many(jobs(1, caption=Caption())) as results:
        done = completed(await anext(results))
    early = Video(id=done.video.id, status="completed", video_url=done.video.video_url)
    downloads = Downloader(heygen, out, "{n}", files=["captions"])
    files = downloads.name_files(done.job, early, {})
    stored = await downloads.save(files, "captions")
    assert stored.file is not None
    assert Path(stored.file).read_bytes().startswith(b"1\n00:00:00,000 -->")


async def test_a_part_is_kept_without_room_for_the_rest(
    heygen: HeyGen, world: World, path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part is kept if the disk has no room for the rest."""
    world.faults += [Truncated(path=FILES, nth=1), ErrorAnswer(path=FILES, status=503)]
    await collect(heygen, jobs(1), out, journal=path)
    world.faults.clear()
    with monkeypatch.context() as small:
        small.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, KEPT_FREE_BYTES))
        (result,) = await resume(heygen, path)
    assert result.error is not None
    assert result.error.code == "disk_full"
    assert list(out.glob("*.part"))
    (result,) = await resume(heygen, path)
    assert is_right(world, result)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"video", "thumbnail"}),
        ({"caption": Caption()}, {"video", "thumbnail", "captions"}),
        ({"caption": Caption(style="default")}, {"video", "thumbnail", "captions", "captioned_video"}),
        ({"extra": {"include_gif": True}}, {"video", "thumbnail", "gif"}),
    ],
)
def test_files_of_the_request_are_expected(fields: dict[str, Any], expected: set[str]) -> None:
    """Files that the request does not ask for are not expected."""
    files = VideoFiles(Job(request=script(1, **fields)), Video(id="v1", status="completed"), "v1")
    assert {kind for kind in KINDS if files.expects(kind)} == expected


async def test_missing_captions_are_reported(heygen: HeyGen, world: World, path: Path, out: Path) -> None:
    """Without its captions the video is stored, and the next run looks for the captions only."""
    world.faults += [ErrorAnswer(path="*.srt", status=403)]
    (result,) = await collect(heygen, jobs(1, caption=Caption()), out, journal=path, files=("video", "captions"))
    assert result.file is not None
    assert "its caption file is not stored" in str(result.error)
    world.faults.clear()
    world.requests.clear()
    (result,) = await resume(heygen, path)
    assert set(result.files) == {"video", "captions"}
    assert result.files["captions"].stem == result.files["video"].stem
    assert len(statuses(world)) == 1


# Servers with other faults than the simulator's


FILM = (16).to_bytes(4, "big") + b"ftypisom\0\0\2\0" + (5008).to_bytes(4, "big") + b"mdat" + bytes(range(250)) * 20


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    """Serve every request with *handler* and yield the address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    # The clock is virtual: aiohttp 3.10 would look at an idle connection for ever in the very moment of its end.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, keepalive_timeout=1e7)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def download(handler: Handler, folder: Path, kind: FileKind = "video") -> bytes:
    """Download one file from a server of the test, beside an API that always gives its address."""

    async def both(request: web.Request) -> web.StreamResponse:
        if not request.path.startswith("/v3/"):
            return await handler(request)
        address = f"http://{request.host}/film.mp4"
        video = {"id": "v1", "status": "completed", "video_url": address, "subtitle_url": address}
        return web.json_response({"data": video})

    async with listening(both) as address, HeyGen("secret", base_url=address) as heygen:
        downloads = Downloader(heygen, folder, "{id}")
        files = downloads.name_files(Job(request=script(1, caption=Caption()), index=0), Video(id="v1", status="x"), {})
        stored = await downloads.save(files, kind)
    assert stored.file is not None
    body = Path(stored.file).read_bytes()
    assert stored.size_bytes == len(body)
    return body


async def send_half(request: web.Request, headers: dict[str, str], body: bytes = FILM) -> web.StreamResponse:
    """Send half of a video and close the connection."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body)), **headers})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


OLD = {"Last-Modified": "Sat, 01 Nov 2025 08:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"ETag": '"a"', **OLD}, '"a"'),
        ({"ETag": 'W/"a"', **OLD}, OLD["Last-Modified"]),
        (OLD, OLD["Last-Modified"]),
        ({"ETag": 'W/"a"'}, None),
        ({**OLD, "Date": OLD["Last-Modified"]}, None),
        ({**OLD, "Date": "soon"}, None),
        ({"Last-Modified": "once"}, None),
        ({}, None),
    ],
)
async def test_only_a_strong_validator_continues_a_file(
    tmp_path: Path, headers: dict[str, str], asked: str | None
) -> None:
    """A strong ETag, or a date older than the answer, continues a file; else it begins anew. The key is never sent."""
    seen: list[Any] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers)
        if len(seen) == 1:
            return await send_half(request, headers)
        start = int(request.headers["Range"][6:-1]) if "Range" in request.headers else 0
        span = {"Content-Range": f"bytes {start}-{len(FILM) - 1}/{len(FILM)}"} if start else {}
        return web.Response(status=206 if start else 200, body=FILM[start:], headers=span)

    assert await download(handler, tmp_path) == FILM
    assert [request.get("If-Range") for request in seen] == [None, asked]
    assert [request.get("Range") for request in seen] == [None, f"bytes={len(FILM) // 2}-" if asked else None]
    assert not any("secret" in str(request) for request in seen)
    assert all(request["User-Agent"].startswith("heygen-async/") for request in seen)


@pytest.mark.parametrize(
    ("status", "span"),
    [
        (206, "bytes 7-99/5024"),
        (206, "bytes 2512-5023/9999"),
        (206, "pages 1-2/3"),
        (416, "bytes */5024"),
        (204, ""),
    ],
)
async def test_a_part_that_does_not_fit_is_deleted(tmp_path: Path, status: int, span: str) -> None:
    """After a range of another place or length, or none, the file is downloaded from the first byte."""
    answers = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal answers
        answers += 1
        if answers == 1:
            return await send_half(request, {"ETag": '"a"'})
        if answers == 2:
            return web.Response(
                status=status, body=FILM[2512:] if status == 206 else b"", headers={"Content-Range": span}
            )
        return web.Response(body=FILM, headers={"ETag": '"a"'})

    assert await download(handler, tmp_path) == FILM
    assert answers == 3


async def test_a_range_of_unknown_length_continues_the_file(tmp_path: Path) -> None:
    """`Content-Range: bytes 2512-5023/*` is enough to continue a file."""
    answers = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal answers
        answers += 1
        if answers == 1:
            return await send_half(request, {"ETag": '"a"'})
        return web.Response(status=206, body=FILM[2512:], headers={"Content-Range": "bytes 2512-5023/*"})

    assert await download(handler, tmp_path) == FILM


async def test_a_part_that_is_too_short_is_continued(tmp_path: Path) -> None:
    """An answer that ends properly before the end of the file is followed by another request."""
    answers = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal answers
        answers += 1
        if answers == 1:
            return await send_half(request, {"ETag": '"a"'})
        start = int(request.headers["Range"][6:-1])
        end = min(start + 1000, len(FILM))
        headers = {"Content-Range": f"bytes {start}-{end - 1}/{len(FILM)}"}
        return web.Response(status=206, body=FILM[start:end], headers=headers)

    assert await download(handler, tmp_path) == FILM
    assert answers == 4


async def test_a_compressed_answer_is_decompressed(tmp_path: Path) -> None:
    """The length and tag of a compressed answer are not those of the file."""
    text = b"1\n00:00:00,000 --> 00:00:01,000\nHi\n" * 50

    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "identity"
        response = web.Response(body=text, headers={"ETag": '"a"'})
        response.enable_compression(web.ContentCoding.gzip)
        return response

    assert await download(handler, tmp_path, "captions") == text


async def test_a_silent_connection_is_replaced(tmp_path: Path) -> None:
    """A minute without a byte ends the attempt."""
    answers = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal answers
        answers += 1
        if answers == 1:
            response = web.StreamResponse(headers={"Content-Length": "5024", "ETag": '"a"'})
            await response.prepare(request)
            await response.write(FILM[:100])
            await anyio.sleep(1000)
            return response
        return web.Response(body=FILM)

    start = anyio.current_time()
    assert await download(handler, tmp_path) == FILM
    assert 60 <= anyio.current_time() - start < 100


@pytest.mark.parametrize("coding", ["", "identity", "Identity", "binary", "utf-8", "aws-chunked"])
async def test_a_coding_that_packs_nothing_lets_a_file_be_continued(tmp_path: Path, coding: str) -> None:
    """Storages put words into Content-Encoding that do not change the bytes."""
    asked: list[str | None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Range"))
        if len(asked) == 1:
            return await send_half(request, {"ETag": '"a"', "Content-Encoding": coding})
        start = len(FILM) // 2
        span = {"Content-Range": f"bytes {start}-{len(FILM) - 1}/{len(FILM)}", "Content-Encoding": coding}
        return web.Response(status=206, body=FILM[start:], headers=span)

    assert await download(handler, tmp_path) == FILM
    assert asked == [None, f"bytes={len(FILM) // 2}-"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"ETag": '"a"'}, {"ETag": '"b"'}),
        ({"ETag": '"a"'}, {"ETag": 'W/"b"'}),
        (OLD, {"Last-Modified": "Sun, 02 Nov 2025 08:00:00 GMT"}),
        ({"ETag": '"a"'}, {"Content-Encoding": "gzip"}),
    ],
)
async def test_a_rest_of_another_file_is_not_appended(
    tmp_path: Path, first: dict[str, str], second: dict[str, str]
) -> None:
    """A server that does not heed `If-Range` answers with the rest of the new file, which has another validator."""
    other = FILM[:24] + bytes(reversed(FILM[24:]))
    asked: list[str | None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Range"))
        if len(asked) == 1:
            return await send_half(request, first)
        start = len(FILM) // 2 if asked[-1] else 0
        span = {"Content-Range": f"bytes {start}-{len(FILM) - 1}/{len(FILM)}"} if start else {}
        packed = second if start or "Content-Encoding" not in second else {}
        return web.Response(status=206 if start else 200, body=other[start:], headers={**span, **packed})

    assert await download(handler, tmp_path) == other
    assert asked == [None, f"bytes={len(FILM) // 2}-", None]


async def test_a_rest_with_a_weak_form_of_its_tag_is_appended(tmp_path: Path) -> None:
    """A gateway that packs answers makes tags weak; a rest without a validator is taken as it is."""
    for headers in ({"ETag": 'W/"a"'}, {}):
        asked: list[str | None] = []

        async def handler(
            request: web.Request, asked: list[str | None] = asked, headers: dict[str, str] = headers
        ) -> web.StreamResponse:
            asked.append(request.headers.get("Range"))
            if len(asked) == 1:
                return await send_half(request, {"ETag": '"a"'})
            start = len(FILM) // 2
            span = {"Content-Range": f"bytes {start}-{len(FILM) - 1}/{len(FILM)}"}
            return web.Response(status=206, body=FILM[start:], headers={**span, **headers})

        assert await download(handler, tmp_path / str(len(headers))) == FILM
        assert len(asked) == 2


async def drip(request: web.Request, body: bytes, seconds: float, headers: dict[str, str]) -> web.StreamResponse:
    """Send ten bytes of *body* each *seconds*."""
    response = web.StreamResponse(status=206 if "Content-Range" in headers else 200, headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    for start in range(0, len(body), 10):
        await response.write(body[start : start + 10])
        await anyio.sleep(seconds)
    return response


async def test_a_connection_that_drips_is_replaced(tmp_path: Path) -> None:
    """Less than a kilobyte a second over a minute ends the attempt, and the next one asks for the rest."""
    asked: list[str | None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Range"))
        if len(asked) == 1:
            return await drip(request, FILM, 10, {"ETag": '"a"'})
        start = int(str(asked[-1])[6:-1])
        span = {"Content-Range": f"bytes {start}-{len(FILM) - 1}/{len(FILM)}"}
        return web.Response(status=206, body=FILM[start:], headers=span)

    start = anyio.current_time()
    assert await download(handler, tmp_path) == FILM
    assert asked == [None, "bytes=70-"]
    assert 60 <= anyio.current_time() - start < 70


async def test_a_slow_but_steady_connection_is_kept(tmp_path: Path) -> None:
    """A connection that brings a kilobyte a second is used to the end of the file."""
    film = FILM[:16] + (500_008).to_bytes(4, "big") + b"mdat" + bytes(500_000)
    answers = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal answers
        answers += 1
        response = web.StreamResponse(headers={"ETag": '"a"', "Content-Length": str(len(film))})
        await response.prepare(request)
        for start in range(0, len(film), 15_000):
            await anyio.sleep(10)
            await response.write(film[start : start + 15_000])
        return response

    assert await download(handler, tmp_path) == film
    assert answers == 1


async def test_a_server_that_only_drips_is_given_up(tmp_path: Path) -> None:
    """Ten attempts that brought hardly any bytes are enough, although each brought some."""
    asked: list[str | None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Range"))
        start = int(str(asked[-1])[6:-1]) if asked[-1] else 0
        span = {"Content-Range": f"bytes {start}-{len(FILM) - 1}/{len(FILM)}"} if start else {}
        return await drip(request, FILM[start:], 10, {"ETag": '"a"', **span})

    start = anyio.current_time()
    with pytest.raises(errors.DownloadError, match="70 bytes in 60 s, so the connection is too slow"):
        await download(handler, tmp_path)
    assert len(asked) == 10
    assert anyio.current_time() - start < 1000


async def test_a_refusal_that_drips_is_timed_out(tmp_path: Path) -> None:
    """An error page, too, has to come within a minute."""
    answers = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal answers
        answers += 1
        if answers > 1:
            return web.Response(body=FILM)
        response = web.StreamResponse(status=403)
        await response.prepare(request)
        while True:
            await anyio.sleep(30)
            await response.write(b"x")

    start = anyio.current_time()
    assert await download(handler, tmp_path) == FILM
    assert anyio.current_time() - start < 70


async def test_an_address_is_never_quoted(tmp_path: Path) -> None:
    """An address gives access to the file, so errors do not name it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"http://{request.host}/film.mp4?sig=secret-signature")

    with pytest.raises(errors.DownloadError) as caught:
        await download(handler, tmp_path)
    assert "TooManyRedirects" in str(caught.value)
    assert "signature" not in str(caught.value)


async def test_a_redirect_to_another_host_takes_no_key_along(tmp_path: Path) -> None:
    """Requests for files carry no credentials, also after a redirect."""
    reached = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        reached.append(str(request.headers))
        return web.Response(body=FILM)

    async with listening(elsewhere) as other:

        async def handler(request: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"{other}/film.mp4")

        assert await download(handler, tmp_path) == FILM
    assert len(reached) == 1
    assert "secret" not in reached[0]


async def test_an_unreachable_api_is_no_failed_render(path: Path, out: Path) -> None:
    """A row stays completed if HeyGen cannot be reached for a new address."""
    world = World()
    async with serve(world) as server, HeyGen("simulator-key", base_url=server.base_url) as heygen:
        world.faults += [ErrorAnswer(path=FILES, status=500)]
        await collect(heygen, jobs(1), out, journal=path)
    async with HeyGen("simulator-key", base_url="http://127.0.0.1:1") as nowhere:
        (result,) = await resume(nowhere, path)
    assert isinstance(result.error, errors.DownloadError)
    assert result.video.duration is not None
    with Journal(path, read_only=True) as journal:
        assert journal.get(1).state == "completed"

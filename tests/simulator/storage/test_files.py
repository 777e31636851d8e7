"""Files of results, the contact list, and the pytest fixtures."""

from __future__ import annotations

import csv
import importlib.resources
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from heygen_async.simulator import Server, World
from heygen_async.simulator.storage.files import content
from tests.helpers.paths import ROOT

HELLO = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi Ada"}


@pytest.fixture
async def bare() -> AsyncIterator[aiohttp.ClientSession]:
    """A session without credentials, since storage refuses them."""
    async with aiohttp.ClientSession() as session:
        yield session


async def finished(server: Server, **changes: Any) -> dict[str, Any]:
    async with aiohttp.ClientSession(server.base_url, headers={"x-api-key": "simulator-key"}) as http:
        async with http.post("/v3/videos", json=HELLO | changes) as answer:
            video_id = (await answer.json())["data"]["video_id"]
        await anyio.sleep(5000)
        async with http.get(f"/v3/videos/{video_id}") as answer:
            return dict((await answer.json())["data"])


async def fetch(bare: aiohttp.ClientSession, url: str, **headers: str) -> tuple[int, bytes, Any]:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    async with bare.get(url, headers=named) as answer:
        return answer.status, await answer.read(), answer.headers


@pytest.mark.parametrize(
    ("changes", "name", "start", "kind"),
    [
        ({}, "video_url", b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        ({"output_format": "webm"}, "video_url", b"\x1a\x45\xdf\xa3", "video/webm"),
        ({}, "thumbnail_url", b"\xff\xd8\xff", "image/jpeg"),
        ({"caption": {}}, "subtitle_url", b"1\n00:00:00,000", "application/x-subrip"),
        ({"caption": {"style": "default"}}, "captioned_video_url", b"\x00\x00\x00\x20ftypisom", "video/mp4"),
    ],
)
async def test_each_file_has_the_type_of_its_field(
    server: Server, bare: aiohttp.ClientSession, changes: dict[str, Any], name: str, start: bytes, kind: str
) -> None:
    """Each file has the type of its field, a length, and equal bytes at each download."""
    url = (await finished(server, **changes))[name]
    status, body, headers = await fetch(bare, url)
    assert (status, headers["Content-Type"], int(headers["Content-Length"])) == (200, kind, len(body))
    assert body.startswith(start)
    assert (await fetch(bare, url))[1] == body


async def test_a_video_consists_of_boxes(world: World, server: Server, bare: aiohttp.ClientSession) -> None:
    """An MP4 file has an ftyp and an mdat box, and about the size of `bytes_per_video`."""
    world.bytes_per_video = 5000
    _, body, _ = await fetch(bare, (await finished(server))["video_url"])
    size = int.from_bytes(body[:4], "big")
    assert body[size + 4 : size + 8] == b"mdat"
    assert size + int.from_bytes(body[size : size + 4], "big") == len(body)
    assert 4000 <= len(body) <= 6100


async def test_different_videos_have_different_bytes(server: Server, world: World) -> None:
    """Different videos have different bytes."""
    await finished(server)
    await finished(server)
    assert len({content(world, render, ".mp4") for render in world.videos.values()}) == 2


@pytest.mark.parametrize("subtitle", [None, {"style": None}])
async def test_captions_make_a_subtitle_file(server: Server, subtitle: Any) -> None:
    """Captions make a subtitle file; only captions with a style are burnt in."""
    video = await finished(server, caption=subtitle)
    assert (video["subtitle_url"] is None) == (subtitle is None)
    assert video["captioned_video_url"] is None


@pytest.mark.parametrize(
    ("wanted", "part", "status"),
    [
        ("bytes=0-", slice(None), 206),
        ("bytes=100-199", slice(100, 200), 206),
        ("bytes=5-5", slice(5, 6), 206),
        ("bytes=-7", slice(-7, None), 206),
        ("bytes=-10000000", slice(None), 206),
        ("bytes=10-10000000", slice(10, None), 206),
        ("bytes=10000000-", slice(0), 416),
        ("bytes=-0", slice(0), 416),
        ("bytes=0-1,5-6", slice(None), 200),
        ("bytes=-", slice(None), 200),
        ("bytes=9-3", slice(None), 200),
        ("items=1-2", slice(None), 200),
        ("", slice(None), 200),
    ],
)
async def test_ranges(server: Server, bare: aiohttp.ClientSession, wanted: str, part: slice, status: int) -> None:
    """A request for one range gets it, in each of the three forms; other Range headers are ignored."""
    url = (await finished(server))["video_url"]
    _, whole, _ = await fetch(bare, url)
    found, body, headers = await fetch(bare, url, range=wanted)
    assert (found, body) == (status, whole[part])
    first, last, _ = part.indices(len(whole))
    expected = {200: None, 206: f"bytes {first}-{last - 1}/{len(whole)}", 416: f"bytes */{len(whole)}"}
    assert headers.get("Content-Range") == expected[status]


@pytest.mark.parametrize(("other", "status"), [(None, 206), ('"other"', 200)])
async def test_a_range_of_another_file_gets_the_whole_file(
    server: Server,
    bare: aiohttp.ClientSession,
    other: str | None,
    status: int,
) -> None:
    """A range with If-Range and another ETag gets the whole file."""
    url = (await finished(server))["video_url"]
    _, _, headers = await fetch(bare, url)
    assert (await fetch(bare, url, range="bytes=1-2", if_range=other or headers["ETag"]))[0] == status


@pytest.mark.parametrize("header", ["x_api_key", "Authorization"])
async def test_storage_refuses_credentials(server: Server, bare: aiohttp.ClientSession, header: str) -> None:
    """Storage refuses requests with credentials, so that a client that leaks them is noticed."""
    url = (await finished(server))["video_url"]
    status, body, _ = await fetch(bare, url, **{header: "simulator-key"})
    assert (status, b"InvalidArgument" in body) == (400, True)


async def test_an_address_expires(server: Server, bare: aiohttp.ClientSession, world: World) -> None:
    """An address is valid for `url_seconds`, to the second."""
    world.epoch = None
    world.url_seconds = 100
    url = (await finished(server))["video_url"]
    assert (await fetch(bare, url))[0] == 200
    await anyio.sleep(98)
    assert (await fetch(bare, url))[0] == 200
    await anyio.sleep(2)
    status, body, _ = await fetch(bare, url)
    assert (status, b"expired" in body) == (403, True)


async def test_a_changed_address_is_refused(server: Server, bare: aiohttp.ClientSession) -> None:
    """An address with another signature, time, file or method is refused."""
    url: str = (await finished(server))["video_url"]
    path = url.partition("?")[0]
    assert (await fetch(bare, path))[0] == 403
    assert (await fetch(bare, url + "0"))[0] == 403
    assert (await fetch(bare, url.replace("expires=1", "expires=2")))[0] == 403
    assert (await fetch(bare, url.replace(".mp4", ".exe")))[0] == 404
    assert (await fetch(bare, f"{server.base_url}/files/{'0' * 32}.mp4"))[0] == 404
    assert (await fetch(bare, f"{server.base_url}/files/../v3/videos"))[0] == 401
    async with bare.head(url) as answer:
        assert answer.status == 403


async def test_the_file_of_a_deleted_video_is_gone(server: Server, bare: aiohttp.ClientSession, world: World) -> None:
    """The file of a deleted video gets a 404."""
    video = await finished(server)
    world.videos[video["id"]].deleted = True
    assert (await fetch(bare, video["video_url"]))[0] == 404


def test_the_contact_list_has_difficult_values() -> None:
    """The contact list has 200 people with accents, apostrophes, quotes, commas, emoji and empty notes."""
    text = importlib.resources.files("heygen_async.simulator").joinpath("contacts.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), strict=True))
    assert list(rows[0]) == ["first_name", "last_name", "email", "company", "city", "offer", "note"]
    assert len(rows) == len({row["email"] for row in rows}) == 200
    assert all(row["email"].isascii() and row["email"].endswith(("@example.com", "@example.org")) for row in rows)
    assert all(row[name] for row in rows for name in row if name != "note")
    assert 0 < sum(not row["note"] for row in rows) < 200
    for sign in ("O'Brien", '""', "é", "Ł", "🎉", '", "'.strip('" ')):
        assert sign in text


def python(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run Python with this checkout's package."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_the_simulator_loads_without_pytest() -> None:
    """The simulator imports neither pytest nor a module of the client."""
    code = (
        "import sys, heygen_async.simulator\n"
        "names = {n for n in sys.modules if n.startswith('heygen_async.') and '.simulator' not in n}\n"
        "sys.exit(str(names or '') + str('pytest' in sys.modules or ''))"
    )
    done = python("-c", code)
    assert done.stderr.strip() == ""

"""Addresses of films that cannot be opened: the film's row keeps its render, and the rows around it their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from heygen_async import Completed, DirectVideo, HeyGen, Result, VideoAgent, errors
from heygen_async.simulator import AlteredAnswer, World

DETAILS = "/v3/videos/[!bs]*"
ADDRESSES = [
    "//host/film.mp4",
    "film.mp4",
    "",
    "https://" + "a" * 300 + ".com/film.mp4",
    "https://[::1",
    "https://a..b/film.mp4",
    "http://127.0.0.1:99999/film.mp4",
    "https://\ud800.com/film.mp4",
    "http://127.0.0.1:1/\x00.mp4",
    "ftp://host/film.mp4",
]


async def collect(heygen: HeyGen, path: Path, **settings: Any) -> list[Result]:
    videos = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(2)]
    options = {"download_to": path / "out", "journal": path / "c.db", **settings}
    async with heygen.render_many([*videos, VideoAgent(prompt="Welcome")], **options) as results:
        return [result async for result in results]


@pytest.mark.parametrize("url", ADDRESSES, ids=lambda url: ascii(url)[:20])
async def test_an_address_that_cannot_be_opened_is_asked_for_again(
    heygen: HeyGen, world: World, tmp_path: Path, url: str
) -> None:
    """A film whose first address is none is stored from the next one that HeyGen gives."""
    world.faults.append(AlteredAnswer(path=DETAILS, fields={"data.video_url": url}, times=3))
    results = await collect(heygen, tmp_path)
    assert all(isinstance(result, Completed) and result.file for result in results), results
    assert len(world.ledger) == 3


@pytest.mark.parametrize("url", ADDRESSES, ids=lambda url: ascii(url)[:20])
async def test_a_film_without_a_usable_address_fails_alone(
    heygen: HeyGen, world: World, tmp_path: Path, url: str
) -> None:
    """A film whose address is never usable is a completed row without a file; its mates have theirs."""
    first: list[str] = []

    def is_first(path: str) -> bool:
        first.extend([path] if not first else [])
        return path == first[0]

    class OfOneVideo(AlteredAnswer):
        def concerns(self, method: str, path: str, *, costly: bool) -> bool:
            return super().concerns(method, path, costly=costly) and is_first(path)

    world.faults.append(OfOneVideo(path=DETAILS, method="GET", fields={"data.video_url": url}))
    results = await collect(heygen, tmp_path)
    assert all(isinstance(result, Completed) for result in results), results
    assert sum(result.file is not None for result in results if isinstance(result, Completed)) == 2
    (error,) = [result.error for result in results if result.error is not None]
    assert isinstance(error, errors.DownloadError)
    assert error.spent == "yes"
    world.faults.clear()
    async with heygen.resume(tmp_path / "c.db") as resumed:
        (stored,) = [result async for result in resumed]
    assert isinstance(stored, Completed)
    assert stored.file
    assert len(world.ledger) == 3

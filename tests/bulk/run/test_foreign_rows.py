"""Rows that cannot be written: each fails alone, before it costs money, and the rows around it are rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Job, Result, errors
from heygen_async.api.requests.stored import StoredRequest
from heygen_async.simulator import World

HALF = "\ud800"
LOOP: list[Any] = []
LOOP.append(LOOP)


def video(**fields: Any) -> DirectVideo:
    return DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi", **fields)


async def collect(heygen: HeyGen, requests: Any, **settings: Any) -> list[Result]:
    async with heygen.render_many(requests, **settings) as results:
        return [result async for result in results]


ROWS_THAT_NO_JOURNAL_KEEPS = {
    "a cell with half a character": Job(request=video(), row={"name": HALF}),
    "a column with half a character": Job(request=video(), row={HALF: "Ada"}),
    "a nested half": Job(request=video(), row={"name": [{"first": HALF}]}),
    "a row of text": Job(request=video(), row=HALF),
    "a loop": Job(request=video(), row={"name": LOOP}),
    "a column of no text": Job(request=video(), row={("a", "b"): "Ada"}),
    "a name with half a character": Job(request=video(), name=HALF),
    "a name of no text": Job(request=video(), name=object()),  # type: ignore[arg-type]  # on purpose
    "a stored half": StoredRequest(kind="avatar", text='{"script": "\\ud800"}'),
    "a stored text": StoredRequest(kind="avatar", text="not json"),
    "a stored list": StoredRequest(kind="avatar", text="[]"),
    "a stored translation": StoredRequest(kind="translation", text="not json"),
}


@pytest.mark.parametrize("row", ROWS_THAT_NO_JOURNAL_KEEPS.values(), ids=ROWS_THAT_NO_JOURNAL_KEEPS)
async def test_a_row_that_no_journal_keeps_fails_alone(heygen: HeyGen, world: World, tmp_path: Path, row: Any) -> None:
    """A row that cannot be stored or sent is a failed row that costs nothing; its mates are rendered and stored."""
    results = await collect(heygen, [row, video(title="fine")], journal=tmp_path / "c.db", download_to=tmp_path)
    failed, fine = sorted(results, key=lambda result: result.index)
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, errors.InvalidInputError)
    assert failed.error.spent == "no"
    str(failed.error).encode()  # it can be printed
    assert isinstance(fine, Completed)
    assert len(world.ledger) == 1


@pytest.mark.parametrize(
    "cell", [HALF, "a\0b", "a\nb", "x" * 5000, "../..", object(), b"\xff"], ids=lambda c: ascii(c)[:20]
)
async def test_without_a_journal_a_cell_may_hold_anything(
    heygen: HeyGen, world: World, tmp_path: Path, cell: Any
) -> None:
    """A row's own cells are not sent, so without a journal they may hold anything; files are named all the same."""
    jobs = [Job(request=video(), row={"name": cell}), Job(request=video(title="x"), row={"name": "fine"})]
    results = await collect(heygen, jobs, download_to=tmp_path, filename="{name}")
    assert all(isinstance(result, Completed) and result.file and result.file.is_file() for result in results), results


@pytest.mark.parametrize("option", ["download_to", "journal"])
@pytest.mark.parametrize("name", ["\0", HALF, "\udcff"], ids=ascii)
async def test_a_path_that_cannot_be_written_is_refused_at_once(
    heygen: HeyGen, world: World, tmp_path: Path, option: str, name: str
) -> None:
    """A folder or journal whose path holds NUL or half a character is refused before a row is sent."""
    with pytest.raises(errors.InvalidInputError, match=f"{option}: .*must be a path"):
        await collect(heygen, [video()], **{option: tmp_path / name})
    assert world.requests == []

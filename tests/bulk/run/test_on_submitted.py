"""`on_submitted`: a program hears of the id of each row as soon as HeyGen has accepted it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest

from heygen_async import DirectVideo, HeyGen, Job, VideoAgent, VideoRequest
from heygen_async.simulator import World


def rows(count: int) -> list[Job]:
    """Return as many jobs, the last of which is an agent's."""
    requests: list[VideoRequest] = [
        DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(count - 1)
    ]
    requests.append(VideoAgent(prompt="A welcome"))
    return [Job(request=request, row={"id": f"r{n}"}) for n, request in enumerate(requests)]


@pytest.mark.parametrize("submit", ["each", "batch"])
@pytest.mark.parametrize("journal", [True, False])
async def test_each_accepted_row_is_told_once(
    heygen: HeyGen,
    tmp_path: Path,
    submit: Literal["each", "batch"],
    journal: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """With the id of its video, session or batch, before its result; a plain function will do as well."""
    told: dict[str, str] = {}

    async def keep(job: Job, resource_id: str) -> None:
        await anyio.sleep(1)
        assert job.row["id"] not in told
        told[job.row["id"]] = resource_id

    options: Any = {"journal": tmp_path / "c.db"} if journal else {}
    async with heygen.render_many(rows(5), submit=submit, on_submitted=keep, **options) as results:
        async for result in results:
            assert result.row["id"] in told
            if submit == "each" and result.row["id"] != "r4":
                assert told[result.row["id"]] == result.resource_id
    assert sorted(told) == ["r0", "r1", "r2", "r3", "r4"]


async def test_an_error_of_the_function_ends_no_run(heygen: HeyGen, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged for each row; all rows are rendered."""

    def fail(job: Job, resource_id: str) -> None:
        raise ValueError("no such table")

    with caplog.at_level(logging.ERROR, "heygen_async"):
        async with heygen.render_many(rows(3), on_submitted=fail) as results:
            found = [result async for result in results]
    assert [result.error for result in found] == [None] * 3
    assert sum("on_submitted failed for row" in message for message in caplog.messages) == 3


async def test_a_resumed_campaign_tells_of_what_it_sends(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """Rows that an earlier run submitted are not told again."""
    told: list[str] = []
    world.render_seconds = lambda body: 600.0

    def keep(job: Job, resource_id: str) -> None:
        told.append(f"{job.row['id']} {resource_id}")

    with anyio.move_on_after(60):
        async with heygen.render_many(
            rows(4), journal=tmp_path / "c.db", max_in_flight=2, on_submitted=keep
        ) as results:
            async for _ in results:
                pass
    assert len(told) == 2
    async with heygen.resume(tmp_path / "c.db", on_submitted=keep) as results:
        assert len([result async for result in results]) == 4
    assert len({line.split()[0] for line in told}) == len(told) == 4

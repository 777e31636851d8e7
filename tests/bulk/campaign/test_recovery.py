"""Searches for lost renders in lists with odd fields: what does not read is never taken for what is not there."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async import Completed, DirectVideo, Failed, HeyGen, Journal, Result, VideoAgent, errors
from heygen_async.bulk.campaign.audit import audit
from heygen_async.bulk.campaign.decision import decide
from heygen_async.bulk.jobs.next_step import GRACE_SECONDS
from heygen_async.simulator import AlteredAnswer, DropAfterAccept, DropBefore, ErrorAnswer, World


async def collect(heygen: HeyGen, requests: list[Any], path: Path) -> list[Result]:
    async with heygen.render_many(requests, journal=path, on_unknown="resubmit") as results:
        return [result async for result in results]


@pytest.mark.parametrize(
    ("list_path", "fields"),
    [
        ("/v3/video-agents", {"data.*.created_at": "2026-11-20"}),
        ("/v3/video-agents", {"data.*.created_at": {}}),
        ("/v3/video-agents", {"data.0": "odd"}),
        ("/v3/video-agents/*", {"data.messages": 7}),
        ("/v3/video-agents/*", {"data.messages.*.content": {}}),
    ],
)
async def test_a_list_that_does_not_read_is_no_proof_that_nothing_was_made(
    heygen: HeyGen, world: World, tmp_path: Path, list_path: str, fields: dict[str, Any]
) -> None:
    """A lost prompt is not sent again while a session at HeyGen does not read: it may be the one."""
    world.faults.append(DropAfterAccept(nth=1))
    world.faults.append(AlteredAnswer(method="GET", path=list_path, fields=fields))
    (result,) = await collect(heygen, [VideoAgent(prompt="Welcome")], tmp_path / "c.db")
    assert isinstance(result, Failed)
    assert result.error.spent == "unknown"
    assert len(world.ledger) == 1
    world.faults.clear()
    (result,) = await collect(heygen, [VideoAgent(prompt="Welcome")], tmp_path / "c.db")
    assert isinstance(result, Completed)
    assert len(world.ledger) == 1


@pytest.mark.parametrize("on_unknown", ["hold", "resubmit"])
async def test_a_row_that_is_refused_after_a_lost_answer_is_looked_for(
    heygen: HeyGen, world: World, tmp_path: Path, on_unknown: Any
) -> None:
    """A refusal proves nothing of a POST whose answer was lost: its video is found in HeyGen's list by its title."""
    request = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi", title="Hi Ben")
    world.faults.append(DropAfterAccept(nth=1))
    world.faults.append(ErrorAnswer(method="POST", path="/v3/videos", status=403, code="forbidden"))
    async with heygen.render_many([request], journal=tmp_path / "c.db", on_unknown=on_unknown) as results:
        (result,) = [result async for result in results]
    assert isinstance(result, Completed)
    assert [charge.video_id for charge in world.ledger] == [result.resource_id]


async def test_the_last_of_many_lost_posts_has_time_to_be_done(
    heygen: HeyGen, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search begins when HeyGen can work on none of them any more, however long ago the first one was."""
    monkeypatch.setattr(time, "time", lambda: 1.79e9 + asyncio.get_running_loop().time())
    request = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi", title="Hi Ben")
    world.faults.append(DropAfterAccept(method="POST"))
    async with heygen.render_many([request], journal=tmp_path / "c.db", patience=600) as results:
        (result,) = [result async for result in results]
    assert isinstance(result, Completed)
    assert len(world.ledger) == 1
    posted = [seen.at for seen in world.requests if seen.method == "POST"]
    searched = [seen.at for seen in world.requests if seen.method == "GET" and seen.path == "/v3/videos"]
    assert posted[-1] - posted[0] > GRACE_SECONDS
    assert searched[0] - posted[-1] >= GRACE_SECONDS


async def test_a_refused_row_whose_first_answer_was_lost_is_sent_anew_if_so_decided(
    heygen: HeyGen, world: World, tmp_path: Path
) -> None:
    """With `on_unknown="resubmit"` a row of which HeyGen has no video goes out under a new key and fails for good."""
    request = DirectVideo(avatar_id="look_nobody", voice_id="voice_warm", script="Hi")
    world.faults.append(ErrorAnswer(method="POST", path="/v3/videos", status=503, nth=1))
    (result,) = await collect(heygen, [request], tmp_path / "c.db")
    assert isinstance(result.error, errors.NotFoundError)
    assert result.error.spent == "no"
    assert not world.ledger


async def test_one_of_several_renders_is_named_by_a_person(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A list that showed nothing let the row be sent twice: `resubmit` sends it no third time, `decide` ends it."""
    path, request = tmp_path / "c.db", VideoAgent(prompt="Welcome")
    world.faults.append(DropAfterAccept(method="POST", times=2))
    world.faults.append(AlteredAnswer(method="GET", path="/v3/video-agents", fields={"data": []}, times=1))
    for _ in range(2):
        (result,) = await collect(heygen, [request], path)
        assert isinstance(result, Failed)
        assert "decide --row 1 --adopt ID" in result.error.message
    made = [charge.resource_id for charge in world.ledger]
    with Journal(path) as journal:
        assert all(one in journal.several_found()[1] for one in made)
        assert decide(journal, "adopt", adopted=made[0]) == 1
        assert not journal.several_found()
    (result,) = await collect(heygen, [request], path)
    assert isinstance(result, Completed)
    assert len(world.ledger) == 2


async def test_a_session_without_a_date_is_looked_at(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A list without dates is searched to its end, so a lost session is found and not paid for twice."""
    world.faults.append(DropAfterAccept(nth=1))
    world.faults.append(AlteredAnswer(method="GET", path="/v3/video-agents", fields={"data.*.created_at": None}))
    async with heygen.render_many([VideoAgent(prompt="Welcome")], journal=tmp_path / "c.db") as results:
        await anyio.sleep(10)
        await heygen.video_agents.create(VideoAgent(prompt="Another"))
        (result,) = [result async for result in results]
    assert isinstance(result, Completed)
    assert len(world.ledger) == 2


async def test_an_audit_goes_on_past_a_video_without_a_date(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """A video without a date ends no comparison: the foreign videos behind it are told, too."""
    video = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi")
    await collect(heygen, [video], tmp_path / "c.db")
    foreign = {(await heygen.videos.create(video)).id for _ in range(2)}
    world.faults.append(AlteredAnswer(path="/v3/videos", fields={"data.0.created_at": None}))
    with Journal(tmp_path / "c.db") as journal:
        found = {difference.video_id async for difference in audit(heygen, journal)}
    assert found == foreign


async def test_a_row_is_sent_again_once_in_a_run(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """While every answer is lost, `resubmit` sends a row twice and then holds it: each time may be paid for."""
    world.faults.append(DropBefore(method="POST"))
    (result,) = await collect(heygen, [VideoAgent(prompt="Welcome")], tmp_path / "c.db")
    assert isinstance(result, Failed)
    assert result.error.spent == "unknown"
    assert "held" in result.error.message
    assert world.request_counts()["POST /v3/video-agents"] == 2
    world.faults.clear()
    (result,) = await collect(heygen, [VideoAgent(prompt="Welcome")], tmp_path / "c.db")
    assert isinstance(result, Completed)
    assert len(world.ledger) == 1

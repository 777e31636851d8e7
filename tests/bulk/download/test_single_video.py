"""One video with its file: rendered, told of while it is made, and downloaded as campaigns do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async import DirectVideo, Event, HeyGen, Options, VideoAgent, errors
from heygen_async.simulator import FailedRender, Truncated, World
from heygen_async.telemetry import JobEnded, JobSubmitted


async def test_a_render_with_its_file(heygen: HeyGen, world: World, hello: DirectVideo, tmp_path: Path) -> None:
    """The id is told as soon as HeyGen has accepted the request, each status when it changes, and the file is whole."""
    told: list[Any] = []

    async def keep(job: Any) -> None:
        await anyio.sleep(0)
        told.append(job.id)

    video = await heygen.render(
        hello,
        download_to=tmp_path / "ada.mp4",
        on_submitted=keep,
        on_status=lambda seen: told.append(seen.status),
        options=Options(idempotency_key="order-7"),
    )
    assert told[0] == video.id
    assert told[1:] == sorted(set(told[1:]), key=told.index)
    assert told[-1] == "completed"
    assert (tmp_path / "ada.mp4").stat().st_size > 0
    assert [charge.idempotency_key for charge in world.ledger] == ["order-7"]


async def test_an_agent_tells_of_its_session_and_its_video(heygen: HeyGen) -> None:
    """The handle is that of the session."""
    jobs: list[Any] = []
    statuses: list[str] = []
    await heygen.render(
        VideoAgent(prompt="a"), on_submitted=jobs.append, on_status=lambda seen: statuses.append(seen.status)
    )
    assert repr(jobs[0]).startswith("AgentJob(")
    assert statuses[-1] == "completed"


async def test_a_single_render_has_events(
    heygen: HeyGen, world: World, hello: DirectVideo, events: list[Event]
) -> None:
    """Observers hear of its submission and of its end, as they do of rows."""
    video = await heygen.render(hello)
    world.faults.append(FailedRender())
    with pytest.raises(errors.RenderFailedError):
        await heygen.render(hello)
    first, second = [event for event in events if isinstance(event, JobSubmitted)]
    ends = [event for event in events if isinstance(event, JobEnded)]
    assert (first.resource_id, first.mode, ends[0].outcome) == (video.id, "avatar", "completed")
    assert (ends[1].index, ends[1].outcome) == (second.index, "failed")
    assert first.index != second.index


async def test_a_download_by_id_is_continued_and_replaces_nothing(
    heygen: HeyGen, world: World, hello: DirectVideo, tmp_path: Path
) -> None:
    """A folder gets the file under the video's id; a file of yours stays as it is."""
    video = await heygen.render(hello)
    world.faults.append(Truncated(method="GET", path="/files", times=2))
    (first,) = await heygen.videos.download(video.id, tmp_path)
    assert first == tmp_path / f"{video.id}.mp4"
    whole = first.read_bytes()
    first.write_text("mine")
    (second,) = await heygen.videos.download(video, tmp_path)
    assert second != first
    assert (first.read_text(), second.read_bytes()) == ("mine", whole)


async def test_a_video_that_has_not_ended_is_not_downloaded(heygen: HeyGen, hello: DirectVideo, tmp_path: Path) -> None:
    """The error says so; a kind of file that does not exist is refused."""
    job = await heygen.videos.create(hello)
    with pytest.raises(errors.ResourceNotReadyError, match="wait for its end"):
        await heygen.videos.download(job.id, tmp_path)
    video = await job.wait()
    with pytest.raises(errors.InvalidInputError, match="film"):
        await heygen.videos.download(video, tmp_path, files=["film"])

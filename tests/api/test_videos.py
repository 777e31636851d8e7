"""One video, one session: submitted, followed, ended."""

from __future__ import annotations

import anyio
import pytest

from heygen_async import (
    CinematicAvatar,
    DirectVideo,
    HeyGen,
    Session,
    Video,
    VideoAgent,
    VideoRequest,
    errors,
)
from heygen_async.simulator import (
    ErrorAnswer,
    FailedRender,
    Fault,
    NullVideoUrl,
    Stuck,
    UnknownStatus,
    World,
)

AGENT = VideoAgent(prompt="A 60-second welcome")
CINEMATIC = CinematicAvatar(prompt="walks through an office", avatar_id=["look_anna"])


@pytest.mark.parametrize("mode", ["direct", "cinematic", "agent"])
async def test_render_returns_the_finished_video(heygen: HeyGen, world: World, hello: DirectVideo, mode: str) -> None:
    """In all three modes: one charge, one video with an address."""
    requests: dict[str, VideoRequest] = {"direct": hello, "cinematic": CINEMATIC, "agent": AGENT}
    video = await heygen.render(requests[mode], deadline=3600)
    assert video.status == "completed"
    assert video.video_url
    assert [charge.video_id for charge in world.ledger] == [video.id]


async def test_render_many_looks_little(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """A render of two minutes is looked at every 5 s after the first 20 s."""
    world.render_seconds = lambda body: 120.0
    start = anyio.current_time()
    await heygen.render(hello)
    assert anyio.current_time() - start == pytest.approx(120, abs=6)
    assert world.request_counts()["GET /v3/videos/{video_id}"] <= 22


async def test_a_job_can_be_followed_word_by_word(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """Each status once, in order; a second handle by the id sees the end at once."""
    world.render_seconds = lambda body: 100.0
    job = await heygen.videos.create(hello)
    words = [video.status async for video in job.statuses()]
    assert words[-1] == "completed"
    assert len(set(words)) == len(words)
    again = await heygen.videos.job(job.id).wait(deadline=1)
    assert again.id == job.id
    assert repr(job) == f"VideoJob('{job.id}')"


async def test_a_session_is_followed_to_its_video(heygen: HeyGen, world: World) -> None:
    """First the session, then the video that it names."""
    job = await heygen.video_agents.create(AGENT)
    seen = [found async for found in job.statuses()]
    assert isinstance(seen[0], Session)
    assert isinstance(seen[-1], Video)
    assert seen[-1].status == "completed"
    assert (await heygen.video_agents.job(job.id).wait(deadline=60)).id == seen[-1].id
    assert (await heygen.video_agents.get(job.id)).status == "completed"
    assert repr(job) == f"AgentJob('{job.id}')"


@pytest.mark.parametrize("code", ["rendering_failed", None])
async def test_a_failed_render_says_why_if_heygen_does(
    heygen: HeyGen, world: World, hello: DirectVideo, code: str | None
) -> None:
    """Failed renders are not billed."""
    world.faults.append(FailedRender(code=code, message=None if code is None else "no face found"))
    with pytest.raises(errors.RenderFailedError, match="no face found" if code else "gives no reason") as caught:
        await heygen.render(hello)
    assert (caught.value.code, caught.value.spent) == (code, "no")
    assert caught.value.resource_id == world.ledger[0].video_id


@pytest.mark.parametrize("while_thinking", [True, False])
async def test_a_failed_agent_says_so(heygen: HeyGen, world: World, while_thinking: bool) -> None:  # noqa: FBT001
    """Whether it fails before there is a video or after."""
    world.faults.append(FailedRender(while_thinking=while_thinking))
    with pytest.raises(errors.RenderFailedError):
        await heygen.render(AGENT)


async def test_a_deadline_leads_back_to_the_render(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """It goes on and is paid for; its id is in the error."""
    world.render_seconds = lambda body: 900.0
    with pytest.raises(errors.DeadlineExceededError, match="goes on and is paid for") as caught:
        await heygen.render(hello, deadline=300)
    assert caught.value.spent == "yes"
    assert caught.value.resource_id == world.ledger[0].video_id
    assert (await heygen.videos.job(str(caught.value.resource_id)).wait(deadline=900)).status == "completed"


@pytest.mark.parametrize(
    "fault",
    [
        NullVideoUrl(polls=3),
        UnknownStatus(word="compositing", polls=3),
        ErrorAnswer(method="GET", status=503, code="service_unavailable", times=12),
        ErrorAnswer(method="GET", status=429, code="rate_limit_exceeded", times=12),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_trouble_on_the_way_does_not_end_a_wait(
    heygen: HeyGen, world: World, hello: DirectVideo, fault: Fault
) -> None:
    """Unknown words mean running, completed without an address means almost, a 5xx means later."""
    world.faults.append(fault)
    video = await heygen.render(hello)
    assert video.video_url


async def test_a_video_that_is_not_there_ends_a_wait(heygen: HeyGen) -> None:
    """Looking again would not help."""
    with pytest.raises(errors.NotFoundError):
        await heygen.videos.job("nobody").wait()


async def test_a_stuck_render_ends_at_the_deadline(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """Users see renders hang for hours; a wait does not."""
    world.faults.append(Stuck())
    start = anyio.current_time()
    with pytest.raises(errors.DeadlineExceededError):
        await heygen.render(hello, deadline=600)
    assert anyio.current_time() - start == pytest.approx(600, abs=1)


async def test_lists_go_through_all_pages(heygen: HeyGen, world: World) -> None:
    """Newest first, by cursor, with the filter of the API."""
    world.slots = 30
    made = [
        (await heygen.videos.create(DirectVideo(avatar_id="look_anna", script=f"{n}", title=f"t{n % 2}"))).id
        for n in range(12)
    ]
    assert 5 in [len(page.items) async for page in heygen.videos.list(limit=5).pages()]
    assert [video.id async for video in heygen.videos.list(limit=5)] == made[::-1]
    assert [video.id async for video in heygen.videos.list(title="t1", limit=5)] == made[1::2][::-1]
    sessions = [(await heygen.video_agents.create(AGENT)).id for _ in range(3)]
    assert {item.session_id async for item in heygen.video_agents.list(limit=2)} == set(sessions)


async def test_many_statuses_in_one_request(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """What is unknown is not_found; more than a hundred is refused here."""
    job = await heygen.videos.create(hello)
    entries = await heygen.videos.statuses([job.id, "nobody"])
    assert {entry.video_id: entry.status == "not_found" for entry in entries} == {job.id: False, "nobody": True}
    with pytest.raises(errors.InvalidInputError, match="101 ids"):
        await heygen.videos.statuses(["v"] * 101)


async def test_a_deleted_video_is_gone(heygen: HeyGen, hello: DirectVideo) -> None:
    """Deleting twice tells that there is nothing."""
    job = await heygen.videos.create(hello)
    assert (await heygen.videos.delete(job.id)).id == job.id
    with pytest.raises(errors.NotFoundError):
        await heygen.videos.get(job.id)


async def test_something_else_is_no_request(heygen: HeyGen) -> None:
    """Named with its type."""
    with pytest.raises(errors.InvalidInputError, match="request: a dict; must be a DirectVideo"):
        await heygen.videos.create({"type": "avatar"})  # type: ignore[call-overload]  # that is the point


async def test_a_batch_is_called_back_once(heygen: HeyGen, world: World) -> None:
    """The address is of the whole batch; what is no address is refused before anything is sent."""
    hello = DirectVideo(avatar_id="look_anna", script="Hi")
    with pytest.raises(errors.InvalidInputError, match="callback_url"):
        await heygen.videos.create_batch([hello], callback_url="example.com")
    made = await heygen.videos.create_batch([hello], title="All", callback_url="http://127.0.0.1:1/done")
    assert world.batches[made.batch_id].callback_url == "http://127.0.0.1:1/done"
    await heygen.videos.batch_job(made.batch_id).wait()
    assert {delivery.url for delivery in world.deliveries} == {"http://127.0.0.1:1/done"}


async def test_the_voices_of_a_video(heygen: HeyGen) -> None:
    """HeyGen's object is passed on as it is."""
    job = await heygen.videos.create(DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi"))
    found = await heygen.videos.voice_capabilities(job.id)
    assert (found.video_id, found.capabilities) == (job.id, {"voice_id": "voice_warm", "replaceable": True})

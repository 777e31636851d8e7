"""Videos of the simulated account: statuses, slots, pages."""

from __future__ import annotations

import aiohttp
import anyio
import pytest

from heygen_async.simulator import FailedRender, Server, World
from tests.helpers.simulator_ask import Ask, code
from tests.helpers.simulator_videos import HELLO, create_folder, create_video, get_video


async def test_a_video_is_completed(ask: Ask, world: World) -> None:
    """A video is pending, then processing, then completed; times count from the epoch of the world."""
    world.render_seconds = lambda body: 100.0
    world.epoch = 1_700_000_000
    folder_id = await create_folder(ask)
    video_id = await create_video(ask, title="Ada", folder_id=folder_id, caption={"style": "default"})
    statuses = []
    for _ in range(3):
        statuses.append((await get_video(ask, video_id))["status"])
        await anyio.sleep(50)
    assert statuses == ["pending", "processing", "completed"]
    video = await get_video(ask, video_id)
    assert (video["title"], video["folder_id"], video["duration"]) == ("Ada", folder_id, 1.0)
    assert video["completed_at"] - video["created_at"] == 100
    assert all(video[name] for name in ("video_url", "thumbnail_url", "subtitle_url", "captioned_video_url"))
    assert (video["failure_code"], video["gif_url"]) == (None, None)


async def test_the_epoch_is_the_time_of_the_start(server: Server, world: World) -> None:
    """The epoch is the Unix time of the start, unless it is given."""
    assert world.epoch is not None
    assert world.epoch > 1_700_000_000


async def test_a_failed_video_is_not_billed(ask: Ask, world: World) -> None:
    """The charge of a failed video stays in the ledger and is refunded."""
    world.faults.append(FailedRender(contains="Ada", message="no face found"))
    failed, fine = await create_video(ask), await create_video(ask, script="Hi Bob")
    await anyio.sleep(5000)
    video = await get_video(ask, failed)
    assert (video["status"], video["failure_code"]) == ("failed", "rendering_failed")
    assert (video["failure_message"], video["video_url"]) == ("no face found", None)
    assert world.refunds == [failed]
    assert [charge.video_id for charge in world.ledger] == [failed, fine]
    assert world.charged_usd == 0.0667


async def test_render_times_depend_on_the_seed(ask: Ask) -> None:
    """The nth render takes equal time in each world of one seed, distributed by median and 95th percentile."""
    times = [World(seed=3).seconds_of_render({}, number) for number in range(1, 401)]
    assert times == [World(seed=3).seconds_of_render({}, number) for number in range(1, 401)]
    assert times != [World(seed=4).seconds_of_render({}, number) for number in range(1, 401)]
    assert sum(time < 120 for time in times) == pytest.approx(200, abs=30)
    assert sum(time > 400 for time in times) == pytest.approx(20, abs=12)


async def test_a_request_without_a_slot_is_refused(ask: Ask, http: aiohttp.ClientSession, world: World) -> None:
    """Videos and agents share the slots; without a free slot, a request gets a 429 and is not charged."""
    world.slots = 2
    await create_video(ask)
    await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    async with http.post("/v3/videos", json=HELLO) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
        assert (await answer.json())["error"]["code"] == "rate_limit_exceeded"
    assert code(await ask("POST", "/v3/video-agents", {"prompt": "x"})) == (429, "rate_limit_exceeded")
    assert (len(world.ledger), world.rendering, world.peak_rendering) == (2, 2, 2)
    world.slots = 3
    await create_video(ask)
    await anyio.sleep(50_000)
    assert (world.rendering, world.peak_rendering) == (0, 3)
    assert [count for _, count in world.slot_log] == [1, 2, 3, 2, 1, 0]


async def test_a_queueing_account_lets_requests_wait(ask: Ask, world: World) -> None:
    """With queueing, videos and agents start in order of arrival as slots become free."""
    world.queueing, world.slots = True, 1
    world.render_seconds = lambda body: 100.0
    first, second = await create_video(ask), await create_video(ask)
    _, session = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    await anyio.sleep(150)
    assert [(await get_video(ask, video_id))["status"] for video_id in (first, second)] == ["completed", "processing"]
    await anyio.sleep(60 + 100)
    _, found = await ask("GET", f"/v3/video-agents/{session['data']['session_id']}")
    assert found["data"]["status"] == "generating"
    assert world.peak_rendering == 1


async def test_more_slots_start_waiting_videos(ask: Ask, world: World) -> None:
    """Waiting videos start when the number of slots grows."""
    world.queueing, world.slots = True, 1
    for _ in range(3):
        await create_video(ask)
    world.slots = 3
    assert world.rendering == 3


async def test_a_deleted_video_frees_its_slot(ask: Ask, world: World) -> None:
    """A deleted video gets a 404 and frees its slot, running, waiting or completed."""
    world.queueing, world.slots = True, 1
    running, waiting, third = await create_video(ask), await create_video(ask), await create_video(ask)
    for video_id in (waiting, running):
        assert (await ask("DELETE", f"/v3/videos/{video_id}"))[1]["data"] == {"id": video_id, "deleted": True}
        assert code(await ask("GET", f"/v3/videos/{video_id}")) == (404, "video_not_found")
        assert code(await ask("DELETE", f"/v3/videos/{video_id}")) == (404, "video_not_found")
    assert world.rendering == 1
    await anyio.sleep(5000)
    assert (await get_video(ask, third))["status"] == "completed"
    assert (await ask("DELETE", f"/v3/videos/{third}"))[0] == 200
    assert world.rendering == 0
    assert world.slot_log[-1][1] == 0


async def test_new_videos_do_not_shift_pages(ask: Ask, world: World) -> None:
    """Videos are listed newest first, and new videos do not shift the pages."""
    world.slots = 100
    even = await create_folder(ask)
    made = [await create_video(ask, title=f"Video {n}", folder_id=even if n % 2 == 0 else None) for n in range(6)]
    _, first = await ask("GET", "/v3/videos?limit=4")
    await create_video(ask)
    _, second = await ask("GET", f"/v3/videos?limit=4&token={first['next_token']}")
    assert [video["id"] for page in (first, second) for video in page["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"], second["next_token"]) == (True, False, None)
    _, titled = await ask("GET", "/v3/videos?title=video%203")
    assert [video["id"] for video in titled["data"]] == [made[3]]
    _, folder = await ask("GET", f"/v3/videos?folder_id={even}")
    assert [video["id"] for video in folder["data"]] == made[4::-2]


@pytest.mark.parametrize("token", ["x", "!!", "YWZ0ZXI6eA==", "YmVmb3JlOjE=", "%C3%A4"])
async def test_an_invalid_token_is_refused(ask: Ask, token: str) -> None:
    """An invalid page token gets a 400."""
    assert code(await ask("GET", f"/v3/videos?token={token}")) == (400, "invalid_parameter")


async def test_statuses_of_many(ask: Ask, world: World) -> None:
    """Statuses of videos and batches come in one answer; unknown ids are not_found."""
    world.faults.append(FailedRender(contains="Bob"))
    made = [await create_video(ask, script=f"Hi {name}") for name in ("Ada", "Bob", "Eve")]
    _, batch = await ask("POST", "/v3/videos/batches", {"videos": [HELLO | {"script": "Hi Bob"}]})
    batch_id = batch["data"]["batch_id"]
    await ask("DELETE", f"/v3/videos/{made[2]}")
    await anyio.sleep(5000)
    _, found = await ask("GET", f"/v3/videos/statuses?video_ids={','.join(made)},%20nobody,&batch_ids={batch_id},b2")
    entries = [(entry["video_id"], entry["batch_id"], entry["item_index"], entry["status"]) for entry in found["data"]]
    item = found["data"][4]["video_id"]
    assert entries == [
        (made[0], None, None, "completed"),
        (made[1], None, None, "failed"),
        (made[2], None, None, "not_found"),
        ("nobody", None, None, "not_found"),
        (item, batch_id, 0, "failed"),
        (None, "b2", None, "not_found"),
    ]
    assert found["data"][1]["error"]["code"] == "rendering_failed"
    assert found["has_more"] is False


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "Give video_ids or batch_ids."),
        ("video_ids=,", "Give video_ids or batch_ids."),
        ("video_ids=" + ",".join("v" * 100) + "&batch_ids=b", "At most 100 ids per request."),
    ],
)
async def test_statuses_of_none_or_too_many_are_refused(ask: Ask, query: str, message: str) -> None:
    """Statuses need between 1 and 100 ids."""
    status, found = await ask("GET", f"/v3/videos/statuses?{query}")
    assert (status, found["error"]["message"]) == (400, message)

"""The simulated account over HTTP: videos, batches, agents, catalog, credentials, keys, money."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import anyio
import pytest

from heygen_async.simulator import FailedRender, Server, Stuck, World, serve
from tests.helpers.simulator_ask import Ask, code

HELLO = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi Ada"}
CHAT = {"prompt": "A 60-second welcome for new customers", "mode": "chat"}


async def create(ask: Ask, **changes: Any) -> str:
    status, made = await ask("POST", "/v3/videos", HELLO | changes)
    assert (status, made["data"]["status"]) == (200, "waiting")
    return str(made["data"]["video_id"])


async def get(ask: Ask, video_id: str) -> dict[str, Any]:
    status, found = await ask("GET", f"/v3/videos/{video_id}")
    assert status == 200
    return dict(found["data"])


# --- videos


async def test_a_video_goes_its_way(ask: Ask, world: World) -> None:
    """Pending, processing, completed; times count from the world's epoch."""
    world.render_seconds = lambda body: 100.0
    world.epoch = 1_700_000_000
    video_id = await create(ask, title="Ada", folder_id="f1", caption={"style": "default"})
    words = []
    for _ in range(3):
        words.append((await get(ask, video_id))["status"])
        await anyio.sleep(50)
    assert words == ["pending", "processing", "completed"]
    video = await get(ask, video_id)
    assert (video["title"], video["folder_id"], video["duration"]) == ("Ada", "f1", 1.0)
    assert video["completed_at"] - video["created_at"] == 100
    assert all(video[name] for name in ("video_url", "thumbnail_url", "subtitle_url", "captioned_video_url"))
    assert (video["failure_code"], video["gif_url"]) == (None, None)


async def test_the_epoch_is_the_time_of_the_start(server: Server, world: World) -> None:
    """Unless it is given: then created_at can be compared with a client's clock."""
    assert world.epoch is not None
    assert world.epoch > 1_700_000_000


async def test_a_failed_video_is_not_billed(ask: Ask, world: World) -> None:
    """The charge stays in the ledger, the money comes back."""
    world.faults.append(FailedRender(contains="Ada", message="no face found"))
    failed, fine = await create(ask), await create(ask, script="Hi Bob")
    await anyio.sleep(5000)
    video = await get(ask, failed)
    assert (video["status"], video["failure_code"]) == ("failed", "rendering_failed")
    assert (video["failure_message"], video["video_url"]) == ("no face found", None)
    assert world.refunds == [failed]
    assert [charge.video_id for charge in world.ledger] == [failed, fine]
    assert world.charged_usd == 0.0667


async def test_render_times_do_not_depend_on_timing(ask: Ask) -> None:
    """The nth accepted render takes as long in each world of one seed; half take less than the median."""
    times = [World(seed=3).seconds_of_render({}, number) for number in range(1, 401)]
    assert times == [World(seed=3).seconds_of_render({}, number) for number in range(1, 401)]
    assert times != [World(seed=4).seconds_of_render({}, number) for number in range(1, 401)]
    assert sum(time < 120 for time in times) == pytest.approx(200, abs=30)
    assert sum(time > 400 for time in times) == pytest.approx(20, abs=12)


async def test_the_pool_is_full(ask: Ask, http: aiohttp.ClientSession, world: World) -> None:
    """Agents and videos share it; a 429 has an integer Retry-After and costs nothing."""
    world.slots = 2
    await create(ask)
    await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    async with http.post("/v3/videos", json=HELLO) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
        assert (await answer.json())["error"]["code"] == "rate_limit_exceeded"
    assert code(await ask("POST", "/v3/video-agents", {"prompt": "x"})) == (429, "rate_limit_exceeded")
    assert (len(world.ledger), world.rendering, world.peak_rendering) == (2, 2, 2)
    world.slots = 3
    await create(ask)
    await anyio.sleep(50_000)
    assert (world.rendering, world.peak_rendering) == (0, 3)
    assert [count for _, count in world.slot_log] == [1, 2, 3, 2, 1, 0]


async def test_a_queueing_account_takes_all_and_lets_them_wait(ask: Ask, world: World) -> None:
    """In order of arrival, each as soon as there is a slot, agents too."""
    world.queueing, world.slots = True, 1
    world.render_seconds = lambda body: 100.0
    first, second = await create(ask), await create(ask)
    _, session = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    await anyio.sleep(150)
    assert [(await get(ask, video_id))["status"] for video_id in (first, second)] == ["completed", "processing"]
    await anyio.sleep(60 + 100)
    _, found = await ask("GET", f"/v3/video-agents/{session['data']['session_id']}")
    assert found["data"]["status"] == "generating"
    assert world.peak_rendering == 1


async def test_a_growing_pool_starts_who_waits(ask: Ask, world: World) -> None:
    """The limit may change while the world runs."""
    world.queueing, world.slots = True, 1
    for _ in range(3):
        await create(ask)
    world.slots = 3
    assert world.rendering == 3


async def test_deleted_is_gone_and_frees_its_slot(ask: Ask, world: World) -> None:
    """Running, waiting or done."""
    world.queueing, world.slots = True, 1
    running, waiting, third = await create(ask), await create(ask), await create(ask)
    for video_id in (waiting, running):
        assert (await ask("DELETE", f"/v3/videos/{video_id}"))[1]["data"] == {"id": video_id, "deleted": True}
        assert code(await ask("GET", f"/v3/videos/{video_id}")) == (404, "video_not_found")
        assert code(await ask("DELETE", f"/v3/videos/{video_id}")) == (404, "video_not_found")
    assert world.rendering == 1
    await anyio.sleep(5000)
    assert (await get(ask, third))["status"] == "completed"
    assert (await ask("DELETE", f"/v3/videos/{third}"))[0] == 200
    assert world.rendering == 0
    assert world.slot_log[-1][1] == 0


async def test_lists_have_pages_that_stay(ask: Ask, world: World) -> None:
    """Newest first; what is made in between shifts no page."""
    world.slots = 100
    made = [await create(ask, title=f"Video {n}", folder_id="even" if n % 2 == 0 else None) for n in range(6)]
    _, first = await ask("GET", "/v3/videos?limit=4")
    await create(ask)
    _, second = await ask("GET", f"/v3/videos?limit=4&token={first['next_token']}")
    assert [video["id"] for page in (first, second) for video in page["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"], second["next_token"]) == (True, False, None)
    _, titled = await ask("GET", "/v3/videos?title=video%203")
    assert [video["id"] for video in titled["data"]] == [made[3]]
    _, folder = await ask("GET", "/v3/videos?folder_id=even")
    assert [video["id"] for video in folder["data"]] == made[4::-2]


@pytest.mark.parametrize("token", ["x", "!!", "YWZ0ZXI6eA==", "YmVmb3JlOjE=", "%C3%A4"])
async def test_a_made_up_token_is_refused(ask: Ask, token: str) -> None:
    """Tokens are opaque, but not everything is one."""
    assert code(await ask("GET", f"/v3/videos?token={token}")) == (400, "invalid_parameter")


async def test_statuses_of_many(ask: Ask, world: World) -> None:
    """Videos and batches together; what is not known is not_found."""
    world.faults.append(FailedRender(contains="Bob"))
    made = [await create(ask, script=f"Hi {name}") for name in ("Ada", "Bob", "Eve")]
    _, batch = await ask("POST", "/v3/videos/batches", {"videos": [HELLO | {"script": "Hi Bob"}]})
    batch_id = batch["data"]["batch_id"]
    await ask("DELETE", f"/v3/videos/{made[2]}")
    await anyio.sleep(5000)
    _, found = await ask("GET", f"/v3/videos/statuses?video_ids={','.join(made)},%20nobody,&batch_ids={batch_id},b2")
    words = [(entry["video_id"], entry["batch_id"], entry["item_index"], entry["status"]) for entry in found["data"]]
    item = found["data"][4]["video_id"]
    assert words == [
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
    """1 to 100 ids."""
    status, found = await ask("GET", f"/v3/videos/statuses?{query}")
    assert (status, found["error"]["message"]) == (400, message)


# --- batches


async def test_a_batch_queues_where_single_videos_get_a_429(ask: Ask, world: World) -> None:
    """Items start as slots free up; each is charged at once and listed when it starts."""
    world.slots = 2
    world.render_seconds = lambda body: 100.0
    items = [HELLO | {"script": f"Hi {n}"} for n in range(5)]
    status, made = await ask("POST", "/v3/videos/batches", {"videos": items, "title": "All", "folder_id": "f"}, "k1")
    assert (status, list(made["data"])) == (202, ["batch_id"])
    path = f"/v3/videos/batches/{made['data']['batch_id']}"
    assert code(await ask("POST", "/v3/videos", HELLO)) == (429, "rate_limit_exceeded")
    await anyio.sleep(110)
    _, found = await ask("GET", path)
    batch = found["data"]
    assert (batch["status"], batch["title"], batch["total_items"]) == ("processing", "All", 5)
    assert [item["status"] for item in batch["items"]] == [
        "completed",
        "completed",
        "processing",
        "processing",
        "queued",
    ]
    assert batch["counts_by_status"] == {"completed": 2, "processing": 2, "queued": 1}
    assert [item["video_id"] is None for item in batch["items"]] == [False] * 4 + [True]
    _, listed = await ask("GET", "/v3/videos")
    assert [video["id"] for video in listed["data"]] == [item["video_id"] for item in batch["items"][3::-1]]
    assert {video["folder_id"] for video in listed["data"]} == {"f"}
    await anyio.sleep(300)
    assert (await ask("GET", path))[1]["data"]["status"] == "completed"
    assert world.peak_rendering == 2
    assert world.charged_once_per("script")
    assert {charge.idempotency_key for charge in world.ledger} == {"k1"}


async def test_a_batch_has_pages_inside_data(ask: Ask) -> None:
    """Its own envelope."""
    _, made = await ask("POST", "/v3/videos/batches", {"videos": [HELLO] * 5})
    path = f"/v3/videos/batches/{made['data']['batch_id']}?limit=3"
    _, first = await ask("GET", path)
    _, second = await ask("GET", f"{path}&token={first['data']['next_token']}")
    indexes = [item["item_index"] for page in (first, second) for item in page["data"]["items"]]
    assert indexes == [0, 1, 2, 3, 4]
    assert (first["data"]["has_more"], second["data"]["has_more"]) == (True, False)


@pytest.mark.parametrize(("texts", "word"), [(["bad", "good"], "completed"), (["bad", "bad"], "failed")])
async def test_a_batch_fails_if_nothing_was_made(ask: Ask, world: World, texts: list[str], word: str) -> None:
    """Otherwise counts_by_status tells."""
    world.faults.append(FailedRender(contains="bad"))
    _, made = await ask("POST", "/v3/videos/batches", {"videos": [HELLO | {"script": text} for text in texts]})
    await anyio.sleep(5000)
    assert (await ask("GET", f"/v3/videos/batches/{made['data']['batch_id']}"))[1]["data"]["status"] == word


async def test_a_deleted_item_is_no_longer_queued(ask: Ask, world: World) -> None:
    """Nobody waits for it."""
    _, made = await ask("POST", "/v3/videos/batches", {"videos": [HELLO]})
    path = f"/v3/videos/batches/{made['data']['batch_id']}"
    _, found = await ask("GET", path)
    await ask("DELETE", f"/v3/videos/{found['data']['items'][0]['video_id']}")
    assert (await ask("GET", path))[1]["data"]["status"] == "completed"


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([HELLO] * 3 + [{"type": "avatar"}], "Invalid payload(s) at index 3."),
        (
            [{"type": "podcast"}, HELLO, HELLO | {"audio_url": "https://example.com/a"}],
            "Invalid payload(s) at index 0.",
        ),
        ([HELLO, HELLO | {"audio_asset_id": "a"}, {"script": "Hi"} | HELLO | {"voice_id": 7}], "index 2."),
        ([HELLO, HELLO | {"audio_asset_id": "a"}], "Invalid payload(s) at index 1."),
        ([HELLO | {"folder_id": "f"}], "Invalid payload(s) at index 0."),
        ([], "videos: Input should have at least 1 items."),
        ([HELLO] * 101, "videos: Input should have at most 100 items."),
    ],
)
async def test_a_malformed_item_refuses_the_batch(ask: Ask, world: World, items: list[Any], message: str) -> None:
    """As a whole, and nothing is charged."""
    status, found = await ask("POST", "/v3/videos/batches", {"videos": items})
    assert (status, found["error"]["code"], found["error"]["param"]) == (400, "invalid_parameter", "videos")
    assert found["error"]["message"].endswith(message)
    assert world.ledger == []


async def test_no_such_batch(ask: Ask) -> None:
    """404."""
    assert code(await ask("GET", "/v3/videos/batches/b1")) == (404, "not_found")


# --- agents


async def test_an_agent_thinks_then_renders(ask: Ask, world: World) -> None:
    """One slot and one charge from its creation until its video ends."""
    world.render_seconds = lambda body: 100.0
    status, made = await ask("POST", "/v3/video-agents", {"prompt": "a warm welcome for all new customers"})
    assert (status, made["data"]["status"], made["data"]["video_id"]) == (200, "thinking", None)
    path = f"/v3/video-agents/{made['data']['session_id']}"
    seen = []
    for _ in range(4):
        session = (await ask("GET", path))[1]["data"]
        seen.append((session["status"], session["progress"], session["video_id"] is not None, world.rendering))
        await anyio.sleep(55)
    assert seen == [
        ("thinking", 0, False, 1),
        ("thinking", 27, False, 1),
        ("generating", 62, True, 1),
        ("completed", 100, True, 0),
    ]
    assert session["title"] == "A Warm Welcome For All"
    assert [message["role"] for message in session["messages"]] == ["model", "model", "user"]
    assert session["messages"][-1]["content"] == "a warm welcome for all new customers"
    charge = world.ledger[0]
    assert (charge.resource_id, charge.video_id) == (session["session_id"], session["video_id"])
    assert (charge.kind, charge.amount_usd, charge.idempotency_key) == ("video_agent", 0.999, None)
    assert (await get(ask, session["video_id"]))["status"] == "completed"
    _, videos = await ask("GET", f"{path}/videos")
    assert [video["id"] for video in videos["data"]] == [session["video_id"]]


async def test_a_chat_waits_for_the_user(ask: Ask, world: World) -> None:
    """It holds its slot; a message makes it go on."""
    _, made = await ask("POST", "/v3/video-agents", CHAT)
    path = f"/v3/video-agents/{made['data']['session_id']}"
    assert code(await ask("POST", path, {"message": "go"})) == (400, "invalid_parameter")
    assert (await ask("GET", path))[1]["data"]["title"] is None
    await anyio.sleep(5000)
    session = (await ask("GET", path))[1]["data"]
    assert (session["status"], session["video_id"], world.rendering) == ("waiting_for_input", None, 1)
    assert (await ask("GET", f"{path}/videos"))[1]["data"] == []
    _, sent = await ask("POST", path, {"message": "approved, go on"})
    assert sent["data"]["session_id"] == made["data"]["session_id"]
    await anyio.sleep(5000)
    session = (await ask("GET", path))[1]["data"]
    assert (session["status"], world.rendering) == ("completed", 0)
    assert session["messages"][2]["content"] == "approved, go on"
    assert code(await ask("POST", path, {"message": "again"})) == (400, "invalid_parameter")


async def test_only_a_chat_takes_messages(ask: Ask) -> None:
    """400 for the rest."""
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    assert code(await ask("POST", path, {"message": "faster"})) == (400, "invalid_parameter")
    assert code(await ask("POST", path, {})) == (400, "invalid_parameter")


@pytest.mark.parametrize("thinking", [True, False])
async def test_a_failed_agent(ask: Ask, world: World, thinking: bool) -> None:  # noqa: FBT001
    """Before there is a video, or with it; neither is billed."""
    world.faults.append(FailedRender(while_thinking=thinking, message=None))
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    await anyio.sleep(5000)
    _, found = await ask("GET", f"/v3/video-agents/{made['data']['session_id']}")
    session = found["data"]
    assert (session["status"], session["video_id"] is None) == ("failed", thinking)
    assert session["messages"][0]["type"] == "error"
    assert world.refunds == [made["data"]["session_id"]]
    assert (world.charged_usd, world.rendering) == (0.0, 0)
    if not thinking:
        assert (await get(ask, session["video_id"]))["status"] == "failed"


async def test_a_stop_before_rendering_ends_the_session(ask: Ask, world: World) -> None:
    """And frees the slot; the work is not billed."""
    _, made = await ask("POST", "/v3/video-agents", CHAT)
    path = f"/v3/video-agents/{made['data']['session_id']}"
    status, stopped = await ask("POST", f"{path}/stop", {})
    assert (status, stopped["data"]) == (200, {"session_id": made["data"]["session_id"]})
    assert world.rendering == 0
    await anyio.sleep(1000)
    session = (await ask("GET", path))[1]["data"]
    assert (session["status"], session["progress"]) == ("failed", 0)
    assert (await ask("POST", f"{path}/stop"))[0] == 200
    assert world.refunds == [made["data"]["session_id"]]


async def test_a_stop_while_rendering_changes_nothing(ask: Ask, world: World) -> None:
    """There is no later checkpoint: the video comes and is paid for."""
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    await anyio.sleep(70)
    await ask("POST", f"{path}/stop", {})
    await anyio.sleep(5000)
    assert (await ask("GET", path))[1]["data"]["status"] == "completed"
    assert world.refunds == []


async def test_a_stop_before_the_first_slot(ask: Ask, world: World) -> None:
    """A session that waits takes no slot later."""
    world.queueing, world.slots = True, 1
    video_id = await create(ask)
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    assert (await ask("GET", path))[1]["data"]["progress"] == 0
    await ask("POST", f"{path}/stop", {})
    await anyio.sleep(5000)
    assert (await get(ask, video_id))["status"] == "completed"
    assert (world.rendering, (await ask("GET", path))[1]["data"]["status"]) == (0, "failed")


@pytest.mark.parametrize(("after", "word"), [(100, "failed"), (5000, "completed")])
async def test_a_session_whose_video_is_deleted(ask: Ask, world: World, after: float, word: str) -> None:
    """A running one cannot end well any more."""
    world.render_seconds = lambda body: 500.0
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    await anyio.sleep(after)
    video_id = (await ask("GET", path))[1]["data"]["video_id"]
    await ask("DELETE", f"/v3/videos/{video_id}")
    assert (await ask("GET", path))[1]["data"]["status"] == word
    assert (await ask("GET", f"{path}/videos"))[1]["data"] == []
    await anyio.sleep(5000)
    assert world.rendering == 0


async def test_sessions_are_listed_newest_first(ask: Ask) -> None:
    """With a title as soon as the agent has thought of one."""
    made = [
        (await ask("POST", "/v3/video-agents", {"prompt": f"number {n}"}))[1]["data"]["session_id"] for n in range(3)
    ]
    _, first = await ask("GET", "/v3/video-agents?limit=2")
    _, second = await ask("GET", f"/v3/video-agents?limit=2&token={first['next_token']}")
    assert [item["session_id"] for page in (first, second) for item in page["data"]] == made[::-1]
    assert second["data"][0]["title"] is None
    assert code(await ask("GET", "/v3/video-agents/s1")) == (404, "not_found")


async def test_thinking_may_take_no_time(ask: Ask, world: World) -> None:
    """Then rendering starts at once."""
    world.thinking_seconds = 0
    world.render_seconds = lambda body: 0.0
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    _, found = await ask("GET", f"/v3/video-agents/{made['data']['session_id']}")
    assert (found["data"]["status"], found["data"]["progress"]) == ("completed", 100)


# --- catalog and account


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/v3/avatars/looks?limit=2", ["look_anna", "look_ben"]),
        ("/v3/avatars/looks?avatar_type=studio_avatar", ["look_chloe", "look_farid"]),
        ("/v3/avatars/looks?ownership=private", ["look_anna", "look_ben"]),
        ("/v3/avatars/looks?ownership=public&avatar_type=photo_avatar", ["look_esi"]),
        ("/v3/avatars/looks?group_id=group_ben", ["look_ben"]),
    ],
)
async def test_looks(ask: Ask, path: str, ids: list[str]) -> None:
    """Listed by what is asked for; each can be read alone."""
    _, found = await ask("GET", path)
    assert [look["id"] for look in found["data"]] == ids
    assert (await ask("GET", f"/v3/avatars/looks/{ids[0]}"))[1]["data"] == found["data"][0]


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/v3/voices?limit=1", ["voice_warm"]),
        ("/v3/voices?type=private", ["voice_mine"]),
        ("/v3/voices?language=english&gender=Female", ["voice_warm", "voice_bright"]),
        ("/v3/voices?engine=fish", ["voice_jonas"]),
        ("/v3/voices?language=Klingon", []),
    ],
)
async def test_voices(ask: Ask, path: str, ids: list[str]) -> None:
    """Public ones unless asked otherwise."""
    _, found = await ask("GET", path)
    assert [voice["voice_id"] for voice in found["data"]] == ids
    for voice_id in ids:
        status, voice = await ask("GET", f"/v3/voices/{voice_id}")
        assert (status, voice["data"]["status"]) == (200, "complete" if voice_id == "voice_mine" else None)


async def test_what_is_not_there(ask: Ask) -> None:
    """Each kind has its code."""
    assert code(await ask("GET", "/v3/avatars/looks/nobody")) == (404, "avatar_not_found")
    assert code(await ask("GET", "/v3/voices/nobody")) == (404, "voice_not_found")
    assert code(await ask("GET", "/v3/nothing")) == (404, "not_found")
    assert code(await ask("PUT", "/v3/videos", {})) == (405, "method_not_allowed")


async def test_the_wallet_and_what_it_cannot_pay(ask: Ask, world: World) -> None:
    """402 when a price does not fit, for a batch the sum; a refund can be spent again."""
    world.balance_usd = 0.10
    world.faults.append(FailedRender(nth=1))
    await create(ask)
    assert (await ask("GET", "/v3/users/me"))[1]["data"]["wallet"]["remaining_balance"] == 0.0333
    assert code(await ask("POST", "/v3/videos", HELLO)) == (402, "insufficient_credit")
    assert code(await ask("POST", "/v3/video-agents", {"prompt": "x"})) == (402, "insufficient_credit")
    await anyio.sleep(5000)
    assert code(await ask("POST", "/v3/videos/batches", {"videos": [HELLO] * 2})) == (402, "insufficient_credit")
    await create(ask)
    assert len(world.ledger) == 2


@pytest.mark.parametrize(
    ("path", "body", "found"),
    [
        ("/v3/videos", HELLO, (200, None)),
        ("/v3/videos", HELLO | {"avatar_id": "nobody"}, (404, "avatar_not_found")),
        ("/v3/videos", HELLO | {"voice_id": "nobody"}, (404, "voice_not_found")),
        ("/v3/videos", HELLO | {"expressiveness": "high"}, (400, "invalid_parameter")),
        ("/v3/videos", {"type": "cinematic_avatar", "prompt": "x", "avatar_id": ["nobody"]}, (404, "avatar_not_found")),
        ("/v3/videos/batches", {"videos": [HELLO, HELLO | {"avatar_id": "nobody"}]}, (400, "invalid_parameter")),
        ("/v3/videos/batches", {"videos": [HELLO]}, (202, None)),
        ("/v3/video-agents", {"prompt": "x", "avatar_id": "nobody"}, (404, "avatar_not_found")),
        ("/v3/video-agents", {"prompt": "x"}, (200, None)),
    ],
)
async def test_a_strict_catalog(ask: Ask, world: World, path: str, body: Any, found: tuple[int, str | None]) -> None:
    """Then looks and voices must exist, and do what is asked of them."""
    world.strict_catalog = True
    status, answer = await ask("POST", path, body)
    assert (status, answer.get("error", {}).get("code")) == found


# --- the front door


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-api-key": "wrong"}, 401),
        ({"X-API-KEY": "simulator-key"}, 200),
        ({"Authorization": "Bearer simulator-key"}, 200),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic simulator-key"}, 401),
    ],
)
async def test_who_may_come_in(server: Server, headers: dict[str, str], status: int) -> None:
    """An API key or a bearer token, on every path."""
    async with aiohttp.ClientSession(server.base_url, headers=headers) as session:
        for path in ("/v3/users/me", "/v3/nothing"):
            async with session.get(path) as answer:
                assert answer.status == (404 if status == 200 and path == "/v3/nothing" else status)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"{}", "text/plain"),
        (b"{}", ""),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"type": "avatar", "avatar_id": "a", "script": "x", "pitch": NaN}', "application/json"),
    ],
)
async def test_a_body_must_be_a_json_object(http: aiohttp.ClientSession, world: World, data: bytes, kind: str) -> None:
    """Called so, and nothing else."""
    async with http.post("/v3/videos", data=data, headers={"Content-Type": kind}) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["code"] == "invalid_parameter"
    assert world.ledger == []


async def test_an_error_names_all_that_is_wrong(ask: Ask) -> None:
    """The first in front, every one in the list."""
    status, found = await ask("POST", "/v3/videos", HELLO | {"resolution": "8k", "speed": 2})
    error = found["error"]
    assert (status, error["param"]) == (400, "resolution")
    assert error["message"] == "resolution: Input should be one of: 4k, 1080p, 720p."
    assert [(problem["path"], problem["message"]) for problem in error["errors"]] == [
        ("resolution", "Input should be one of: 4k, 1080p, 720p."),
        ("speed", "Unknown field 'speed'."),
    ]
    assert error["doc_url"].endswith("#invalid_parameter")


@pytest.mark.parametrize(
    "path",
    [
        "/v3/videos?limit=0",
        "/v3/videos?limit=101",
        "/v3/videos?limit=ten",
        "/v3/videos?page=2",
        "/v3/videos?limit=1&limit=2",
        "/v3/videos?title=",
        "/v3/videos/v1?verbose=1",
        "/v3/avatars/looks?limit=51",
        "/v3/avatars/looks?avatar_type=cartoon",
    ],
)
async def test_a_query_is_as_the_contract_wants_it(ask: Ask, path: str) -> None:
    """Unknown names, wrong values, names given twice."""
    assert code(await ask("GET", path)) == (400, "invalid_parameter")


@pytest.mark.parametrize("body", [b"x" * 2000, {"file": io.BytesIO(b"x" * 2000)}], ids=["plain", "form"])
async def test_a_body_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    """A body beyond the server's limit, plain or a form, gets a 413 and is not recorded as a request."""
    monkeypatch.setattr("heygen_async.simulator.server.MOST_BYTES", 1000)
    async with serve() as small, aiohttp.ClientSession(small.base_url) as session:
        async with session.post("/v3/assets", data=body) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (413, "payload_too_large")
        assert small.world.requests == []


async def test_requests_have_a_pace(ask: Ask, http: aiohttp.ClientSession, world: World) -> None:
    """A burst, then so many a minute; Retry-After says when."""
    world.requests_per_minute, world.burst = 30, 3
    for _ in range(3):
        assert (await ask("GET", "/v3/users/me"))[0] == 200
    async with http.get("/v3/users/me") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
    await anyio.sleep(2)
    assert (await ask("GET", "/v3/users/me"))[0] == 200


async def test_a_request_takes_its_time(ask: Ask, world: World) -> None:
    """Latency, of every one."""
    world.latency_seconds = 1.5
    await ask("GET", "/v3/users/me")
    assert anyio.current_time() == 1.5


# --- Idempotency-Key


async def test_a_key_repeats_the_first_answer(ask: Ask, world: World) -> None:
    """For 24 hours, even if the body differs; per endpoint; then it is new."""
    _, first = await ask("POST", "/v3/videos", HELLO, "k1")
    assert (await ask("POST", "/v3/videos", HELLO | {"script": "else"}, "k1")) == (200, first)
    _, batch = await ask("POST", "/v3/videos/batches", {"videos": [HELLO]}, "k1")
    assert (await ask("POST", "/v3/videos/batches", {"videos": [HELLO]}, "k1"))[1] == batch
    await anyio.sleep(24 * 3600 - 1)
    assert (await ask("POST", "/v3/videos", HELLO, "k1"))[1] == first
    assert len(world.ledger) == 2
    await anyio.sleep(1)
    assert (await ask("POST", "/v3/videos", HELLO, "k1"))[1] != first
    assert len(world.ledger) == 3


async def test_a_repeated_body_is_still_checked(ask: Ask) -> None:
    """Validation comes before the replay."""
    await ask("POST", "/v3/videos", HELLO, "k1")
    assert code(await ask("POST", "/v3/videos", {}, "k1")) == (400, "invalid_parameter")


async def test_a_refusal_is_not_kept(ask: Ask, world: World) -> None:
    """After a 429 the same key makes a video; a full pool does not stand in the way of a replay."""
    world.slots = 0
    assert code(await ask("POST", "/v3/videos", HELLO, "k1")) == (429, "rate_limit_exceeded")
    world.slots = 1
    _, first = await ask("POST", "/v3/videos", HELLO, "k1")
    assert (await ask("POST", "/v3/videos", HELLO, "k1")) == (200, first)
    assert [charge.idempotency_key for charge in world.ledger] == ["k1"]


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256, "a/b"])
async def test_a_key_has_its_alphabet(ask: Ask, world: World, key: str) -> None:
    """1 to 255 of it; blank is refused too."""
    status, found = await ask("POST", "/v3/videos", HELLO, key)
    assert (status, found["error"]["param"]) == (400, "Idempotency-Key")
    assert world.ledger == []


async def test_agents_ignore_keys(ask: Ask, world: World) -> None:
    """Even odd ones: the header is not documented there."""
    for key in ("k1", "k1", "a b"):
        assert (await ask("POST", "/v3/video-agents", {"prompt": "A welcome"}, key))[0] == 200
    assert [charge.idempotency_key for charge in world.ledger] == [None] * 3


# --- the books


async def test_the_report(ask: Ask, http: aiohttp.ClientSession, server: Server, world: World) -> None:
    """Without a key, and not counted as a request."""
    world.faults += [FailedRender(contains="Bob"), Stuck(contains="Eve")]
    for name in ("Ada", "Bob", "Eve", "Ada"):
        await create(ask, script=f"Hi {name}")
    await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    await anyio.sleep(10_000)
    async with aiohttp.ClientSession() as nobody, nobody.get(f"{server.base_url}/_simulator/report") as answer:
        report = await answer.json()
    assert report == world.report()
    assert report["charges_by_kind"] == {"avatar": 4, "video_agent": 1}
    assert report["videos"] == {"completed": 3, "failed": 1, "processing": 1}
    assert (report["rendering"], report["peak_rendering"], report["refunds"]) == (1, 5, 1)
    assert report["requests_by_route"] == {"POST /v3/videos": 4, "POST /v3/video-agents": 1}
    assert report["requests_by_status"] == {"200": 5}
    async with http.get("/_simulator/ledger") as answer:
        ledger = await answer.json()
    assert [charge["body"].get("script") for charge in ledger] == ["Hi Ada", "Hi Bob", "Hi Eve", "Hi Ada", None]
    assert world.charges_by("script")["Hi Ada"] == 2
    assert not world.charged_once_per("script")
    assert world.charged_once_per("prompt")
    async with http.get("/_simulator/else") as answer:
        assert answer.status == 404


def test_the_books_can_be_read_afterwards() -> None:
    """Without a loop the world stands still."""
    world = World(seed=1)
    assert (world.ledger, world.refunds, world.charged_usd, world.rendering) == ([], [], 0.0, 0)
    assert world.report()["seconds"] == 0

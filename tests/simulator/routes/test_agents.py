"""Sessions of the video agent: thinking, chat mode, stops, failures."""

from __future__ import annotations

import anyio
import pytest

from heygen_async.simulator import FailedRender, World
from tests.helpers.simulator_ask import Ask, code
from tests.helpers.simulator_videos import create_video, get_video

CHAT = {"prompt": "A 60-second welcome for new customers", "mode": "chat"}


async def test_an_agent_thinks_then_renders(ask: Ask, world: World) -> None:
    """A session holds one slot and has one charge from its creation until its video ends."""
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
    assert (await get_video(ask, session["video_id"]))["status"] == "completed"
    _, videos = await ask("GET", f"{path}/videos")
    assert [video["id"] for video in videos["data"]] == [session["video_id"]]


async def test_a_chat_waits_for_the_user(ask: Ask, world: World) -> None:
    """A session in chat mode waits in its slot until a message continues it."""
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
    """A message to a session that is not in chat mode gets a 400."""
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    assert code(await ask("POST", path, {"message": "faster"})) == (400, "invalid_parameter")
    assert code(await ask("POST", path, {})) == (400, "invalid_parameter")


@pytest.mark.parametrize("thinking", [True, False])
async def test_a_failed_agent(ask: Ask, world: World, thinking: bool) -> None:  # noqa: FBT001
    """A session that fails before or with its video is refunded."""
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
        assert (await get_video(ask, session["video_id"]))["status"] == "failed"


async def test_a_stop_before_rendering_ends_the_session(ask: Ask, world: World) -> None:
    """A stop before rendering ends the session, frees its slot and refunds the charge."""
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


async def test_a_stop_while_rendering_has_no_effect(ask: Ask, world: World) -> None:
    """A stop during rendering has no effect, and the video is charged."""
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    await anyio.sleep(70)
    await ask("POST", f"{path}/stop", {})
    await anyio.sleep(5000)
    assert (await ask("GET", path))[1]["data"]["status"] == "completed"
    assert world.refunds == []


async def test_a_stop_before_the_first_slot(ask: Ask, world: World) -> None:
    """A session that is stopped while it waits takes no slot."""
    world.queueing, world.slots = True, 1
    video_id = await create_video(ask)
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    assert (await ask("GET", path))[1]["data"]["progress"] == 0
    await ask("POST", f"{path}/stop", {})
    await anyio.sleep(5000)
    assert (await get_video(ask, video_id))["status"] == "completed"
    assert (world.rendering, (await ask("GET", path))[1]["data"]["status"]) == (0, "failed")


@pytest.mark.parametrize(("after", "word"), [(100, "failed"), (5000, "completed")])
async def test_a_session_whose_video_is_deleted(ask: Ask, world: World, after: float, word: str) -> None:
    """A session whose video is deleted before its end has failed."""
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
    """Sessions are listed newest first, with a title after the first thinking."""
    made = [
        (await ask("POST", "/v3/video-agents", {"prompt": f"number {n}"}))[1]["data"]["session_id"] for n in range(3)
    ]
    _, first = await ask("GET", "/v3/video-agents?limit=2")
    _, second = await ask("GET", f"/v3/video-agents?limit=2&token={first['next_token']}")
    assert [item["session_id"] for page in (first, second) for item in page["data"]] == made[::-1]
    assert second["data"][0]["title"] is None
    assert code(await ask("GET", "/v3/video-agents/s1")) == (404, "not_found")


async def test_thinking_may_take_no_time(ask: Ask, world: World) -> None:
    """Without thinking time, rendering starts at once."""
    world.thinking_seconds = 0
    world.render_seconds = lambda body: 0.0
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    _, found = await ask("GET", f"/v3/video-agents/{made['data']['session_id']}")
    assert (found["data"]["status"], found["data"]["progress"]) == ("completed", 100)

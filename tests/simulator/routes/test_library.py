"""What the account has and makes besides jobs: avatars, voices, folders, shelves; and agents that ask."""

from __future__ import annotations

from typing import Any

import aiohttp
import anyio
import pytest

from heygen_async.simulator import World
from tests.helpers.simulator_ask import Ask, code

FACE = {"type": "url", "url": "https://example.com/face.png"}
TWIN = {"type": "digital_twin", "name": "Gina", "file": FACE}
PHOTO = {"type": "photo", "name": "Hugo", "file": FACE}
HELLO = {"type": "avatar", "voice_id": "voice_warm", "script": "Hi Ada"}


async def avatar(ask: Ask, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    status, made = await ask("POST", "/v3/avatars", body)
    assert status == 200, made
    return made["data"]["avatar_group"], made["data"]["avatar_item"]


# --- avatars


async def test_a_photo_becomes_a_look(ask: Ask, world: World) -> None:
    """It takes a while and costs a dollar; then videos can be made with it."""
    world.strict_catalog = True
    group, look = await avatar(ask, PHOTO)
    assert (group["status"], look["status"], look["avatar_type"]) == ("processing", "processing", "photo_avatar")
    body = HELLO | {"avatar_id": look["id"]}
    assert code(await ask("POST", "/v3/videos", body)) == (400, "avatar_not_usable")
    await anyio.sleep(world.avatar_seconds)
    found = (await ask("GET", f"/v3/avatars/looks/{look['id']}"))[1]["data"]
    assert (found["status"], found["preview_image_url"] is not None) == ("completed", True)
    assert (await ask("POST", "/v3/videos", body))[0] == 200
    assert [(charge.kind, charge.amount_usd) for charge in world.ledger] == [("avatar_creation", 1.0), ("avatar", 0.05)]
    _, log = await ask("GET", f"/v3/webhooks/events?entity_id={look['id']}")
    assert [event["event_type"] for event in log["data"]] == ["photo_avatar_generation.success"]


@pytest.mark.parametrize("by_film", [True, False])
async def test_a_twin_needs_consent(ask: Ask, world: World, by_film: bool) -> None:  # noqa: FBT001
    """By a film at once, by a link when somebody has followed it."""
    world.strict_catalog = True
    group, look = await avatar(ask, TWIN)
    path, body = f"/v3/avatars/{group['id']}", HELLO | {"avatar_id": look["id"]}
    await anyio.sleep(world.avatar_seconds)
    found = (await ask("GET", path))[1]["data"]
    assert (found["status"], found["consent_status"]) == ("pending_consent", "not_started")
    assert code(await ask("POST", "/v3/videos", body)) == (400, "avatar_consent_required")
    _, given = await ask("POST", f"{path}/consent", {"consent_video": FACE} if by_film else {})
    assert (given["data"]["url"] is None, given["data"]["avatar_group"]["consent_status"] == "approved") == (
        by_film,
    ) * 2
    await anyio.sleep(world.consent_seconds)
    found = (await ask("GET", path))[1]["data"]
    assert (found["status"], found["consent_status"]) == ("completed", "approved")
    assert (await ask("POST", "/v3/videos", body))[0] == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"consent_video": FACE, "reroute_url": "https://example.com"}, "reroute_url"),
        ({"consent_video": FACE, "consent_text": "I agree"}, "consent_text"),
        ({"consent_text": "<b>"}, "consent_text"),
        ({"consent_text": "I agree", "reroute_url": "https://example.com"}, None),
    ],
)
async def test_rules_of_consent(ask: Ask, body: dict[str, Any], param: str | None) -> None:
    """A film or a link, and no markup."""
    status, found = await ask("POST", "/v3/avatars/group_anna/consent", body)
    assert (status, found.get("error", {}).get("param")) == (400 if param else 200, param)


async def test_a_group_has_many_looks(ask: Ask, world: World) -> None:
    """Those of one avatar; only one's own can be added to, changed and deleted."""
    group, first = await avatar(ask, PHOTO)
    prompt = {"type": "prompt", "name": "At sea", "prompt": "on a boat", "avatar_group_id": group["id"]}
    same, second = await avatar(ask, prompt | {"avatar_id": first["id"]})
    assert (same["id"], same["looks_count"]) == (group["id"], 2)
    for changes, param in (({"avatar_id": "look_anna"}, "avatar_id"), ({"avatar_group_id": "x"}, "avatar_group_id")):
        status, found = await ask("POST", "/v3/avatars", prompt | changes)
        assert (status, found["error"]["param"]) == (400, param)
    look = f"/v3/avatars/looks/{second['id']}"
    assert (await ask("PATCH", look, {"name": "Ashore"}))[1]["data"]["name"] == "Ashore"
    assert (await ask("PATCH", look, {}))[1]["data"]["name"] == "Ashore"
    changed = await ask("PATCH", f"/v3/avatars/{group['id']}", {"default_voice_id": "voice_mine"})
    assert changed[1]["data"]["default_voice_id"] == "voice_mine"
    assert (await ask("PATCH", f"/v3/avatars/{group['id']}", {}))[1]["data"]["default_voice_id"] == "voice_mine"
    assert (await ask("DELETE", look))[1]["data"] == {"id": second["id"]}
    _, listed = await ask("GET", f"/v3/avatars/looks?group_id={group['id']}")
    assert [item["id"] for item in listed["data"]] == [first["id"]]
    assert (await ask("DELETE", f"/v3/avatars/{group['id']}"))[0] == 200
    assert code(await ask("GET", f"/v3/avatars/looks/{first['id']}")) == (404, "avatar_not_found")
    assert len(world.ledger) == 2


async def test_an_empty_group(ask: Ask) -> None:
    """Without looks it has no status."""
    await ask("DELETE", "/v3/avatars/looks/look_anna")
    found = (await ask("GET", "/v3/avatars/group_anna"))[1]["data"]
    assert (found["looks_count"], found["status"], found["preview_image_url"]) == (0, None, None)


async def test_what_is_everybodys_stays(ask: Ask) -> None:
    """403."""
    for method, path, body in (
        ("DELETE", "/v3/avatars/looks/look_chloe", None),
        ("PATCH", "/v3/avatars/group_chloe", {}),
        ("DELETE", "/v3/avatars/group_chloe", None),
        ("DELETE", "/v3/voices/voice_warm", None),
    ):
        assert code(await ask(method, path, body)) == (403, "resource_access_denied")


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [("", None, 7), ("?ownership=private", None, 3), ("?ownership=public", "group_farid", 4)],
)
async def test_groups_are_listed(ask: Ask, query: str, first: str | None, count: int) -> None:
    """One's newest first."""
    group, _ = await avatar(ask, PHOTO)
    _, found = await ask("GET", f"/v3/avatars{query}")
    assert (found["data"][0]["id"], len(found["data"])) == (first or group["id"], count)


async def test_an_avatar_costs_a_dollar(ask: Ask, world: World) -> None:
    """402, and nothing is made."""
    world.balance_usd = 0.99
    assert code(await ask("POST", "/v3/avatars", PHOTO)) == (402, "insufficient_credit")
    assert len((await ask("GET", "/v3/avatars"))[1]["data"]) == 6


# --- voices


async def test_a_voice_is_cloned(ask: Ask, world: World) -> None:
    """It takes a while; it is one's own."""
    body = {"audio": FACE, "voice_name": "Mine too", "language": "German"}
    voice_id = (await ask("POST", "/v3/voices/clone", body))[1]["data"]["voice_clone_id"]
    path = f"/v3/voices/{voice_id}"
    assert (await ask("GET", path))[1]["data"]["status"] == "processing"
    await anyio.sleep(world.clone_seconds)
    assert (await ask("GET", path))[1]["data"]["status"] == "complete"
    _, listed = await ask("GET", "/v3/voices?type=private&language=german")
    assert [voice["voice_id"] for voice in listed["data"]] == [voice_id]
    assert (await ask("DELETE", path))[1]["data"] == {"voice_id": voice_id}
    assert code(await ask("GET", path)) == (404, "voice_not_found")


async def test_voices_are_designed(ask: Ask) -> None:
    """Three proposals."""
    _, made = await ask("POST", "/v3/voices", {"prompt": "a calm old man", "gender": "male", "seed": 5})
    assert ([voice["gender"] for voice in made["data"]["voices"]], made["data"]["seed"]) == (["male"] * 3, 5)


async def test_a_voice_speaks(ask: Ask, world: World) -> None:
    """A file at once, with the time of each word; only by its engine."""
    status, made = await ask("POST", "/v3/voices/speech", {"text": "one two three four five", "voice_id": "voice_warm"})
    speech = made["data"]
    assert (status, speech["duration"], len(speech["word_timestamps"])) == (200, 2.0, 5)
    assert speech["word_timestamps"][-1]["end"] == pytest.approx(2.0)
    async with aiohttp.ClientSession() as bare, bare.get(speech["audio_url"]) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/mpeg")
    assert (await ask("GET", "/v3/assets?username=simulator"))[1]["data"] == []
    body = {"text": "Hi", "voice_id": "voice_jonas"}
    assert code(await ask("POST", "/v3/voices/speech", body)) == (400, "invalid_parameter")


# --- folders and shelves


async def test_folders(ask: Ask, world: World) -> None:
    """Names may come twice; a parent must be there. With a strict catalog videos need a known folder."""
    _, first = await ask("POST", "/v3/folders", {"name": "A"})
    _, second = await ask("POST", "/v3/folders", {"name": "A", "parent_id": first["data"]["folder_id"]})
    assert second["data"]["parent_id"] == first["data"]["folder_id"] != second["data"]["folder_id"]
    assert code(await ask("POST", "/v3/folders", {"name": "A", "parent_id": "x"})) == (400, "invalid_parameter")
    world.strict_catalog = True
    body = HELLO | {"avatar_id": "look_anna"}
    assert (await ask("POST", "/v3/videos", body | {"folder_id": second["data"]["folder_id"]}))[0] == 200
    assert code(await ask("POST", "/v3/videos", body | {"folder_id": "x"})) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/v3/audio/sounds?query=piano", ["sound_calm_piano"]),
        ("/v3/audio/sounds?query=piano&min_score=0.1", ["sound_calm_piano", "sound_bright_guitar"]),
        ("/v3/audio/sounds?query=crowd&type=sound_effects&limit=1", ["sound_applause"]),
        ("/v3/video-agents/styles?tag=school", ["style_sketchbook"]),
        ("/v3/video-agents/styles?limit=1", ["style_newsroom"]),
        ("/v3/brand-kits", ["kit_house"]),
        ("/v3/brand-glossaries", ["glossary_names"]),
    ],
)
async def test_shelves(ask: Ask, path: str, ids: list[str]) -> None:
    """What is only there to be read."""
    _, found = await ask("GET", path)
    assert [next(value for name, value in item.items() if name.endswith("id")) for item in found["data"]] == ids


@pytest.mark.parametrize("query", ["query=piano&min_score=high", "query=piano&min_score=2", "min_score=0.5"])
async def test_scores_are_numbers(ask: Ask, query: str) -> None:
    """0 to 1; and there must be something to look for."""
    assert code(await ask("GET", f"/v3/audio/sounds?{query}")) == (400, "invalid_parameter")


# --- agents that ask


async def test_an_agent_shows_a_draft(ask: Ask, world: World) -> None:
    """It asks, shows a draft, renders; each stop waits for a message; what it shows can be read."""
    world.chat_stops = ("waiting_for_input", "reviewing")
    world.render_seconds = lambda body: 100.0
    files = [FACE, {"type": "asset_id", "asset_id": "a1"}]
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome", "mode": "chat", "files": files})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    words = []
    for text in ("go on", "render it"):
        await anyio.sleep(61)
        words.append((await ask("GET", path))[1]["data"]["status"])
        assert (await ask("POST", path, {"message": text}))[0] == 200
    await anyio.sleep(200)
    session = (await ask("GET", path))[1]["data"]
    assert ([*words, session["status"]]) == ["waiting_for_input", "reviewing", "completed"]
    shown = [resource_id for message in session["messages"] for resource_id in message["resource_ids"] or []]
    found = [(await ask("GET", f"{path}/resources/{resource_id}"))[1]["data"] for resource_id in shown]
    assert [(item["resource_type"], item["source_type"]) for item in found] == [
        ("video", "generated"),
        ("draft", "generated"),
        ("image", "user_uploaded"),
        ("image", "user_uploaded"),
    ]
    assert [item["url"] for item in found[1:]] == [None, FACE["url"], None]
    async with aiohttp.ClientSession() as bare, bare.get(found[0]["url"]) as answer:
        assert answer.status == 200
    assert code(await ask("GET", f"{path}/resources/x")) == (404, "resource_not_found")


async def test_an_agent_that_never_stops(ask: Ask, world: World) -> None:
    """A chat may go on by itself, as users have seen."""
    world.chat_stops = ()
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome", "mode": "chat"})
    await anyio.sleep(5000)
    _, found = await ask("GET", f"/v3/video-agents/{made['data']['session_id']}")
    assert found["data"]["status"] == "completed"

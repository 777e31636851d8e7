"""Avatars, voices, folders and lists of the account; agent sessions that ask the user."""

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
    """A look from a photo costs one US dollar, and can be used after `avatar_seconds`."""
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


@pytest.mark.parametrize("by_video", [True, False])
async def test_a_twin_needs_consent(ask: Ask, world: World, by_video: bool) -> None:  # noqa: FBT001
    """A digital twin needs consent: a video gives it at once, a link after `consent_seconds`."""
    world.strict_catalog = True
    group, look = await avatar(ask, TWIN)
    path, body = f"/v3/avatars/{group['id']}", HELLO | {"avatar_id": look["id"]}
    await anyio.sleep(world.avatar_seconds)
    found = (await ask("GET", path))[1]["data"]
    assert (found["status"], found["consent_status"]) == ("pending_consent", "not_started")
    assert code(await ask("POST", "/v3/videos", body)) == (400, "avatar_consent_required")
    _, given = await ask("POST", f"{path}/consent", {"consent_video": FACE} if by_video else {})
    assert (given["data"]["url"] is None, given["data"]["avatar_group"]["consent_status"] == "approved") == (
        by_video,
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
    """Consent takes a video or a link, and text without markup."""
    status, found = await ask("POST", "/v3/avatars/group_anna/consent", body)
    assert (status, found.get("error", {}).get("param")) == (400 if param else 200, param)


async def test_a_group_has_many_looks(ask: Ask, world: World) -> None:
    """A group has several looks; only the account's own can be added to, changed and deleted."""
    group, first = await avatar(ask, PHOTO)
    await anyio.sleep(world.avatar_seconds)
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
    """A group without looks has no status."""
    await ask("DELETE", "/v3/avatars/looks/look_anna")
    found = (await ask("GET", "/v3/avatars/group_anna"))[1]["data"]
    assert (found["looks_count"], found["status"], found["preview_image_url"]) == (0, None, None)


async def test_public_objects_cannot_be_changed(ask: Ask) -> None:
    """Changing or deleting a public avatar or voice gets a 403."""
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
    """Groups are listed newest first, and can be selected by ownership."""
    group, _ = await avatar(ask, PHOTO)
    _, found = await ask("GET", f"/v3/avatars{query}")
    assert (found["data"][0]["id"], len(found["data"])) == (first or group["id"], count)


async def test_an_avatar_costs_a_dollar(ask: Ask, world: World) -> None:
    """A new avatar costs one US dollar; with less, the request gets a 402 and makes none."""
    world.balance_usd = 0.99
    assert code(await ask("POST", "/v3/avatars", PHOTO)) == (402, "insufficient_credit")
    assert len((await ask("GET", "/v3/avatars"))[1]["data"]) == 6


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
    """Looks are listed by the query, and each can be read alone."""
    _, found = await ask("GET", path)
    assert [look["id"] for look in found["data"]] == ids
    assert (await ask("GET", f"/v3/avatars/looks/{ids[0]}"))[1]["data"] == found["data"][0]


# --- voices


async def test_a_voice_is_cloned(ask: Ask, world: World) -> None:
    """A cloned voice is private and can be used after `clone_seconds`."""
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
    """A description makes three voices."""
    _, made = await ask("POST", "/v3/voices", {"prompt": "a calm old man", "gender": "male", "seed": 5})
    assert ([voice["gender"] for voice in made["data"]["voices"]], made["data"]["seed"]) == (["male"] * 3, 5)


async def test_a_voice_speaks(ask: Ask, world: World) -> None:
    """Speech is a file with the times of its words, for voices of the starfish engine only."""
    status, made = await ask("POST", "/v3/voices/speech", {"text": "one two three four five", "voice_id": "voice_warm"})
    speech = made["data"]
    assert (status, speech["duration"], len(speech["word_timestamps"])) == (200, 2.0, 5)
    assert speech["word_timestamps"][-1]["end"] == pytest.approx(2.0)
    async with aiohttp.ClientSession() as bare, bare.get(speech["audio_url"]) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/mpeg")
    assert (await ask("GET", "/v3/assets?username=simulator"))[1]["data"] == []
    body = {"text": "Hi", "voice_id": "voice_jonas"}
    assert code(await ask("POST", "/v3/voices/speech", body)) == (400, "invalid_parameter")


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
    """Public voices are listed unless the query asks for private ones."""
    _, found = await ask("GET", path)
    assert [voice["voice_id"] for voice in found["data"]] == ids
    for voice_id in ids:
        status, voice = await ask("GET", f"/v3/voices/{voice_id}")
        assert (status, voice["data"]["status"]) == (200, "complete" if voice_id == "voice_mine" else None)


# --- folders and fixed lists


async def test_folders(ask: Ask, world: World) -> None:
    """Names of folders may repeat, a parent must exist, and a strict catalog refuses unknown folders."""
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
async def test_fixed_lists(ask: Ask, path: str, ids: list[str]) -> None:
    """Fixed lists can be read, and selected by their query."""
    _, found = await ask("GET", path)
    assert [next(value for name, value in item.items() if name.endswith("id")) for item in found["data"]] == ids


@pytest.mark.parametrize("query", ["query=piano&min_score=high", "query=piano&min_score=2", "min_score=0.5"])
async def test_scores_are_numbers(ask: Ask, query: str) -> None:
    """The minimum score is a number from 0 to 1, and the query is required."""
    assert code(await ask("GET", f"/v3/audio/sounds?{query}")) == (400, "invalid_parameter")


# --- agent sessions in chat mode


async def test_an_agent_shows_a_draft(ask: Ask, world: World) -> None:
    """A session waits at each stop for a message, and the attachments of its messages can be read."""
    world.chat_stops = ("waiting_for_input", "reviewing")
    world.render_seconds = lambda body: 100.0
    files = [FACE, {"type": "asset_id", "asset_id": "a1"}]
    world.strict_catalog = False
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome", "mode": "chat", "files": files})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    statuses = []
    for text in ("go on", "render it"):
        await anyio.sleep(61)
        statuses.append((await ask("GET", path))[1]["data"]["status"])
        assert (await ask("POST", path, {"message": text}))[0] == 200
    await anyio.sleep(200)
    session = (await ask("GET", path))[1]["data"]
    assert ([*statuses, session["status"]]) == ["waiting_for_input", "reviewing", "completed"]
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
    """A session in chat mode without stops completes by itself."""
    world.chat_stops = ()
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome", "mode": "chat"})
    await anyio.sleep(5000)
    _, found = await ask("GET", f"/v3/video-agents/{made['data']['session_id']}")
    assert found["data"]["status"] == "completed"


# --- brands, templates and the key


async def test_brand_kits_are_kept(ask: Ask) -> None:
    """A kit is made from a site or by hand; null clears a field, and what is left out stays."""
    _, made = await ask("POST", "/v3/brand-kits", {"url": "https://example.org/a", "colors": ["#102A43"]})
    kit = made["data"]
    path = f"/v3/brand-kits/{kit['brand_kit_id']}"
    assert (kit["name"], kit["colors"]) == ("example.org", ["#102A43"])
    assert (await ask("PATCH", path, {"name": "Ours"}))[1]["data"] == kit | {"name": "Ours"}
    assert (await ask("PATCH", path, {"colors": None}))[1]["data"]["colors"] == []
    _, listed = await ask("GET", "/v3/brand-kits")
    assert [item["name"] for item in listed["data"]] == ["House style", "Ours"]
    assert (await ask("POST", "/v3/video-agents", {"prompt": "x", "brand_kit_id": kit["brand_kit_id"]}))[0] == 200
    assert (await ask("DELETE", path))[1]["data"] == {"brand_kit_id": kit["brand_kit_id"]}
    assert code(await ask("GET", path)) == (404, "not_found")
    assert (await ask("POST", "/v3/brand-kits", {}))[1]["data"]["name"] == "New kit"


async def test_brand_glossaries_are_kept(ask: Ask, world: World) -> None:
    """Terms are replaced as a whole, and the time of the change is noted."""
    terms = [{"term": "HeyGen", "pronunciation": "hey-jen"}]
    _, made = await ask("POST", "/v3/brand-glossaries", {"name": "Ours", "terms": terms})
    glossary = made["data"]
    path = f"/v3/brand-glossaries/{glossary['brand_glossary_id']}"
    assert (await ask("GET", path))[1]["data"]["terms"] == terms
    await anyio.sleep(60)
    changed = (await ask("PATCH", path, {"terms": None}))[1]["data"]
    assert (changed["name"], changed["terms"]) == ("Ours", [])
    assert changed["updated_at"] > changed["created_at"]
    body = HELLO | {"avatar_id": "look_anna", "brand_glossary_id": glossary["brand_glossary_id"]}
    assert (await ask("POST", "/v3/videos", body))[0] == 200
    assert (await ask("DELETE", path))[0] == 200
    assert code(await ask("POST", "/v3/videos", body)) == (404, "not_found")
    assert len(world.ledger) == 1


async def test_a_template_is_made_of_a_video(ask: Ask) -> None:
    """A template has the script of its video; its variables are set as a whole, by the last revision only."""
    assert code(await ask("POST", "/v3/templates", {"source_video_id": "x"})) == (400, "invalid_parameter")
    _, video = await ask("POST", "/v3/videos", HELLO | {"avatar_id": "look_anna", "title": "Welcome"})
    _, made = await ask("POST", "/v3/templates", {"source_video_id": video["data"]["video_id"]})
    template = made["data"]
    path = f"/v3/templates/{template['id']}"
    assert (template["name"], template["scenes"][0]["script"], template["revision"]) == ("Welcome", "Hi Ada", 1)
    named = [{"name": "who", "element_id": template["elements"][0]["element_id"], "variable_type": "text"}]
    _, bound = await ask("PUT", f"{path}/variables", {"variables": named, "revision": 1})
    assert (sorted(bound["data"]["variables"]), bound["data"]["revision"]) == (["who"], 2)
    wrong: list[dict[str, Any]] = [{"variables": named, "revision": 1}, {"variables": [{}]}]
    for body in wrong:
        assert code(await ask("PUT", f"{path}/variables", body)) == (400, "invalid_parameter")
    assert (await ask("PATCH", path, {"name": "Hello"}))[1]["data"]["name"] == "Hello"
    assert (await ask("PATCH", path, {}))[1]["data"]["name"] == "Hello"
    assert (await ask("POST", path, {"variables": {"who": {"type": "text"}}}))[0] == 200
    assert (await ask("DELETE", path))[1]["data"] == {"id": template["id"]}
    assert code(await ask("GET", path)) == (404, "not_found")


async def test_proofreads_are_listed_and_deleted(ask: Ask) -> None:
    """Newest first."""
    body = {"video": FACE, "title": "x", "output_languages": ["French (France)", "German (Germany)"]}
    _, made = await ask("POST", "/v3/video-translations/proofreads", body)
    first, second = made["data"]["proofread_ids"]
    path = "/v3/video-translations/proofreads"
    assert [item["id"] for item in (await ask("GET", path))[1]["data"]] == [second, first]
    assert (await ask("DELETE", f"{path}/{second}"))[1]["data"] == {"id": second}
    assert [item["id"] for item in (await ask("GET", path))[1]["data"]] == [first]


async def test_a_reply_may_be_files_alone(ask: Ask, world: World) -> None:
    """A message or files: one of them is needed, and a session shows files without words."""
    world.thinking_seconds = 1
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome", "mode": "chat"})
    path = f"/v3/video-agents/{made['data']['session_id']}"
    await anyio.sleep(2)
    assert (await ask("POST", path, {"avatar_id": "look_anna"}))[1]["error"]["param"] == "message"
    assert (await ask("POST", path, {"files": [FACE]}))[0] == 200
    newest = (await ask("GET", path))[1]["data"]["messages"][0]
    assert (newest["role"], newest["content"], len(newest["resource_ids"])) == ("user", "", 1)


async def test_a_session_names_its_video_at_once(ask: Ask, world: World) -> None:
    """The setting makes the video readable, and pending, from the first answer."""
    world.agent_video_at_once = True
    _, made = await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    video_id = made["data"]["video_id"]
    assert (await ask("GET", f"/v3/videos/{video_id}"))[1]["data"]["status"] == "pending"
    await anyio.sleep(2000)
    assert (await ask("GET", f"/v3/videos/{video_id}"))[1]["data"]["status"] == "completed"
    assert [charge.video_id for charge in world.ledger] == [video_id]

"""Acceptance: the balance and the strict catalog."""

from __future__ import annotations

from typing import Any

import anyio
import attrs
import pytest

from heygen_async.simulator import FailedRender, World
from tests.helpers.simulator_ask import Ask, code
from tests.helpers.simulator_videos import HELLO, create_video


async def test_the_balance_limits_requests(ask: Ask, world: World) -> None:
    """A price, or the sum for a batch, beyond the balance gets a 402; refunds can be spent again."""
    world.balance_usd = 0.10
    world.faults.append(FailedRender(nth=1))
    await create_video(ask)
    assert (await ask("GET", "/v3/users/me"))[1]["data"]["wallet"]["remaining_balance"] == 0.0333
    assert code(await ask("POST", "/v3/videos", HELLO)) == (402, "insufficient_credit")
    assert code(await ask("POST", "/v3/video-agents", {"prompt": "x"})) == (402, "insufficient_credit")
    await anyio.sleep(5000)
    assert code(await ask("POST", "/v3/videos/batches", {"videos": [HELLO] * 2})) == (402, "insufficient_credit")
    await create_video(ask)
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
async def test_a_strict_catalog(ask: Ask, path: str, body: Any, found: tuple[int, str | None]) -> None:
    """Without further settings looks and voices must exist, and the look must support the request."""
    status, answer = await ask("POST", path, body)
    assert (status, answer.get("error", {}).get("code")) == found


FACE = {"type": "url", "url": "https://example.com/me.wav"}
AGENT = {"prompt": "A welcome"}
STUDIO = {"type": "avatar_video", "input": {"type": "avatar", "avatar_id": "look_anna", "script": "Hi"}}
WELCOME = "/v3/templates/template_welcome"
TEXT = {"type": "text", "properties": {"content": "Ada"}}
ELEVEN = {"engine_settings": {"engine_type": "elevenlabs"}}


def by_reference(look_id: str) -> dict[str, Any]:
    return HELLO | {"engine": {"type": "avatar_v", "reference_look_id": look_id}}


MISTAKES: dict[str, tuple[str, dict[str, Any], str]] = {
    "the id of a group as look": ("/v3/videos", HELLO | {"avatar_id": "group_anna"}, "avatar_id"),
    "an unknown look of a shot": (
        "/v3/videos",
        {"type": "cinematic_avatar", "prompt": "x", "avatar_id": ["look_anna", "x"]},
        "avatar_id",
    ),
    "an unknown look of a scene": (
        "/v3/videos",
        {"type": "studio", "scenes": [STUDIO, STUDIO | {"input": STUDIO["input"] | {"avatar_id": "x"}}]},  # type: ignore[operator]
        "scenes[1].input.avatar_id",
    ),
    "an unknown voice of a scene": (
        "/v3/videos",
        {"type": "studio", "scenes": [STUDIO | {"input": STUDIO["input"] | {"voice_id": "x"}}]},  # type: ignore[operator]
        "scenes[0].input.voice_id",
    ),
    "an engine that the look lacks": (
        "/v3/videos",
        HELLO | {"avatar_id": "look_ben", "engine": {"type": "avatar_iii"}},
        "engine",
    ),
    "an unknown reference": ("/v3/videos", by_reference("x"), "engine.reference_look_id"),
    "a reference of another group": ("/v3/videos", by_reference("look_dmitri"), "engine.reference_look_id"),
    "settings of another voice engine": ("/v3/videos", HELLO | {"voice_settings": ELEVEN}, "voice_settings"),
    "an unknown folder": ("/v3/videos", HELLO | {"folder_id": "x"}, "folder_id"),
    "an unknown glossary": ("/v3/videos", HELLO | {"brand_glossary_id": "x"}, "brand_glossary_id"),
    "an unknown asset": ("/v3/videos", {**HELLO, "script": None, "audio_asset_id": "x"}, "asset_id"),
    "an unknown folder of a batch": ("/v3/videos/batches", {"videos": [HELLO], "folder_id": "x"}, "folder_id"),
    "an unknown look of an agent": ("/v3/video-agents", AGENT | {"avatar_id": "x"}, "avatar_id"),
    "an unknown voice of an agent": ("/v3/video-agents", AGENT | {"voice_id": "x"}, "voice_id"),
    "an unknown style": ("/v3/video-agents", AGENT | {"style_id": "x"}, "style_id"),
    "an unknown brand kit": ("/v3/video-agents", AGENT | {"brand_kit_id": "x"}, "brand_kit_id"),
    "an unknown variable": (WELCOME, {"variables": {"nmae": TEXT}}, "variables"),
    "a variable of another type": (WELCOME, {"variables": {"name": {"type": "image"}}}, "variables"),
    "an unknown scene of a template": (WELCOME, {"variables": {"name": TEXT}, "scene_ids": ["x"]}, "scene_ids"),
    "an unknown glossary of a template": (WELCOME, {"variables": {}, "brand_glossary_id": "x"}, "brand_glossary_id"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_of_a_beginner_is_refused(ask: Ask, world: World, mistake: str) -> None:
    """A world refuses what the account does not have and names the field; an open catalog accepts ids of any kind."""
    path, body, param = MISTAKES[mistake]
    status, answer = await ask("POST", path, body)
    assert status in {400, 404}
    found = answer["error"]
    assert param in {found["param"], *(each["path"] for each in found.get("errors", ()))}
    assert world.ledger == []
    world.strict_catalog = False
    status, _ = await ask("POST", path, body)
    assert status in ({400} if param == "scene_ids" else {200, 202})


async def test_a_group_is_told_from_a_look(ask: Ask) -> None:
    """The message names the looks of the group."""
    _, answer = await ask("POST", "/v3/videos", HELLO | {"avatar_id": "group_anna"})
    assert answer["error"]["message"].endswith("It is the id of an avatar group; its looks: look_anna.")


async def test_a_look_without_a_voice_needs_one(ask: Ask, world: World) -> None:
    """A script needs a voice: the request's, the look's or the group's. A clone that is not ready is none."""
    look = attrs.evolve(world.library.looks["look_anna"], default_voice_id=None)
    world.library.looks[look.id] = look
    world.library.groups[look.group_id].default_voice_id = None
    mute = {name: value for name, value in HELLO.items() if name != "voice_id"}
    status, answer = await ask("POST", "/v3/videos", mute)
    assert (status, answer["error"]["param"]) == (400, "voice_id")
    path = f"/v3/avatars/{look.group_id}"
    assert (await ask("PATCH", path, {"default_voice_id": "x"}))[0] == 404
    _, cloned = await ask("POST", "/v3/voices/clone", {"audio": FACE, "voice_name": "Mine"})
    voice_id = cloned["data"]["voice_clone_id"]
    assert (await ask("POST", "/v3/videos", mute | {"voice_id": voice_id}))[1]["error"]["code"] == "resource_not_ready"
    assert (await ask("PATCH", path, {"default_voice_id": "voice_calm"}))[0] == 200
    assert (await ask("POST", "/v3/videos", mute))[0] == 200
    assert (await ask("PATCH", path, {"default_voice_id": None}))[1]["data"]["default_voice_id"] is None


@pytest.mark.parametrize("plain", [False, True])
async def test_an_unknown_look_fails_its_item(ask: Ask, world: World, plain: bool) -> None:  # noqa: FBT001
    """The setting lets the item fail, with either word of a 404; only the other items are charged."""
    world.unknown_in_batch, world.plain_not_found = "failed", plain
    items = [HELLO, HELLO | {"avatar_id": "nobody"}]
    status, made = await ask("POST", "/v3/videos/batches", {"videos": items})
    assert (status, len(world.ledger)) == (202, 1)
    await anyio.sleep(1000)
    _, found = await ask("GET", f"/v3/videos/batches/{made['data']['batch_id']}")
    assert [item["status"] for item in found["data"]["items"]] == ["completed", "failed"]
    failed = found["data"]["items"][1]
    assert (failed["video_id"], failed["error"]["code"]) == (None, "not_found" if plain else "avatar_not_found")


async def test_a_batch_of_unknown_looks_ends_at_once(ask: Ask, world: World) -> None:
    """A batch without a good item has failed, costs nothing, and its callback is called."""
    world.unknown_in_batch = "failed"
    body = {"videos": [HELLO | {"avatar_id": "nobody"}], "callback_url": "http://127.0.0.1:1/"}
    _, made = await ask("POST", "/v3/videos/batches", body)
    await anyio.sleep(1)
    _, found = await ask("GET", f"/v3/videos/batches/{made['data']['batch_id']}")
    assert (found["data"]["status"], world.ledger) == ("failed", [])
    assert [delivery.url for delivery in world.deliveries] == ["http://127.0.0.1:1/"]


@pytest.mark.parametrize("path", ["/v3/videos/x", "/v3/avatars/looks/x", "/v3/avatars/x", "/v3/assets/x"])
async def test_the_words_of_a_404_are_a_setting(ask: Ask, world: World, path: str) -> None:
    """Both vocabularies were read of HeyGen."""
    special = code(await ask("GET", path))[1]
    world.plain_not_found = True
    assert code(await ask("GET", path)) == (404, "not_found")
    assert special.endswith("_not_found")

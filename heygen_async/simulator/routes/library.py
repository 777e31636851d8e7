"""The account, its folders, and lists that can only be read: brands, styles, sounds and images."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from heygen_async.simulator.account import sample_data
from heygen_async.simulator.account.catalog import USERNAME
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.views.call import RouteCall, Routes

Item = dict[str, Any]

# Scores of sounds whose name or description has all words of the query, and of the others.
MATCH_SCORE, OTHER_SCORE = 0.9, 0.3
DEFAULT_MIN_SCORE = 0.7


def me(call: RouteCall) -> Reply:
    """GET /v3/users/me."""
    return data_reply(
        {
            "username": USERNAME,
            "email": "simulator@example.com",
            "first_name": "Sim",
            "last_name": "Ulator",
            "billing_type": "wallet",
            "wallet": {
                "currency": "usd",
                "remaining_balance": round(call.world.balance_usd - call.world.charged_usd, 4),
                "auto_reload": {"enabled": False, "threshold_usd": None, "amount_usd": None},
            },
            "subscription": None,
            "usage_based": None,
        }
    )


def create_folder(call: RouteCall) -> Reply:
    """POST /v3/folders. Names need not be unique."""
    world, body = call.world, call.body
    parent_id = body.get("parent_id") or None
    if parent_id is not None and parent_id not in world.library.folders:
        raise invalid("parent_id", "There is no such folder.")  # the contract declares no 404 here
    now = int(world.unix_time(world.now()))
    folder = {
        "folder_id": world.make_id("folder", world.next_number("folder")),
        "name": body["name"],
        "type": body.get("type", "mixed"),
        "is_trash": False,
        "created_at": now,
        "updated_at": now,
        "parent_id": parent_id,
        "creator_username": USERNAME,
    }
    world.library.folders[folder["folder_id"]] = folder
    return data_reply(folder)


def folder(call: RouteCall) -> Reply:
    """GET /v3/folders/{folder_id}."""
    return _item(call.world.library.folders, "folder_id", call)


def image(call: RouteCall) -> Reply:
    """GET /v3/models/images/{generation_id}."""
    return _item(call.world.library.images, "generation_id", call)


def sounds(call: RouteCall) -> Reply:
    """GET /v3/audio/sounds: finds sounds by the words of their name and description."""
    words = call.query["query"].lower().split()
    found = [
        {**sound, "score": MATCH_SCORE if all(word in _text(sound) for word in words) else OTHER_SCORE}
        for sound in sample_data.SOUNDS
    ]
    kind, min_score = call.query.get("type", "music"), call.query.get("min_score", DEFAULT_MIN_SCORE)
    matches = [
        (index, sound) for index, sound in enumerate(found) if sound["type"] == kind and sound["score"] >= min_score
    ]
    return call.page_reply(matches, dict)


def fixed_list(items: Sequence[Item], call: RouteCall) -> Reply:
    """GET of a list that never changes. `tag` selects items of lists that have tags."""
    tag = call.query.get("tag")
    found = [(index, item) for index, item in enumerate(items) if tag is None or tag in item["tags"]]
    return call.page_reply(found, dict)


def _item(items: dict[str, Item], id_name: str, call: RouteCall) -> Reply:
    item = items.get(call.names[id_name])
    if item is None:
        raise RefusalError(404, "not_found", "There is no object with this id.")
    return data_reply(item)


def _text(sound: Item) -> str:
    return f"{sound['name']} {sound['description']}".lower()


ROUTES: Routes = {
    ("GET", "/v3/users/me"): me,
    ("POST", "/v3/folders"): create_folder,
    ("GET", "/v3/folders/{folder_id}"): folder,
    ("GET", "/v3/models/images/{generation_id}"): image,
    ("GET", "/v3/audio/sounds"): sounds,
    ("GET", "/v3/brand-kits"): functools.partial(fixed_list, sample_data.BRAND_KITS),
    ("GET", "/v3/brand-glossaries"): functools.partial(fixed_list, sample_data.BRAND_GLOSSARIES),
    ("GET", "/v3/video-agents/styles"): functools.partial(fixed_list, sample_data.STYLES),
}

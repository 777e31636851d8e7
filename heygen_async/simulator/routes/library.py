"""The account and its key, folders, brands, and lists that can only be read: styles and sounds."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any

from heygen_async.simulator.account import sample_data
from heygen_async.simulator.account.catalog import USERNAME
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world.outbox import host_of

Item = dict[str, Any]

# Scores of sounds whose name or description has all words of the query, and of the others.
MATCH_SCORE, OTHER_SCORE = 0.9, 0.3
DEFAULT_MIN_SCORE = 0.7
KIT = "/v3/brand-kits/{brand_kit_id}"
GLOSSARY = "/v3/brand-glossaries/{brand_glossary_id}"


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


def api_key(_: RouteCall) -> Reply:
    """GET /v3/api_keys/self. Any key may ask."""
    return data_reply(
        {
            "key_id": "key_simulator",
            "key_name": "Simulator",
            "status": "active",
            "scope_mode": "full",
            "scopes": ["*:*"],
            "created_at": sample_data.CREATED_AT_ISO,
            "updated_at": sample_data.CREATED_AT_ISO,
            "expires_at": None,
            "expires_in_seconds": None,
        }
    )


def brand_kits(call: RouteCall) -> Reply:
    """GET /v3/brand-kits."""
    listed = ("brand_kit_id", "name", "colors", "logo_url")
    kits = list(enumerate(call.world.library.brand_kits.values()))
    return call.page_reply(kits, lambda kit: {name: kit[name] for name in listed})


def create_brand_kit(call: RouteCall) -> Reply:
    """POST /v3/brand-kits: a kit of the given values; from an address it takes the name of the site."""
    world, body = call.world, call.body
    kit_id = world.make_id("brand_kit", world.next_number("brand_kit"))
    kit: Item = {
        "brand_kit_id": kit_id,
        "name": body.get("name") or host_of(body.get("url") or "") or "New kit",
        "colors": body.get("colors") or [],
        "logo_url": body.get("logo_url"),
        "fonts": [],
        "logos": [],
    }
    world.library.brand_kits[kit_id] = kit
    return data_reply(kit)


def brand_kit(call: RouteCall) -> Reply:
    """GET /v3/brand-kits/{brand_kit_id}."""
    return _item(call.world.library.brand_kits, "brand_kit_id", call)


def update_brand_kit(call: RouteCall) -> Reply:
    """PATCH /v3/brand-kits/{brand_kit_id}. A null clears a field."""
    kit = _found(call.world.library.brand_kits, "brand_kit_id", call)
    kit |= {name: value for name, value in call.body.items() if name in {"name", "colors", "logo_url"}}
    kit["colors"] = kit["colors"] or []
    return data_reply(kit)


def brand_glossaries(call: RouteCall) -> Reply:
    """GET /v3/brand-glossaries."""
    listed = ("brand_glossary_id", "name", "created_at", "updated_at")
    glossaries = list(enumerate(call.world.library.brand_glossaries.values()))
    return call.page_reply(glossaries, lambda glossary: {name: glossary[name] for name in listed})


def create_brand_glossary(call: RouteCall) -> Reply:
    """POST /v3/brand-glossaries."""
    world = call.world
    glossary_id = world.make_id("brand_glossary", world.next_number("brand_glossary"))
    glossary: Item = {
        "brand_glossary_id": glossary_id,
        "name": call.body["name"],
        "terms": call.body.get("terms") or [],
        "created_at": _iso_now(call),
        "updated_at": _iso_now(call),
    }
    world.library.brand_glossaries[glossary_id] = glossary
    return data_reply(glossary)


def brand_glossary(call: RouteCall) -> Reply:
    """GET /v3/brand-glossaries/{brand_glossary_id}."""
    return _item(call.world.library.brand_glossaries, "brand_glossary_id", call)


def update_brand_glossary(call: RouteCall) -> Reply:
    """PATCH /v3/brand-glossaries/{brand_glossary_id}. Terms are replaced as a whole; null leaves none."""
    glossary = _found(call.world.library.brand_glossaries, "brand_glossary_id", call)
    glossary |= {name: value for name, value in call.body.items() if name in {"name", "terms"}}
    glossary |= {"terms": glossary["terms"] or [], "updated_at": _iso_now(call)}
    return data_reply(glossary)


def delete_brand(collection: str, id_name: str, call: RouteCall) -> Reply:
    """DELETE of a brand kit or glossary, an item of the library's *collection*."""
    items = getattr(call.world.library, collection)
    del items[_found(items, id_name, call)[id_name]]
    return data_reply({id_name: call.names[id_name]})


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
    return data_reply(_found(items, id_name, call))


def _found(items: dict[str, Item], id_name: str, call: RouteCall) -> Item:
    item = items.get(call.names[id_name])
    if item is None:
        raise RefusalError(404, "not_found", "There is no object with this id.")
    return item


def _iso_now(call: RouteCall) -> str:
    return dt.datetime.fromtimestamp(call.world.unix_time(call.world.now()), dt.UTC).isoformat()


def _text(sound: Item) -> str:
    return f"{sound['name']} {sound['description']}".lower()


ROUTES: Routes = {
    ("GET", "/v3/users/me"): me,
    ("POST", "/v3/folders"): create_folder,
    ("GET", "/v3/folders/{folder_id}"): folder,
    ("GET", "/v3/api_keys/self"): api_key,
    ("GET", "/v3/audio/sounds"): sounds,
    ("GET", "/v3/brand-kits"): brand_kits,
    ("POST", "/v3/brand-kits"): create_brand_kit,
    ("GET", KIT): brand_kit,
    ("PATCH", KIT): update_brand_kit,
    ("DELETE", KIT): functools.partial(delete_brand, "brand_kits", "brand_kit_id"),
    ("GET", "/v3/brand-glossaries"): brand_glossaries,
    ("POST", "/v3/brand-glossaries"): create_brand_glossary,
    ("GET", GLOSSARY): brand_glossary,
    ("PATCH", GLOSSARY): update_brand_glossary,
    ("DELETE", GLOSSARY): functools.partial(delete_brand, "brand_glossaries", "brand_glossary_id"),
    ("GET", "/v3/avatars/looks/packs"): functools.partial(fixed_list, sample_data.LOOK_PACKS),
    ("GET", "/v3/video-agents/styles"): functools.partial(fixed_list, sample_data.STYLES),
}

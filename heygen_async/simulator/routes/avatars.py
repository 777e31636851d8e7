"""/v3/avatars: avatar groups, their looks, new looks, and the consent of the person shown."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import attrs

from heygen_async.simulator.account.catalog import CatalogLook
from heygen_async.simulator.account.library import Group
from heygen_async.simulator.http.replies import RefusalError, Reply, data_reply, invalid
from heygen_async.simulator.views.call import RouteCall, Routes
from heygen_async.simulator.world import acceptance
from heygen_async.simulator.world.known_ids import require_declared, require_voice
from heygen_async.simulator.world.outbox import Notice

GROUP = "/v3/avatars/{group_id}"
LOOK = "/v3/avatars/looks/{look_id}"
LOOK_TYPES = {"digital_twin": "digital_twin", "photo": "photo_avatar", "prompt": "photo_avatar"}
T = TypeVar("T", Group, CatalogLook)
EVENTS = {"digital_twin": "instant_avatar.success", "photo_avatar": "photo_avatar_generation.success"}


def create(call: RouteCall) -> Reply:
    """POST /v3/avatars: makes a look, in a new group or in one of the account."""
    require_declared(call.world, {name: value for name, value in call.body.items() if name != "type"})
    group_id = call.body.get("avatar_group_id")
    group = _own_group(call, group_id) if group_id else None
    _require_source(call, group_id)
    look_id = call.world.make_id("look", call.world.next_number("look"))
    acceptance.charge_avatar(call.world, look_id, call.body, call.key)
    group = group or _new_group(call)
    look = _new_look(call, look_id, group)
    return data_reply({"avatar_group": _group_view(call, group), "avatar_item": _look_view(call, look)})


def groups(call: RouteCall) -> Reply:
    """GET /v3/avatars, newest first."""
    private = {"public": False, "private": True}.get(call.query.get("ownership", ""))
    found = [
        (-group.number, group)
        for group in sorted(call.world.library.groups.values(), key=lambda group: -group.number)
        if private in (None, group.private)
    ]
    return call.page_reply(found, functools.partial(_group_view, call))


def group(call: RouteCall) -> Reply:
    """GET /v3/avatars/{group_id}."""
    return data_reply(_group_view(call, _find_group(call)))


def update_group(call: RouteCall) -> Reply:
    """PATCH /v3/avatars/{group_id}."""
    found = _owned(_find_group(call))
    if "default_voice_id" in call.body:
        require_voice(call.world, call.body["default_voice_id"], "default_voice_id")
        found.default_voice_id = call.body["default_voice_id"]
    return data_reply(_group_view(call, found))


def delete_group(call: RouteCall) -> Reply:
    """DELETE /v3/avatars/{group_id}. The looks of the group are deleted too."""
    found = _owned(_find_group(call))
    for look in call.world.library.looks_of(found):
        del call.world.library.looks[look.id]
    del call.world.library.groups[found.id]
    return data_reply({"id": found.id})


def consent(call: RouteCall) -> Reply:
    """POST /v3/avatars/{group_id}/consent. With a video, consent is given at once; with a link, later."""
    found = _owned(_find_group(call))
    world = call.world
    if call.body.get("consent_video"):
        found.consent_at = world.now()
        return data_reply({"avatar_group": _group_view(call, found), "url": None})
    # Without a video, the person shown is assumed to follow the link after `consent_seconds`.
    found.consent_at = min(found.consent_at or float("inf"), world.now() + world.consent_seconds)
    token = world.make_id("consent", world.next_number("consent"))
    return data_reply({"avatar_group": _group_view(call, found), "url": f"{call.origin}/consent/{token}"})


def looks(call: RouteCall) -> Reply:
    """GET /v3/avatars/looks."""
    found = [(index, look) for index, look in enumerate(call.world.library.looks.values()) if _matches(call, look)]
    return call.page_reply(found, functools.partial(_look_view, call))


def look(call: RouteCall) -> Reply:
    """GET /v3/avatars/looks/{look_id}."""
    return data_reply(_look_view(call, _find_look(call)))


def update_look(call: RouteCall) -> Reply:
    """PATCH /v3/avatars/looks/{look_id}."""
    found = _owned(_find_look(call))
    if call.body.get("name"):
        found = attrs.evolve(found, name=call.body["name"])
        call.world.library.looks[found.id] = found
    return data_reply(_look_view(call, found))


def delete_look(call: RouteCall) -> Reply:
    """DELETE /v3/avatars/looks/{look_id}."""
    found = _owned(_find_look(call))
    del call.world.library.looks[found.id]
    return data_reply({"id": found.id})


def _matches(call: RouteCall, look: CatalogLook) -> bool:
    query = call.query
    return (
        query.get("group_id") in {None, look.group_id}
        and query.get("avatar_type") in {None, look.avatar_type}
        and query.get("ownership") in {None, "private" if look.private else "public"}
    )


def _own_group(call: RouteCall, group_id: str) -> Group:
    found = call.world.library.groups.get(group_id)
    if found is None or not found.private:
        raise invalid("avatar_group_id", "There is no such group of yours.")  # the contract declares no 404 here
    return found


def _require_source(call: RouteCall, group_id: str | None) -> None:
    source = call.world.library.looks.get(call.body.get("avatar_id") or "")
    if source is not None and group_id is not None and source.group_id != group_id:
        raise invalid("avatar_id", "The look must belong to avatar_group_id.")


def _new_group(call: RouteCall) -> Group:
    world = call.world
    number = world.next_number("group")
    made = Group(
        id=world.make_id("group", number),
        number=number,
        name=call.body["name"],
        gender=None,
        private=True,
        default_voice_id=None,
        created_at=int(world.unix_time(world.now())),
    )
    world.library.groups[made.id] = made
    return made


def _new_look(call: RouteCall, look_id: str, group: Group) -> CatalogLook:
    world = call.world
    made = CatalogLook(
        id=look_id,
        name=call.body["name"],
        group_id=group.id,
        avatar_type=LOOK_TYPES[call.body["type"]],
        gender=None,
        default_voice_id=group.default_voice_id,
        private=True,
        ready_at=world.now() + world.avatar_seconds,
    )
    world.library.looks[look_id] = made
    data = {"avatar_id": look_id, "avatar_group_id": group.id}
    world.schedule_notice(
        world.now() + world.avatar_seconds,
        Notice(event_type=EVENTS[made.avatar_type], data=data, entity_id=look_id),
    )
    return made


def _find_group(call: RouteCall) -> Group:
    found = call.world.library.groups.get(call.names["group_id"])
    if found is None:
        raise RefusalError(404, "avatar_group_not_found", "There is no such group.")
    return found


def _find_look(call: RouteCall) -> CatalogLook:
    found = call.world.library.looks.get(call.names["look_id"])
    if found is None:
        raise RefusalError(404, "avatar_not_found", "There is no such look.")
    return found


def _owned(found: T) -> T:
    if not found.private:
        raise RefusalError(403, "resource_access_denied", "Public avatars cannot be changed.")
    return found


def _look_view(call: RouteCall, look: CatalogLook) -> dict[str, Any]:
    return look.view(call.world.library.status(look, call.world.now()))


def _group_view(call: RouteCall, group: Group) -> dict[str, Any]:
    now, library = call.world.now(), call.world.library
    members = library.looks_of(group)
    statuses = [status for look in members if (status := library.status(look, now))]
    twin = any(look.avatar_type == "digital_twin" for look in members)
    return {
        "id": group.id,
        "name": group.name,
        "gender": group.gender,
        "looks_count": len(members),
        "created_at": group.created_at,
        "default_voice_id": group.default_voice_id,
        "status": _worst(statuses),
        "consent_status": ("approved" if group.has_consent(now) else "not_started") if twin else None,
        "preview_image_url": f"https://files.heygen.example/groups/{group.id}.jpg" if members else None,
        "preview_video_url": None,
        "error": None,
    }


def _worst(statuses: list[str]) -> str | None:
    return next((status for status in ("processing", "pending_consent", "completed") if status in statuses), None)


ROUTES: Routes = {
    ("POST", "/v3/avatars"): create,
    ("GET", "/v3/avatars"): groups,
    ("GET", GROUP): group,
    ("PATCH", GROUP): update_group,
    ("DELETE", GROUP): delete_group,
    ("POST", f"{GROUP}/consent"): consent,
    ("GET", "/v3/avatars/looks"): looks,
    ("GET", LOOK): look,
    ("PATCH", LOOK): update_look,
    ("DELETE", LOOK): delete_look,
}

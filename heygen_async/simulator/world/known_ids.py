"""Checks that the account has what a request names, and that look and voice can do it, in strict worlds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from heygen_async.simulator.account.catalog import CatalogLook
from heygen_async.simulator.account.sample_data import STYLES
from heygen_async.simulator.contract.rules import look_problems
from heygen_async.simulator.http.replies import FieldError, RefusalError, invalid, invalid_items
from heygen_async.simulator.world.world import World

Body = dict[str, Any]
Failure = dict[str, Any]

_STYLE_IDS = frozenset(style["style_id"] for style in STYLES)


def require_known(world: World, body: Body) -> None:
    """Refuse unknown ids, and settings that the look or the voice does not support.

    Raises:
        RefusalError: 404 or 400.
    """
    if not world.strict_catalog:
        return
    _require_looks(world, body.get("avatar_id") or [], "avatar_id")
    _require_voice(world, body.get("voice_id"), "voice_id")
    _require_settings(world, body)
    for asset_id in _asset_ids(body):
        asset = world.assets.get(asset_id)
        if asset is None or asset.deleted or asset.status(world.now()) != "completed":
            raise RefusalError(404, "asset_not_found", f"There is no asset {asset_id}.", param="asset_id")
    if body.get("type") == "avatar":
        _require_speaking_look(world, body, "")
    for index, scene in enumerate(body.get("scenes") or ()):
        _require_scene(world, scene, f"scenes[{index}].")


def require_declared(world: World, body: Body) -> None:
    """Refuse like `require_known`, but with a 400, for operations whose contract declares no 404.

    Raises:
        RefusalError: 400.
    """
    try:
        require_known(world, body)
    except RefusalError as refusal:
        raise RefusalError(400, "invalid_parameter", str(refusal), param=refusal.param) from None


def failures_of_items(world: World, name: str, items: list[Body]) -> list[Failure | None]:
    """Return the failure of each item of a batch that names something unknown, or refuse the batch for it.

    The setting `unknown_in_batch` decides. The contract declares no 404 for batches.

    Raises:
        RefusalError: 400.
    """
    failures: list[Failure | None] = []
    for index, item in enumerate(items):
        try:
            require_known(world, item)
        except RefusalError as refusal:
            if world.unknown_in_batch == "refused":
                problem = FieldError(path=f"{name}[{index}].{refusal.param}", message=str(refusal))
                raise invalid_items([index], [problem], param=name) from None
            code = "not_found" if world.plain_not_found and refusal.status == 404 else refusal.code
            failures.append({"code": code, "message": str(refusal)})
        else:
            failures.append(None)
    return failures


def require_voice(world: World, voice_id: str | None, param: str) -> None:
    """Refuse an unknown voice, in worlds with a strict catalog."""
    if world.strict_catalog:
        _require_voice(world, voice_id, param)


def require_variables(world: World, body: Body, template: Body) -> None:
    """Refuse variables that *template* does not have, or has as another type."""
    if not world.strict_catalog:
        return
    for name, value in body["variables"].items():
        known = template["variables"].get(name)
        if known is None:
            names = ", ".join(template["variables"]) or "none"
            raise invalid("variables", f"The template has no variable {name}; it has: {names}.")
        kind = value.get("type") if isinstance(value, dict) else None
        if kind is not None and kind != known["type"]:
            raise invalid("variables", f"Variable {name} is of type {known['type']}, not {kind}.")


def _require_looks(world: World, look_ids: str | list[str], param: str) -> None:
    for look_id in [look_ids] if isinstance(look_ids, str) else look_ids:
        look = world.library.looks.get(look_id)
        if look is None:
            raise _unknown_look(world, look_id, param)
        status = world.library.status(look, world.now())
        if status == "pending_consent":
            raise RefusalError(400, "avatar_consent_required", f"Look {look_id} has no consent.", param=param)
        if status == "processing":
            raise RefusalError(400, "avatar_not_usable", f"Look {look_id} is not ready.", param=param)


def _unknown_look(world: World, look_id: str, param: str) -> RefusalError:
    message = f"There is no look {look_id}."
    group = world.library.groups.get(look_id)
    if group is not None:
        looks = ", ".join(look.id for look in world.library.looks_of(group)) or "none"
        message += f" It is the id of an avatar group; its looks: {looks}."
    return RefusalError(404, "avatar_not_found", message, param=param)


def _require_voice(world: World, voice_id: str | None, param: str) -> None:
    if not voice_id:
        return
    voice = world.library.voices.get(voice_id)
    if voice is None:
        raise RefusalError(404, "voice_not_found", f"There is no voice {voice_id}.", param=param)
    if voice.status(world.now()) == "processing":
        raise RefusalError(400, "resource_not_ready", f"Voice {voice_id} is not ready.", param=param)


def _require_settings(world: World, body: Body) -> None:
    library = world.library
    for field, known, subject in (
        ("folder_id", library.folders, "folder"),
        ("style_id", _STYLE_IDS, "style"),
        ("brand_kit_id", library.brand_kits, "brand kit"),
        ("brand_glossary_id", library.brand_glossaries, "brand glossary"),
        ("brand_voice_id", library.brand_glossaries, "brand glossary"),
    ):
        if (given := body.get(field)) and given not in known:
            raise RefusalError(404, "not_found", f"There is no {subject} {given}.", param=field)


def _require_scene(world: World, scene: Body, path: str) -> None:
    spoken: Body = scene.get("input") or scene
    place = f"{path}input." if spoken is not scene else path
    _require_voice(world, spoken.get("voice_id"), f"{place}voice_id")
    if spoken.get("avatar_id"):
        _require_looks(world, spoken["avatar_id"], f"{place}avatar_id")
        _require_speaking_look(world, spoken, place)


def _require_speaking_look(world: World, body: Body, path: str) -> None:
    """Refuse settings that the look does not support, and a script without a voice."""
    look = world.library.looks[body["avatar_id"]]
    _refuse([FieldError(path=f"{path}{found.path}", message=found.message) for found in look_problems(body, look)])
    group = world.library.groups.get(look.group_id)
    voice_id = body.get("voice_id") or look.default_voice_id or (group.default_voice_id if group else None)
    if body.get("script") is not None and not voice_id:
        raise invalid(f"{path}voice_id", f"Look {look.id} has no default voice: name a voice.")
    _require_voice(world, voice_id, f"{path}voice_id")
    settings = (body.get("voice_settings") or {}).get("engine_settings") or {}
    voice = world.library.voices.get(voice_id or "")
    if voice is not None and settings.get("engine_type", voice.engine) != voice.engine:
        raise invalid(f"{path}voice_settings", f"Voice {voice.id} is of engine {voice.engine}.")
    _require_reference(world, body, look, path)


def _require_reference(world: World, body: Body, look: CatalogLook, path: str) -> None:
    """Refuse a reference look that is no digital twin of the same group, with consent."""
    reference_id = (body.get("engine") or {}).get("reference_look_id")
    if reference_id is None:
        return
    param = f"{path}engine.reference_look_id"
    _require_looks(world, reference_id, param)
    reference = world.library.looks[reference_id]
    if reference.avatar_type != "digital_twin" or reference.group_id != look.group_id:
        raise invalid(param, f"Look {reference_id} is no digital twin of the group of look {look.id}.")


def _asset_ids(value: Any) -> Iterator[str]:
    """Yield the ids of assets anywhere in *value*."""
    if isinstance(value, list):
        for item in value:
            yield from _asset_ids(item)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name in {"asset_id", "audio_asset_id"} and isinstance(member, str):
                yield member
            else:
                yield from _asset_ids(member)


def _refuse(problems: list[FieldError]) -> None:
    if problems:
        first = problems[0]
        raise RefusalError(400, "invalid_parameter", first.message, param=first.path, problems=problems)

"""Checks that the looks, voices, folders and assets of a request exist, in worlds with a strict catalog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from heygen_async.simulator.contract.rules import look_problems
from heygen_async.simulator.http.replies import FieldError, RefusalError, invalid_items
from heygen_async.simulator.world.world import World

Body = dict[str, Any]


def require_known(world: World, body: Body) -> None:
    """Refuse unknown ids, and settings that the look does not support.

    Raises:
        RefusalError: 404 or 400.
    """
    if not world.strict_catalog:
        return
    _require_looks(world, body)
    if (voice_id := body.get("voice_id")) and voice_id not in world.library.voices:
        raise RefusalError(404, "voice_not_found", f"There is no voice {voice_id}.", param="voice_id")
    if (folder_id := body.get("folder_id")) and folder_id not in world.library.folders:
        raise RefusalError(404, "not_found", f"There is no folder {folder_id}.", param="folder_id")
    for asset_id in _asset_ids(body):
        asset = world.assets.get(asset_id)
        if asset is None or asset.deleted or asset.status(world.now()) != "completed":
            raise RefusalError(404, "asset_not_found", f"There is no asset {asset_id}.", param="asset_id")
    if body.get("type") == "avatar":
        _refuse(list(look_problems(body, world.library.looks[body["avatar_id"]])))


def require_declared(world: World, body: Body) -> None:
    """Refuse like `require_known`, but with a 400, for operations whose contract declares no 404.

    Raises:
        RefusalError: 400.
    """
    try:
        require_known(world, body)
    except RefusalError as refusal:
        raise RefusalError(400, "invalid_parameter", str(refusal), param=refusal.param) from None


def require_known_items(world: World, name: str, items: list[Body]) -> None:
    """Refuse a batch for unknown ids in its *items*, the field *name*; the contract declares no 404 for batches.

    Raises:
        RefusalError: 400.
    """
    for index, item in enumerate(items):
        try:
            require_known(world, item)
        except RefusalError as refusal:
            problem = FieldError(path=f"{name}[{index}].{refusal.param}", message=str(refusal))
            raise invalid_items([index], [problem], param=name) from None


def _require_looks(world: World, body: Body) -> None:
    look_ids = body.get("avatar_id") or []
    for look_id in [look_ids] if isinstance(look_ids, str) else look_ids:
        look = world.library.looks.get(look_id)
        if look is None:
            raise RefusalError(404, "avatar_not_found", f"There is no look {look_id}.", param="avatar_id")
        status = world.library.status(look, world.now())
        if status == "pending_consent":
            raise RefusalError(400, "avatar_consent_required", f"Look {look_id} has no consent.", param="avatar_id")
        if status == "processing":
            raise RefusalError(400, "avatar_not_usable", f"Look {look_id} is not ready.", param="avatar_id")


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

"""Files that the simulated account generates itself, such as speech: stored like uploads, but in no list."""

from __future__ import annotations

from heygen_async.simulator.http.received import received
from heygen_async.simulator.storage.presigned import presign
from heygen_async.simulator.world.assets import Asset
from heygen_async.simulator.world.world import World

SECONDS_KEPT = 7 * 24 * 3600.0


def store_file(world: World, origin: str, name: str, mime_type: str, content: bytes) -> str:
    """Store *content* and return its presigned address at *origin*, valid for a week."""
    number = world.next_number("asset")
    asset = Asset(
        asset_id=world.make_id("asset", number),
        number=number,
        name=name,
        mime_type=mime_type,
        size_bytes=len(content),
        made_at=world.now(),
        received=received(content),
    )
    world.assets[asset.asset_id] = asset
    return presign(world, origin, f"/files/assets/{asset.asset_id}", SECONDS_KEPT)

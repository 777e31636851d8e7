"""Files that the simulated HeyGen makes by itself: kept like uploads, but in nobody's list."""

from __future__ import annotations

from heygen_async.simulator.http.received import received
from heygen_async.simulator.storage.presigned import presign
from heygen_async.simulator.views.call import RouteCall
from heygen_async.simulator.world.assets import Asset

SECONDS_KEPT = 7 * 24 * 3600.0


def store(call: RouteCall, name: str, mime_type: str, content: bytes) -> str:
    """Keep *content* and return its address."""
    world = call.world
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
    return presign(world, call.origin, f"/files/assets/{asset.asset_id}", SECONDS_KEPT)

"""The summary of a world, for people and tests."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heygen_async.simulator.world.world import World


def summary(world: World) -> dict[str, Any]:
    """Return what has happened in *world*, fit for JSON."""
    now = world.now()
    charges = world.books.charges
    return {
        "seconds": round(world.since_start(), 3),
        "slots": world.slots,
        "rendering": world.pool.rendering,
        "peak_rendering": world.pool.peak,
        "charges": len(charges),
        "charged_usd": world.books.charged_usd,
        "refunds": len(world.books.refunds),
        "charges_by_kind": dict(Counter(charge.kind for charge in charges)),
        "videos": dict(Counter(video.status(now) for video in world.videos.values() if not video.deleted)),
        "sessions": dict(Counter(session.status for session in world.sessions.values())),
        "requests": len(world.requests),
        "requests_by_route": dict(world.request_counts()),
        "requests_by_status": dict(Counter(str(seen.status) for seen in world.requests)),
    }

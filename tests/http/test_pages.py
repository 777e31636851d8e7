"""Lists at HeyGen: read whole, in part, or by their first item."""

from __future__ import annotations

import re
from typing import Any

import pytest

from heygen_async import DirectVideo, HeyGen, errors
from heygen_async.simulator import World


@pytest.mark.parametrize(
    ("limit", "count", "requests"), [(0, 0, 0), (1, 1, 1), (3, 3, 2), (5, 5, 3), (9, 5, 3), (None, 5, 3)]
)
async def test_as_many_items_as_asked_for(
    heygen: HeyGen, world: World, hello: DirectVideo, limit: int | None, count: int, requests: int
) -> None:
    """Pages are requested until there are enough items."""
    ids = [(await heygen.videos.create(hello)).id for _ in range(5)]
    before = len(world.requests)
    listing = heygen.videos.list(limit=2)
    found = await listing.collect(limit)
    assert len(world.requests) - before == requests
    assert len(found) == count
    assert {video.id for video in found} <= set(ids)
    assert found == [video async for video in listing][:limit]


async def test_the_first_item_or_none(heygen: HeyGen, hello: DirectVideo) -> None:
    """An empty list has no first item."""
    assert await heygen.videos.list().first() is None
    job = await heygen.videos.create(hello)
    first = await heygen.videos.list().first()
    assert first is not None
    assert first.id == job.id
    assert first.request_id


@pytest.mark.parametrize("limit", [-1, 1.5, "3", True])
async def test_a_limit_is_a_number_of_items(heygen: HeyGen, limit: Any) -> None:
    """No request is sent for another one."""
    with pytest.raises(errors.InvalidInputError, match=re.escape(f"limit {limit!r}: must be a whole number")):
        await heygen.videos.list().collect(limit)


async def test_a_list_is_not_awaited(heygen: HeyGen) -> None:
    """The error names the ways to read it."""
    listing: Any = heygen.videos.list()
    with pytest.raises(
        errors.InvalidInputError, match=r"GET /v3/videos: .*`async for`, .*`collect\(limit\)` or `first\(\)`"
    ):
        await listing

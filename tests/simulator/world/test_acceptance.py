"""Acceptance: the balance and the strict catalog."""

from __future__ import annotations

from typing import Any

import anyio
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
async def test_a_strict_catalog(ask: Ask, world: World, path: str, body: Any, found: tuple[int, str | None]) -> None:
    """With a strict catalog, looks and voices must exist, and the look must support the request."""
    world.strict_catalog = True
    status, answer = await ask("POST", path, body)
    assert (status, answer.get("error", {}).get("code")) == found

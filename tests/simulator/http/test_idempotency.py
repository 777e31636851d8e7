"""Idempotency-Key: repeated answers, refusals, and valid keys."""

from __future__ import annotations

import anyio
import pytest

from heygen_async.simulator import World
from tests.helpers.simulator_ask import Ask, code
from tests.helpers.simulator_videos import HELLO


async def test_a_key_repeats_the_first_answer(ask: Ask, world: World) -> None:
    """A key repeats the first answer of its endpoint for 24 hours, even with another body."""
    _, first = await ask("POST", "/v3/videos", HELLO, "k1")
    assert (await ask("POST", "/v3/videos", HELLO | {"script": "else"}, "k1")) == (200, first)
    _, batch = await ask("POST", "/v3/videos/batches", {"videos": [HELLO]}, "k1")
    assert (await ask("POST", "/v3/videos/batches", {"videos": [HELLO]}, "k1"))[1] == batch
    await anyio.sleep(24 * 3600 - 1)
    assert (await ask("POST", "/v3/videos", HELLO, "k1"))[1] == first
    assert len(world.ledger) == 2
    await anyio.sleep(1)
    assert (await ask("POST", "/v3/videos", HELLO, "k1"))[1] != first
    assert len(world.ledger) == 3


async def test_a_repeated_body_is_still_checked(ask: Ask) -> None:
    """A repeated key with an invalid body gets a 400."""
    await ask("POST", "/v3/videos", HELLO, "k1")
    assert code(await ask("POST", "/v3/videos", {}, "k1")) == (400, "invalid_parameter")


async def test_a_refusal_is_not_kept(ask: Ask, world: World) -> None:
    """A key whose request was refused makes a video later, and then its answer is repeated without a free slot."""
    world.slots = 0
    assert code(await ask("POST", "/v3/videos", HELLO, "k1")) == (429, "rate_limit_exceeded")
    world.slots = 1
    _, first = await ask("POST", "/v3/videos", HELLO, "k1")
    assert (await ask("POST", "/v3/videos", HELLO, "k1")) == (200, first)
    assert [charge.idempotency_key for charge in world.ledger] == ["k1"]


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256, "a/b"])
async def test_a_key_has_its_alphabet(ask: Ask, world: World, key: str) -> None:
    """A key has 1 to 255 characters of the documented alphabet."""
    status, found = await ask("POST", "/v3/videos", HELLO, key)
    assert (status, found["error"]["param"]) == (400, "Idempotency-Key")
    assert world.ledger == []


async def test_agents_ignore_keys(ask: Ask, world: World) -> None:
    """Video agents ignore keys, invalid ones too."""
    for key in ("k1", "k1", "a b"):
        assert (await ask("POST", "/v3/video-agents", {"prompt": "A welcome"}, key))[0] == 200
    assert [charge.idempotency_key for charge in world.ledger] == [None] * 3

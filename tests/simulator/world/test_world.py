"""The report and the ledger of a world."""

from __future__ import annotations

import aiohttp
import anyio

from heygen_async.simulator import FailedRender, Server, Stuck, World
from tests.helpers.simulator_ask import Ask
from tests.helpers.simulator_videos import create_video


async def test_the_report(ask: Ask, http: aiohttp.ClientSession, server: Server, world: World) -> None:
    """The report needs no credentials and is not counted as a request."""
    world.faults += [FailedRender(contains="Bob"), Stuck(contains="Eve")]
    for name in ("Ada", "Bob", "Eve", "Ada"):
        await create_video(ask, script=f"Hi {name}")
    await ask("POST", "/v3/video-agents", {"prompt": "A welcome"})
    await anyio.sleep(10_000)
    async with aiohttp.ClientSession() as bare, bare.get(f"{server.base_url}/_simulator/report") as answer:
        report = await answer.json()
    assert report == world.report()
    assert report["charges_by_kind"] == {"avatar": 4, "video_agent": 1}
    assert report["videos"] == {"completed": 3, "failed": 1, "processing": 1}
    assert (report["rendering"], report["peak_rendering"], report["refunds"]) == (1, 5, 1)
    assert report["requests_by_route"] == {"POST /v3/videos": 4, "POST /v3/video-agents": 1}
    assert report["requests_by_status"] == {"200": 5}
    async with http.get("/_simulator/ledger") as answer:
        ledger = await answer.json()
    assert [charge["body"].get("script") for charge in ledger] == ["Hi Ada", "Hi Bob", "Hi Eve", "Hi Ada", None]
    assert world.charges_by("script")["Hi Ada"] == 2
    assert not world.charged_once_per("script")
    assert world.charged_once_per("prompt")
    async with http.get("/_simulator/else") as answer:
        assert answer.status == 404


def test_the_ledger_can_be_read_without_a_loop() -> None:
    """The ledger and the report can be read without an event loop."""
    world = World(seed=1)
    assert (world.ledger, world.refunds, world.charged_usd, world.rendering) == ([], [], 0.0, 0)
    assert world.report()["seconds"] == 0

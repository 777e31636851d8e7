"""HeyGen's webhooks of a night: signed deliveries, and untrue ones of somebody else, given straight to a receiver."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest

from heygen_async.errors import WebhookError
from heygen_async.simulator.delivery import sender
from heygen_async.simulator.delivery.notifier import Notifier
from heygen_async.simulator.world.outbox import Endpoint
from heygen_async.webhooks.receiver import Receiver
from tests.explore.clock import NightWorld
from tests.explore.night import Night

SECRET = "whsec_of_the_night"
PATH = "/heygen"
FORGED_SECONDS = 20.0  # between untrue deliveries
ON_THE_WAY_SECONDS = 0.05
FORGERIES = 40

Present = Callable[[], Receiver | None]
Accuse = Callable[[str], None]


@contextlib.asynccontextmanager
async def deliveries(night: Night, world: NightWorld, present: Present, accuse: Accuse) -> AsyncIterator[None]:
    """Deliver the ends of renders to the receiver of the present process, if the user listens; *accuse* of faults."""
    if not night.hears:
        yield
        return
    world.on_end = Notifier(world).notify
    world.outbox.endpoints["night"] = Endpoint(
        endpoint_id="night",
        number=1,
        url=f"http://127.0.0.1{PATH}",
        events=None,
        entity_id=None,
        secret=SECRET,
        created_at=world.now(),
    )
    world.outbox.has_receivers = True

    async def post(_: Any, __: str, body: bytes, headers: dict[str, str]) -> int | None:
        await anyio.sleep(ON_THE_WAY_SECONDS)
        receiver = present()
        if receiver is None:
            return None
        try:
            receiver.receive(body, headers, path=PATH)
        except WebhookError:
            return 401
        return 200

    loop = asyncio.get_running_loop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sender, "_post", post)
        tasks = [loop.create_task(sender.DeliverySender(world).run())]
        if any(one.kind == "webhooks forged" for one in night.troubles):
            tasks.append(loop.create_task(_forge(world, present, accuse)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _forge(world: NightWorld, present: Present, accuse: Accuse) -> None:
    """Tell of ends that have not come: with a false signature, which is refused, and without one, which is heard."""
    for _ in range(FORGERIES):
        await anyio.sleep(FORGED_SECONDS)
        receiver = present()
        running = [render.video_id for render in world.videos.values() if render.ended_at is None]
        if receiver is None or not running:
            continue
        event = {"event_type": "avatar_video.success", "event_data": {"video_id": running[0], "url": None}}
        body = json.dumps(event).encode()
        with contextlib.suppress(WebhookError):
            receiver.receive(body, {"Heygen-Signature": "0" * 64, "Heygen-Event-Id": "forged"}, path=PATH)
            accuse("a forged delivery is accepted")
        receiver.receive(body, {}, path=receiver.callback_path())

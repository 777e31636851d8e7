"""Receive HeyGen's webhooks with aiohttp, and read each video as soon as HeyGen says that it has ended.

Costs about 0.15 US dollars for each of two videos.

    PUBLIC_URL=https://hooks.example.com python -m heygen_async.examples.webhook_receiver

HeyGen must reach PORT (8480) of this machine at PUBLIC_URL. It does not sign its deliveries to a `callback_url`, so the
path of the address is a secret. Endpoints for the whole account are signed: see `heygen-async guide webhooks`. The
program needs HEYGEN_API_KEY. To try it without a key and without PUBLIC_URL, start `heygen-async simulate --speed 60`
in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from heygen_async import DirectVideo, HeyGen, Receiver, WebhookEvent


@asynccontextmanager
async def served(receiver: Receiver, port: int) -> AsyncIterator[None]:
    """Serve the receiver on this machine while the block lasts."""
    app = web.Application()
    app.router.add_route("*", receiver.path + "{rest:.*}", receiver.handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


def show(event: WebhookEvent) -> None:
    print(f"HeyGen says: {event.event_type} for {event.callback_id}")


async def main() -> None:
    port = int(os.environ.get("PORT", "8480"))
    public_url = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{port}")
    receiver = Receiver(observers=[show])
    requests = [
        DirectVideo(
            avatar_id="look_anna",
            voice_id="voice_warm",
            script=f"Hi {name}!",
            callback_url=public_url + receiver.callback_path(),
            callback_id=name,
        )
        for name in ("Ada", "Ben")
    ]
    async with served(receiver, port), HeyGen() as heygen:
        async with heygen.render_many(requests, watch=receiver) as results:
            async for result in results:  # read from HeyGen, not from the delivery
                print(f"Row {result.index + 1} has ended: {result.resource_id}")


if __name__ == "__main__":
    asyncio.run(main())

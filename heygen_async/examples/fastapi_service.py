"""Serve videos to a website with FastAPI: order one, follow its progress, and be told of its end by a webhook.

Costs about 0.15 US dollars for each video.

    pip install fastapi uvicorn
    PUBLIC_URL=https://videos.example.com python -m heygen_async.examples.fastapi_service

`POST /videos` with `{"name": "Ada"}` orders a video. `GET /videos/0/events` tells its progress by server-sent events,
which a browser reads with `new EventSource(...)`. HeyGen must reach PORT (8480) of this machine at PUBLIC_URL; while it
does not, videos are noticed a little later. The program needs HEYGEN_API_KEY. To try it without a key and without
PUBLIC_URL, start `heygen-async simulate --speed 60` in another terminal, then:

    export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse

from heygen_async import Completed, DirectVideo, Event, HeyGen, JobRendered, JobSubmitted, Receiver

PORT = int(os.environ.get("PORT", "8480"))
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{PORT}")


class Orders:
    """The orders of this process, by their numbers. For a service that restarts, keep them in a database."""

    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = []
        self.requests, self.source = anyio.create_memory_object_stream[DirectVideo](1000)
        self._changed = anyio.Event()

    def add(self, request: DirectVideo) -> int:
        self.requests.send_nowait(request)
        self.states.append({"status": "ordered"})
        return len(self.states) - 1

    def update(self, number: int, **facts: Any) -> None:
        self.states[number] |= facts
        self._changed.set()
        self._changed = anyio.Event()

    def __call__(self, event: Event) -> None:
        """Take in what the client tells its observers. `index` counts the requests in their order."""
        if isinstance(event, JobSubmitted):
            self.update(event.index, status="rendering")
        elif isinstance(event, JobRendered):
            self.update(event.index, status="rendered")

    async def follow(self, number: int) -> AsyncIterator[str]:
        """Yield the state at each change as a server-sent event, until the order has ended."""
        told: dict[str, Any] = {}
        while told.get("status") not in {"completed", "failed"}:
            changed = self._changed
            if told != self.states[number]:
                told = dict(self.states[number])
                yield f"data: {json.dumps(told)}\n\n"
            else:
                await changed.wait()


async def register(heygen: HeyGen, receiver: Receiver) -> None:
    """Have HeyGen call this server. It probes the address, so this waits for the server to start."""
    endpoint = await heygen.webhooks.ensure(
        f"{PUBLIC_URL}{receiver.path}/",  # with a slash, because it is mounted
        events=["avatar_video.success", "avatar_video.fail"],
        secret_file="heygen-webhook.json",  # noqa: S106 - the name of a file, which later starts read
    )
    receiver.trust(str(endpoint.secret))
    print("HeyGen calls", endpoint.url)


async def render(heygen: HeyGen, receiver: Receiver, orders: Orders) -> None:
    """Render whatever is ordered, ten at a time, in one run that lasts as long as the service."""
    async with heygen.render_many(orders.source, max_in_flight=10, watch=receiver) as results:
        async for result in results:
            if isinstance(result, Completed):
                orders.update(result.index, status="completed", url=result.video.video_url)
            else:
                orders.update(result.index, status="failed", reason=result.error.message, spent=result.error.spent)


def make_app() -> FastAPI:
    receiver, orders = Receiver(), Orders()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with HeyGen(observers=[orders]) as heygen, anyio.create_task_group() as tasks:
            tasks.start_soon(register, heygen, receiver)
            tasks.start_soon(render, heygen, receiver, orders)
            yield
            tasks.cancel_scope.cancel()  # renders go on at HeyGen; with journal= the next start would go on with them

    app = FastAPI(lifespan=lifespan)
    app.mount(receiver.path, receiver)

    @app.post("/videos", status_code=202)
    async def order(body: dict[str, str]) -> dict[str, Any]:
        script = f"Hi {body['name']}, welcome aboard!"
        return {"number": orders.add(DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=script))}

    @app.get("/videos/{number}/events")
    async def events(number: int) -> StreamingResponse:
        if not 0 <= number < len(orders.states):
            raise HTTPException(404, "there is no such order")
        return StreamingResponse(orders.follow(number), media_type="text/event-stream")

    return app


def main() -> None:
    uvicorn.run(make_app(), host="127.0.0.1", port=PORT)


if __name__ == "__main__":
    main()

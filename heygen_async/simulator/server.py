"""The HTTP server: reads requests, sends replies, and closes connections where a fault demands it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import anyio
import attrs
from aiohttp import web

from heygen_async.simulator.delivery.notifier import Notifier
from heygen_async.simulator.delivery.sender import DeliverySender
from heygen_async.simulator.exchange import Outcome, exchange
from heygen_async.simulator.http.incoming import IncomingRequest
from heygen_async.simulator.http.multipart import MEDIA_TYPE as FORM_TYPE, read_form
from heygen_async.simulator.http.received import receive
from heygen_async.simulator.http.replies import RefusalError, json_reply
from heygen_async.simulator.storage.uploads import UPLOADS
from heygen_async.simulator.world.world import World

MOST_BYTES = 100 * 1024 * 1024
# Seconds. Long enough for idle connections of clients in virtual time, in which an hour passes in a moment.
KEEP_ALIVE = 1e7
SHUTDOWN = 0.001


@attrs.frozen(kw_only=True)
class Server:
    """A running simulator.

    Attributes:
        base_url: Address such as "http://127.0.0.1:43121", which a client takes in place of https://api.heygen.com.
        world: The account that it serves.
    """

    base_url: str
    world: World


@contextlib.asynccontextmanager
async def serve(world: World | None = None, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Server]:
    """Serve *world* within the context.

    Args:
        world: Account to serve; None means a new one.
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.
    """
    world = World() if world is None else world
    runner = web.AppRunner(build_app(world), access_log=None, keepalive_timeout=KEEP_ALIVE, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        world.now()
        bound = runner.addresses[0]
        yield Server(base_url=f"http://{bound[0]}:{bound[1]}", world=world)
    finally:
        with anyio.CancelScope(shield=True):
            await runner.cleanup()
            await asyncio.sleep(0)  # closed transports end in the next iteration of the loop


def build_app(world: World) -> web.Application:
    """Return an aiohttp application that serves *world*, for programs with a server of their own."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _handle(world, request)

    async def send_deliveries(_: web.Application) -> AsyncIterator[None]:
        # No task group: it would wrap the exceptions of the block in which the caller uses the server.
        task = asyncio.create_task(DeliverySender(world).run())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    world.on_end = Notifier(world).notify
    app = web.Application(client_max_size=MOST_BYTES)
    app.cleanup_ctx.append(send_deliveries)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


async def _handle(world: World, request: web.Request) -> web.StreamResponse:
    if request.path.startswith("/_simulator/"):
        return await _send(world, request, _state_of_world(world, request.path))
    body, form, upload = b"", None, None
    try:
        if request.path.startswith(UPLOADS) and request.method == "PUT":
            upload = await receive(request.content)
        elif request.content_type == FORM_TYPE:
            form = await read_form(request.headers, request.content, MOST_BYTES)
        else:
            body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        refusal = RefusalError(413, "payload_too_large", f"The body has more than {MOST_BYTES} bytes.")
        return await _send(world, request, Outcome(reply=refusal.reply()))
    incoming = IncomingRequest(
        method=request.method,
        path=request.path,
        query=tuple(request.query.items()),
        headers={name.lower(): text for name, text in request.headers.items()},
        body=body,
        form=form,
        upload=upload,
        origin=f"{request.scheme}://{request.host}",
    )
    return await _send(world, request, await exchange(world, incoming))


def _state_of_world(world: World, path: str) -> Outcome:
    if path == "/_simulator/report":
        return Outcome(reply=json_reply(world.report()))
    if path == "/_simulator/ledger":
        return Outcome(reply=json_reply([attrs.asdict(charge) for charge in world.ledger]))
    return Outcome(reply=RefusalError(404, "not_found", "There are /_simulator/report and /_simulator/ledger.").reply())


async def _send(world: World, request: web.Request, outcome: Outcome) -> web.StreamResponse:
    if outcome.reply is None:
        _close_connection(request)
        return web.Response()
    number = world.next_number("request")
    headers = {**outcome.reply.headers, "X-Request-Id": f"req_{world.make_id('request', number)}"}
    if (speed := getattr(asyncio.get_running_loop(), "speed", 1.0)) != 1.0:
        headers["X-Simulator-Speed"] = f"{speed:g}"  # so that a client can poll as often as the clock here demands
    if not outcome.truncated:
        return web.Response(status=outcome.reply.status, body=outcome.reply.body, headers=headers)
    headers["Content-Length"] = str(len(outcome.reply.body))
    half = web.StreamResponse(status=outcome.reply.status, headers=headers)
    await half.prepare(request)
    await half.write(outcome.reply.body[: len(outcome.reply.body) // 2])
    _close_connection(request)
    return half


def _close_connection(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()

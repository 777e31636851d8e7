"""The HTTP server: order of the checks, faults on the way, and what goes over the wire."""

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
# Seconds. An idle connection stays for as long as anybody may want it: in virtual time an hour passes in a moment.
KEEP_ALIVE = 1e7
SHUTDOWN = 0.001


@attrs.frozen(kw_only=True)
class Server:
    """A running simulator.

    Attributes:
        base_url: Like "http://127.0.0.1:43121"; what a client takes instead of https://api.heygen.com.
        world: What it serves.
    """

    base_url: str
    world: World


@contextlib.asynccontextmanager
async def serve(world: World | None = None, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Server]:
    """Serve *world* (None: a new one) while the context lasts.

    Args:
        world: The account.
        host: Address to listen on.
        port: 0 picks a free one.
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
            await asyncio.sleep(0)  # closed transports end in the next round of the loop


def build_app(world: World) -> web.Application:
    """Return *world* as an aiohttp application, for those who serve it themselves."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _handle(world, request)

    async def carry(_: web.Application) -> AsyncIterator[None]:
        # A task of the application's, and not of a group: a group here would wrap what the caller's block raises.
        task = asyncio.create_task(DeliverySender(world).run())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    world.on_end = Notifier(world).tell
    app = web.Application(client_max_size=MOST_BYTES)
    app.cleanup_ctx.append(carry)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


async def _handle(world: World, request: web.Request) -> web.StreamResponse:
    if request.path.startswith("/_simulator/"):
        return await _send(world, request, _introspect(world, request.path))
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


def _introspect(world: World, path: str) -> Outcome:
    if path == "/_simulator/report":
        return Outcome(reply=json_reply(world.report()))
    if path == "/_simulator/ledger":
        return Outcome(reply=json_reply([attrs.asdict(charge) for charge in world.ledger]))
    return Outcome(reply=RefusalError(404, "not_found", "There are /_simulator/report and /_simulator/ledger.").reply())


async def _send(world: World, request: web.Request, outcome: Outcome) -> web.StreamResponse:
    if outcome.reply is None:
        _hang_up(request)
        return web.Response()
    number = world.next_number("request")
    headers = {**outcome.reply.headers, "X-Request-Id": f"req_{world.make_id('request', number)}"}
    if not outcome.cut:
        return web.Response(status=outcome.reply.status, body=outcome.reply.body, headers=headers)
    headers["Content-Length"] = str(len(outcome.reply.body))
    half = web.StreamResponse(status=outcome.reply.status, headers=headers)
    await half.prepare(request)
    await half.write(outcome.reply.body[: len(outcome.reply.body) // 2])
    _hang_up(request)
    return half


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()

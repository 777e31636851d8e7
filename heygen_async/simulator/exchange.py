"""One request's way through the simulator: faults, checks, execution, faults again."""

from __future__ import annotations

import math

import anyio
import attrs

from heygen_async.simulator.account.ledger import Seen
from heygen_async.simulator.faults.request_faults import (
    Empty,
    ErrorAnswer,
    Malformed,
    RateLimitStorm,
    RequestFault,
    Slow,
    Truncated,
    WrongLength,
)
from heygen_async.simulator.http.idempotency import Scope
from heygen_async.simulator.http.incoming import IncomingRequest
from heygen_async.simulator.http.replies import JSON_TYPE, RefusalError, Reply
from heygen_async.simulator.router import COSTLY, Route, authenticate, read_call, route
from heygen_async.simulator.storage import files, uploads
from heygen_async.simulator.world.world import World

FILES = "/files/"
FILE_TEMPLATE = "/files/{name}"
UPLOAD_TEMPLATE = "/uploads/{name}"
BAD_GATEWAY = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body>cloudflare</body></html>"


@attrs.frozen(kw_only=True)
class Outcome:
    """What goes over the wire.

    Attributes:
        reply: The answer; None closes the connection without one.
        cut: True if only half of the body is sent before the connection is closed.
    """

    reply: Reply | None
    cut: bool = False


@attrs.frozen(kw_only=True)
class RequestFate:
    """What the faults have in store for a request.

    Attributes:
        delay: Seconds until the answer.
        fault: What strikes, if anything.
        asked: Whose turn it was, the one that strikes included.
    """

    delay: float
    fault: RequestFault | None
    asked: tuple[RequestFault, ...]

    def take_back(self, world: World) -> None:
        """The request was refused: whatever spoils executed requests has not met one."""
        for fault in self.asked:
            if fault.executed and not isinstance(fault, Slow):
                world.fault_counter.uncount_match(fault, applied=fault is self.fault)


async def exchange(world: World, incoming: IncomingRequest) -> Outcome:
    """Write *incoming* down, execute it if nothing is against it, and return what is sent."""
    where = _where(incoming)
    world.origin = incoming.origin
    place = len(world.requests)
    seen = Seen(
        method=incoming.method,
        path=incoming.path,
        route=where.template,
        status=None,
        at=world.now(),
        key=incoming.headers.get("idempotency-key"),
    )
    world.requests.append(seen)
    await anyio.sleep(world.latency_seconds)
    outcome = await _outcome(world, incoming, where)
    if outcome.reply is not None:
        world.requests[place] = attrs.evolve(seen, status=outcome.reply.status)
    return outcome


def _where(incoming: IncomingRequest) -> Route:
    if incoming.path.startswith(FILES):
        return Route(template=FILE_TEMPLATE)
    if incoming.path.startswith(uploads.UPLOADS):
        return Route(template=UPLOAD_TEMPLATE)
    return route(incoming.method, incoming.path)


async def _outcome(world: World, incoming: IncomingRequest, where: Route) -> Outcome:
    costly = (incoming.method, where.template) in COSTLY
    fate = _consult(world, incoming, costly=costly)
    if fate.fault is not None and not fate.fault.executed:
        await anyio.sleep(fate.delay)
        return _spoilt(fate.fault, Reply())
    reply, scope = _execute(world, incoming, where)
    refused = reply.status >= 300
    if refused:
        fate.take_back(world)
    try:
        await anyio.sleep(fate.delay)
    finally:
        if scope is not None:
            world.keyed_replies.end(scope)
    return Outcome(reply=reply) if refused or fate.fault is None else _spoilt(fate.fault, reply)


def _execute(world: World, incoming: IncomingRequest, where: Route) -> tuple[Reply, Scope | None]:
    """Return the answer, and the key that it is to be kept under."""
    if where.template == FILE_TEMPLATE:
        return files.download(world, incoming.method, incoming.path, dict(incoming.query), incoming.headers), None
    if where.template == UPLOAD_TEMPLATE:
        return uploads.put(world, incoming), None
    try:
        authenticate(world, incoming.headers)
        _keep_pace(world)
        call = read_call(world, incoming, where)
        scope = (incoming.method, incoming.path, call.key) if call.key else None
        if scope and (first := world.keyed_replies.recall(scope, world.now())):
            return first, None
        reply = call.execute()
    except RefusalError as refusal:
        return refusal.reply(), None
    if scope:
        world.keyed_replies.begin(scope, reply, world.now())
    return reply, scope


def _keep_pace(world: World) -> None:
    wait = world.rate_limit.take(world.now(), world.requests_per_minute, world.burst)
    if wait is not None:
        raise RefusalError(429, "rate_limit_exceeded", "Too many requests.", retry_after=math.ceil(wait))


def _consult(world: World, incoming: IncomingRequest, *, costly: bool) -> RequestFate:
    """Ask the faults in order, up to the first that strikes; those behind it do not count this request."""
    delay = 0.0
    asked = []
    for fault in list(world.faults):
        if not isinstance(fault, RequestFault) or not fault.concerns(incoming.method, incoming.path, costly=costly):
            continue
        strikes = world.fault_counter.count_match(fault, since_start=world.since_start(), rng=world.rng)
        asked.append(fault)
        if strikes and isinstance(fault, Slow):
            delay += fault.seconds
        elif strikes:
            return RequestFate(delay=delay, fault=fault, asked=tuple(asked))
    return RequestFate(delay=delay, fault=None, asked=tuple(asked))


def _spoilt(fault: RequestFault, reply: Reply) -> Outcome:
    """Return what *fault* makes of *reply*."""
    match fault:
        case Truncated():
            return Outcome(reply=reply, cut=True)
        case WrongLength() | Malformed() | Empty():
            return Outcome(reply=_mangled(fault, reply))
        case RateLimitStorm():
            return Outcome(reply=_too_many(fault))
        case ErrorAnswer():
            return Outcome(reply=_error(fault))
        case _:
            return Outcome(reply=None)  # DropBefore, DropAfterAccept


def _mangled(fault: WrongLength | Malformed | Empty, reply: Reply) -> Reply:
    if isinstance(fault, WrongLength):
        return attrs.evolve(reply, body=reply.body[: len(reply.body) // 2])
    half = b'{"data": {"video_id": "' if isinstance(fault, Malformed) else b""
    return Reply(body=half, headers={"Content-Type": JSON_TYPE})


def _too_many(fault: RateLimitStorm) -> Reply:
    refusal = RefusalError(429, "rate_limit_exceeded", "Too many requests.", retry_after=fault.retry_after)
    return refusal.reply()


def _error(fault: ErrorAnswer) -> Reply:
    refusal = RefusalError(fault.status, fault.code, fault.message, retry_after=fault.retry_after)
    if not fault.html:
        return refusal.reply()
    headers = {name: text for name, text in refusal.reply().headers.items() if name == "Retry-After"}
    return Reply(status=fault.status, body=BAD_GATEWAY, headers={"Content-Type": "text/html", **headers})

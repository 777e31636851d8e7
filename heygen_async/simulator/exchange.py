"""Processes one request: faults before it, checks, execution, faults of the answer."""

from __future__ import annotations

import email.utils
import functools
import math

import anyio
import attrs

from heygen_async.simulator.account.ledger import Seen
from heygen_async.simulator.faults.request_faults import (
    AlteredAnswer,
    Empty,
    ErrorAnswer,
    Malformed,
    RateLimitStorm,
    RequestFault,
    Slow,
    Truncated,
    WrongLength,
    is_its_time,
)
from heygen_async.simulator.http.idempotency import Scope
from heygen_async.simulator.http.incoming import IncomingRequest
from heygen_async.simulator.http.replies import JSON_TYPE, RefusalError, Reply
from heygen_async.simulator.router import COSTLY, Route, authenticate, find_route, read_call
from heygen_async.simulator.storage import files, uploads
from heygen_async.simulator.world.world import World

FILES = "/files/"
FILE_TEMPLATE = "/files/{name}"
UPLOAD_TEMPLATE = "/uploads/{name}"
BAD_GATEWAY = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body>cloudflare</body></html>"


@attrs.frozen(kw_only=True)
class Outcome:
    """The result of an exchange, as the server sends it.

    Attributes:
        reply: Reply to send; None closes the connection without a reply.
        truncated: True closes the connection after half of the reply's body.
    """

    reply: Reply | None
    truncated: bool = False


@attrs.frozen(kw_only=True)
class FaultsOfRequest:
    """The faults of one request.

    Attributes:
        delay: Seconds before the answer.
        fault: Fault that takes effect, if any.
        counted: Faults that have counted the request as a match, including `fault`.
    """

    delay: float
    fault: RequestFault | None
    counted: tuple[RequestFault, ...]

    def uncount(self, world: World) -> None:
        """Take back the matches of faults that need an executed request, since this one was refused."""
        for fault in self.counted:
            if fault.executed and not isinstance(fault, Slow):
                world.fault_counter.uncount_match(fault, applied=fault is self.fault)


async def exchange(world: World, incoming: IncomingRequest) -> Outcome:
    """Record *incoming*, check and execute it, and return the result to send."""
    found = _route_of(incoming)
    world.origin = incoming.origin
    index = len(world.requests)
    seen = Seen(
        method=incoming.method,
        path=incoming.path,
        route=found.template,
        status=None,
        at=world.now(),
        key=incoming.headers.get("idempotency-key"),
    )
    world.requests.append(seen)
    await _sleep(world.latency_seconds)
    outcome = await _outcome(world, incoming, found)
    reply = outcome.reply
    if reply is None:
        return outcome
    world.requests[index] = attrs.evolve(seen, status=reply.status)
    headers = {"Date": _date(int(world.unix_time(world.now()))), **reply.headers}
    return Outcome(reply=Reply(status=reply.status, body=reply.body, headers=headers), truncated=outcome.truncated)


async def _sleep(seconds: float) -> None:
    if seconds > 0:  # a sleep of no time takes a round of the event loop, too
        await anyio.sleep(seconds)


@functools.lru_cache(maxsize=16)  # many answers within a second
def _date(second: int) -> str:
    """Return the header `Date`, of the world's time, which may be fast."""
    return email.utils.formatdate(second, usegmt=True)


def _route_of(incoming: IncomingRequest) -> Route:
    if incoming.path.startswith(FILES):
        return Route(template=FILE_TEMPLATE)
    if incoming.path.startswith(uploads.UPLOADS):
        return Route(template=UPLOAD_TEMPLATE)
    return find_route(incoming.method, incoming.path)


async def _outcome(world: World, incoming: IncomingRequest, found: Route) -> Outcome:
    costly = (incoming.method, found.template) in COSTLY
    faults = _choose_faults(world, incoming, costly=costly)
    if faults.fault is not None and not faults.fault.executed:
        await _sleep(faults.delay)
        return _apply_fault(faults.fault, Reply())
    reply, scope = _execute(world, incoming, found)
    refused = reply.status >= 300
    if refused:
        faults.uncount(world)
    try:
        await _sleep(faults.delay)
    finally:
        if scope is not None:
            world.keyed_replies.end(scope)
    return Outcome(reply=reply) if refused or faults.fault is None else _apply_fault(faults.fault, reply)


def _execute(world: World, incoming: IncomingRequest, found: Route) -> tuple[Reply, Scope | None]:
    """Return the reply, and the key under which it is kept, if any."""
    if found.template == FILE_TEMPLATE:
        return files.download(world, incoming.method, incoming.path, dict(incoming.query), incoming.headers), None
    if found.template == UPLOAD_TEMPLATE:
        return uploads.put(world, incoming), None
    try:
        authenticate(world, incoming.headers)
        _require_rate(world, incoming.method)
        call = read_call(world, incoming, found)
        scope = (incoming.method, incoming.path, call.key) if call.key else None
        if scope and (first := world.keyed_replies.recall(scope, world.now())):
            return first, None
        reply = call.execute()
    except RefusalError as refusal:
        if refusal.status == 404 and world.plain_not_found:
            refusal.code = "not_found"
        return refusal.reply(), None
    if scope:
        world.keyed_replies.begin(scope, reply, world.now())
    return reply, scope


def _require_rate(world: World, method: str) -> None:
    wait = world.rate_limit.take(world.now(), world.requests_per_minute, world.burst)
    if wait is None and method == "POST":
        wait = world.post_rate_limit.take(world.now(), world.posts_per_minute, world.burst)
    if wait is not None:
        raise RefusalError(429, "rate_limit_exceeded", "Too many requests.", retry_after=math.ceil(wait))


def _choose_faults(world: World, incoming: IncomingRequest, *, costly: bool) -> FaultsOfRequest:
    """Check the faults in order, up to the first that takes effect. The faults after it do not count this request."""
    delay = 0.0
    counted = []
    for fault in list(world.faults):
        if not isinstance(fault, RequestFault) or not fault.concerns(incoming.method, incoming.path, costly=costly):
            continue
        if not is_its_time(fault, world.since_start()):
            continue
        applies = world.fault_counter.count_match(fault, since_start=world.since_start(), rng=world.rng)
        counted.append(fault)
        if applies and isinstance(fault, Slow):
            delay += fault.seconds
        elif applies:
            return FaultsOfRequest(delay=delay, fault=fault, counted=tuple(counted))
    return FaultsOfRequest(delay=delay, fault=None, counted=tuple(counted))


def _apply_fault(fault: RequestFault, reply: Reply) -> Outcome:
    match fault:
        case Truncated():
            return Outcome(reply=reply, truncated=True)
        case WrongLength() | Malformed() | Empty():
            return Outcome(reply=_corrupted(fault, reply))
        case AlteredAnswer():
            return Outcome(reply=attrs.evolve(reply, body=fault.alter(reply.body)))
        case RateLimitStorm():
            return Outcome(reply=_too_many(fault))
        case ErrorAnswer():
            return Outcome(reply=_error(fault))
        case _:
            return Outcome(reply=None)  # DropBefore, DropAfterAccept


def _corrupted(fault: WrongLength | Malformed | Empty, reply: Reply) -> Reply:
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

"""Faults of the network and of gateways, beside those of the simulator."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import attrs

from heygen_async.simulator import RequestFault
from heygen_async.simulator.exchange import Outcome
from heygen_async.simulator.faults.request_faults import Fault, FaultCounter
from heygen_async.simulator.http.incoming import IncomingRequest
from heygen_async.simulator.http.replies import Reply
from heygen_async.simulator.storage import files
from tests.explore.clock import NightWorld

Serve = Callable[[NightWorld, IncomingRequest], Awaitable[Outcome]]


@attrs.frozen(kw_only=True)
class Page(RequestFault):
    """The page of a gateway in place of HeyGen's answer.

    Attributes:
        status: HTTP status.
        body: Body.
        content_type: Type of the body.
        retry_after: Text of the Retry-After header.
        packed: True if the body is packed by gzip, and says so.
        cut: True if the connection breaks after half of the body.
        after: True if the request was passed on and executed before.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/html"
    retry_after: str | None = None
    packed: bool = False
    cut: bool = False
    after: bool = False

    def outcome(self) -> Outcome:
        """Return the page."""
        headers = {"Content-Type": self.content_type}
        if self.retry_after is not None:
            headers["Retry-After"] = self.retry_after
        body = gzip.compress(self.body, mtime=0) if self.packed else self.body
        if self.packed:
            headers["Content-Encoding"] = "gzip"
        return Outcome(reply=Reply(status=self.status, body=body, headers=headers), truncated=self.cut)


@attrs.frozen(kw_only=True)
class Dripping(RequestFault):
    """The answer comes in small pieces.

    Attributes:
        seconds: Seconds between its first and its last byte.
    """

    seconds: float


@attrs.frozen(kw_only=True)
class Delayed(RequestFault):
    """The request comes late to HeyGen: it may be executed when its sender has given up.

    Attributes:
        seconds: Seconds on the way.
    """

    seconds: float


@attrs.frozen(kw_only=True)
class Dripped(Outcome):
    """An answer that takes its time.

    Attributes:
        seconds: Seconds between its first and its last byte.
    """

    seconds: float = 0.0


@attrs.frozen(kw_only=True)
class ChangedFile(RequestFault):
    """A file has other bytes than before, and as many.

    Attributes:
        heeds: True if the server heeds If-Range; else it gives the rest of the other file to whoever asks.
    """

    heeds: bool = True

    def outcome(self, world: NightWorld, incoming: IncomingRequest) -> Outcome | None:
        """Return the answer with the other bytes; None if there is no such file."""
        name = incoming.path.removeprefix("/files/")
        render = world.find_render(name.removesuffix(".mp4"))
        if render is None or not name.endswith(".mp4"):
            return None
        headers = {name: text for name, text in incoming.headers.items() if self.heeds or name != "if-range"}
        modified = files._date(world, render.ended_at)
        return Outcome(reply=files._part(changed(files.content(world, render, ".mp4")), "video/mp4", modified, headers))


def changed(film: bytes) -> bytes:
    """Return the bytes of a film that has changed."""
    return film[:64] + film[64:].translate(_OTHER)


_OTHER = bytes(255 - byte for byte in range(256))


@attrs.frozen(kw_only=True)
class NoNetwork(Fault):
    """No connection can be opened."""


OnTheWay = Page | NoNetwork | Dripping | Delayed | ChangedFile  # what happens between the two, not in the simulator


@attrs.define(kw_only=True, eq=False)
class Network:
    """The way between client and simulator.

    Attributes:
        faults: Faults that may happen on it.
        counter: Counts them.
        on_the_way: Texts of POSTs that HeyGen has not answered, and whose renders its lists will show.
    """

    faults: list[Fault]
    rng: random.Random
    counter: FaultCounter = attrs.field(factory=FaultCounter)
    on_the_way: Counter[str] = attrs.field(factory=Counter)

    def is_down(self, world: NightWorld) -> bool:
        """Return True if a connection cannot be opened now."""
        return any(isinstance(fault, NoNetwork) and self._applies(fault, world) for fault in self.faults)

    async def pass_on(self, world: NightWorld, incoming: IncomingRequest, serve: Serve) -> Outcome:
        """Return the answer of *serve*, or what a gateway makes of it."""
        for fault in self.faults:
            if (
                isinstance(fault, RequestFault)
                and fault.concerns(incoming.method, incoming.path, costly=True)
                and self._applies(fault, world)
                and (outcome := await _met(fault, world, incoming, serve)) is not None
            ):
                return outcome
        return await serve(world, incoming)

    def _applies(self, fault: Fault, world: NightWorld) -> bool:
        return self.counter.count_match(fault, since_start=world.since_start(), rng=self.rng)


async def _met(fault: Fault, world: NightWorld, incoming: IncomingRequest, serve: Serve) -> Outcome | None:
    """Return what comes of a request that meets a fault."""
    match fault:
        case Page():
            if fault.after:
                await serve(world, incoming)
            return fault.outcome()
        case Delayed():
            await anyio.sleep(fault.seconds)
            return await serve(world, incoming)
        case Dripping():
            outcome = await serve(world, incoming)
            return Dripped(reply=outcome.reply, truncated=outcome.truncated, seconds=fault.seconds)
        case ChangedFile():
            served = await serve(world, incoming)
            is_file = served.reply is not None and served.reply.status in {200, 206} and not served.truncated
            return (fault.outcome(world, incoming) if is_file else None) or served
        case _:
            return None


def texts_of(body: bytes, *, listed: bool = False) -> list[str]:
    """Return the scripts and prompts of a POST; *listed* leaves out those whose render no list of HeyGen can show.

    A list shows the prompts of sessions, and the titles of the videos that have one.
    """
    try:
        asked: dict[str, Any] = json.loads(body)
    except ValueError:
        return []
    requests = [one for one in asked.get("videos", [asked]) if not listed or "title" in one or _is_of_agent(one)]
    return [text for one in requests if (text := text_of(one)) is not None]


def _is_of_agent(request: dict[str, Any]) -> bool:
    return "prompt" in request and "avatar_id" not in request


def text_of(request: dict[str, Any]) -> str | None:
    """Return the script or prompt of a request: it tells which row it is of, in which version."""
    text = request.get("script") or request.get("prompt")
    return None if text is None else str(text)

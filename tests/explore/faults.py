"""Faults of the network and of gateways, beside those of the simulator."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from heygen_async.simulator import RequestFault
from heygen_async.simulator.exchange import Outcome
from heygen_async.simulator.faults.request_faults import Fault, FaultCounter
from heygen_async.simulator.http.incoming import IncomingRequest
from heygen_async.simulator.http.replies import Reply
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
        after: True if the request was passed on and executed before.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/html"
    retry_after: str | None = None
    after: bool = False

    def concerns(self, method: str, path: str, *, costly: bool) -> bool:
        """Return True if this fault applies to such a request."""
        return super().concerns(method, path, costly=costly)

    def outcome(self) -> Outcome:
        """Return the page."""
        headers = {"Content-Type": self.content_type}
        if self.retry_after is not None:
            headers["Retry-After"] = self.retry_after
        return Outcome(reply=Reply(status=self.status, body=self.body, headers=headers))


@attrs.frozen(kw_only=True)
class NoNetwork(Fault):
    """No connection can be opened."""


@attrs.define(kw_only=True, eq=False)
class Network:
    """The way between client and simulator.

    Attributes:
        faults: Faults that may happen on it.
        counter: Counts them.
    """

    faults: list[Fault]
    rng: random.Random
    counter: FaultCounter = attrs.field(factory=FaultCounter)

    def is_down(self, world: NightWorld) -> bool:
        """Return True if a connection cannot be opened now."""
        return any(isinstance(fault, NoNetwork) and self._applies(fault, world) for fault in self.faults)

    async def pass_on(self, world: NightWorld, incoming: IncomingRequest, serve: Serve) -> Outcome:
        """Return the answer of *serve*, or what a gateway makes of it."""
        for fault in self.faults:
            if (
                isinstance(fault, Page)
                and fault.concerns(incoming.method, incoming.path, costly=True)
                and self._applies(fault, world)
            ):
                if fault.after:
                    await serve(world, incoming)
                return fault.outcome()
        return await serve(world, incoming)

    def _applies(self, fault: Fault, world: NightWorld) -> bool:
        return self.counter.count_match(fault, since_start=world.since_start(), rng=self.rng)


def texts_of(body: bytes) -> list[str]:
    """Return the scripts and prompts of a POST."""
    try:
        asked: dict[str, Any] = json.loads(body)
    except ValueError:
        return []
    return [text for one in asked.get("videos", [asked]) if (text := text_of(one)) is not None]


def text_of(request: dict[str, Any]) -> str | None:
    """Return the script or prompt of a request: it tells which row it is of, in which version."""
    text = request.get("script") or request.get("prompt")
    return None if text is None else str(text)

"""A valid request, as the handlers of routes get it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from heygen_async.simulator.contract.contract import Operation
from heygen_async.simulator.http.replies import Reply, page, page_reply
from heygen_async.simulator.world.world import World

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class RouteCall:
    """A valid call of an operation.

    Attributes:
        world: World that is called.
        operation: Operation of the contract.
        names: Values of the path's parameters, such as ``video_id``, by name.
        query: Query with numbers as numbers.
        body: JSON object, or the fields of a form by name; empty if the operation takes no body.
        key: Idempotency-Key, if the operation honours it.
        origin: Scheme, host and port under which the server was reached.
        handler: Handler that executes the call.
    """

    world: World
    operation: Operation
    names: Mapping[str, str]
    query: Mapping[str, Any]
    body: dict[str, Any]
    key: str | None
    origin: str
    handler: Handler

    def execute(self) -> Reply:
        """Execute the call. There is no await, so that no other request runs between its checks and its changes."""
        return self.handler(self)

    def page(self, items: Sequence[tuple[int, T]]) -> tuple[list[T], str | None]:
        """Return the requested page and the token of the next, see `replies.page`."""
        return page(items, self.query, self.operation.default_limit)

    def page_reply(self, items: Sequence[tuple[int, T]], view: Callable[[T], Any]) -> Reply:
        """Return the requested page as a reply, each item as *view* returns it."""
        shown, token = self.page(items)
        return page_reply([view(item) for item in shown], token)

    def ids(self, name: str) -> list[str]:
        """Return the ids of query parameter *name*, a list with commas."""
        return [part.strip() for part in self.query.get(name, "").split(",") if part.strip()]


Handler = Callable[[RouteCall], Reply]

Routes = Mapping[tuple[str, str], Handler]
"""Handlers by method and path template."""

"""A request that has been read and found valid, as the handlers get it."""

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
    """What is asked.

    Attributes:
        world: Of whom.
        operation: Of the contract.
        names: Values in the path, like ``video_id``.
        query: With numbers as numbers.
        body: A JSON object, or the files of a form; empty if the operation takes none.
        key: Idempotency-Key, where the operation honours it.
        origin: Scheme, host and port under which the server was reached.
        handler: Executes it.
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
        """Do it: at once, so that nothing comes between looking and writing."""
        return self.handler(self)

    def page(self, items: Sequence[tuple[int, T]]) -> tuple[list[T], str | None]:
        """Return the page that is asked for and the token of the next, see `replies.page`."""
        return page(items, self.query, self.operation.default_limit)

    def page_reply(self, items: Sequence[tuple[int, T]], view: Callable[[T], Any]) -> Reply:
        """Return the page that is asked for, each item as *view* shows it."""
        shown, token = self.page(items)
        return page_reply([view(item) for item in shown], token)

    def ids(self, name: str) -> list[str]:
        """Return the ids that query parameter *name* holds, with commas between them."""
        return [part.strip() for part in self.query.get(name, "").split(",") if part.strip()]


Handler = Callable[[RouteCall], Reply]

Routes = Mapping[tuple[str, str], Handler]
"""By method and path template."""

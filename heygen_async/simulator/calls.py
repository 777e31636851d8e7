"""A request that has been read and found valid, as the handlers get it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from heygen_async.simulator.contract import Operation
from heygen_async.simulator.replies import Reply
from heygen_async.simulator.world import World


@attrs.frozen(kw_only=True)
class Call:
    """What is asked.

    Attributes:
        world: Of whom.
        operation: Of the contract.
        names: Values in the path, like ``video_id``.
        query: With numbers as numbers.
        body: A JSON object; empty if the operation takes none.
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


Handler = Callable[[Call], Reply]

Routes = Mapping[tuple[str, str], Handler]
"""By method and path template."""

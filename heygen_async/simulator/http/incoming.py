"""A request before anybody has read it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from heygen_async.simulator.http.received import ReceivedBody


@attrs.frozen(kw_only=True)
class IncomingRequest:
    """A request as it came.

    Attributes:
        method: In capitals.
        path: Without the query.
        query: Names and texts, in order.
        headers: Names in lower case.
        body: As sent.
        received: What was uploaded, if it went past the memory; then the body is empty.
        origin: Scheme, host and port.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    received: ReceivedBody | None = None
    origin: str

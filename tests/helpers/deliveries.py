"""Webhook deliveries as HeyGen sends them, signed without the package's code, and a driver for ASGI applications."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import anyio
import attrs

Pairs = list[tuple[str, str]]

SECRET = "whsec_k7x9m2"
OLD_SECRET = "whsec_before_the_rotation"


def body_of(event_type: str = "avatar_video.success", **data: Any) -> bytes:
    """Return the bytes of an event, with white space that the package's encoder does not write."""
    return json.dumps({"event_type": event_type, "event_data": data or {"video_id": "v1"}}, indent=1).encode()


def digest(body: bytes, secret: str = SECRET) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()


def signed(body: bytes, *, event_id: str = "evt_1", ago: float = 0, secret: str = SECRET) -> Pairs:
    """Return the headers of a delivery that was sent *ago* seconds ago."""
    return [
        ("Heygen-Signature", digest(body, secret)),
        ("Heygen-Timestamp", str(int(time.time() - ago))),
        ("Heygen-Event-Id", event_id),
    ]


def with_header(headers: Pairs, name: str, value: str | None) -> Pairs:
    """Return *headers* with one of them set to *value*, or removed if *value* is None."""
    kept = [pair for pair in headers if pair[0] != name]
    return kept if value is None else [*kept, (name, value)]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@attrs.define
class AsgiAnswer:
    """The answer of an ASGI application, and the number of chunks that it read of the request's body."""

    status: int = 0
    headers: dict[str, str] = attrs.field(factory=dict)
    text: str = ""
    chunks_read: int = 0


App = Callable[[Any, Any, Any], Awaitable[None]]


async def ask_asgi(
    app: App,
    method: str,
    path: str,
    headers: Pairs,
    body: bytes | Iterable[bytes] = b"",
    *,
    length: bool = True,
    gone: bool = False,
    silent: bool = False,
    root_path: str | None = None,
) -> AsgiAnswer:
    """Call *app* as a server does. *gone* disconnects in the middle of the body; *silent* never sends the rest.

    A server that stands behind a proxy, or a framework that mounts the application, gives it a *root_path*.
    """
    parts = [body[at : at + 65536] for at in range(0, len(body), 65536)] if isinstance(body, bytes) else list(body)
    chunks: Iterator[bytes] = iter(parts)
    left, answer = len(parts), AsgiAnswer()
    if length and isinstance(body, bytes):
        headers = [*headers, ("Content-Length", str(len(body)))]
    raw = [(name.lower().encode("latin-1"), value.encode()) for name, value in headers]

    async def receive() -> dict[str, Any]:
        nonlocal left
        if left == 1 and gone:
            return {"type": "http.disconnect"}
        if left == 1 and silent:
            await anyio.sleep_forever()
        left -= 1
        answer.chunks_read += 1
        return {"type": "http.request", "body": next(chunks, b""), "more_body": left > 0}

    async def send(message: dict[str, Any]) -> None:
        if gone:
            raise OSError("the client has disconnected")
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.text += message["body"].decode()

    scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}, "method": method, "path": path}
    scope |= {"headers": raw, "query_string": b"", **({} if root_path is None else {"root_path": root_path})}
    await app(scope, receive, send)
    return answer

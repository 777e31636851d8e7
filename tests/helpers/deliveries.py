"""Deliveries as HeyGen sends them, signed by code that shares nothing with the package; and a driver for ASGI."""

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
    """The bytes of an event, spaced as no encoder of ours would."""
    return json.dumps({"event_type": event_type, "event_data": data or {"video_id": "v1"}}, indent=1).encode()


def digest(body: bytes, secret: str = SECRET) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()


def signed(body: bytes, *, event_id: str = "evt_1", ago: float = 0, secret: str = SECRET) -> Pairs:
    """The headers of a delivery that was sent *ago* seconds ago."""
    return [
        ("Heygen-Signature", digest(body, secret)),
        ("Heygen-Timestamp", str(int(time.time() - ago))),
        ("Heygen-Event-Id", event_id),
    ]


def with_header(headers: Pairs, name: str, value: str | None) -> Pairs:
    """The same headers with one changed, or without it."""
    kept = [pair for pair in headers if pair[0] != name]
    return kept if value is None else [*kept, (name, value)]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@attrs.define
class AsgiAnswer:
    """What an ASGI application sent, and how much of the body it took."""

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
) -> AsgiAnswer:
    """Drive *app* as a server would: *gone* hangs up in the middle of the body, *silent* never sends the rest."""
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
            raise OSError("nobody is there")
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.text += message["body"].decode()

    scope = {"type": "http", "asgi": {"version": "3.0"}, "method": method, "path": path, "headers": raw}
    await app(scope, receive, send)
    return answer

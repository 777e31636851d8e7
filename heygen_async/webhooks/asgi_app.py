"""A receiver as an ASGI application, for uvicorn, hypercorn, Starlette, FastAPI. It needs none of them.

Source: the ASGI specification, version 3: HTTP, WebSocket and Lifespan.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Self

from heygen_async.webhooks.request_handler import DeliveryRequest, Judge, answer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def respond(judge: Judge, scope: Message, receive: Receive, send: Send) -> None:
    """Serve one connection of an ASGI server."""
    if scope["type"] == "http":
        await _respond_http(judge, scope, receive, send)
    elif scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})


async def _respond_http(judge: Judge, scope: Message, receive: Receive, send: Send) -> None:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    incoming = DeliveryRequest(
        method=scope["method"].upper(), path=scope["path"], headers=headers, chunks=_Body(receive)
    )
    reply = await answer(judge, incoming)
    text = reply.text.encode()
    sent = [*reply.headers, ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))]
    pairs = [(name.lower().encode(), value.encode()) for name, value in sent]
    with contextlib.suppress(OSError):  # the sender may be gone
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else text})


async def _live(receive: Receive, send: Send) -> None:
    """Agree to start and to stop: there is nothing to do for either."""
    while True:
        asked = (await receive())["type"]
        await send({"type": f"{asked}.complete"})
        if asked == "lifespan.shutdown":
            return


class _Body:
    """The chunks of a request's body."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._more:
            raise StopAsyncIteration
        message = await self._receive()
        if message["type"] != "http.request":
            raise ConnectionError("the sender is gone")
        self._more = message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body

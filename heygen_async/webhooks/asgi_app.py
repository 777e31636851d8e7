"""A receiver as an ASGI application, for uvicorn, hypercorn, Starlette or FastAPI. None of them is imported.

Source: the ASGI specification, version 3: HTTP, WebSocket and Lifespan.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Self

from heygen_async.webhooks.request_handler import DeliveryReceiver, DeliveryRequest, answer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def respond(receiver: DeliveryReceiver, scope: Message, receive: Receive, send: Send) -> None:
    """Serve one connection of an ASGI server."""
    if scope["type"] == "http":
        await _respond_http(receiver, scope, receive, send)
    elif scope["type"] == "lifespan":
        await _respond_lifespan(receive, send)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})


async def _respond_http(receiver: DeliveryReceiver, scope: Message, receive: Receive, send: Send) -> None:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    incoming = DeliveryRequest(
        method=scope["method"].upper(), path=scope["path"], headers=headers, chunks=_Body(receive)
    )
    reply = await answer(receiver, incoming)
    text = reply.text.encode()
    headers = (*reply.headers, ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text))))
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
    with contextlib.suppress(OSError):  # the sender may have closed the connection
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else text})


async def _respond_lifespan(receive: Receive, send: Send) -> None:
    """Confirm startup and shutdown, which need no work here."""
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
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

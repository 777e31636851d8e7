"""A receiver as an ASGI application, for uvicorn, hypercorn, Starlette or FastAPI. None of them is imported.

Source: the ASGI specification, version 3: HTTP (`root_path`), WebSocket and Lifespan.
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
        method=scope["method"].upper(), path=_path(receiver, scope), headers=headers, chunks=_Body(receive)
    )
    reply = await answer(receiver, incoming)
    text = reply.text.encode()
    headers = (*reply.headers, ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text))))
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
    with contextlib.suppress(OSError):  # the sender may have closed the connection
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else text})


def _path(receiver: DeliveryReceiver, scope: Message) -> str:
    """Return the path as the receiver knows it: without as much of `root_path` as it takes, from the left.

    The prefix of a proxy and those of mounts are in `root_path`. In the specification of today, `path` begins with it;
    servers and frameworks of 2023 and before (uvicorn 0.25, Starlette 0.32) have taken it off. A receiver may be
    mounted at its own path behind a proxy: then its path is the end of `root_path`.
    """
    root, path = (scope.get("root_path") or "").rstrip("/"), str(scope["path"])
    whole = path if path == root or path.startswith(f"{root}/") else root + path
    starts = [at for at, sign in enumerate(root) if sign == "/"]
    inner = (whole[at:] for at in (*starts[1:], len(root)))
    return next((found for found in (whole, *inner) if receiver.serves(found)), whole)


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

"""A receiver on aiohttp's server."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.http import HttpProcessingError

from heygen_async.webhooks.request_handler import DeliveryReceiver, DeliveryRequest, answer


async def respond(receiver: DeliveryReceiver, request: web.Request) -> web.Response:
    """Answer *request*."""
    incoming = DeliveryRequest(
        method=request.method,
        path=request.path,
        headers=tuple(request.headers.items()),
        chunks=_chunks(request),
    )
    reply = await answer(receiver, incoming)
    return web.Response(status=reply.status, text=reply.text, headers=dict(reply.headers))


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    """Yield the body. Every error of aiohttp for a broken body becomes a ConnectionError."""
    try:
        async for chunk in request.content.iter_any():
            yield chunk
    except (web.RequestPayloadError, HttpProcessingError) as exc:
        raise ConnectionError("the body broke off") from exc

"""The HTTP side of a receiver, independent of any framework: from a request to its answer.

A delivery is answered as soon as it is verified; its event is processed elsewhere. HeyGen delivers again, for up to
24 hours, unless it gets a 2xx within 10 seconds.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable
from typing import Protocol

import anyio
import attrs

from heygen_async.errors import (
    WebhookError,
    WebhookMalformedError,
    WebhookSignatureError,
    WebhookTimestampError,
    WebhookTooLargeError,
)
from heygen_async.webhooks.events import WebhookEvent

logger: logging.Logger = logging.getLogger("heygen_async")

READ_SECONDS = 8.0  # for the whole body: HeyGen waits 10 for the answer

# HeyGen probes an address before it registers it: by OPTIONS, says its guide; users have also seen GET.
_PROBES = frozenset({"OPTIONS", "GET", "HEAD"})
_ALLOW = (("Allow", "POST, OPTIONS, GET, HEAD"),)

_STATUS: dict[type[WebhookError], int] = {
    WebhookSignatureError: 401,
    WebhookTimestampError: 401,
    WebhookMalformedError: 400,
    WebhookTooLargeError: 413,
}

Pairs = tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class DeliveryRequest:
    """A request whose body has not been read.

    Attributes:
        method: HTTP method, in capitals.
        path: Decoded path, without the query.
        headers: All headers in their order, repeated ones too.
        chunks: The body; raises `OSError` if the sender has closed the connection.
    """

    method: str
    path: str
    headers: Pairs
    chunks: AsyncIterable[bytes]


@attrs.frozen
class DeliveryReply:
    """An answer: status, one line of text, headers."""

    status: int
    text: str = ""
    headers: Pairs = ()


class DeliveryReceiver(Protocol):
    """The part of a receiver that a server needs."""

    path: str
    max_bytes: int

    def serves(self, path: str) -> bool:
        """Return True if *path* is one for deliveries."""

    def receive(
        self, raw_body: bytes, headers: Pairs, *, path: str | None = None, now: float | None = None
    ) -> WebhookEvent | None:
        """Verify a delivery and pass its event on."""


async def answer(receiver: DeliveryReceiver, incoming: DeliveryRequest) -> DeliveryReply:
    """Return the answer to *incoming*. A refusal names the fault, without a detail that helps to forge a delivery."""
    early = _answer_without_reading(receiver, incoming)
    if early is not None:
        return early
    try:
        with anyio.fail_after(READ_SECONDS):
            body = await _read(incoming.chunks, receiver.max_bytes)
        receiver.receive(body, incoming.headers, path=incoming.path)
    except WebhookError as exc:
        logger.warning("refused a delivery: %s", exc)
        return DeliveryReply(_STATUS[type(exc)], exc.message)
    except TimeoutError:
        return DeliveryReply(408, f"the body took more than {READ_SECONDS:g} s")
    except OSError:
        return DeliveryReply(400, "the body broke off")
    return DeliveryReply(200, "received")


def _answer_without_reading(receiver: DeliveryReceiver, incoming: DeliveryRequest) -> DeliveryReply | None:
    """Return the answer to a request whose body need not be read; None if it must be."""
    if not receiver.serves(incoming.path):
        return DeliveryReply(404, f"no deliveries are accepted at this path, only at {receiver.path}")
    if incoming.method in _PROBES:
        return DeliveryReply(200, "", _ALLOW)
    if incoming.method != "POST":
        return DeliveryReply(405, "deliveries are POSTs", _ALLOW)
    if any(value.lower() != "identity" for value in _values(incoming, "content-encoding")):
        # Never decompressed: a small body could become a huge one.
        return DeliveryReply(415, "HeyGen signs plain bytes: send the body without compression")
    if any(_is_above(receiver.max_bytes, value) for value in _values(incoming, "content-length")):
        return DeliveryReply(413, too_large(receiver.max_bytes).message)
    return None


def _is_above(limit: int, length: str) -> bool:
    """True if a Content-Length is above *limit*. A wrong one does no harm, because reading stops at the limit too."""
    digits = length.lstrip("0")
    return length.isascii() and length.isdigit() and (len(digits), digits) > (len(str(limit)), str(limit))


def _values(incoming: DeliveryRequest, name: str) -> list[str]:
    return [value for given, value in incoming.headers if given.lower() == name]


async def _read(chunks: AsyncIterable[bytes], max_bytes: int) -> bytes:
    """Return the body. Reading stops with an error at the first chunk past *max_bytes*."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise too_large(max_bytes)
    return bytes(body)


def too_large(max_bytes: int) -> WebhookTooLargeError:
    """Return the error for a body of more than *max_bytes*."""
    return WebhookTooLargeError(f"webhook: the body has more than {max_bytes:,} bytes")

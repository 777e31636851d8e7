"""The HTTP side of receiving, without any framework: from a request to the few words of its answer.

A delivery is answered as soon as it is judged; what is done about it happens elsewhere. HeyGen takes anything but a 2xx
within 10 seconds for a failure and delivers again, for up to 24 hours.
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

# HeyGen looks whether an address answers before it registers it: by OPTIONS says its guide, by GET as some have seen.
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
        method: In capitals.
        path: Decoded, without the query.
        headers: As they came, repeated ones too.
        chunks: The body; raises `OSError` where the sender is gone.
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


class Judge(Protocol):
    """The part of a receiver that serving needs."""

    max_bytes: int

    def serves(self, path: str) -> bool:
        """True if deliveries come there."""

    def receive(
        self, raw_body: bytes, headers: Pairs, *, path: str | None = None, now: float | None = None
    ) -> WebhookEvent | None:
        """Judge a delivery."""


async def answer(judge: Judge, incoming: DeliveryRequest) -> DeliveryReply:
    """Return the answer to *incoming*; it says what is wrong in general, never what would be right."""
    early = _without_reading(judge, incoming)
    if early is not None:
        return early
    try:
        with anyio.fail_after(READ_SECONDS):
            body = await _read(incoming.chunks, judge.max_bytes)
        judge.receive(body, incoming.headers, path=incoming.path)
    except WebhookError as exc:
        logger.warning("refused a delivery: %s", exc)
        return DeliveryReply(_STATUS[type(exc)], exc.message)
    except TimeoutError:
        return DeliveryReply(408, f"the body took more than {READ_SECONDS:g} s")
    except OSError:
        return DeliveryReply(400, "the body broke off")
    return DeliveryReply(200, "received")


def _without_reading(judge: Judge, incoming: DeliveryRequest) -> DeliveryReply | None:
    """Answer what need not be read, cheapest first."""
    if not judge.serves(incoming.path):
        return DeliveryReply(404, "nothing is delivered here")
    if incoming.method in _PROBES:
        return DeliveryReply(200, "", _ALLOW)
    if incoming.method != "POST":
        return DeliveryReply(405, "deliveries are POSTs", _ALLOW)
    if any(value.lower() != "identity" for value in _values(incoming, "content-encoding")):
        return DeliveryReply(415, "HeyGen signs plain bytes: send the body as it is")  # and nothing here unpacks a bomb
    if any(_is_above(judge.max_bytes, value) for value in _values(incoming, "content-length")):
        return DeliveryReply(413, too_large(judge.max_bytes).message)
    return None


def _is_above(limit: int, length: str) -> bool:
    """True if a Content-Length says that reading is in vain; whatever it says, reading stops at the limit too."""
    digits = length.lstrip("0")
    return length.isascii() and length.isdigit() and (len(digits), digits) > (len(str(limit)), str(limit))


def _values(incoming: DeliveryRequest, name: str) -> list[str]:
    return [value for given, value in incoming.headers if given.lower() == name]


async def _read(chunks: AsyncIterable[bytes], max_bytes: int) -> bytes:
    """Return the body, or stop at the first chunk that is too much."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise too_large(max_bytes)
    return bytes(body)


def too_large(max_bytes: int) -> WebhookTooLargeError:
    """Return the refusal of a body of more than *max_bytes*."""
    return WebhookTooLargeError(f"webhook: the body has more than {max_bytes:,} bytes")

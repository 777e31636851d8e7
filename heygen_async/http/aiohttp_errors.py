"""Translation of aiohttp's errors into errors of this package: no connection, a broken one, or a timeout."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import aiohttp

from heygen_async.errors import AttemptTimeoutError, ConnectionFailedError, ConnectionLostError, HeyGenError

_WITH_ADDRESS = (aiohttp.ClientResponseError, aiohttp.InvalidURL)

# aiohttp raises these before it sends a byte of the request; DNS and TLS failures are among them.
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@contextlib.contextmanager
def translated(subject: str, seconds: float) -> Iterator[None]:
    """Translate aiohttp's errors that the block raises."""
    try:
        yield
    except (aiohttp.ClientError, OSError) as exc:
        raise translation(exc, subject, seconds) from cause(exc)


def translation(exc: Exception, subject: str, seconds: float, *, quoted: bool = True) -> HeyGenError:
    """Return the error of this package for an error of aiohttp.

    Args:
        exc: The error of aiohttp.
        subject: The request ("POST /v3/videos"), for the message.
        seconds: Timeout of the attempt, for the message.
        quoted: True to quote *exc* in the message; False for requests to presigned addresses.
    """
    quote = _quote(exc) if quoted else type(exc).__name__
    if isinstance(exc, _NOT_SENT):
        return ConnectionFailedError(f"{subject}: no connection: {quote}")
    if isinstance(exc, TimeoutError):  # aiohttp's read timeout is one too
        return AttemptTimeoutError(f"{subject}: no complete answer within {seconds:g} s")
    return ConnectionLostError(f"{subject}: the connection broke: {quote}")


def cause(exc: Exception) -> Exception | None:
    """Return *exc* as the cause that a traceback may show, or None if it contains the address."""
    return None if isinstance(exc, _WITH_ADDRESS) else exc


def _quote(exc: Exception) -> str:
    """Quote an error, or only its class if it contains the address: a presigned address gives access to the file."""
    return type(exc).__name__ if isinstance(exc, _WITH_ADDRESS) else repr(exc)

"""Errors of aiohttp as errors of this package: no connection, a broken one, or a time-out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import aiohttp

from heygen_async.errors import AttemptTimeoutError, ConnectionFailedError, ConnectionLostError, HeyGenError

_QUOTES_THE_ADDRESS = (aiohttp.ClientResponseError, aiohttp.InvalidURL)

# aiohttp raises these before a byte of the request has left; DNS and TLS failures are among them.
_NOTHING_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@contextlib.contextmanager
def translated(subject: str, seconds: float) -> Iterator[None]:
    """Translate what the block raises."""
    try:
        yield
    except (aiohttp.ClientError, OSError) as exc:
        raise translation(exc, subject, seconds) from cause(exc)


def translation(exc: Exception, subject: str, seconds: float, *, quoted: bool = True) -> HeyGenError:
    """Return what an error of aiohttp means here, *quoted* if it cannot hold a presigned address."""
    words = _words(exc) if quoted else type(exc).__name__
    if isinstance(exc, _NOTHING_SENT):
        return ConnectionFailedError(f"{subject}: no connection: {words}")
    if isinstance(exc, TimeoutError):  # aiohttp's read timeout is one too
        return AttemptTimeoutError(f"{subject}: no whole answer within {seconds:g} s")
    return ConnectionLostError(f"{subject}: the connection broke: {words}")


def cause(exc: Exception) -> Exception | None:
    """Return what a traceback may show of an error: nothing, if it quotes the address."""
    return None if isinstance(exc, _QUOTES_THE_ADDRESS) else exc


def _words(exc: Exception) -> str:
    """Quote an error, unless it quotes the address: whoever reads a presigned one may fetch the file."""
    return type(exc).__name__ if isinstance(exc, _QUOTES_THE_ADDRESS) else repr(exc)

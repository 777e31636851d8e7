"""Translation of aiohttp's errors into errors of this package: no connection, a broken one, a timeout, no address."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import aiohttp

from heygen_async.account.redaction import Redaction
from heygen_async.errors import (
    AttemptTimeoutError,
    ConnectionFailedError,
    ConnectionLostError,
    ContractError,
    HeyGenError,
)

_PLACES = "--proxy, HEYGEN_PROXY or HTTPS_PROXY; in Python also proxy="
_WITH_ADDRESS = (aiohttp.ClientResponseError, aiohttp.InvalidURL)

NO_SECRETS = Redaction()

# aiohttp raises these before it sends a byte of the request; DNS and TLS failures are among them.
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


# Errors of aiohttp and yarl about addresses: too long a host, a port out of range, no scheme (an AssertionError).
_ADDRESS = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError, TypeError, AssertionError)

# TimeoutError is an OSError; aiohttp's RuntimeError is about a session of another event loop.
FOREIGN = (aiohttp.ClientError, OSError, RuntimeError, *_ADDRESS)


@contextlib.contextmanager
def translated(
    subject: str, seconds: float, redaction: Redaction = NO_SECRETS, *, theirs: bool = False
) -> Iterator[None]:
    """Translate the errors of aiohttp, yarl and Python that the block raises; see `translation`."""
    try:
        yield
    except HeyGenError:
        raise
    except FOREIGN as exc:
        error = translation(exc, subject, seconds, redaction, theirs=theirs)
        raise error from error.__cause__


@contextlib.contextmanager
def without_context() -> Iterator[None]:
    """Detach aiohttp's errors from the errors that the block raises: they hold the headers of the request."""
    try:
        yield
    except HeyGenError as exc:
        exc.__context__ = None
        raise


def translation(
    exc: Exception,
    subject: str,
    seconds: float,
    redaction: Redaction = NO_SECRETS,
    *,
    quoted: bool = True,
    theirs: bool = False,
) -> HeyGenError:
    """Return the error of this package for an error of aiohttp, which is its cause if a traceback may show it.

    Args:
        exc: The error of aiohttp.
        subject: The request ("POST /v3/videos"), for the message.
        seconds: Timeout of the attempt, for the message.
        redaction: Replaces the secrets of the request: an answer that is not HTTP is quoted by *exc*.
        quoted: True to quote *exc* in the message; False for requests to presigned addresses.
        theirs: True if HeyGen gave the address, or the answer that leads to it.
    """
    if theirs and isinstance(exc, _ADDRESS):
        return ContractError(f"{subject}: the address that HeyGen gives cannot be opened: {type(exc).__name__}")
    error = _translation(exc, subject, seconds, redaction.text(_quote(exc)) if quoted else type(exc).__name__)
    may_be_shown = quoted and not isinstance(exc, _WITH_ADDRESS) and not redaction.is_in(exc)
    error.__cause__ = exc if may_be_shown else None
    return error


def _translation(exc: Exception, subject: str, seconds: float, quote: str) -> HeyGenError:
    if isinstance(exc, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return _untrusted(exc, subject)
    if isinstance(exc, aiohttp.ClientHttpProxyError):
        return _final(
            f"{subject}: the proxy {exc.request_info.real_url.host} refused the connection (HTTP {exc.status}); check "
            f"its address, user and password ({_PLACES})"
        )
    if isinstance(exc, aiohttp.ClientProxyConnectionError):
        return ConnectionFailedError(
            f"{subject}: no connection to the proxy {exc.host}:{exc.port}; check its address ({_PLACES}), or name the "
            "server in NO_PROXY"
        )
    if isinstance(exc, _NOT_SENT):
        return ConnectionFailedError(f"{subject}: no connection: {quote}")
    if isinstance(exc, TimeoutError):  # aiohttp's read timeout is one too
        return AttemptTimeoutError(f"{subject}: no complete answer within {seconds:g} s")
    return ConnectionLostError(f"{subject}: the connection broke: {quote}")


def _untrusted(exc: aiohttp.ClientConnectorError, subject: str) -> HeyGenError:
    reason = getattr(exc, "certificate_error", None) or getattr(exc, "os_error", exc)
    words = getattr(reason, "verify_message", None) or getattr(reason, "reason", None) or type(reason).__name__
    return _final(
        f"{subject}: the certificate of {exc.host} is not trusted here ({words}); if a proxy on the way has one of its "
        "own, name its authority: SSL_CERT_FILE=/path/to/ca.pem, or HeyGen(ssl=...)"
    )


def _final(message: str) -> HeyGenError:
    """Return the error of a connection that will not be opened by trying again."""
    error = ConnectionFailedError(message)
    error.retryable = False
    return error


def _quote(exc: Exception) -> str:
    """Quote an error, or only its class if it contains the address: a presigned address gives access to the file."""
    return type(exc).__name__ if isinstance(exc, _WITH_ADDRESS) else repr(exc)

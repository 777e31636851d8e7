"""The bearer token of a function, which is called once for all waiting requests, and again after a refusal."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

import anyio
import attrs

from heygen_async.account.credentials import why_unusable
from heygen_async.errors import AuthenticationError, HeyGenError

TOKEN_SECONDS = 60.0  # timeout of the function; a call to an OAuth server takes about a second


@attrs.frozen(eq=False)
class Token:
    """One return value of the function. Tokens are compared by identity, so that a repeated text is a new token."""

    text: str = attrs.field(repr=False)


@attrs.define(eq=False)
class Bearer:
    """The current token of a function, shared within one event loop."""

    _function: Callable[[], str | Awaitable[str]] = attrs.field(repr=False)
    _token: Token | None = attrs.field(default=None, init=False)
    _lock: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(), init=False, repr=False)  # noqa: PLW0108 - loaded late
    _failures: int = attrs.field(default=0, init=False, repr=False)
    _failure: str = attrs.field(default="", init=False, repr=False)

    async def token(self, refused: Token | None = None) -> Token:
        """Return the current token, or a new one if it is *refused*. Tasks that wait share one call of the function.

        Raises:
            AuthenticationError: The function raised, took too long or returned no usable token.
        """
        failures = self._failures
        if self._token not in (None, refused):
            return self._token
        async with self._lock:
            if self._token not in (None, refused):
                return self._token
            if self._failures > failures:
                raise AuthenticationError(self._failure)
            self._token = Token(await self._call())
            return self._token

    async def _call(self) -> str:
        try:
            with anyio.fail_after(TOKEN_SECONDS):
                returned = self._function()
                text = await returned if inspect.isawaitable(returned) else returned
        except HeyGenError as exc:
            raise self._failed(exc.message) from exc
        except Exception as exc:
            raise self._failed(f"bearer_token: the function that gives the token raised {type(exc).__name__}") from exc
        if why := why_unusable(text):
            raise self._failed(f"bearer_token: the function returned a value that cannot be a token: it {why}")
        return text

    def _failed(self, message: str) -> AuthenticationError:
        self._failures += 1
        self._failure = message
        return AuthenticationError(message)

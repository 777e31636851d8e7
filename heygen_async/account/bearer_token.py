"""The token that a function gives: asked for once, however many requests wait for it, and again when it is refused."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

import anyio
import attrs

from heygen_async.account.credentials import why_unusable
from heygen_async.errors import AuthenticationError, HeyGenError

TOKEN_SECONDS = 60.0  # for a function to give a token; a call to an OAuth server takes one of them


@attrs.frozen(eq=False)
class Token:
    """One answer of the function. Two answers are two tokens, even if their texts are the same."""

    text: str = attrs.field(repr=False)


@attrs.define(eq=False)
class Bearer:
    """The token of a function, as known within one event loop."""

    _function: Callable[[], str | Awaitable[str]] = attrs.field(repr=False)
    _token: Token | None = attrs.field(default=None, init=False)
    _lock: anyio.Lock = attrs.field(factory=anyio.Lock, init=False, repr=False)
    _failures: int = attrs.field(default=0, init=False, repr=False)
    _failure: str = attrs.field(default="", init=False, repr=False)

    async def token(self, refused: Token | None = None) -> Token:
        """Return the token, another one than *refused*; all who come while the function is asked share its answer.

        Raises:
            AuthenticationError: The function gave none.
        """
        failures = self._failures
        if self._token not in (None, refused):
            return self._token
        async with self._lock:
            if self._token not in (None, refused):
                return self._token
            if self._failures > failures:
                raise AuthenticationError(self._failure)
            self._token = Token(await self._ask())
            return self._token

    async def _ask(self) -> str:
        try:
            with anyio.fail_after(TOKEN_SECONDS):
                given = self._function()
                text = await given if inspect.isawaitable(given) else given
        except HeyGenError as exc:
            raise self._failed(exc.message) from exc
        except Exception as exc:
            raise self._failed(f"bearer_token: the function that gives the token raised {type(exc).__name__}") from exc
        if why := why_unusable(text):
            raise self._failed(f"bearer_token: what the function returned can be no token: it {why}")
        return text

    def _failed(self, message: str) -> AuthenticationError:
        self._failures += 1
        self._failure = message
        return AuthenticationError(message)

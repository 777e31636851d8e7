"""The catalog: looks, voices and templates of HeyGen, each asked for once in a run, whoever wants to know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, cast

import anyio
import attrs

from heygen_async.errors import (
    AttemptTimeoutError,
    AuthenticationError,
    BadRequestError,
    ConnectionFailedError,
    ConnectionLostError,
    HeyGenError,
    InvalidInputError,
    NotFoundError,
)

T = TypeVar("T")
AT_ONCE = 8  # reads at a time: HeyGen does not say how many it takes
_DEAF = (ConnectionFailedError, ConnectionLostError, AttemptTimeoutError, AuthenticationError)


@attrs.frozen(kw_only=True)
class Lookup(Generic[T]):
    """HeyGen's answer.

    Attributes:
        value: What is there; None if nothing is, or if that is not known.
        unread: Why it is not known; None if it is.
        first: True if this is the first time that it is told.
    """

    value: T | None = None
    unread: str | None = None
    first: bool = True


@attrs.define
class _Place:
    lock: anyio.Lock = attrs.field(factory=anyio.Lock)
    found: Lookup[Any] | None = None


class Catalog:
    """Asks, and remembers the answers. When the network is gone or the key is wrong, it stops asking."""

    def __init__(self) -> None:
        """Begin without answers."""
        self._places: dict[tuple[str, str], _Place] = {}
        self._limiter = anyio.CapacityLimiter(AT_ONCE)
        self._deaf: str | None = None

    async def of(self, what: str, name: str, ask: Callable[[str], Awaitable[T]]) -> Lookup[T]:
        """Return what *ask* says of *name*, asking if it is the first time; *what* tells names of one kind apart."""
        place = self._places.setdefault((what, name), _Place())
        async with place.lock:
            if place.found is not None:
                return cast("Lookup[T]", attrs.evolve(place.found, first=False))
            found = await self._read(name, ask)
            place.found = found
            return found

    def known(self, what: str, name: str) -> Any:
        """Return what is there, if it was asked for before and is; else None."""
        place = self._places.get((what, name))
        return None if place is None or place.found is None else place.found.value

    async def _read(self, name: str, ask: Callable[[str], Awaitable[T]]) -> Lookup[T]:
        async with self._limiter:
            if self._deaf is not None:
                return Lookup(unread=self._deaf)
            try:
                return Lookup(value=await ask(name))
            except (NotFoundError, BadRequestError, InvalidInputError):
                return Lookup()
            except HeyGenError as exc:
                if isinstance(exc, _DEAF):
                    self._deaf = exc.gist
                return Lookup(unread=exc.gist)

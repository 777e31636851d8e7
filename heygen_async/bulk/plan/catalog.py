"""The catalog: looks, voices and templates of HeyGen, each asked for once for all rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Generic, TypeVar

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
_NO_ANSWERS = (ConnectionFailedError, ConnectionLostError, AttemptTimeoutError, AuthenticationError)


@attrs.frozen(kw_only=True)
class Lookup(Generic[T]):
    """Result of looking up an id.

    Attributes:
        value: The look, voice or template; None if there is none, or if HeyGen could not be asked.
        unread: Reason why HeyGen could not be asked; None if it was.
        first: True for the first caller, who reports problems for all that name the id.
    """

    value: T | None = None
    unread: str | None = None
    first: bool = True

    @property
    def is_absent(self) -> bool:
        """True if HeyGen was asked and has no such id."""
        return self.value is None and self.unread is None


@attrs.define
class _Entry:
    lock: anyio.Lock = attrs.field(factory=anyio.Lock)
    found: Lookup[Any] | None = None

    def take(self) -> Lookup[Any] | None:
        """Return what was found; only the first caller gets it as `first`."""
        found = self.found
        if found is not None and found.first:
            self.found = attrs.evolve(found, first=False)
        return found


class Catalog:
    """Asks HeyGen and keeps the answers. After a lost network or a wrong key, no more requests are sent."""

    def __init__(self) -> None:
        """Begin with an empty catalog."""
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._limiter = anyio.CapacityLimiter(AT_ONCE)
        self._unreachable: str | None = None

    async def ask(self, kind: str, name: str, ask: Callable[[str], Awaitable[T]]) -> None:
        """Ask for the id *name* of a *kind* by *ask*, unless that was done; of callers at the same time, one asks."""
        entry = self._entries.setdefault((kind, name), _Entry())
        async with entry.lock:
            if entry.found is None:
                entry.found = await self._ask(name, ask)

    def is_known(self, kind: str, name: str) -> bool:
        """Return True if an id was asked for, whatever HeyGen answered."""
        entry = self._entries.get((kind, name))
        return entry is not None and entry.found is not None

    def is_absent(self, kind: str, name: str) -> bool:
        """Return True if HeyGen was asked for an id and has none."""
        entry = self._entries.get((kind, name))
        return entry is not None and entry.found is not None and entry.found.is_absent

    def take(self, kind: str, name: str) -> Lookup[Any]:
        """Return the result for an id that was asked for.

        Raises:
            KeyError: It was not.
        """
        found = self._entries[kind, name].take()
        if found is None:
            raise KeyError(name)
        return found

    def known(self, kind: str, name: str) -> Any:
        """Return the value of an id that was looked up before; None if it was not, or if there is none."""
        entry = self._entries.get((kind, name))
        return None if entry is None or entry.found is None else entry.found.value

    def all_known(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Yield the ids and values of a *kind* that were looked up and found."""
        for (of, name), entry in self._entries.items():
            if of == kind and entry.found is not None and entry.found.value is not None:
                yield name, entry.found.value

    async def _ask(self, name: str, ask: Callable[[str], Awaitable[T]]) -> Lookup[T]:
        async with self._limiter:
            if self._unreachable is not None:
                return Lookup(unread=self._unreachable)
            try:
                return Lookup(value=await ask(name))
            except (NotFoundError, BadRequestError, InvalidInputError):
                return Lookup()
            except HeyGenError as exc:
                if isinstance(exc, _NO_ANSWERS):
                    self._unreachable = exc.gist
                return Lookup(unread=exc.gist)

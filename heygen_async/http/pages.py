"""Lists that come in pages: `{"data": [...], "has_more": bool, "next_token": str | null}`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Generic, NoReturn, TypeVar

import attrs

from heygen_async.errors import ContractError, InvalidInputError
from heygen_async.http import wire
from heygen_async.http.call import Call
from heygen_async.http.caller import Caller
from heygen_async.value import stamped

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: Items in the order of the answer.
        next_token: Cursor of the next page; None on the last page.
    """

    items: tuple[T, ...]
    next_token: str | None = None


def read_page(answer: wire.Answer, subject: str, kind: type[T]) -> Page[T]:
    """Read one page of *kind* values."""
    payload = wire.read_json(answer, subject)
    rows = wire.decode(wire.member(payload, "data", subject), list[kind], f"{subject}: $.data")  # type: ignore[valid-type] # a type made at run time
    stamped(rows, answer.request_id)
    token = payload.get("next_token") if payload.get("has_more") else None
    return Page(items=tuple(rows), next_token=token if isinstance(token, str) and token else None)


class Listing(Generic[T]):
    """A list at HeyGen: `async for` over it yields its items, over `pages()` its pages.

        async for video in heygen.videos.list(): ...
        newest = await heygen.videos.list().collect(20)

    The first request is sent when a loop starts. Each loop starts at the first page.
    """

    def __init__(
        self, caller: Caller, path: str, kind: type[T], query: Mapping[str, str | int | None] | None = None
    ) -> None:
        """List the *kind* values at *path*. Use the `list` methods of the resources instead."""
        self._caller = caller
        self._path = path
        self._kind = kind
        self._query = {name: value for name, value in (query or {}).items() if value is not None}

    def __repr__(self) -> str:
        """Return a text with the path."""
        return f"Listing({self._path!r})"

    async def __aiter__(self) -> AsyncIterator[T]:
        """Yield every item, page by page; a page is requested when the items before it are used up."""
        async for page in self.pages():
            for item in page.items:
                yield item

    async def first(self) -> T | None:
        """Return the first item; None if the list is empty. Sends one request. Free of charge."""
        return next(iter(await self.collect(1)), None)

    async def collect(self, limit: int | None = None) -> list[T]:
        """Return the first *limit* items, or all. Sends a request for each page that is needed. Free of charge.

        Raises:
            InvalidInputError: *limit* is not a whole number, 0 or more.
        """
        if limit is not None and (type(limit) is not int or limit < 0):
            raise InvalidInputError(f"limit {limit!r:.60}: must be a whole number, 0 or more; None for all items")
        found: list[T] = []
        if limit == 0:
            return found
        async with contextlib.aclosing(self.pages()) as pages:
            async for page in pages:
                found += page.items
                if limit is not None and len(found) >= limit:
                    break
        return found[:limit]

    def __await__(self) -> NoReturn:
        """Refuse to be awaited, with the ways to read a list."""
        raise InvalidInputError(
            f"GET {self._path}: a list is not awaited; loop over it with `async for`, or await its `collect(limit)` or "
            "`first()`"
        )

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """Yield the pages in order.

        Raises:
            ContractError: A page names itself as the next one, so the list would never end.
        """
        query = dict(self._query)
        while True:
            page = await self._caller.send(self._call(query))
            yield page
            if page.next_token is None:
                return
            if page.next_token == query.get("token"):
                raise ContractError(f"GET {self._path}: the same next_token twice, so the list would never end")
            query["token"] = page.next_token

    def _call(self, query: Mapping[str, str | int]) -> Call[Page[T]]:
        kind = self._kind
        return Call(
            method="GET",
            path=self._path,
            route=self._path,
            query=dict(query),
            read=lambda answer, subject: read_page(answer, subject, kind),
        )

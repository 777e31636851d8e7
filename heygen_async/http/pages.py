"""Lists that come in pages: `{"data": [...], "has_more": bool, "next_token": str | null}`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Generic, TypeVar

import attrs

from heygen_async.errors import ContractError
from heygen_async.http import wire
from heygen_async.http.call import Call
from heygen_async.http.caller import Caller

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
    token = payload.get("next_token") if payload.get("has_more") else None
    return Page(items=tuple(rows), next_token=token if isinstance(token, str) and token else None)


class Listing(Generic[T]):
    """A list at HeyGen: `async for` over it yields its items, over `pages()` its pages.

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

    async def pages(self) -> AsyncIterator[Page[T]]:
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

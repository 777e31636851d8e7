"""Lists that come in pages: `{"data": [...], "has_more": bool, "next_token": str | null}`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Generic, TypeVar

import attrs

from heygen_async import wire
from heygen_async.calls import Call, Caller
from heygen_async.errors import ContractError

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: In the order of the answer.
        next_token: Cursor of the next page; None on the last one.
    """

    items: tuple[T, ...]
    next_token: str | None = None


def read_page(answer: wire.Answer, subject: str, kind: type[T]) -> Page[T]:
    """Read one page of *kind* values."""
    payload = wire.read_json(answer, subject)
    rows = wire.decode(wire.member(payload, "data", subject), list[kind], f"{subject}: $.data")  # type: ignore[valid-type] # a type made at run time
    token = payload.get("next_token") if payload.get("has_more") else None
    return Page(items=tuple(rows), next_token=token if isinstance(token, str) and token else None)


async def iterate(
    caller: Caller, path: str, kind: type[T], query: Mapping[str, str | int | None] | None = None
) -> AsyncIterator[T]:
    """Yield every item of a list, asking for the next page when the last one is used up."""
    asked = {name: value for name, value in (query or {}).items() if value is not None}
    while True:
        call = Call(method="GET", path=path, route=path, query=dict(asked), read=lambda a, s: read_page(a, s, kind))
        page = await caller.send(call)
        for item in page.items:
            yield item
        if page.next_token is None:
            return
        if page.next_token == asked.get("token"):
            raise ContractError(f"GET {path}: the same next_token twice, so the list would never end")
        asked["token"] = page.next_token

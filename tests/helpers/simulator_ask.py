"""Plain HTTP requests to the simulator, without the package's client; every answer is checked with the contract."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from heygen_async.simulator import World
from heygen_async.simulator.contract.contract import operation
from heygen_async.simulator.router import ROUTES

Ask = Callable[..., Awaitable[tuple[int, Any]]]


def asker(http: aiohttp.ClientSession, world: World) -> Ask:
    """Return a function that sends a request and returns status and JSON, which must fit the contract."""

    async def send(method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        headers = {} if key is None else {"Idempotency-Key": key}
        async with http.request(method, path, json=body, headers=headers) as answer:
            assert answer.headers["X-Request-Id"].startswith("req_")
            value = await answer.json()
            conforms(method, world.requests[-1].route, answer.status, value)
            return answer.status, value

    return send


def conforms(method: str, route: str, status: int, value: Any) -> None:
    if (method, route) in ROUTES:
        asked = operation(method, route)
        assert list(asked.validator.problems(asked.answer_schema(status), value)) == []


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]

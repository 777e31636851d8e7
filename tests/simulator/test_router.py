"""Credentials, bodies, queries, and the rate limit of all requests."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import anyio
import pytest

from heygen_async.simulator import Server, World, serve
from tests.helpers.simulator_ask import Ask, code
from tests.helpers.simulator_videos import HELLO


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-api-key": "wrong"}, 401),
        ({"X-API-KEY": "simulator-key"}, 200),
        ({"Authorization": "Bearer simulator-key"}, 200),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic simulator-key"}, 401),
    ],
)
async def test_every_path_needs_credentials(server: Server, headers: dict[str, str], status: int) -> None:
    """Every path needs an API key or a bearer token of the account."""
    async with aiohttp.ClientSession(server.base_url, headers=headers) as session:
        for path in ("/v3/users/me", "/v3/nothing"):
            async with session.get(path) as answer:
                assert answer.status == (404 if status == 200 and path == "/v3/nothing" else status)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"{}", "text/plain"),
        (b"{}", ""),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"type": "avatar", "avatar_id": "a", "script": "x", "pitch": NaN}', "application/json"),
    ],
)
async def test_a_body_must_be_a_json_object(http: aiohttp.ClientSession, world: World, data: bytes, kind: str) -> None:
    """A body that is not a JSON object, or not declared as JSON, gets a 400."""
    async with http.post("/v3/videos", data=data, headers={"Content-Type": kind}) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["code"] == "invalid_parameter"
    assert world.ledger == []


async def test_an_error_lists_all_problems(ask: Ask) -> None:
    """An error lists all problems, and its message is the first."""
    status, found = await ask("POST", "/v3/videos", HELLO | {"resolution": "8k", "speed": 2})
    error = found["error"]
    assert (status, error["param"]) == (400, "resolution")
    assert error["message"] == "resolution: Input should be one of: 4k, 1080p, 720p."
    assert [(problem["path"], problem["message"]) for problem in error["errors"]] == [
        ("resolution", "Input should be one of: 4k, 1080p, 720p."),
        ("speed", "Unknown field 'speed'."),
    ]
    assert error["doc_url"].endswith("#invalid_parameter")


@pytest.mark.parametrize(
    "path",
    [
        "/v3/videos?limit=0",
        "/v3/videos?limit=101",
        "/v3/videos?limit=ten",
        "/v3/videos?page=2",
        "/v3/videos?limit=1&limit=2",
        "/v3/videos?title=",
        "/v3/videos/v1?verbose=1",
        "/v3/avatars/looks?limit=51",
        "/v3/avatars/looks?avatar_type=cartoon",
    ],
)
async def test_an_invalid_query_is_refused(ask: Ask, path: str) -> None:
    """Unknown, invalid and repeated query parameters get a 400."""
    assert code(await ask("GET", path)) == (400, "invalid_parameter")


@pytest.mark.parametrize("body", [b"x" * 2000, {"file": io.BytesIO(b"x" * 2000)}], ids=["plain", "form"])
async def test_a_body_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    """A body beyond the server's limit, plain or a form, gets a 413 and is not recorded as a request."""
    monkeypatch.setattr("heygen_async.simulator.server.MOST_BYTES", 1000)
    async with serve() as small, aiohttp.ClientSession(small.base_url) as session:
        async with session.post("/v3/assets", data=body) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (413, "payload_too_large")
        assert small.world.requests == []


async def test_requests_have_a_rate_limit(ask: Ask, http: aiohttp.ClientSession, world: World) -> None:
    """After a burst, the rate limit answers with a 429 and the seconds to wait."""
    world.requests_per_minute, world.burst = 30, 3
    for _ in range(3):
        assert (await ask("GET", "/v3/users/me"))[0] == 200
    async with http.get("/v3/users/me") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
    await anyio.sleep(2)
    assert (await ask("GET", "/v3/users/me"))[0] == 200


async def test_posts_may_have_a_rate_limit_of_their_own(http: aiohttp.ClientSession, world: World) -> None:
    """A rate limit of POSTs refuses POSTs and no reads."""
    world.posts_per_minute, world.burst = 30, 1
    statuses = []
    for method in ("POST", "POST", "GET"):
        async with http.request(method, "/v3/users/me" if method == "GET" else "/v3/videos", json={}) as answer:
            statuses.append(answer.status)
    assert statuses == [400, 429, 200]


async def test_each_request_has_latency(ask: Ask, world: World) -> None:
    """Each request takes `latency_seconds`."""
    world.latency_seconds = 1.5
    await ask("GET", "/v3/users/me")
    assert anyio.current_time() == 1.5


async def test_unknown_objects_have_their_codes(ask: Ask) -> None:
    """Unknown looks, voices, paths and methods get their own codes."""
    assert code(await ask("GET", "/v3/avatars/looks/nobody")) == (404, "avatar_not_found")
    assert code(await ask("GET", "/v3/voices/nobody")) == (404, "voice_not_found")
    assert code(await ask("GET", "/v3/nothing")) == (404, "not_found")
    assert code(await ask("PUT", "/v3/videos", {})) == (405, "method_not_allowed")

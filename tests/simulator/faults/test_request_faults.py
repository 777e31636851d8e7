"""Faults of requests and renders."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import anyio
import pytest

from heygen_async.simulator import (
    AlteredAnswer,
    DropAfterAccept,
    DropBefore,
    Empty,
    ErrorAnswer,
    ExpiredUrl,
    FailedRender,
    Fault,
    Malformed,
    NullVideoUrl,
    RateLimitStorm,
    Server,
    Slow,
    Stuck,
    Truncated,
    UnknownStatus,
    World,
)

HELLO = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "Hi Ada"}
LOST = "lost"


@pytest.fixture
async def http(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.base_url, headers={"x-api-key": "simulator-key"}) as session:
        yield session


async def status(
    http: aiohttp.ClientSession, method: str = "GET", path: str = "/v3/users/me", **sent: Any
) -> int | str:
    try:
        async with http.request(method, path, **sent) as answer:
            await answer.read()
            return answer.status
    except aiohttp.ClientError:
        return LOST


async def post(http: aiohttp.ClientSession, key: str = "k1") -> int | str:
    return await status(http, "POST", "/v3/videos", json=HELLO, headers={"Idempotency-Key": key})


async def create(http: aiohttp.ClientSession, **changes: Any) -> str:
    async with http.post("/v3/videos", json=HELLO | changes) as answer:
        return str((await answer.json())["data"]["video_id"])


async def fetch(http: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with http.get(path) as answer:
        return dict((await answer.json())["data"])


@pytest.mark.parametrize(
    ("fault", "first", "charges"),
    [
        (DropBefore(nth=1), LOST, 0),
        (DropAfterAccept(nth=1), LOST, 1),
        (ErrorAnswer(nth=1), 503, 0),
        (ErrorAnswer(nth=1, status=500, code="internal_error", after_accept=True), 500, 1),
        (ErrorAnswer(nth=1, status=502, html=True), 502, 0),
        (RateLimitStorm(times=1), 429, 0),
        (Truncated(nth=1), LOST, 1),
        (Malformed(nth=1), 200, 1),
        (Empty(nth=1), 200, 1),
        (Slow(nth=1, seconds=3), 200, 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Fault) else str(value),
)
async def test_each_fault_has_its_effect(
    http: aiohttp.ClientSession, world: World, fault: Fault, first: int | str, charges: int
) -> None:
    """Each fault has its effect on the answer and on the charges; a repeat under the same key charges once in all."""
    world.faults.append(fault)
    assert await post(http) == first
    assert len(world.ledger) == charges
    assert await post(http) == 200
    assert len(world.ledger) == 1
    assert world.requests[0].status == (
        None if isinstance(fault, DropBefore | DropAfterAccept) else 200 if first == LOST else first
    )


async def test_a_fault_of_another_time_does_not_count_a_refused_request(
    http: aiohttp.ClientSession, world: World
) -> None:
    """A bad request is refused as usual, before the fault's time and after it, and its nth request is still to come."""
    world.faults.append(DropAfterAccept(nth=2, between=(100, 200)))
    assert await status(http, "POST", "/v3/videos", json={}) == 400
    await anyio.sleep(150)
    assert await post(http, "k1") == 200
    assert await status(http, "POST", "/v3/videos", json={}) == 400
    assert await post(http, "k2") == LOST


@pytest.mark.parametrize(
    ("fault", "text", "kind"),
    [
        (Malformed(), '{"data": {"video_id": "', "application/json"),
        (Empty(), "", "application/json"),
        (ErrorAnswer(status=502, html=True, retry_after="7"), "cloudflare", "text/html"),
        (ErrorAnswer(message="Out of order."), "Out of order.", "application/json"),
    ],
    ids=["malformed", "empty", "html", "envelope"],
)
async def test_an_answer_can_have_an_unexpected_body(
    http: aiohttp.ClientSession, world: World, fault: Fault, text: str, kind: str
) -> None:
    """An answer can be a proxy's page, half a document, or empty."""
    world.faults.append(fault)
    async with http.get("/v3/users/me") as answer:
        assert text in await answer.text()
        assert answer.content_type == kind
        assert answer.headers.get("Retry-After") == ("7" if kind == "text/html" else None)


@pytest.mark.parametrize(("seconds", "header"), [(5, "5"), (0.5, "0.5"), (None, None)])
async def test_a_storm_has_a_retry_after_header(
    http: aiohttp.ClientSession, world: World, seconds: float | None, header: str | None
) -> None:
    """A 429 of a storm has the Retry-After header of the fault, or none."""
    world.faults.append(RateLimitStorm(retry_after=seconds))
    async with http.get("/v3/users/me") as answer:
        assert (answer.status, answer.headers.get("Retry-After")) == (429, header)


async def test_a_truncated_answer_has_half_of_its_body(http: aiohttp.ClientSession, world: World) -> None:
    """A truncated answer has half of the body that its Content-Length promises."""
    world.faults.append(Truncated())
    async with http.get("/v3/users/me") as answer:
        assert answer.content_length is not None
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_a_key_is_in_progress_until_a_slow_answer_is_sent(http: aiohttp.ClientSession, world: World) -> None:
    """Until a slow answer is sent, its key gets a 409, even if the client has gone; then the first answer."""
    world.faults.append(Slow(nth=1, seconds=100))
    with anyio.move_on_after(10):
        await post(http)
    assert await post(http) == 409
    assert await post(http, "k2") == 200
    await anyio.sleep(91)
    assert await post(http) == 200
    assert len(world.ledger) == 2
    assert [seen.status for seen in world.requests] == [200, 409, 200, 200]


async def test_a_fault_after_the_client_has_gone_is_harmless(http: aiohttp.ClientSession, world: World) -> None:
    """If the client has gone before a fault closes the connection, the request is executed all the same."""
    world.faults += [Slow(nth=1, seconds=100), DropAfterAccept(nth=1)]
    with anyio.move_on_after(10):
        await post(http)
    await anyio.sleep(100)
    assert await post(http) == 200
    assert len(world.ledger) == 1


async def test_lost_answers_apply_to_costly_requests(http: aiohttp.ClientSession, world: World) -> None:
    """DropAfterAccept applies to POSTs that cost money, unless a method or path is given."""
    world.faults.append(DropAfterAccept())
    assert await status(http) == 200
    assert await status(http, "POST", "/v3/video-agents", json={"prompt": "A chat"}) == LOST
    world.faults[:] = [DropAfterAccept(method="GET")]
    assert await status(http) == LOST
    world.faults[:] = [DropAfterAccept(path="/v3/users")]
    assert await status(http) == LOST
    assert len(world.ledger) == 1


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (ErrorAnswer(), [503] * 5),
        (ErrorAnswer(nth=2), [200, 503, 200, 200, 200]),
        (ErrorAnswer(times=2), [503, 503, 200, 200, 200]),
        (ErrorAnswer(between=(0.5, 2.5)), [200, 503, 503, 200, 200]),
        (ErrorAnswer(method="POST"), [200] * 5),
        (ErrorAnswer(method="GET", path="/v3/users"), [503] * 5),
        (ErrorAnswer(path="/v3/*/me"), [503] * 5),
        (ErrorAnswer(path="/v3/videos"), [200] * 5),
        (ErrorAnswer(probability=1.0, times=1), [503, 200, 200, 200, 200]),
        (ErrorAnswer(probability=0.0), [200] * 5),
    ],
)
async def test_a_fault_selects_requests(
    http: aiohttp.ClientSession, world: World, fault: Fault, statuses: list[int]
) -> None:
    """A fault selects requests by number, probability, time, method and path."""
    world.faults.append(fault)
    seen = []
    for _ in range(5):
        seen.append(await status(http))
        await anyio.sleep(1)
    assert seen == statuses


async def test_random_faults_depend_on_the_seed(http: aiohttp.ClientSession, world: World) -> None:
    """Equal requests get equal faults in each world of one seed."""
    world.faults.append(ErrorAnswer(probability=0.3))
    seen = [await status(http) for _ in range(40)]
    rng = type(world.rng)(world.seed)
    assert seen == [503 if rng.random() < 0.3 else 200 for _ in range(40)]


async def test_the_first_fault_takes_effect(http: aiohttp.ClientSession, world: World) -> None:
    """Only the first fault that applies takes effect and counts the request; Slow combines with others."""
    world.faults += [
        Slow(seconds=2, times=1),
        ErrorAnswer(nth=1, status=500, code="internal_error"),
        ErrorAnswer(nth=1, status=502),
        DropBefore(times=2),  # aiohttp repeats a GET once
    ]
    assert [await status(http) for _ in range(4)] == [500, 502, LOST, 200]
    assert anyio.current_time() == 2


async def test_a_refused_request_is_not_counted(http: aiohttp.ClientSession, world: World) -> None:
    """Faults of answers do not count refused requests, neither for nth nor for times."""
    world.slots = 0
    world.faults += [Empty(nth=2, method="GET"), Slow(seconds=1), DropAfterAccept(nth=1)]
    assert await post(http) == 429
    world.slots = 1
    assert await post(http) == LOST
    assert await post(http) == 200
    assert len(world.ledger) == 1


async def test_each_world_counts_for_itself(server: Server, world: World) -> None:
    """A fault is a value, and each world counts its uses for itself."""
    fault = FailedRender(nth=1)
    worlds = [World(faults=[fault]) for _ in range(2)]
    assert [len(world.faults_of_render({}, 1).faults) for world in worlds] == [1, 1]


async def test_a_stuck_render_never_ends(http: aiohttp.ClientSession, world: World) -> None:
    """A stuck render never ends and keeps its slot until it is deleted."""
    world.faults.append(Stuck(contains="Ada"))
    video_id = await create(http)
    await anyio.sleep(1e5)
    assert (await fetch(http, f"/v3/videos/{video_id}"))["status"] == "processing"
    assert world.rendering == 1
    await status(http, "DELETE", f"/v3/videos/{video_id}")
    assert world.rendering == 0


@pytest.mark.parametrize("where", ["videos", "statuses", "video-agents"])
async def test_the_first_polls_get_an_undocumented_status(
    http: aiohttp.ClientSession, world: World, where: str
) -> None:
    """The first polls get an undocumented status, in each endpoint that returns statuses."""
    world.faults.append(UnknownStatus(word="compositing", polls=2))
    if where == "video-agents":
        async with http.post("/v3/video-agents", json={"prompt": "A welcome"}) as answer:
            path = f"/v3/video-agents/{(await answer.json())['data']['session_id']}"
    else:
        path = f"/v3/videos/{await create(http)}"
    found = []
    for _ in range(3):
        if where == "statuses":
            async with http.get("/v3/videos/statuses", params={"video_ids": path.rsplit("/", 1)[1]}) as answer:
                found.append((await answer.json())["data"][0]["status"])
        else:
            found.append((await fetch(http, path))["status"])
    assert found == ["compositing", "compositing", "thinking" if where == "video-agents" else "pending"]


async def test_the_first_polls_find_no_address(http: aiohttp.ClientSession, world: World) -> None:
    """The first polls after the end find no address; earlier polls do not count."""
    world.faults.append(NullVideoUrl(polls=2))
    path = f"/v3/videos/{await create(http)}"
    await fetch(http, path)
    await anyio.sleep(5000)
    found = [await fetch(http, path) for _ in range(3)]
    assert [video["status"] for video in found] == ["completed"] * 3
    assert [video["video_url"] is None for video in found] == [True, True, False]


@pytest.mark.parametrize(("times", "statuses"), [(1, [403, 200, 200]), (2, [403, 403, 200]), (None, [403, 403, 403])])
async def test_the_first_addresses_have_expired(
    http: aiohttp.ClientSession, world: World, times: int | None, statuses: list[int]
) -> None:
    """The first addresses of each video have expired, and a later poll gets a valid one."""
    world.faults.append(ExpiredUrl(times=times))
    videos = [await create(http) for _ in range(2)]
    await anyio.sleep(5000)
    async with aiohttp.ClientSession() as bare:
        for video_id in videos:
            seen = []
            for _ in range(3):
                async with bare.get((await fetch(http, f"/v3/videos/{video_id}"))["video_url"]) as answer:
                    seen.append(answer.status)
            assert seen == statuses


@pytest.mark.parametrize(
    ("fault", "failed"),
    [
        (FailedRender(nth=2), [1]),
        (FailedRender(times=2), [0, 1]),
        (FailedRender(contains="3"), [3]),
        (FailedRender(probability=1.0, contains="Hi"), [0, 1, 2, 3, 4]),
        (FailedRender(between=(100, 200)), []),
        (FailedRender(contains="Bob"), []),
    ],
)
async def test_a_fault_selects_renders(
    http: aiohttp.ClientSession, world: World, fault: Fault, failed: list[int]
) -> None:
    """A fault selects renders by number, probability, time and text."""
    world.faults.append(fault)
    made = [await create(http, script=f"Hi {n}") for n in range(5)]
    await anyio.sleep(50_000)
    assert sorted(world.refunds) == sorted(made[n] for n in failed)


def test_faults_of_renders_do_not_depend_on_the_order() -> None:
    """The faults of the nth render depend on the seed and not on the order of requests."""
    fault = FailedRender(probability=0.3)
    forward, backward = World(faults=[fault]), World(faults=[fault])
    numbers = range(1, 60)
    failures = {n: bool(forward.faults_of_render({}, n).faults) for n in numbers}
    assert {n: bool(backward.faults_of_render({}, n).faults) for n in reversed(numbers)} == failures
    assert 5 < sum(failures.values()) < 35


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"data.a": 7}, {"data": {"a": 7, "list": [{"b": 1}, {"b": 2}]}}),
        ({"data.list.1.b": {}}, {"data": {"a": 1, "list": [{"b": 1}, {"b": {}}]}}),
        ({"data.list.*.b": None, "data.c": 3}, {"data": {"a": 1, "list": [{"b": None}, {"b": None}], "c": 3}}),
        ({"data.list.0": "x"}, {"data": {"a": 1, "list": ["x", {"b": 2}]}}),
        ({"data.none.b": 7, "data.list.9": 7, "data.list.b": 7, "data.a.b": 7}, None),
        ({"data": []}, {"data": []}),
    ],
)
def test_an_altered_answer_has_other_values_at_its_places(fields: dict[str, Any], answer: object) -> None:
    """Values are replaced at names, at numbers and in all items; a place that does not exist changes nothing."""
    before = {"data": {"a": 1, "list": [{"b": 1}, {"b": 2}]}}
    altered = AlteredAnswer(fields=fields).alter(json.dumps(before).encode())
    assert json.loads(altered) == (answer or before)


async def test_an_altered_answer_is_of_an_executed_request(http: aiohttp.ClientSession, world: World) -> None:
    """The request is executed and charged, and its answer has the other values."""
    world.faults.append(AlteredAnswer(path="/v3/videos", fields={"data.status": {}}))
    async with http.post("/v3/videos", json=HELLO) as answer:
        assert (await answer.json())["data"]["status"] == {}
    assert len(world.ledger) == 1

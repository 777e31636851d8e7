"""What goes wrong on purpose, and only that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import anyio
import pytest

from heygen_async.simulator import (
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


async def look(http: aiohttp.ClientSession, path: str) -> dict[str, Any]:
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
async def test_each_fault_is_what_it_says(
    http: aiohttp.ClientSession, world: World, fault: Fault, first: int | str, charges: int
) -> None:
    """What the client sees, and what was executed; the repeat under the same key makes one charge in all."""
    world.faults.append(fault)
    assert await post(http) == first
    assert len(world.ledger) == charges
    assert await post(http) == 200
    assert len(world.ledger) == 1
    assert world.requests[0].status == (
        None if isinstance(fault, DropBefore | DropAfterAccept) else 200 if first == LOST else first
    )


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
async def test_bodies_that_surprise(
    http: aiohttp.ClientSession, world: World, fault: Fault, text: str, kind: str
) -> None:
    """A proxy's page, half a document, nothing at all."""
    world.faults.append(fault)
    async with http.get("/v3/users/me") as answer:
        assert text in await answer.text()
        assert answer.content_type == kind
        assert answer.headers.get("Retry-After") == ("7" if kind == "text/html" else None)


@pytest.mark.parametrize(("seconds", "header"), [(5, "5"), (0.5, "0.5"), (None, None)])
async def test_a_storm_says_when_it_ends(
    http: aiohttp.ClientSession, world: World, seconds: float | None, header: str | None
) -> None:
    """Or does not."""
    world.faults.append(RateLimitStorm(retry_after=seconds))
    async with http.get("/v3/users/me") as answer:
        assert (answer.status, answer.headers.get("Retry-After")) == (429, header)


async def test_half_of_a_body_comes(http: aiohttp.ClientSession, world: World) -> None:
    """The header promises more."""
    world.faults.append(Truncated())
    async with http.get("/v3/users/me") as answer:
        assert answer.content_length is not None
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_a_key_is_in_progress_until_a_slow_answer_has_come(http: aiohttp.ClientSession, world: World) -> None:
    """409 request_in_progress, then the first answer, even if its client is gone."""
    world.faults.append(Slow(nth=1, seconds=100))
    with anyio.move_on_after(10):
        await post(http)
    assert await post(http) == 409
    assert await post(http, "k2") == 200
    await anyio.sleep(91)
    assert await post(http) == 200
    assert len(world.ledger) == 2
    assert [seen.status for seen in world.requests] == [200, 409, 200, 200]


async def test_a_client_that_has_left_disturbs_nobody(http: aiohttp.ClientSession, world: World) -> None:
    """Its connection is gone when the fault would close it; what was executed stays."""
    world.faults += [Slow(nth=1, seconds=100), DropAfterAccept(nth=1)]
    with anyio.move_on_after(10):
        await post(http)
    await anyio.sleep(100)
    assert await post(http) == 200
    assert len(world.ledger) == 1


async def test_an_answer_lost_after_acceptance_befalls_what_costs_money(
    http: aiohttp.ClientSession, world: World
) -> None:
    """Unless it is told otherwise."""
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
async def test_which_requests_a_fault_befalls(
    http: aiohttp.ClientSession, world: World, fault: Fault, statuses: list[int]
) -> None:
    """By number, by chance, by time, by method and path."""
    world.faults.append(fault)
    seen = []
    for _ in range(5):
        seen.append(await status(http))
        await anyio.sleep(1)
    assert seen == statuses


async def test_chance_comes_from_the_seed(http: aiohttp.ClientSession, world: World) -> None:
    """The same requests meet the same fate in each world of one seed."""
    world.faults.append(ErrorAnswer(probability=0.3))
    seen = [await status(http) for _ in range(40)]
    rng = type(world.rng)(world.seed)
    assert seen == [503 if rng.random() < 0.3 else 200 for _ in range(40)]


async def test_the_first_in_the_list_strikes(http: aiohttp.ClientSession, world: World) -> None:
    """Those behind it do not count the request; slowness adds to all."""
    world.faults += [
        Slow(seconds=2, times=1),
        ErrorAnswer(nth=1, status=500, code="internal_error"),
        ErrorAnswer(nth=1, status=502),
        DropBefore(times=2),  # aiohttp repeats a GET once
    ]
    assert [await status(http) for _ in range(4)] == [500, 502, LOST, 200]
    assert anyio.current_time() == 2


async def test_a_refused_request_uses_up_no_lost_answer(http: aiohttp.ClientSession, world: World) -> None:
    """There was no answer to lose: the first that is accepted counts, for the number and for the times."""
    world.slots = 0
    world.faults += [Empty(nth=2, method="GET"), Slow(seconds=1), DropAfterAccept(nth=1)]
    assert await post(http) == 429
    world.slots = 1
    assert await post(http) == LOST
    assert await post(http) == 200
    assert len(world.ledger) == 1


async def test_one_fault_serves_many_worlds(server: Server, world: World) -> None:
    """A fault is a value: each world counts for itself."""
    fault = FailedRender(nth=1)
    worlds = [World(faults=[fault]) for _ in range(2)]
    assert [len(world.faults_of_render({}, 1).faults) for world in worlds] == [1, 1]


async def test_a_stuck_render_never_ends(http: aiohttp.ClientSession, world: World) -> None:
    """It keeps its slot."""
    world.faults.append(Stuck(contains="Ada"))
    video_id = await create(http)
    await anyio.sleep(1e6)
    assert (await look(http, f"/v3/videos/{video_id}"))["status"] == "processing"
    assert world.rendering == 1
    await status(http, "DELETE", f"/v3/videos/{video_id}")
    assert world.rendering == 0


@pytest.mark.parametrize("where", ["videos", "statuses", "video-agents"])
async def test_unknown_words_come_first(http: aiohttp.ClientSession, world: World, where: str) -> None:
    """For so many looks, wherever one looks."""
    world.faults.append(UnknownStatus(word="compositing", polls=2))
    if where == "video-agents":
        async with http.post("/v3/video-agents", json={"prompt": "A welcome"}) as answer:
            path = f"/v3/video-agents/{(await answer.json())['data']['session_id']}"
    else:
        path = f"/v3/videos/{await create(http)}"
    words = []
    for _ in range(3):
        if where == "statuses":
            async with http.get("/v3/videos/statuses", params={"video_ids": path.rsplit("/", 1)[1]}) as answer:
                words.append((await answer.json())["data"][0]["status"])
        else:
            words.append((await look(http, path))["status"])
    assert words == ["compositing", "compositing", "thinking" if where == "video-agents" else "pending"]


async def test_an_address_comes_late(http: aiohttp.ClientSession, world: World) -> None:
    """Completed, but null for so many looks; looks before the end do not count."""
    world.faults.append(NullVideoUrl(polls=2))
    path = f"/v3/videos/{await create(http)}"
    await look(http, path)
    await anyio.sleep(5000)
    found = [await look(http, path) for _ in range(3)]
    assert [video["status"] for video in found] == ["completed"] * 3
    assert [video["video_url"] is None for video in found] == [True, True, False]


@pytest.mark.parametrize(("times", "statuses"), [(1, [403, 200, 200]), (2, [403, 403, 200]), (None, [403, 403, 403])])
async def test_an_address_has_expired(
    http: aiohttp.ClientSession, world: World, times: int | None, statuses: list[int]
) -> None:
    """A new look gives a better one; so for each video."""
    world.faults.append(ExpiredUrl(times=times))
    videos = [await create(http) for _ in range(2)]
    await anyio.sleep(5000)
    async with aiohttp.ClientSession() as bare:
        for video_id in videos:
            seen = []
            for _ in range(3):
                async with bare.get((await look(http, f"/v3/videos/{video_id}"))["video_url"]) as answer:
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
async def test_which_renders_a_fault_befalls(
    http: aiohttp.ClientSession, world: World, fault: Fault, failed: list[int]
) -> None:
    """By number, by chance, by what they say."""
    world.faults.append(fault)
    made = [await create(http, script=f"Hi {n}") for n in range(5)]
    await anyio.sleep(50_000)
    assert sorted(world.refunds) == sorted(made[n] for n in failed)


def test_the_failures_of_a_seed_do_not_depend_on_the_order() -> None:
    """The chance of the nth render is its own."""
    fault = FailedRender(probability=0.3)
    forward, backward = World(faults=[fault]), World(faults=[fault])
    numbers = range(1, 60)
    fates = {n: bool(forward.faults_of_render({}, n).faults) for n in numbers}
    assert {n: bool(backward.faults_of_render({}, n).faults) for n in reversed(numbers)} == fates
    assert 5 < sum(fates.values()) < 35

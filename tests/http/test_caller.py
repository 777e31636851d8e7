"""The request loop against a real server that misbehaves: what is repeated, what is not, what it costs."""

from __future__ import annotations

import anyio
import pytest

from heygen_async import (
    DirectVideo,
    Event,
    HeyGen,
    Options,
    RequestEnded,
    RetryPlanned,
    RetryPolicy,
    VideoAgent,
    errors,
)
from heygen_async.simulator import (
    DropAfterAccept,
    DropBefore,
    Empty,
    ErrorAnswer,
    Fault,
    Malformed,
    RateLimitStorm,
    Server,
    Slow,
    Truncated,
    World,
)

AGENT = VideoAgent(prompt="A welcome")


@pytest.mark.parametrize(
    "fault",
    [
        DropBefore(method="POST", nth=1),
        DropAfterAccept(nth=1),
        Truncated(method="POST", nth=1),
        Malformed(method="POST", nth=1),
        Empty(method="POST", nth=1),
        Slow(method="POST", nth=1, seconds=500),
        ErrorAnswer(method="POST", nth=1, status=503, code="service_unavailable"),
        ErrorAnswer(method="POST", nth=1, status=503, code="service_unavailable", retry_after="7"),
        ErrorAnswer(method="POST", nth=1, status=500, code="internal_error", after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=502, html=True, after_accept=True),
        RateLimitStorm(method="POST", times=1, retry_after=3),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_a_lost_or_odd_answer_is_not_paid_twice(
    heygen: HeyGen, world: World, hello: DirectVideo, fault: Fault
) -> None:
    """Whatever happens to the first answer, the repeat goes under the same key and one video is charged."""
    world.faults.append(fault)
    job = await heygen.videos.create(hello)
    assert [charge.video_id for charge in world.ledger] == [job.id]


@pytest.mark.parametrize(
    "fault",
    [
        DropAfterAccept(nth=1),
        Truncated(method="POST", nth=1),
        Malformed(method="POST", nth=1),
        Slow(method="POST", nth=1, seconds=500),
        ErrorAnswer(method="POST", nth=1, status=500, code="internal_error", after_accept=True),
        DropBefore(method="POST", nth=1),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_an_agent_is_never_asked_twice_after_a_lost_answer(heygen: HeyGen, world: World, fault: Fault) -> None:
    """No key is honoured there, so the outcome is called unknown, even where nothing was executed."""
    world.faults.append(fault)
    with pytest.raises(errors.OutcomeUnknownError, match="look whether it was made") as caught:
        await heygen.video_agents.create(AGENT)
    assert caught.value.spent == "unknown"
    await anyio.sleep(1000)
    assert world.request_counts()["POST /v3/video-agents"] == 1


@pytest.mark.parametrize("request_", [AGENT, DirectVideo(avatar_id="a", voice_id="v", script="x")])
async def test_a_429_says_that_nothing_was_executed_so_anything_is_asked_again(
    heygen: HeyGen, world: World, request_: VideoAgent | DirectVideo
) -> None:
    """Also an agent request; and not before Retry-After."""
    world.faults.append(RateLimitStorm(method="POST", times=3, retry_after=40))
    start = anyio.current_time()
    await heygen.videos.create(request_)
    assert len(world.ledger) == 1
    assert anyio.current_time() - start >= 120


async def test_a_refusal_is_told_at_once(heygen: HeyGen, world: World) -> None:
    """One request, HeyGen's own words, nothing spent."""
    request = DirectVideo(avatar_id="a", voice_id="v", script="x", extra={"scene": 1})
    with pytest.raises(errors.BadRequestError) as caught:
        await heygen.videos.create(request)
    assert caught.value.code == "invalid_parameter"
    assert caught.value.spent == "no"
    assert caught.value.request_id
    assert len(world.requests) == 1


async def test_a_wrong_key_is_an_authentication_error(server: Server) -> None:
    """And the key is in no text about it."""
    async with HeyGen("wrong-secret", base_url=server.base_url) as heygen:
        with pytest.raises(errors.AuthenticationError) as caught:
            await heygen.raw("GET", "/v3/users/me")
    assert "wrong-secret" not in f"{caught.value!r} {heygen!r}"


async def test_a_bearer_token_goes_where_a_key_would(server: Server) -> None:
    """As OAuth wants it."""
    async with HeyGen(bearer_token="simulator-key", base_url=server.base_url) as heygen:
        assert "data" in await heygen.raw("GET", "/v3/users/me")


def test_without_a_key_nothing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to give one, and how to try without."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    with pytest.raises(errors.AuthenticationError, match=r"HEYGEN_API_KEY.*heygen-async demo"):
        HeyGen()


async def test_key_and_address_come_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that scripts hold no secrets."""
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    monkeypatch.setenv("HEYGEN_API_BASE", server.base_url + "/")
    async with HeyGen() as heygen:
        assert "data" in await heygen.raw("get", "/v3/users/me")


async def test_tries_run_out(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """Five tries, then the last error, which knows that a render may have been made."""
    world.faults.append(ErrorAnswer(method="POST", status=503, code="service_unavailable"))
    with pytest.raises(errors.ServerError) as caught:
        await heygen.videos.create(hello)
    assert (caught.value.attempts, caught.value.spent) == (5, "unknown")
    assert len(world.requests) == 5


async def test_a_read_never_costs(heygen: HeyGen, world: World) -> None:
    """The same trouble on a GET leaves no doubt about money."""
    world.faults.append(ErrorAnswer(status=503, code="service_unavailable"))
    with pytest.raises(errors.ServerError) as caught:
        await heygen.videos.get("v1", Options(attempts=2))
    assert (caught.value.attempts, caught.value.spent) == (2, "no")


async def test_an_earlier_lost_answer_is_not_forgotten(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """The first POST was executed; a later clear refusal does not make it undone."""
    world.faults += [DropAfterAccept(nth=1), ErrorAnswer(method="POST", nth=1, status=403, code="forbidden")]
    with pytest.raises(errors.PermissionDeniedError) as caught:
        await heygen.videos.create(hello)
    assert caught.value.spent == "unknown"
    assert len(world.ledger) == 1


async def test_an_address_where_nobody_listens(hello: DirectVideo) -> None:
    """Nothing was sent: said so after the tries are used up."""
    async with HeyGen("k", base_url="http://127.0.0.1:1", retry=RetryPolicy(attempts=3)) as heygen:
        with pytest.raises(errors.ConnectionFailedError) as caught:
            await heygen.videos.create(hello)
    assert (caught.value.attempts, caught.value.spent) == (3, "no")


async def test_a_deadline_bounds_everything(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """A slow answer is cut off at the deadline; as the POST was out, its outcome is unknown."""
    world.faults.append(Slow(method="POST", seconds=1000))
    start = anyio.current_time()
    with pytest.raises(errors.DeadlineExceededError) as caught:
        await heygen.videos.create(hello, Options(deadline=50))
    assert anyio.current_time() - start == pytest.approx(50, abs=0.1)
    assert caught.value.spent == "unknown"


async def test_a_pause_past_the_deadline_fails_at_once_with_the_time(
    heygen: HeyGen, world: World, hello: DirectVideo
) -> None:
    """Waiting would be for nothing; the error says how long it would take."""
    world.faults.append(RateLimitStorm(method="POST", retry_after=300))
    start = anyio.current_time()
    with pytest.raises(errors.RateLimitError) as caught:
        await heygen.videos.create(hello, Options(deadline=60))
    assert anyio.current_time() - start < 1
    assert caught.value.retry_after == 300
    assert caught.value.spent == "no"
    assert any("past the deadline" in note for note in caught.value.__notes__)


async def test_a_deadline_while_waiting_at_the_gate_costs_nothing(
    heygen: HeyGen, world: World, hello: DirectVideo
) -> None:
    """Another call closed the gate; this one never left."""
    world.faults.append(RateLimitStorm(method="POST", times=1, retry_after=300))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heygen.videos.create, hello)
        await anyio.sleep(1)
        with pytest.raises(errors.DeadlineExceededError) as caught:
            await heygen.videos.create(hello, Options(deadline=60))
    assert caught.value.spent == "no"


async def test_a_429_is_a_pause_for_all(heygen: HeyGen, world: World) -> None:
    """One read is refused; the others wait with it instead of running into the same wall."""
    world.faults.append(RateLimitStorm(method="GET", times=1, retry_after=100))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heygen.raw, "GET", "/v3/users/me")
        await anyio.sleep(1)
        for _ in range(20):
            tasks.start_soon(heygen.raw, "GET", "/v3/users/me")
        await anyio.sleep(90)
        assert len(world.requests) == 1
    assert [seen.status for seen in world.requests].count(429) == 1
    assert len(world.requests) == 22


async def test_a_refused_render_does_not_blind_the_watching(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """A 429 on a POST holds back what costs money, not the reads that free slots."""
    world.faults.append(RateLimitStorm(method="POST", times=1, retry_after=100))
    start = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heygen.videos.create, hello)
        await anyio.sleep(1)
        await heygen.raw("GET", "/v3/users/me")
        assert anyio.current_time() - start < 5


async def test_the_same_key_while_the_first_runs_is_asked_again(
    heygen: HeyGen, world: World, hello: DirectVideo
) -> None:
    """409 request_in_progress: the answer is the first one's, and one video is charged."""
    world.faults.append(Slow(method="POST", nth=1, seconds=20))
    ids = set()

    async def create() -> None:
        ids.add((await heygen.videos.create(hello, Options(idempotency_key="row-1"))).id)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(create)
        await anyio.sleep(1)
        tasks.start_soon(create)
    assert len(ids) == 1
    assert len(world.ledger) == 1


@pytest.mark.parametrize("key", ["", "ä", "a b", "x" * 256])
def test_a_key_that_heygen_would_refuse_is_refused_here(key: str) -> None:
    """1 to 255 characters of its alphabet."""
    with pytest.raises(errors.InvalidInputError, match="idempotency_key"):
        Options(idempotency_key=key)


async def test_options_reach_the_request(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """The key is on the books; an attempt's time is cut as asked."""
    await heygen.videos.create(hello, Options(idempotency_key="my-key", headers={"X-Test": "1"}))
    assert world.ledger[0].idempotency_key == "my-key"
    world.faults.append(Slow(seconds=100))
    start = anyio.current_time()
    with pytest.raises(errors.AttemptTimeoutError):
        await heygen.raw("GET", "/v3/users/me", options=Options(attempt_timeout=3, attempts=1))
    assert anyio.current_time() - start == pytest.approx(3, abs=0.1)


async def test_what_happens_is_told(heygen: HeyGen, world: World, events: list[Event], hello: DirectVideo) -> None:
    """Each attempt and each pause is an event, without names, scripts or keys."""
    world.faults.append(ErrorAnswer(method="POST", nth=1, status=503, code="service_unavailable"))
    await heygen.videos.create(hello)
    kinds = [type(event) for event in events]
    assert kinds == [RequestEnded, RetryPlanned, RequestEnded]
    assert isinstance(events[0], RequestEnded)
    assert (events[0].status, events[0].error, events[0].route) == (503, "ServerError", "/v3/videos")
    assert "Ada" not in repr(events)


async def test_an_observer_that_fails_changes_nothing(
    server: Server, hello: DirectVideo, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the others are told all the same."""

    def broken(event: Event) -> None:
        raise RuntimeError("boom")

    told: list[Event] = []
    async with HeyGen("simulator-key", base_url=server.base_url, observers=[broken, told.append]) as heygen:
        await heygen.videos.create(hello)
    assert len(told) == 1
    assert "failed on RequestEnded" in caplog.text


async def test_a_given_pace_is_kept(server: Server, world: World) -> None:
    """Two a second: eleven requests take five seconds, whoever asks."""
    async with HeyGen("simulator-key", base_url=server.base_url, requests_per_second=2) as heygen:
        start = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            for _ in range(11):
                tasks.start_soon(heygen.raw, "GET", "/v3/users/me")
    assert anyio.current_time() - start == pytest.approx(5, abs=0.1)
    assert len(world.requests) == 11


@pytest.mark.parametrize("path", ["v3/users/me", "//evil.example/v3", "https://evil.example/v3"])
async def test_the_key_goes_to_its_own_origin_only(heygen: HeyGen, path: str) -> None:
    """A path is a path."""
    with pytest.raises(errors.InvalidInputError, match="one slash"):
        await heygen.raw("GET", path)


@pytest.mark.parametrize("address", ["", "ftp://x", "api.heygen.com"])
def test_a_base_url_must_be_one(address: str) -> None:
    """Told at construction."""
    if address:
        with pytest.raises(errors.InvalidInputError, match="base_url"):
            HeyGen("k", base_url=address)
    else:
        assert repr(HeyGen("k", base_url=address)) == "HeyGen('https://api.heygen.com')"


@pytest.mark.parametrize("video_id", ["", "../users/me", "a/b", "a?b", "é"])
async def test_an_id_cannot_change_the_path(heygen: HeyGen, world: World, video_id: str) -> None:
    """Refused before anything is sent."""
    with pytest.raises(errors.InvalidInputError, match="must be letters, digits"):
        await heygen.videos.get(video_id)
    assert world.requests == []


async def test_raw_reaches_any_path(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """Bodies and queries go as given, the envelope comes back; under a key a lost POST is repeated."""
    body = {"type": "avatar", "avatar_id": "a", "voice_id": "v", "script": "x"}
    world.faults.append(DropAfterAccept(nth=1))
    made = await heygen.raw("POST", "/v3/videos", body=body, takes_key=True)
    assert made["data"]["video_id"] == world.ledger[0].video_id
    assert len(world.ledger) == 1
    listed = await heygen.raw("GET", "/v3/videos", query={"limit": 5})
    assert [video["id"] for video in listed["data"]] == [made["data"]["video_id"]]


async def test_raw_posts_without_a_key_are_not_repeated(heygen: HeyGen, world: World) -> None:
    """Every POST may cost; nothing is known about this one."""
    body = {"type": "avatar", "avatar_id": "a", "voice_id": "v", "script": "x"}
    world.faults.append(DropAfterAccept(nth=1))
    with pytest.raises(errors.OutcomeUnknownError):
        await heygen.raw("POST", "/v3/videos", body=body)
    assert len(world.ledger) == 1


async def test_a_key_that_is_being_worked_on_may_have_spent(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """409: the first POST under the key runs. Giving up on it is not "nothing spent", and the key leads back."""
    world.faults.append(Slow(method="POST", nth=1, seconds=50))
    key = Options(idempotency_key="row-1", patience=0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heygen.videos.create, hello, key)
        await anyio.sleep(1)
        with pytest.raises(errors.RequestInProgressError) as caught:
            await heygen.videos.create(hello, key)
    assert caught.value.spent == "unknown"
    assert any("row-1" in note for note in caught.value.__notes__)


async def test_an_unknown_outcome_names_its_key(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """Under it the same request can be sent again for a day and is paid for once; also after a deadline."""
    world.faults.append(Slow(method="POST", seconds=1000, times=1))
    with pytest.raises(errors.DeadlineExceededError) as caught:
        await heygen.videos.create(hello, Options(deadline=50))
    (note,) = [note for note in caught.value.__notes__ if "Idempotency-Key" in note]
    await anyio.sleep(1000)
    key = note.split("'")[1]
    job = await heygen.videos.create(hello, Options(idempotency_key=key))
    assert [charge.video_id for charge in world.ledger] == [job.id]


async def test_an_error_is_never_its_own_cause(server: Server, world: World) -> None:
    """Whoever prints the chain of causes comes to its end."""
    world.faults.append(ErrorAnswer(method="GET", status=404, code="not_found"))
    async with HeyGen("simulator-key", base_url=server.base_url) as heygen:
        with pytest.raises(errors.NotFoundError) as caught:
            await heygen.videos.get("video_x")
    seen: list[BaseException] = []
    error: BaseException | None = caught.value
    while error is not None:
        assert error not in seen
        seen.append(error)
        error = error.__cause__

"""The request loop against a real server that fails: retries, their limits, and the cost."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Coroutine
from typing import Any

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
from tests.helpers.leaps import leap_later

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
        ErrorAnswer(method="POST", nth=1, status=408, html=True, after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=408, code="timeout", after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=425, html=True, after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=499, html=True, after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=302, html=True, after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=404, html=True, after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=403, html=True, after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=401, html=True, after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=407, html=True, after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=200, code="internal_error", after_accept=True),
        ErrorAnswer(method="POST", nth=1, status=401, code="unauthorized"),
        RateLimitStorm(method="POST", times=1, retry_after=3),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_a_lost_or_odd_answer_is_not_paid_twice(
    heygen: HeyGen, world: World, hello: DirectVideo, fault: Fault
) -> None:
    """A POST whose first answer is lost or malformed is repeated under the same key, and one video is charged."""
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
    """A POST to video-agents, which honours no key, ends in OutcomeUnknownError, even if it was not executed."""
    world.faults.append(fault)
    with pytest.raises(errors.OutcomeUnknownError, match="look at HeyGen if it was made") as caught:
        await heygen.video_agents.create(AGENT)
    assert caught.value.spent == "unknown"
    await anyio.sleep(1000)
    assert world.request_counts()["POST /v3/video-agents"] == 1


@pytest.mark.parametrize("request_", [AGENT, DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="x")])
async def test_any_request_is_repeated_after_a_429(
    heygen: HeyGen, world: World, request_: VideoAgent | DirectVideo
) -> None:
    """A 429 executes no request, so even an agent request is repeated, but not before Retry-After."""
    world.faults.append(RateLimitStorm(method="POST", times=3, retry_after=25))
    start = anyio.current_time()
    await heygen.videos.create(request_)
    assert len(world.ledger) == 1
    assert anyio.current_time() - start >= 75


async def test_a_refusal_is_raised_at_once(heygen: HeyGen, world: World) -> None:
    """A 400 is raised after one request, with HeyGen's code, and costs no money."""
    request = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="x", extra={"scene": 1})
    with pytest.raises(errors.BadRequestError) as caught:
        await heygen.videos.create(request)
    assert caught.value.code == "invalid_parameter"
    assert caught.value.spent == "no"
    assert caught.value.request_id
    assert len(world.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_one_401_is_asked_again(heygen: HeyGen, world: World, hello: DirectVideo, method: str) -> None:
    """A gateway that has just started refuses good keys; the second 401 in a row is HeyGen's word."""
    world.faults.append(ErrorAnswer(method=method, nth=1, status=401, code="unauthorized"))
    await heygen.render(hello)
    assert len(world.ledger) == 1
    world.faults[:] = [ErrorAnswer(status=401, code="unauthorized")]
    world.requests.clear()
    with pytest.raises(errors.AuthenticationError) as caught:
        await heygen.videos.create(hello)
    assert (caught.value.spent, len(world.requests)) == ("no", 2)


async def test_what_a_server_cannot_do_is_not_asked_again(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """A 501 is raised after one request."""
    world.faults.append(ErrorAnswer(method="POST", status=501, html=True))
    with pytest.raises(errors.ServerError):
        await heygen.videos.create(hello)
    assert len(world.requests) == 1


async def test_a_key_is_not_used_after_heygen_may_have_forgotten_it(
    heygen: HeyGen, world: World, hello: DirectVideo
) -> None:
    """A lost answer and 25 hours of refusals: the request is not sent again, since it could be paid for twice."""
    leap_later(600, 22 * 3600)
    world.faults += [DropAfterAccept(nth=1), RateLimitStorm(method="POST", between=(0, 25 * 3600), retry_after=600)]
    with pytest.raises(errors.OutcomeUnknownError, match="more than 23 hours ago") as caught:
        await heygen.videos.create(hello, Options(patience=1e9))
    assert (caught.value.spent, len(world.ledger)) == ("unknown", 1)


@pytest.mark.parametrize("hours", [24, -1])
async def test_a_machine_that_slept_does_not_trust_its_key(
    server: Server, world: World, hello: DirectVideo, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """The wall clock counts: it goes on while a machine sleeps. A clock that was set back proves nothing."""
    wake = time.time() + hours * 3600

    def sleep(event: Event) -> None:
        if isinstance(event, RetryPlanned):
            monkeypatch.setattr(time, "time", lambda: wake)

    world.faults.append(DropAfterAccept(nth=1))
    async with HeyGen("simulator-key", base_url=server.base_url, observers=[sleep]) as heygen:
        with pytest.raises(errors.OutcomeUnknownError):
            await heygen.videos.create(hello)
    assert len(world.ledger) == 1


async def test_a_request_without_cost_is_repeated_for_days(heygen: HeyGen, world: World) -> None:
    """The age of a key matters only where money does."""
    leap_later(600, 24 * 3600)
    world.faults += [DropBefore(nth=1), RateLimitStorm(between=(0, 25 * 3600), retry_after=600)]
    assert "data" in await heygen.raw("GET", "/v3/users/me", options=Options(patience=1e9))


async def cancelled(work: Coroutine[Any, Any, Any], seconds: float) -> BaseException:
    """Cancel *work* after some seconds and return the exception."""
    task = asyncio.ensure_future(work)
    await anyio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    return caught.value


async def test_a_cancelled_create_tells_its_key(
    heygen: HeyGen, world: World, hello: DirectVideo, caplog: pytest.LogCaptureFixture
) -> None:
    """The key stands on the exception and in the log; under it the request is paid for once."""
    world.faults.append(Slow(method="POST", seconds=10))
    exc = await cancelled(heygen.videos.create(hello), 5)
    (note,) = exc.__notes__
    assert note in caplog.text
    key = note.partition("Idempotency-Key '")[2].partition("'")[0]
    world.faults.clear()
    job = await heygen.videos.create(hello, Options(idempotency_key=key))
    assert [charge.video_id for charge in world.ledger] == [job.id]


async def test_a_cancelled_render_tells_its_video(
    heygen: HeyGen, world: World, hello: DirectVideo, caplog: pytest.LogCaptureFixture
) -> None:
    """After the video was accepted, its id stands on the exception and in the log."""
    exc = await cancelled(heygen.render(hello), 5)
    (video_id,) = (charge.video_id for charge in world.ledger)
    assert video_id is not None
    assert video_id in exc.__notes__[0]
    assert video_id in caplog.text


async def test_entering_a_chat_that_is_cancelled_tells_that_a_session_may_exist(
    heygen: HeyGen, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Sessions have no key: they are to be looked for at HeyGen."""
    world.faults.append(Slow(method="POST", seconds=10))
    exc = await cancelled(heygen.video_agents.chat(AGENT).__aenter__(), 5)
    assert "POST /v3/video-agents was cancelled after it was sent" in exc.__notes__[0]
    assert "look at HeyGen" in caplog.text


async def test_a_cancelled_call_that_was_not_sent_tells_nothing(
    heygen: HeyGen, world: World, hello: DirectVideo, caplog: pytest.LogCaptureFixture
) -> None:
    """A call that waits out a refusal has made nothing."""
    world.faults.append(RateLimitStorm(method="POST", retry_after=60))
    exc = await cancelled(heygen.videos.create(hello), 5)
    assert not getattr(exc, "__notes__", None)
    assert "cancelled" not in caplog.text


@pytest.mark.parametrize(("seconds", "ends"), [(200, "completed"), (1000, "missing")])
async def test_a_404_of_a_new_video_is_looked_at_for_minutes(
    heygen: HeyGen, world: World, hello: DirectVideo, seconds: float, ends: str
) -> None:
    """A video that was just accepted is paid for, and is believed to be missing only after five minutes."""
    fault = ErrorAnswer(method="GET", path="/v3/videos", status=404, code="not_found", between=(0, seconds))
    world.faults.append(fault)
    if ends == "completed":
        assert (await heygen.render(hello)).ended
        return
    with pytest.raises(errors.NotFoundError):
        await heygen.render(hello)
    assert anyio.current_time() > 300


async def test_a_404_of_an_id_of_yours_is_told_at_once(heygen: HeyGen) -> None:
    """A wrong id needs no patience."""
    with pytest.raises(errors.NotFoundError):
        await heygen.videos.job("v_absent").wait()
    assert anyio.current_time() < 5


async def test_a_wrong_key_is_an_authentication_error(server: Server) -> None:
    """A wrong key raises AuthenticationError, and neither the error nor the client's repr contains it."""
    async with HeyGen("wrong-secret", base_url=server.base_url) as heygen:
        with pytest.raises(errors.AuthenticationError) as caught:
            await heygen.raw("GET", "/v3/users/me")
    assert "wrong-secret" not in f"{caught.value!r} {heygen!r}"


async def test_a_bearer_token_goes_where_a_key_would(server: Server) -> None:
    """A bearer token is accepted in place of a key."""
    async with HeyGen(bearer_token="simulator-key", base_url=server.base_url) as heygen:
        assert "data" in await heygen.raw("GET", "/v3/users/me")


def test_a_client_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to give a key, and how to try the package without one."""
    monkeypatch.delenv("HEYGEN_API_KEY", raising=False)
    with pytest.raises(errors.AuthenticationError, match=r"HEYGEN_API_KEY.*heygen-async demo"):
        HeyGen()


async def test_key_and_address_come_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client without arguments takes key and base URL from the environment."""
    monkeypatch.setenv("HEYGEN_API_KEY", "simulator-key")
    monkeypatch.setenv("HEYGEN_API_BASE", server.base_url + "/")
    async with HeyGen() as heygen:
        assert "data" in await heygen.raw("get", "/v3/users/me")


async def test_attempts_run_out(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """After five attempts of a POST the last error is raised, with `spent` "unknown"."""
    world.faults.append(ErrorAnswer(method="POST", status=503, code="service_unavailable"))
    with pytest.raises(errors.ServerError) as caught:
        await heygen.videos.create(hello)
    assert (caught.value.attempts, caught.value.spent) == (5, "unknown")
    assert len(world.requests) == 5


async def test_a_read_never_costs(heygen: HeyGen, world: World) -> None:
    """A GET that fails has `spent` "no"."""
    world.faults.append(ErrorAnswer(status=503, code="service_unavailable"))
    with pytest.raises(errors.ServerError) as caught:
        await heygen.videos.get("v1", Options(attempts=2))
    assert (caught.value.attempts, caught.value.spent) == (2, "no")


async def test_an_earlier_lost_answer_is_not_forgotten(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """A refusal after a lost answer has `spent` "unknown", because the first POST may have been executed."""
    world.faults += [DropAfterAccept(nth=1), ErrorAnswer(method="POST", nth=1, status=403, code="forbidden")]
    with pytest.raises(errors.PermissionDeniedError) as caught:
        await heygen.videos.create(hello)
    assert caught.value.spent == "unknown"
    assert len(world.ledger) == 1


async def test_an_address_without_a_server(hello: DirectVideo) -> None:
    """A connection that fails at every attempt raises ConnectionFailedError, with `spent` "no"."""
    async with HeyGen("k", base_url="http://127.0.0.1:1", retry=RetryPolicy(attempts=3)) as heygen:
        with pytest.raises(errors.ConnectionFailedError) as caught:
            await heygen.videos.create(hello)
    assert (caught.value.attempts, caught.value.spent) == (3, "no")


async def test_a_deadline_bounds_everything(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """A POST under way is cut off at the deadline, and its outcome is unknown."""
    world.faults.append(Slow(method="POST", seconds=1000))
    start = anyio.current_time()
    with pytest.raises(errors.DeadlineExceededError) as caught:
        await heygen.videos.create(hello, Options(deadline=50))
    assert anyio.current_time() - start == pytest.approx(50, abs=0.1)
    assert caught.value.spent == "unknown"


@pytest.mark.parametrize("seconds", [300, 1e9])
async def test_a_pause_past_the_deadline_fails_at_once_with_the_time(
    heygen: HeyGen, world: World, hello: DirectVideo, seconds: float
) -> None:
    """A Retry-After past the deadline is not waited out; the error names its seconds and the deadline."""
    world.faults.append(RateLimitStorm(method="POST", retry_after=seconds))
    start = anyio.current_time()
    with pytest.raises(errors.RateLimitError) as caught:
        await heygen.videos.create(hello, Options(deadline=60, patience=math.inf))
    assert anyio.current_time() - start < 1
    assert (caught.value.retry_after, caught.value.spent) == (seconds, "no")
    assert f"HeyGen asked to wait {seconds:g} s" in caught.value.__notes__[0]
    assert "past the deadline of 60 s" in caught.value.__notes__[0]


async def test_a_pause_past_the_patience_fails_at_once_with_the_time(heygen: HeyGen, world: World) -> None:
    """A Retry-After past the patience is not waited out; the error names its seconds and the patience."""
    world.faults.append(RateLimitStorm(retry_after=1e9))
    start = anyio.current_time()
    with pytest.raises(errors.RateLimitError) as caught:
        await heygen.raw("GET", "/v3/users/me", options=Options(patience=70))
    assert anyio.current_time() - start < 1
    assert caught.value.__notes__ == [
        "HeyGen asked to wait 1e+09 s; this call waits 70 s for 429s in all, its `patience`"
    ]


@pytest.mark.parametrize("retry_after", [None, 0, 1, 30])
async def test_patience_bounds_the_wait_behind_others(
    heygen: HeyGen, world: World, hello: DirectVideo, retry_after: float | None
) -> None:
    """In a storm each of 50 calls ends when its patience does, even those that could not be sent meanwhile."""
    world.faults.append(RateLimitStorm(retry_after=retry_after))
    ended: list[errors.RateLimitError] = []

    async def create() -> None:
        try:
            await heygen.videos.create(hello, Options(patience=100))
        except errors.RateLimitError as exc:
            ended.append(exc)

    start = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(create)
        await anyio.sleep(1)
        for _ in range(49):
            tasks.start_soon(create)
    assert anyio.current_time() - start < 140
    assert len(ended) == 50
    assert {exc.spent for exc in ended} == {"no"}
    unsent = next(exc for exc in ended if exc.http_status is None)
    assert unsent.message.startswith("POST /v3/videos: not sent: HeyGen has refused all such requests")
    assert sum(seen.status == 429 for seen in world.requests) < 100


async def test_an_absurd_pause_is_not_waited_out(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """After a Retry-After of years, a request that comes later tries after half a minute, and finds the storm over."""
    world.faults.append(RateLimitStorm(method="POST", times=1, retry_after=1e9))
    start = anyio.current_time()
    with pytest.raises(errors.RateLimitError):
        await heygen.videos.create(hello)
    await heygen.videos.create(hello)
    assert anyio.current_time() - start == pytest.approx(30, abs=1)


async def test_a_deadline_while_waiting_at_the_gate_costs_nothing(
    heygen: HeyGen, world: World, hello: DirectVideo
) -> None:
    """A call that waits behind another's 429 until its deadline was not sent: `spent` is "no"; the 429 is told."""
    world.faults.append(RateLimitStorm(method="POST", times=1, retry_after=300))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heygen.videos.create, hello)
        await anyio.sleep(1)
        with pytest.raises(errors.DeadlineExceededError, match="within the deadline of 20 s") as caught:
            await heygen.videos.create(hello, Options(deadline=20))
    assert caught.value.spent == "no"
    assert "a Retry-After of 300 s" in caught.value.__notes__[0]


@pytest.mark.parametrize("status", [404, 503])
async def test_an_answer_that_is_no_429_ends_a_storm(heygen: HeyGen, world: World, status: int) -> None:
    """A 404 shows that HeyGen takes requests again. A 503 shows neither, so the next probe is a second later."""
    world.faults += [
        RateLimitStorm(nth=1, retry_after=20),
        ErrorAnswer(nth=1, status=status, code="not_found" if status == 404 else "service_unavailable"),
    ]
    times: list[float] = []

    async def ask() -> None:
        with contextlib.suppress(errors.HeyGenError):
            await heygen.raw("GET", "/v3/users/me", options=Options(attempts=1))
        times.append(anyio.current_time())

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            await anyio.sleep(0.01)
            tasks.start_soon(ask)
    assert times[1] - times[0] == pytest.approx(0.2 if status == 404 else 1.0, abs=0.1)


async def test_a_429_is_a_pause_for_all(heygen: HeyGen, world: World) -> None:
    """After a 429 for one read, all others wait for its Retry-After too."""
    world.faults.append(RateLimitStorm(method="GET", times=1, retry_after=25))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heygen.raw, "GET", "/v3/users/me")
        await anyio.sleep(1)
        for _ in range(20):
            tasks.start_soon(heygen.raw, "GET", "/v3/users/me")
        await anyio.sleep(20)
        assert len(world.requests) == 1
    assert [request.status for request in world.requests].count(429) == 1
    assert len(world.requests) == 22


async def test_a_429_on_a_post_does_not_delay_reads(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """A 429 on a POST that costs money delays others of its kind, but not the reads that find free slots."""
    world.faults.append(RateLimitStorm(method="POST", times=1, retry_after=100))
    start = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heygen.videos.create, hello)
        await anyio.sleep(1)
        await heygen.raw("GET", "/v3/users/me")
        assert anyio.current_time() - start < 5


async def test_a_request_waits_for_the_first_one_under_its_key(
    heygen: HeyGen, world: World, hello: DirectVideo
) -> None:
    """A 409 request_in_progress is repeated until it gets the first request's answer, and one video is charged."""
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
    """An idempotency key must have 1 to 255 characters of HeyGen's alphabet."""
    with pytest.raises(errors.InvalidInputError, match="idempotency_key"):
        Options(idempotency_key=key)


async def test_options_reach_the_request(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """Key and headers of the options are sent, and `attempt_timeout` limits an attempt."""
    await heygen.videos.create(hello, Options(idempotency_key="my-key", headers={"X-Test": "1"}))
    assert world.ledger[0].idempotency_key == "my-key"
    world.faults.append(Slow(seconds=100))
    start = anyio.current_time()
    with pytest.raises(errors.AttemptTimeoutError):
        await heygen.raw("GET", "/v3/users/me", options=Options(attempt_timeout=3, attempts=1))
    assert anyio.current_time() - start == pytest.approx(3, abs=0.1)


async def test_attempts_and_pauses_are_events(
    heygen: HeyGen, world: World, events: list[Event], hello: DirectVideo
) -> None:
    """Each attempt and each pause is an event, without names, scripts or keys."""
    world.faults.append(ErrorAnswer(method="POST", nth=1, status=503, code="service_unavailable"))
    await heygen.videos.create(hello)
    kinds = [type(event) for event in events]
    assert kinds == [RequestEnded, RetryPlanned, RequestEnded]
    assert isinstance(events[0], RequestEnded)
    assert (events[0].status, events[0].error, events[0].route) == (503, "ServerError", "/v3/videos")
    assert "Ada" not in repr(events)


async def test_an_observer_that_fails_is_logged(
    server: Server, hello: DirectVideo, caplog: pytest.LogCaptureFixture
) -> None:
    """An observer's exception is logged, and the other observers are still called."""

    def broken(event: Event) -> None:
        raise RuntimeError("boom")

    events: list[Event] = []
    async with HeyGen("simulator-key", base_url=server.base_url, observers=[broken, events.append]) as heygen:
        await heygen.videos.create(hello)
    assert len(events) == 1
    assert "failed on RequestEnded" in caplog.text


async def test_a_given_pace_is_kept(server: Server, world: World) -> None:
    """At two requests a second, eleven requests of different tasks take five seconds."""
    async with HeyGen("simulator-key", base_url=server.base_url, requests_per_second=2) as heygen:
        start = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            for _ in range(11):
                tasks.start_soon(heygen.raw, "GET", "/v3/users/me")
    assert anyio.current_time() - start == pytest.approx(5, abs=0.1)
    assert len(world.requests) == 11


@pytest.mark.parametrize("path", ["v3/users/me", "//evil.example/v3", "https://evil.example/v3"])
async def test_the_key_goes_to_its_own_origin_only(heygen: HeyGen, path: str) -> None:
    """A path that names another host is refused."""
    with pytest.raises(errors.InvalidInputError, match="one slash"):
        await heygen.raw("GET", path)


@pytest.mark.parametrize("address", ["", "ftp://x", "api.heygen.com"])
def test_a_base_url_must_be_an_http_address(address: str) -> None:
    """A malformed base URL is refused at construction; an empty one means HeyGen's."""
    if address:
        with pytest.raises(errors.InvalidInputError, match="base_url"):
            HeyGen("k", base_url=address)
    else:
        assert repr(HeyGen("k", base_url=address)) == "HeyGen('https://api.heygen.com')"


@pytest.mark.parametrize("video_id", ["", "../users/me", "a/b", "a?b", "é"])
async def test_an_id_cannot_change_the_path(heygen: HeyGen, world: World, video_id: str) -> None:
    """An id with characters that could change the path is refused before a request is sent."""
    with pytest.raises(errors.InvalidInputError, match="must be letters, digits"):
        await heygen.videos.get(video_id)
    assert world.requests == []


async def test_raw_reaches_any_path(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """`raw` sends body and query unchanged and returns the envelope; with `takes_key` a lost POST is repeated."""
    body = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "x"}
    world.faults.append(DropAfterAccept(nth=1))
    made = await heygen.raw("POST", "/v3/videos", body=body, takes_key=True)
    assert made["data"]["video_id"] == world.ledger[0].video_id
    assert len(world.ledger) == 1
    listed = await heygen.raw("GET", "/v3/videos", query={"limit": 5})
    assert [video["id"] for video in listed["data"]] == [made["data"]["video_id"]]


async def test_raw_posts_without_a_key_are_not_repeated(heygen: HeyGen, world: World) -> None:
    """A raw POST without `takes_key` may cost money, so it is not repeated after a lost answer."""
    body = {"type": "avatar", "avatar_id": "look_anna", "voice_id": "voice_warm", "script": "x"}
    world.faults.append(DropAfterAccept(nth=1))
    with pytest.raises(errors.OutcomeUnknownError):
        await heygen.raw("POST", "/v3/videos", body=body)
    assert len(world.ledger) == 1


async def test_a_key_that_is_being_worked_on_may_have_spent(heygen: HeyGen, world: World, hello: DirectVideo) -> None:
    """Giving up on a 409 request_in_progress has `spent` "unknown", and a note names the key."""
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
    """After a deadline a note names the key, and the request can be repeated under it without paying twice."""
    world.faults.append(Slow(method="POST", seconds=1000, times=1))
    with pytest.raises(errors.DeadlineExceededError) as caught:
        await heygen.videos.create(hello, Options(deadline=50))
    (note,) = [note for note in caught.value.__notes__ if "Idempotency-Key" in note]
    await anyio.sleep(1000)
    key = note.split("'")[1]
    job = await heygen.videos.create(hello, Options(idempotency_key=key))
    assert [charge.video_id for charge in world.ledger] == [job.id]


async def test_an_error_is_never_its_own_cause(server: Server, world: World) -> None:
    """The chain of an error's causes has an end."""
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

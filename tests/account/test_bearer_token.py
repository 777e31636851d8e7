"""Tokens from a function: one call for all waiting requests, another after a 401, and no token in any text."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from heygen_async import (
    AuthenticationError,
    DeadlineExceededError,
    DirectVideo,
    Event,
    HeyGen,
    Options,
    OutcomeUnknownError,
    RetryPlanned,
    RetryPolicy,
    VideoAgent,
)
from heygen_async.account.bearer_token import TOKEN_SECONDS
from heygen_async.simulator import DropAfterAccept, ErrorAnswer, RateLimitStorm, Server, World

ME = ("GET", "/v3/users/me")


class TokenSource:
    """Gives one of *tokens* at each call, after *seconds*, as an OAuth server does. Counts the calls."""

    def __init__(self, *tokens: str, seconds: float = 0.0) -> None:
        self.tokens = iter(tokens)
        self.seconds = seconds
        self.calls = 0

    async def token(self) -> str:
        self.calls += 1
        await anyio.sleep(self.seconds)
        return next(self.tokens)

    def plain_token(self) -> str:
        self.calls += 1
        return next(self.tokens)


@pytest.fixture
def world() -> World:
    """An account whose valid token is `fresh-token`."""
    return World(api_keys=("fresh-token",))


def client(server: Server, function: Any, **options: Any) -> HeyGen:
    return HeyGen(bearer_token=function, base_url=server.base_url, **options)


@pytest.mark.parametrize("function", ["token", "plain_token"])
async def test_a_token_is_requested_once_and_used_again(server: Server, world: World, function: str) -> None:
    """The function, async or plain, is called before the first request, and its token is used for all."""
    source = TokenSource("fresh-token")
    async with client(server, getattr(source, function)) as heygen:
        assert source.calls == 0
        for _ in range(3):
            await heygen.raw(*ME)
    assert source.calls == 1
    assert len(world.requests) == 3


async def test_many_requests_wait_for_one_token(server: Server) -> None:
    """Requests at the same time share one call of the function, also those of another client with the same function."""
    source = TokenSource("fresh-token", seconds=5)
    async with (
        client(server, source.token) as one,
        client(server, source.token) as two,
        anyio.create_task_group() as group,
    ):
        for heygen in (one, two):
            for _ in range(20):
                group.start_soon(heygen.raw, *ME)
        group.start_soon(one.aclose)
    assert source.calls == 1


async def test_a_refused_token_is_replaced_once_for_all_requests(
    server: Server, world: World, events: list[Event]
) -> None:
    """Twenty requests that are refused are repeated with one new token, and each is a RetryPlanned event."""
    source = TokenSource("stale-token", "fresh-token", seconds=2)
    async with client(server, source.token, observers=[events.append]) as heygen, anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(heygen.raw, *ME)
    assert source.calls == 2
    assert len(world.requests) == 40
    planned = [event for event in events if isinstance(event, RetryPlanned)]
    assert [(event.error, event.seconds) for event in planned] == [("AuthenticationError", 0.0)] * 20


async def test_a_second_refusal_in_a_row_is_raised(server: Server, world: World) -> None:
    """Two refusals in a row raise an error that names the argument; the next request asks for a token again."""
    source = TokenSource("stale-token", "also-stale", "fresh-token")
    async with client(server, source.token) as heygen:
        with pytest.raises(AuthenticationError) as caught:
            await heygen.raw(*ME)
        assert caught.value.http_status == 401
        assert caught.value.attempts == 2
        assert caught.value.__notes__ == ["the refused credential comes from the argument bearer_token"]
        assert len(world.requests) == source.calls == 2
        await heygen.raw(*ME)
    assert source.calls == 3


async def test_a_function_that_repeats_its_token_is_called_once_for_all(server: Server, world: World) -> None:
    """A function that returns the refused token again is called once more for all requests, not for each."""
    source = TokenSource(*["stale-token"] * 50, seconds=1)
    async with client(server, source.token) as heygen, anyio.create_task_group() as group:

        async def refused() -> None:
            with pytest.raises(AuthenticationError):
                await heygen.raw(*ME)

        for _ in range(10):
            group.start_soon(refused)
    assert source.calls == 2
    assert len(world.requests) == 20


async def test_refusals_with_another_error_between_them_are_not_in_a_row(server: Server, world: World) -> None:
    """A call that waits out 429s for long may need a third token."""
    world.faults += [
        ErrorAnswer(nth=1, status=401, code="unauthorized"),
        RateLimitStorm(nth=1, retry_after=5000),
        ErrorAnswer(nth=1, status=401, code="unauthorized"),
    ]
    source = TokenSource(*["fresh-token"] * 3)
    async with client(server, source.token) as heygen:
        await heygen.raw(*ME, options=Options(patience=10_000))
    assert source.calls == 3
    assert len(world.requests) == 4


async def test_a_refused_post_is_repeated_and_paid_once(server: Server, world: World, hello: DirectVideo) -> None:
    """A POST refused with a 401 is repeated, even without a key, and uses up no attempt."""
    source = TokenSource("stale-token", "fresh-token")
    async with client(server, source.token, retry=RetryPolicy(attempts=1)) as heygen:
        await heygen.video_agents.create(VideoAgent(prompt="Hi"))
        await heygen.videos.create(hello)
    assert len(world.ledger) == 2
    assert source.calls == 2


async def test_a_lost_answer_before_a_refusal_is_not_forgotten(
    server: Server, world: World, hello: DirectVideo
) -> None:
    """After a lost answer, a 401 without another token has `spent` "unknown"."""
    world.faults += [DropAfterAccept(nth=1), ErrorAnswer(method="POST", nth=1, status=401, code="unauthorized")]
    source = TokenSource("fresh-token")
    async with client(server, source.token) as heygen:
        with pytest.raises(AuthenticationError) as caught:
            await heygen.videos.create(hello)
    assert caught.value.spent == "unknown"
    assert len(world.ledger) == 1


async def test_a_lost_post_without_a_key_is_not_repeated_with_another_token(server: Server, world: World) -> None:
    """A POST without a key is not repeated after a lost answer, even if the function has another token."""
    world.faults.append(DropAfterAccept(nth=1))
    source = TokenSource("fresh-token", "fresh-token")
    async with client(server, source.token) as heygen:
        with pytest.raises(OutcomeUnknownError):
            await heygen.video_agents.create(VideoAgent(prompt="Hi"))
    assert source.calls == len(world.ledger) == 1


@pytest.mark.unmeasured
async def test_a_run_outlives_its_tokens(server: Server, world: World, tmp_path: Path) -> None:
    """With tokens that end every minute, each row of a run is rendered and paid for once."""
    numbers: Iterator[int] = iter(range(1000))

    async def token() -> str:
        world.api_keys = (f"token-number-{next(numbers)}",)
        return world.api_keys[0]

    async def revoke_tokens() -> None:
        while True:
            await anyio.sleep(60)
            world.api_keys = ("revoked-now",)

    requests = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(30)]
    async with client(server, token) as heygen, anyio.create_task_group() as group:
        group.start_soon(revoke_tokens)
        async with heygen.render_many(requests, journal=tmp_path / "c.db") as results:
            ended = [result async for result in results]
        group.cancel_scope.cancel()
    assert {type(result).__name__ for result in ended} == {"Completed"}
    assert len(world.ledger) == len(ended) == 30
    assert next(numbers) > 3


# Functions that fail


def raising(exc: Exception) -> Callable[[], str]:
    def token() -> str:
        raise exc

    return token


async def silent() -> str:
    await anyio.sleep_forever()
    raise AssertionError


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (raising(OSError("MARKER")), "bearer_token: the function that gives the token raised OSError"),
        (raising(AuthenticationError("logged out")), "logged out"),
        (silent, "bearer_token: the function that gives the token raised TimeoutError"),
        (lambda: "MARKER token", "bearer_token: the function returned a value that cannot be a token: it has a space"),
        (lambda: None, "bearer_token: the function returned a value that cannot be a token: it is not text, but None"),
        (lambda: "", "bearer_token: the function returned a value that cannot be a token: it is blank"),
    ],
)
async def test_a_function_that_gives_no_token_is_an_authentication_error(
    server: Server, world: World, function: Any, message: str
) -> None:
    """Without a usable token no request is sent, and the error quotes neither the value nor the exception's text."""
    start = anyio.current_time()
    async with client(server, function) as heygen:
        with pytest.raises(AuthenticationError) as caught:
            await heygen.raw(*ME)
    assert str(caught.value).startswith(message)
    assert "MARKER" not in str(caught.value)
    assert caught.value.spent == "no"
    assert world.requests == []
    assert anyio.current_time() - start <= TOKEN_SECONDS


async def test_waiting_requests_share_a_failure(server: Server) -> None:
    """Ten waiting requests fail after one call of the function; the next request calls it again."""
    source = TokenSource("not a token", "fresh-token", seconds=3)
    async with client(server, source.token) as heygen:
        failed = []

        async def ask() -> None:
            try:
                await heygen.raw(*ME)
            except AuthenticationError as exc:
                failed.append(exc)

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(ask)
        assert (source.calls, len(failed), len(set(map(id, failed)))) == (1, 10, 10)
        await heygen.raw(*ME)
    assert source.calls == 2


async def test_a_waiting_request_calls_the_function_if_the_first_gives_up(server: Server) -> None:
    """A deadline also ends the wait for a token, and the next waiting request calls the function."""
    source = TokenSource("fresh-token", "fresh-token", seconds=5)
    async with client(server, source.token) as heygen, anyio.create_task_group() as group:

        async def hurry() -> None:
            with pytest.raises(DeadlineExceededError) as caught:
                await heygen.raw("POST", "/v3/videos", body={}, options=Options(deadline=1))
            assert caught.value.spent == "no"

        group.start_soon(hurry)
        await anyio.sleep(0.5)
        group.start_soon(partial(heygen.raw, *ME))
    assert source.calls == 2


# Redaction


async def test_a_token_of_a_function_is_in_no_text(
    server: Server, world: World, caplog: pytest.LogCaptureFixture, events: list[Event]
) -> None:
    """No error, log, event, repr or traceback contains a token, even if HeyGen's answer quotes it."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="heygen_async")
    first, second = "MARKER-token-0000000001", "MARKER-token-0000000002"
    world.api_keys = (second,)
    quoting = f"Your Authorization was Bearer {second}"
    world.faults += [ErrorAnswer(nth=2, status=503, message=quoting), ErrorAnswer(nth=2, status=403, message=quoting)]
    source = TokenSource(first, second)
    async with client(server, source.token, observers=[events.append]) as heygen:
        with pytest.raises(Exception, match=r"Bearer \*\*\*") as caught:
            await heygen.raw(*ME)
        texts = [repr(heygen), repr(heygen.credentials), repr(heygen.account), repr(events), caplog.text]
    texts += traceback.format_exception(caught.value)
    assert source.calls == 2
    assert len(events) >= 4
    assert [text for text in texts if "MARKER" in text] == []

"""Tokens from a function: asked for once by all who need one, again after a 401, and never told."""

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


class Desk:
    """Gives tokens out, each for so many seconds as it takes; an OAuth server, as far as a client sees it."""

    def __init__(self, *tokens: str, seconds: float = 0.0) -> None:
        self.tokens = iter(tokens)
        self.seconds = seconds
        self.asked = 0

    async def token(self) -> str:
        self.asked += 1
        await anyio.sleep(self.seconds)
        return next(self.tokens)

    def at_once(self) -> str:
        self.asked += 1
        return next(self.tokens)


@pytest.fixture
def world() -> World:
    """An account whose token of the day is `fresh-token`."""
    return World(api_keys=("fresh-token",))


def client(server: Server, function: Any, **options: Any) -> HeyGen:
    return HeyGen(bearer_token=function, base_url=server.base_url, **options)


@pytest.mark.parametrize("way", ["token", "at_once"])
async def test_a_token_is_asked_for_once_and_used_again(server: Server, world: World, way: str) -> None:
    """By an async function or a plain one; and not before it is needed."""
    desk = Desk("fresh-token")
    async with client(server, getattr(desk, way)) as heygen:
        assert desk.asked == 0
        for _ in range(3):
            await heygen.raw(*ME)
    assert desk.asked == 1
    assert len(world.requests) == 3


async def test_many_requests_wait_for_one_token(server: Server) -> None:
    """Of several clients too, if they have one function."""
    desk = Desk("fresh-token", seconds=5)
    async with client(server, desk.token) as one, client(server, desk.token) as two, anyio.create_task_group() as group:
        for heygen in (one, two):
            for _ in range(20):
                group.start_soon(heygen.raw, *ME)
        group.start_soon(one.aclose)
    assert desk.asked == 1


async def test_a_token_that_is_refused_is_replaced_once_for_all_and_they_go_again(
    server: Server, world: World, events: list[Event]
) -> None:
    """Twenty requests, twenty refusals, one more token; and the observers are told."""
    desk = Desk("stale-token", "fresh-token", seconds=2)
    async with client(server, desk.token, observers=[events.append]) as heygen, anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(heygen.raw, *ME)
    assert desk.asked == 2
    assert len(world.requests) == 40
    planned = [event for event in events if isinstance(event, RetryPlanned)]
    assert [(event.error, event.seconds) for event in planned] == [("AuthenticationError", 0.0)] * 20


async def test_a_second_refusal_in_a_row_is_the_end(server: Server, world: World) -> None:
    """Two tries, and the error names the argument; the next request asks for a token again."""
    desk = Desk("stale-token", "also-stale", "fresh-token")
    async with client(server, desk.token) as heygen:
        with pytest.raises(AuthenticationError) as caught:
            await heygen.raw(*ME)
        assert caught.value.http_status == 401
        assert caught.value.attempts == 2
        assert caught.value.__notes__ == ["what was refused comes from the argument bearer_token"]
        assert len(world.requests) == desk.asked == 2
        await heygen.raw(*ME)
    assert desk.asked == 3


async def test_a_function_that_gives_the_same_token_again_is_asked_once_for_all(server: Server, world: World) -> None:
    """Two answers are two tokens, whatever they are: nobody asks ten times in a row."""
    desk = Desk(*["stale-token"] * 50, seconds=1)
    async with client(server, desk.token) as heygen, anyio.create_task_group() as group:

        async def refused() -> None:
            with pytest.raises(AuthenticationError):
                await heygen.raw(*ME)

        for _ in range(10):
            group.start_soon(refused)
    assert desk.asked == 2
    assert len(world.requests) == 20


async def test_refusals_with_something_else_between_them_are_not_in_a_row(server: Server, world: World) -> None:
    """A call that waits out 429s for long may outlive two tokens."""
    world.faults += [
        ErrorAnswer(nth=1, status=401, code="unauthorized"),
        RateLimitStorm(nth=1, retry_after=5000),
        ErrorAnswer(nth=1, status=401, code="unauthorized"),
    ]
    desk = Desk(*["fresh-token"] * 3)
    async with client(server, desk.token) as heygen:
        await heygen.raw(*ME, options=Options(patience=10_000))
    assert desk.asked == 3
    assert len(world.requests) == 4


async def test_a_refused_post_is_repeated_and_paid_once(server: Server, world: World, hello: DirectVideo) -> None:
    """A 401 executes nothing, so one may be repeated that has no key; its attempts are not counted."""
    desk = Desk("stale-token", "fresh-token")
    async with client(server, desk.token, retry=RetryPolicy(attempts=1)) as heygen:
        await heygen.video_agents.create(VideoAgent(prompt="Hi"))
        await heygen.videos.create(hello)
    assert len(world.ledger) == 2
    assert desk.asked == 2


async def test_what_was_perhaps_made_before_a_refusal_is_not_forgotten(
    server: Server, world: World, hello: DirectVideo
) -> None:
    """A lost answer, then a 401 and no other token: a video may have been made."""
    world.faults += [DropAfterAccept(nth=1), ErrorAnswer(method="POST", nth=1, status=401, code="unauthorized")]
    desk = Desk("fresh-token")
    async with client(server, desk.token) as heygen:
        with pytest.raises(AuthenticationError) as caught:
            await heygen.videos.create(hello)
    assert caught.value.spent == "unknown"
    assert len(world.ledger) == 1


async def test_a_lost_post_without_a_key_is_not_repeated_with_another_token(server: Server, world: World) -> None:
    """A new token makes nothing safe that was not."""
    world.faults.append(DropAfterAccept(nth=1))
    desk = Desk("fresh-token", "fresh-token")
    async with client(server, desk.token) as heygen:
        with pytest.raises(OutcomeUnknownError):
            await heygen.video_agents.create(VideoAgent(prompt="Hi"))
    assert desk.asked == len(world.ledger) == 1


async def test_a_run_outlives_its_tokens(server: Server, world: World, tmp_path: Path) -> None:
    """Tokens that end every minute cost a run nothing: each row is rendered and paid for once."""
    spoken: Iterator[int] = iter(range(1000))

    async def token() -> str:
        world.api_keys = (f"token-number-{next(spoken)}",)
        return world.api_keys[0]

    async def thief_of_time() -> None:
        while True:
            await anyio.sleep(60)
            world.api_keys = ("revoked-now",)

    requests = [DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=f"Hi {n}") for n in range(30)]
    async with client(server, token) as heygen, anyio.create_task_group() as group:
        group.start_soon(thief_of_time)
        async with heygen.render_many(requests, journal=tmp_path / "c.db") as results:
            ended = [result async for result in results]
        group.cancel_scope.cancel()
    assert {type(result).__name__ for result in ended} == {"Completed"}
    assert len(world.ledger) == len(ended) == 30
    assert next(spoken) > 3


# Functions that fail


def raising(exc: Exception) -> Callable[[], str]:
    def token() -> str:
        raise exc

    return token


async def silent() -> str:
    await anyio.sleep_forever()
    raise AssertionError


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (raising(OSError("MARKER")), "bearer_token: the function that gives the token raised OSError"),
        (raising(AuthenticationError("logged out")), "logged out"),
        (silent, "bearer_token: the function that gives the token raised TimeoutError"),
        (lambda: "MARKER token", "bearer_token: what the function returned can be no token: it has a space at charac"),
        (lambda: None, "bearer_token: what the function returned can be no token: it is no text, but NoneType"),
        (lambda: "", "bearer_token: what the function returned can be no token: it is blank"),
    ],
)
async def test_a_function_that_gives_no_token_is_an_authentication_error(
    server: Server, world: World, function: Any, says: str
) -> None:
    """Nothing is sent, and what it returned or said is not quoted."""
    start = anyio.current_time()
    async with client(server, function) as heygen:
        with pytest.raises(AuthenticationError) as caught:
            await heygen.raw(*ME)
    assert str(caught.value).startswith(says)
    assert "MARKER" not in str(caught.value)
    assert caught.value.spent == "no"
    assert world.requests == []
    assert anyio.current_time() - start <= TOKEN_SECONDS


async def test_a_failure_is_shared_by_those_who_wait_and_not_for_ever(server: Server) -> None:
    """Ten requests, one question, ten errors; the next request asks again, and works."""
    desk = Desk("not a token", "fresh-token", seconds=3)
    async with client(server, desk.token) as heygen:
        failed = []

        async def ask() -> None:
            try:
                await heygen.raw(*ME)
            except AuthenticationError as exc:
                failed.append(exc)

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(ask)
        assert (desk.asked, len(failed), len(set(map(id, failed)))) == (1, 10, 10)
        await heygen.raw(*ME)
    assert desk.asked == 2


async def test_whoever_waits_asks_when_the_one_who_asked_has_left(server: Server) -> None:
    """A deadline holds for the token, too; and it leaves nothing locked."""
    desk = Desk("fresh-token", "fresh-token", seconds=5)
    async with client(server, desk.token) as heygen, anyio.create_task_group() as group:

        async def hurry() -> None:
            with pytest.raises(DeadlineExceededError) as caught:
                await heygen.raw("POST", "/v3/videos", body={}, options=Options(deadline=1))
            assert caught.value.spent == "no"

        group.start_soon(hurry)
        await anyio.sleep(0.5)
        group.start_soon(partial(heygen.raw, *ME))
    assert desk.asked == 2


# Redaction


async def test_a_token_of_a_function_is_nowhere_to_be_read(
    server: Server, world: World, caplog: pytest.LogCaptureFixture, events: list[Event]
) -> None:
    """Not where HeyGen quotes it, not in logs, events, reprs or tracebacks."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="heygen_async")
    first, second = "MARKER-token-0000000001", "MARKER-token-0000000002"
    world.api_keys = (second,)
    quoting = f"Your Authorization was Bearer {second}"
    world.faults += [ErrorAnswer(nth=2, status=503, message=quoting), ErrorAnswer(nth=2, status=403, message=quoting)]
    desk = Desk(first, second)
    async with client(server, desk.token, observers=[events.append]) as heygen:
        with pytest.raises(Exception, match=r"Bearer \*\*\*") as caught:
            await heygen.raw(*ME)
        shown = [repr(heygen), repr(heygen.credentials), repr(heygen.account), repr(events), caplog.text]
    shown += traceback.format_exception(caught.value)
    assert desk.asked == 2
    assert len(events) >= 4
    assert [text for text in shown if "MARKER" in text] == []

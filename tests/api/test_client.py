"""Settings of a client, copies with other settings, and requests that are of no resource."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from aiohttp import web

from heygen_async import DirectVideo, Event, HeyGen, Options, RawAnswer, RequestEnded, RetryPolicy, errors
from heygen_async.simulator import ErrorAnswer, World


@contextlib.asynccontextmanager
async def mirror() -> AsyncIterator[str]:
    """Serve answers that repeat the headers of the request in lower case, and yield the address."""

    async def reflect(request: web.Request) -> web.Response:
        seen = {name.lower(): value for name, value in request.headers.items()}
        if "slow" in request.path:
            await anyio.sleep(50)
        return web.json_response({"data": seen}, headers={"X-Request-Id": "req_1", "X-Hue": "red"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", reflect)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def headers_of(heygen: HeyGen, options: Options | None = None) -> dict[str, str]:
    """Return the headers that a request has."""
    found: dict[str, str] = (await heygen.raw("GET", "/v3/mirror", options=options))["data"]
    return found


async def test_headers_of_client_copy_and_call_are_sent_together() -> None:
    """The nearest one of a name counts, and the key is sent by all; answers that quote it are redacted."""
    async with mirror() as address, HeyGen("key-of-12345", base_url=address, headers={"a": "1", "b": "1"}) as heygen:
        copy = heygen.with_options(headers={"b": "2", "c": "2"})
        assert {"a": "1", "b": "1"}.items() <= (await headers_of(heygen)).items()
        assert {"a": "1", "b": "2", "c": "2"}.items() <= (await headers_of(copy)).items()
        seen = await headers_of(copy, Options(headers={"c": "3"}))
        assert {"a": "1", "b": "2", "c": "3"}.items() <= seen.items()
        assert seen["x-api-key"] == "***"
        assert "c" not in await headers_of(heygen)


async def test_the_time_of_an_attempt_is_that_of_client_copy_or_call() -> None:
    """Each says it for itself and for those that say nothing."""
    once = RetryPolicy(attempts=1)
    async with mirror() as address, HeyGen("key-of-12345", base_url=address, timeout=9, retry=once) as heygen:
        for sender, options, seconds in (
            (heygen, None, 9),
            (heygen, Options(attempts=1), 9),
            (heygen.with_options(timeout=5), None, 5),
            (heygen.with_options(timeout=5), Options(attempt_timeout=3), 3),
        ):
            start = anyio.current_time()
            with pytest.raises(errors.AttemptTimeoutError):
                await sender.raw("GET", "/v3/slow", options=options)
            assert anyio.current_time() - start == pytest.approx(seconds, abs=0.5)


async def test_a_copy_has_its_own_attempts_and_shares_the_rest(
    heygen: HeyGen, world: World, hello: DirectVideo
) -> None:
    """Resources that were used before are not shared; account, credentials and connections are."""
    heygen.users  # noqa: B018 - a resource is made when it is first used
    world.faults.append(ErrorAnswer(status=503, path="/v3/users/me", times=9))
    copy = heygen.with_options(attempts=2)
    with pytest.raises(errors.ServerError) as caught:
        await copy.users.me()
    assert caught.value.attempts == 2
    assert copy.account is heygen.account
    assert copy.transport is heygen.transport
    assert copy.users is not heygen.users
    assert type(copy) is HeyGen
    video = await copy.render(hello)
    assert video.request_id


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"timeout": 0}, "attempt_timeout 0: must be a number of seconds, above 0"),
        ({"timeout": "30"}, "attempt_timeout '30': must be a number of seconds, above 0"),
        ({"attempts": 1.5}, "attempts 1.5: must be a whole number, above 0"),
        ({"attempts": True}, "attempts True: must be a whole number, above 0"),
        ({"patience": -1}, "patience -1: must be a number of seconds, 0 or more"),
        ({"headers": {"Content-Length": "3"}}, "headers: Content-Length; leave it out"),
    ],
)
async def test_settings_are_checked(heygen: HeyGen, given: dict[str, Any], words: str) -> None:
    """The error names the setting and its value."""
    with pytest.raises(errors.InvalidInputError, match=re.escape(words)):
        heygen.with_options(**given)


async def test_a_raw_answer_has_status_and_headers() -> None:
    """Names of headers may be written in any case."""
    async with mirror() as address, HeyGen("key-of-12345", base_url=address) as heygen:
        answer = await heygen.raw_answer("post", "/v3/mirror", body={"a": 1}, costs=False)
    assert isinstance(answer, RawAnswer)
    assert (answer.status, answer.headers["x-hue"], answer.request_id) == (200, "red", "req_1")
    assert answer.json["data"]["content-type"] == "application/json"
    assert "key-of-12345" not in repr(answer)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            ("GET", "https://elsewhere.example.com/x"),
            "path 'https://elsewhere.example.com/x': must begin with one slash",
        ),
        (("GET", 7), "path: a int; must be str"),
        ((None, "/v3/users/me"), "method: a NoneType; must be str"),
        (("G T", "/v3/users/me"), "method 'G T': must be a word such as GET"),
    ],
)
async def test_what_cannot_be_sent_is_refused(heygen: HeyGen, world: World, given: Any, words: str) -> None:
    """By an error of this package, and without a request."""
    with pytest.raises(errors.InvalidInputError, match=re.escape(words)):
        await heygen.raw(*given)
    assert world.requests == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bodi": {}}, "raw: no option 'bodi'; did you mean body?"),
        ({"body": {"a": object()}}, "cannot be sent as JSON"),
        ({"query": 7}, "no address can be made"),
        ({"options": {"attempts": 1}}, "options: a dict; must be Options"),
    ],
)
async def test_bad_options_of_raw_are_refused(heygen: HeyGen, world: World, options: Any, words: str) -> None:
    """By an error of this package, and without a request."""
    with pytest.raises(errors.InvalidInputError, match=re.escape(words)):
        await heygen.raw("GET", "/v3/users/me", **options)
    assert world.requests == []


async def test_requests_are_logged_for_those_who_look_for_a_fault(
    heygen: HeyGen, world: World, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    """Method, route, status, time, attempt and the id for HeyGen's support; nothing of it at other levels."""
    with caplog.at_level(logging.INFO, "heygen_async"):
        await heygen.users.me()
    assert caplog.messages == []
    world.faults.append(ErrorAnswer(status=503, path="/v3/users/me", times=1))
    with caplog.at_level(logging.DEBUG, "heygen_async"):
        await heygen.users.me()
    ids = [event.request_id for event in events if isinstance(event, RequestEnded)]
    assert all(ids)
    assert [re.sub(r"\d+ ms", "N ms", line) for line in caplog.messages] == [
        f"GET /v3/users/me: 503 in N ms, attempt 1, request id {ids[1]}",
        f"GET /v3/users/me: 200 in N ms, attempt 2, request id {ids[2]}",
    ]

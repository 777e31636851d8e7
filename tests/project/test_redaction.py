"""API keys, scripts, rows and signed addresses do not appear in logs, events and reprs."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from heygen_async import (
    Credentials,
    DirectVideo,
    Event,
    Failed,
    HeyGen,
    HeyGenError,
    Job,
    Options,
    Result,
    VideoAgent,
    errors,
)
from heygen_async.account.bearer_token import Bearer, Token
from heygen_async.account.credentials_file import StoredCredentials
from heygen_async.account.redaction import Redaction
from heygen_async.http import wire
from heygen_async.http.call import Call, Request
from heygen_async.http.transport import Transport
from heygen_async.simulator import (
    DropAfterAccept,
    ErrorAnswer,
    ExpiredUrl,
    FailedRender,
    Malformed,
    RateLimitStorm,
    Server,
    Truncated,
    UnknownStatus,
    World,
)

KEY = "MARKER-key-0123456789"
SECRETS = ("MARKER", "sig=", "expires=")
QUOTING = "You said: MARKER-script, under " + KEY
MISSPELT = "http://[::bad/file.mp4?sig=MARKER"
STATUSES, ONE = "/v3/videos/statuses", "/v3/videos/[0-9a-f]*"


@pytest.fixture
def world() -> World:
    """An account with many faults, at a HeyGen whose error messages quote the request."""
    return World(
        api_keys=(KEY,),
        faults=[
            DropAfterAccept(nth=2),
            Malformed(method="POST", nth=4),
            RateLimitStorm(method="POST", nth=6),
            ErrorAnswer(method="POST", nth=8, message=QUOTING, after_accept=True),
            ErrorAnswer(method="POST", nth=11, status=400, code="invalid_parameter", message=QUOTING),
            ErrorAnswer(path=STATUSES, nth=2, message=QUOTING),
            ErrorAnswer(path=STATUSES, nth=4, status=403, code="forbidden", message=QUOTING),
            ErrorAnswer(method="GET", path=ONE, between=(100, 220), message=QUOTING),
            FailedRender(nth=3, message="cannot say MARKER-script"),
            UnknownStatus(nth=5),
            ExpiredUrl(nth=1),
            Truncated(path="/files/", nth=2),
        ],
    )


def jobs() -> Iterator[Job]:
    for n in range(12):
        row = {"email": f"MARKER-row-{n}@example.com"}
        script = f"MARKER-script {n}"
        yield Job(request=DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script=script), row=row)
    yield Job(request=VideoAgent(prompt="MARKER-prompt"), row={"email": "MARKER-row"})


async def campaign(heygen: HeyGen, folder: Path) -> list[Result]:
    async with heygen.render_many(jobs(), download_to=folder, journal=folder / "c.db") as results:
        return [result async for result in results]


def leaked(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


@pytest.fixture
def shown(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Records of all loggers, at DEBUG."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="heygen_async")
    return caplog


async def test_logs_and_events_tell_no_secrets(
    server: Server, world: World, shown: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Logs at DEBUG and events have no secrets, in a campaign whose faults are all logged."""
    events: list[Event] = []

    def fail(event: Event) -> None:
        try:
            _ = 1 / 0
        except ZeroDivisionError as exc:
            raise ValueError("this observer is broken") from exc

    async with HeyGen(KEY, base_url=server.base_url, observers=[events.append, fail]) as heygen:
        results = await campaign(heygen, tmp_path)
        single = await heygen.videos.create(DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="MARKER"))
        world.faults.append(ErrorAnswer(method="GET", times=5, message=QUOTING))
        await single.wait()
        assert leaked(repr(heygen)) == []
        assert leaked(repr([heygen.credentials, heygen.account])) == []
    assert len(results) == 13
    ours = [record for record in shown.records if record.name == "heygen_async"]
    assert any("bulk statuses failed" in record.getMessage() for record in ours)
    assert {record.module for record in ours if "looking failed" in record.getMessage()} == {"detail_reader", "polling"}
    assert any("the observer" in record.getMessage() for record in ours)
    assert "ZeroDivisionError" in shown.text
    assert leaked(shown.text) == []
    assert leaked(repr([record.args for record in shown.records])) == []
    assert leaked(repr(events)) == []


async def test_messages_of_errors_have_no_key_and_no_signature(server: Server, world: World, tmp_path: Path) -> None:
    """Errors repeat HeyGen's message without the key that it quotes, and without signed addresses."""
    async with HeyGen(KEY, base_url=server.base_url) as heygen:
        failed = [result.error for result in await campaign(heygen, tmp_path) if isinstance(result, Failed)]
    texts = [*map(str, failed), *map(repr, failed), *("".join(traceback.format_exception(error)) for error in failed)]
    assert any("You said: MARKER-script, under ***" in text for text in texts)
    assert not [text for text in texts if KEY in text or "sig=" in text]


@pytest.mark.parametrize(
    "value",
    [
        Options(headers={"Authorization": "MARKER"}),
        Request(method="POST", path="/v3/videos", query={"q": "MARKER"}, body=b"MARKER", headers={"x": "MARKER"}),
        Call(method="POST", path="/v3/videos", route="/v3/videos", read=wire.read_json, body={"script": "MARKER"}),
        Call(method="GET", path="/v3/videos", route="/v3/videos", read=wire.read_json, query={"title": "MARKER"}),
        wire.Answer(status=200, headers={"Location": "MARKER"}, body=b'{"data": {"video_url": "MARKER"}}'),
        Transport("https://api.heygen.com", {"x-api-key": "MARKER"}),
        HeyGen("MARKER", base_url="https://api.heygen.com"),
        HeyGen(bearer_token="MARKER", base_url="https://api.heygen.com"),
        HeyGen(bearer_token=lambda: "MARKER", base_url="https://api.heygen.com"),
        HeyGen("MARKER", base_url="https://api.heygen.com").credentials,
        Credentials(kind="bearer_token", source="argument", name="bearer_token", function=lambda: "MARKER"),
        StoredCredentials(kind="api_key", secret="MARKER"),
        Token("MARKER"),
        Redaction.of({"x-api-key": "MARKER-0123"}),
        Bearer(lambda: "MARKER"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_reprs_tell_no_secrets(value: Any) -> None:
    """The repr and str of a value have no secrets, so tracebacks with locals and log lines have none."""
    assert leaked(repr(value)) == []
    assert leaked(str(value)) == []


async def test_a_traceback_shows_no_signed_address() -> None:
    """A traceback does not show a signed address, with which anybody could fetch the file."""
    async with HeyGen("a-key-of-ours", base_url="http://127.0.0.1:1") as heygen:
        with pytest.raises(HeyGenError) as caught:
            async with heygen.transport.download(MISSPELT):
                pass
    assert isinstance(caught.value.__context__, aiohttp.InvalidURL)
    assert leaked("".join(traceback.format_exception(caught.value))) == []


@pytest.mark.parametrize(
    ("key", "body", "rest"),
    [
        ("k-0123456789", b"<p>x-api-key: k-0123456789</p>", b"<p>x-api-key: ***</p>"),
        ("key", b"<p>the key is wrong</p>", b"<p>the key is wrong</p>"),
    ],
)
def test_an_error_page_that_quotes_the_key_is_masked(key: str, body: bytes, rest: bytes) -> None:
    """A key is replaced in an error page, unless it is so short that it may be part of any word."""
    assert Redaction.of({"x-api-key": key}).body(body) == rest
    assert Redaction.of({"Authorization": f"Bearer {key}"}).body(body) == rest


@pytest.mark.parametrize(
    ("error", "gist"),
    [
        (errors.ConnectionLostError("GET /v3/videos: MARKER"), "ConnectionLostError()"),
        (
            errors.ServerError("MARKER", code="internal_error", http_status=500, request_id="req_1"),
            "ServerError(500, internal_error, req_1)",
        ),
    ],
)
def test_the_gist_of_an_error_has_no_message(error: HeyGenError, gist: str) -> None:
    """The gist has status, code and request id, which HeyGen's support asks for, and not the message."""
    assert error.gist == gist

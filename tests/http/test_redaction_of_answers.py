"""Proxies that quote the credentials of a request in their answers: in bodies and headers, plain and encoded."""

from __future__ import annotations

import html
import json
import logging
import pickle
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from heygen_async import DirectVideo, Event, Failed, HeyGen, HeyGenError, Options, RetryPolicy, errors
from tests.helpers.storage import listening

KEY = 'sk+V2/"hgu"_0123456789=='
ONCE = RetryPolicy(attempts=1)
HELLO = DirectVideo(avatar_id="look_anna", voice_id="voice_warm", script="Hi Ada")


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, its causes and contexts."""
    waiting, seen = [error], set[int]()
    while waiting:
        link = waiting.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [link.__cause__, link.__context__]


def decoded(text: str) -> list[str]:
    """Return *text* as it is, and without each encoding under which a key can be read."""
    unescaped = text.replace("\\\\", "\\")
    for _ in range(2):
        unescaped = unescaped.replace('\\"', '"').replace("\\/", "/").replace("\\\\", "\\")
    points = "".join(chr(int(part[:4], 16)) + part[4:] if n else part for n, part in enumerate(text.split("\\u")))
    return [text, text.replace("\0", ""), urllib.parse.unquote(text), html.unescape(text), unescaped, points]


def quotes_the_key(error: BaseException) -> list[str]:
    """Return the parts of an error, of its causes and of its contexts in which the key can be read."""
    parts: list[str] = []
    for link in chain(error):
        parts += [str(link), repr(link), repr(link.args), repr(getattr(link, "__dict__", {}))]
        parts += [repr(getattr(link, name, None)) for name in ("request_info", "headers", "__notes__")]
        parts += [str(getattr(link, name, None)) for name in ("message", "code", "param", "doc_url", "request_id")]
    if isinstance(error, HeyGenError):
        parts.append(pickle.dumps(error).decode("latin-1"))
    return [part for part in parts if any(KEY in text for text in decoded(part))]


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda key: urllib.parse.quote(key, safe=""),
    "lower percent": lambda key: "".join(f"%{ord(letter):02x}" for letter in key),
    "json": lambda key: json.dumps(key)[1:-1],
    "json with slashes": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "json points": lambda key: "".join(f"\\u{ord(letter):04x}" for letter in key),
    "html": lambda key: html.escape(key).replace("/", "&#x2F;"),
}
BODIES: dict[str, Callable[[str], bytes]] = {
    "page": lambda key: f"<html><p>x-api-key: {key}</p>".encode(),
    "text": lambda key: f"denied: {key}".encode(),
    "message": lambda key: b'{"error": {"code": "odd", "message": "%s"}}' % key.replace('"', '\\"').encode(),
    "every field": lambda key: (
        b'{"error": {"code": "%(k)b", "message": "%(k)b", "param": "%(k)b", "doc_url": "%(k)b",'
        b' "errors": [{"%(k)b": "%(k)b"}]}}' % {b"k": key.replace('\\"', '"').replace('"', '\\"').encode()}
    ),
    "wrong type": lambda key: b'{"data": {"id": ["%s"], "status": 1}}' % key.replace('"', '\\"').encode(),
    "other alphabet": lambda key: f'{{"error": {{"message": "{key}"}}}}'.encode("utf-16"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("status", [200, 307, 401, 502])
async def test_an_error_does_not_repeat_a_key_that_the_answer_quotes(status: int, body: str, form: str) -> None:
    """A key is replaced in bodies of any status, in whatever form the answer quotes it."""

    async def echo(request: web.Request) -> web.Response:
        assert request.headers["x-api-key"] == KEY
        return web.Response(status=status, body=BODIES[body](FORMS[form](KEY)))

    async with listening(echo) as address, HeyGen(KEY, base_url=address, retry=ONCE) as heygen:
        with pytest.raises(HeyGenError) as caught:
            await heygen.videos.get("v1", Options(patience=0))
    assert quotes_the_key(caught.value) == []


@pytest.mark.parametrize("name", ["X-Request-Id", "Retry-After", "Location", "X-Odd"])
async def test_an_error_does_not_repeat_a_key_of_a_header(name: str) -> None:
    """A key is replaced in headers, of which some become facts of the error."""

    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "no"}}, status=400, headers={name: request.headers["x-api-key"]})

    async with listening(echo) as address, HeyGen(KEY, base_url=address, retry=ONCE) as heygen:
        with pytest.raises(errors.BadRequestError) as caught:
            await heygen.videos.get("v1")
    assert quotes_the_key(caught.value) == []
    assert caught.value.request_id == ("***" if name == "X-Request-Id" else None)


async def test_a_key_of_digits_is_not_a_time_to_wait() -> None:
    """A key of digits in `Retry-After` is replaced before it is read as a number; other headers stay."""

    async def echo(request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": request.headers["x-api-key"], "X-Request-Id": "r-1"})

    async with listening(echo) as address, HeyGen("1234567890", base_url=address, retry=ONCE) as heygen:
        with pytest.raises(errors.ServerError) as caught:
            await heygen.videos.get("v1")
    assert (caught.value.retry_after, caught.value.request_id) == (None, "r-1")


RAW = {
    "status line": b"HTTP/1.1 %s\r\n\r\n",
    "no http": b"x-api-key: %s\r\n\r\n",
    "header": b"HTTP/1.1 200 OK\r\nX-Echo %s\r\n\r\n",
    "cut header": b"HTTP/1.1 200 OK\r\nX-Echo: %s",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
    "coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 24\r\n\r\n%s",
    "cut body": b"HTTP/1.1 200 OK\r\nContent-Length: 2400\r\n\r\n%s",
}


@pytest.mark.parametrize("raw", RAW)
async def test_a_broken_answer_does_not_bring_the_key_along(raw: str) -> None:
    """An answer that is no HTTP is quoted by aiohttp's errors, which also hold the headers of the request."""

    async def echo(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        transport.write(RAW[raw] % KEY.encode())
        transport.close()
        return web.Response()

    async with listening(echo) as address, HeyGen(KEY, base_url=address, retry=ONCE) as heygen:
        with pytest.raises(HeyGenError) as caught:
            await heygen.videos.get("v1")
    assert quotes_the_key(caught.value) == []


async def test_a_token_of_a_function_is_replaced_as_well() -> None:
    """The token of each attempt is replaced, also if the first was refused, and so is a credential of the options."""
    tokens = iter(["token-one-" + KEY, "token-two-" + KEY])

    async def echo(request: web.Request) -> web.Response:
        quoted = request.headers.get("X-Mine", request.headers["Authorization"])
        return web.json_response({"error": {"message": quoted}}, status=401, headers={"X-Request-Id": quoted})

    async with listening(echo) as address, HeyGen(bearer_token=lambda: next(tokens), base_url=address) as heygen:
        with pytest.raises(errors.AuthenticationError) as caught:
            await heygen.videos.get("v1")
    assert quotes_the_key(caught.value) == []
    assert "Bearer ***" in str(caught.value)
    async with listening(echo) as address, HeyGen("another-key-0123", base_url=address) as heygen:
        with pytest.raises(errors.AuthenticationError) as caught:
            await heygen.videos.get("v1", Options(headers={"Authorization": f"Basic {KEY}"}))
    assert quotes_the_key(caught.value) == []


@pytest.mark.parametrize("status", [400, 502])
async def test_a_run_leaves_no_key_in_journal_events_and_logs(
    status: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy that quotes the key in every answer puts it in no row, event, log record or journal."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    journal = tmp_path / "c.db"

    async def echo(request: web.Request) -> web.Response:
        fields = dict.fromkeys(("code", "message", "param"), KEY)
        return web.json_response({"error": fields}, status=status, headers={"X-Request-Id": KEY})

    async with (
        listening(echo) as address,
        HeyGen(KEY, base_url=address, observers=[events.append]) as heygen,
        heygen.render_many([HELLO], journal=journal, download_to=tmp_path / "out") as results,
    ):
        ended = [result async for result in results]
    failed = [result.error for result in ended if isinstance(result, Failed)]
    assert [quotes_the_key(error) for error in failed] == [[] for _ in failed]
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()).decode("latin-1")
    for text in (written, repr(events), caplog.text, repr([record.args for record in caplog.records])):
        assert not [found for found in decoded(text) if KEY in found]

"""Deliveries over HTTP, on aiohttp's server and as an ASGI application: a table of bad ones, and a table of good ones.

Each bad delivery goes to a working receiver, gets the status of the table, and has no effect: no event, no entry in the
memory, and a good delivery afterwards is accepted, once.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hmac
import io
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any
from unittest import mock

import aiohttp
import anyio
import attrs
import pytest
from aiohttp import web
from aiohttp.http_exceptions import TransferEncodingError
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from heygen_async import Receiver, WebhookEvent
from heygen_async.webhooks.request_handler import DeliveryRequest, answer
from tests.helpers.deliveries import (
    OLD_SECRET,
    SECRET,
    AsgiAnswer,
    Pairs,
    ask_asgi,
    body_of,
    digest,
    signed,
    with_header,
)

PATH = "/hooks/heygen"
TOKEN = "t0k3n_" * 8
CALLBACK = f"{PATH}/{TOKEN}"
BODY = body_of(video_id="bad")
LIMIT = 1024 * 1024
TEN_MEGABYTES = body_of(video_id="bad", filling="x" * 10_000_000)
SEEN = body_of(video_id="seen")  # delivered before


@attrs.frozen(kw_only=True)
class Delivery:
    """A request, and the expected status of its answer."""

    status: int
    body: bytes = BODY
    headers: Callable[[bytes], Pairs] = signed
    method: str = "POST"
    path: str = PATH
    chunked: bool = False


def changed(name: str, value: str | None) -> Callable[[bytes], Pairs]:
    """Return good headers with one changed or, if *value* is None, left out."""
    return lambda body: with_header(signed(body), name, value)


def signature(make: Callable[[str], str]) -> Callable[[bytes], Pairs]:
    """Return headers whose signature is the good one after *make*."""
    return lambda body: with_header(signed(body), "Heygen-Signature", make(digest(body)))


def older(make: Callable[[str], str] = str, *more: tuple[str, str]) -> Callable[[bytes], Pairs]:
    """Return headers with the older signature header, its value after *make*, and with *more*."""
    return lambda body: [("Signature", make(digest(body))), *more]


def numbered(body: bytes) -> Pairs:
    """Return good headers, with an event id that differs for each body."""
    return signed(body, event_id=digest(body))


def unsigned(body: bytes) -> Pairs:
    return []


def ago(seconds: float) -> Callable[[bytes], Pairs]:
    return lambda body: signed(body, ago=seconds)


TABLE = {
    # Signature
    "forged": Delivery(status=401, headers=changed("Heygen-Signature", "0" * 64)),
    "of another secret": Delivery(status=401, headers=lambda body: signed(body, secret="whsec_other")),
    "of an empty secret": Delivery(status=401, headers=lambda body: signed(body, secret="")),
    "signed for another body": Delivery(status=401, headers=lambda body: signed(body + b" ")),
    "not signed": Delivery(status=401, headers=unsigned),
    "dated and numbered, not signed": Delivery(status=401, headers=changed("Heygen-Signature", None)),
    "an empty signature": Delivery(status=401, headers=changed("Heygen-Signature", "")),
    "the same signature twice": Delivery(
        status=401, headers=lambda body: [*signed(body), ("Heygen-Signature", digest(body))]
    ),
    "a good and a bad signature": Delivery(
        status=401, headers=lambda body: [*signed(body), ("Heygen-Signature", "0" * 64)]
    ),
    "two signatures in one": Delivery(status=401, headers=signature(lambda good: f"{good},{good}")),
    "signed in capitals": Delivery(status=401, headers=signature(str.upper)),
    "signed with a prefix": Delivery(status=401, headers=signature("sha256={}".format)),
    "signed by half": Delivery(status=401, headers=signature(lambda good: good[:32])),
    "signed and more": Delivery(status=401, headers=signature(lambda good: good + "0")),
    "signed in base64": Delivery(
        status=401, headers=signature(lambda good: base64.b64encode(bytes.fromhex(good)).decode())
    ),
    "signed in no ASCII": Delivery(status=401, headers=changed("Heygen-Signature", "é" * 64)),
    "signed in full-width digits": Delivery(
        status=401, headers=signature(lambda good: good.translate({ord("0"): "\uff10", ord("a"): "\uff41"}) + "\uff10")
    ),
    "signed with its date": Delivery(
        status=401,
        headers=lambda body: with_header(
            signed(body), "Heygen-Signature", hmac.digest(SECRET.encode(), b"%d." % time.time() + body, "sha256").hex()
        ),
    ),
    "newer signature bad, older good": Delivery(
        status=401, headers=lambda body: [*with_header(signed(body), "Heygen-Signature", "0" * 64), *older()(body)]
    ),
    "older signature bad": Delivery(status=401, headers=older(str.upper)),
    "older signature twice": Delivery(status=401, headers=lambda body: [*older()(body), *older()(body)]),
    # Date
    "late": Delivery(status=401, headers=ago(302)),
    "late by a day": Delivery(status=401, headers=ago(86400)),
    "early": Delivery(status=401, headers=ago(-400)),
    "undated": Delivery(status=401, headers=changed("Heygen-Timestamp", None)),
    "dated twice": Delivery(
        status=401, headers=lambda body: [*signed(body), ("Heygen-Timestamp", str(int(time.time())))]
    ),
    "dated in words": Delivery(status=401, headers=changed("Heygen-Timestamp", "today")),
    "dated not a number": Delivery(status=401, headers=changed("Heygen-Timestamp", "nan")),
    "dated in milliseconds": Delivery(
        status=401, headers=lambda body: with_header(signed(body), "Heygen-Timestamp", str(int(time.time() * 1000)))
    ),
    "older kind, late": Delivery(status=401, headers=older(str, ("Heygen-Timestamp", "1700000000"))),
    # Content
    "empty": Delivery(status=400, body=b""),
    "truncated": Delivery(status=400, body=BODY[:-3]),
    "text": Delivery(status=400, body=b"avatar_video.success"),
    "a list": Delivery(status=400, body=b"[" + BODY + b"]"),
    "null": Delivery(status=400, body=b"null"),
    "not UTF-8": Delivery(status=400, body=BODY.replace(b"bad", b"b\xff\xfe")),
    "UTF-16": Delivery(status=400, body=BODY.decode().encode("utf-16")),
    "two objects": Delivery(status=400, body=BODY + BODY),
    "no number": Delivery(status=400, body=b'{"event_type": "avatar_video.success", "event_data": {"video_id": NaN}}'),
    "a very long number": Delivery(status=400, body=b'{"event_type": "x.success", "event_data": ' + b"9" * 5000 + b"}"),
    "nested without end": Delivery(status=400, body=b'{"a":' * 100_000),
    "no type": Delivery(status=400, body=b'{"event_data": {"video_id": "bad"}}'),
    "a type that is no text": Delivery(status=400, body=b'{"event_type": 7, "event_data": {"video_id": "bad"}}'),
    "no data": Delivery(status=400, body=b'{"event_type": "avatar_video.success"}'),
    "data that is no object": Delivery(status=400, body=b'{"event_type": "x.success", "event_data": ["bad"]}'),
    # Size
    "10 MB": Delivery(status=413, body=TEN_MEGABYTES),
    "10 MB without a length": Delivery(status=413, body=TEN_MEGABYTES, chunked=True),
    "10 MB, not signed": Delivery(status=413, body=TEN_MEGABYTES, headers=unsigned, chunked=True),
    "one byte too much": Delivery(status=413, body=body_of(filling="x").ljust(LIMIT + 1)),
    "packed": Delivery(
        status=415,
        body=gzip.compress(b"0" * 10_000_000),
        headers=lambda body: [*signed(body), ("Content-Encoding", "gzip")],
    ),
    # Method and path
    "GET": Delivery(status=200, method="GET", body=b""),
    "GET with a delivery": Delivery(status=200, method="GET"),
    "HEAD": Delivery(status=200, method="HEAD", body=b""),
    "OPTIONS": Delivery(status=200, method="OPTIONS", body=b""),
    "PUT": Delivery(status=405, method="PUT"),
    "DELETE": Delivery(status=405, method="DELETE"),
    "an unknown path": Delivery(status=404, path="/hooks/other"),
    "a path with two slashes": Delivery(status=404, path=f"{PATH}//"),
    "a path in capitals": Delivery(status=404, path=PATH.upper()),
    "GET at an unknown path": Delivery(status=404, path=f"{PATH}/x", method="GET", body=b""),
    "a guessed token": Delivery(status=404, path=f"{PATH}/{'A' * 48}", headers=unsigned),
    "half a token": Delivery(status=404, path=CALLBACK[:-1], headers=unsigned),
    "a token in capitals": Delivery(status=404, path=f"{PATH}/{TOKEN.upper()}", headers=unsigned),
    "a token that is no ASCII": Delivery(status=404, path=f"{PATH}/{'é' * 48}", headers=unsigned),
    "truncated, on the path of callbacks": Delivery(status=400, path=CALLBACK, headers=unsigned, body=BODY[:-1]),
    "10 MB on the path of callbacks": Delivery(status=413, path=CALLBACK, headers=unsigned, body=TEN_MEGABYTES),
    # Repetition
    "a duplicate": Delivery(status=200, body=SEEN, headers=lambda body: signed(body, event_id="seen")),
    "a duplicate with a newer link": Delivery(
        status=200, body=body_of(video_id="seen", url="https://x"), headers=lambda body: signed(body, event_id="seen")
    ),
    "a replay under a new id and date": Delivery(status=200, body=SEEN, headers=lambda b: signed(b, event_id="new")),
    "a replay without id": Delivery(
        status=200, body=SEEN, headers=lambda body: with_header(signed(body), "Heygen-Event-Id", None)
    ),
    "a replay in the older kind": Delivery(status=200, body=SEEN, headers=older()),
    "a replay after its time": Delivery(status=401, body=SEEN, headers=ago(3600)),
    "a duplicate on the path of callbacks": Delivery(status=200, body=SEEN, headers=unsigned, path=CALLBACK),
}

GOOD = {
    "signed": Delivery(status=200),
    "signed by the former secret": Delivery(status=200, headers=lambda body: signed(body, secret=OLD_SECRET)),
    "signed in the older kind": Delivery(status=200, headers=older()),
    "without a length": Delivery(status=200, chunked=True),
    "as large as may be": Delivery(status=200, body=BODY.ljust(LIMIT)),
    "late by four minutes": Delivery(status=200, headers=ago(240)),
    "of an unknown type": Delivery(status=200, body=body_of("tomorrow.arrived", video_id="bad")),
    "unpacked, and says so": Delivery(status=200, headers=lambda b: [*signed(b), ("Content-Encoding", "identity")]),
    "unsigned on the path of callbacks": Delivery(status=200, headers=unsigned, path=CALLBACK),
    "at a path with a slash": Delivery(status=200, path=f"{PATH}/"),
    "unsigned on the path of callbacks with a slash": Delivery(status=200, headers=unsigned, path=f"{CALLBACK}/"),
}

Post = Callable[[Delivery], Any]


@pytest.fixture
def received() -> list[WebhookEvent]:
    """The list of events that the receiver passed on."""
    return []


@pytest.fixture
def receiver(received: list[WebhookEvent]) -> Receiver:
    """A receiver with two secrets."""
    return Receiver([OLD_SECRET, SECRET], path=PATH, callback_token=TOKEN, observers=[received.append], max_bytes=LIMIT)


@contextlib.asynccontextmanager
async def serving(receiver: Receiver) -> AsyncIterator[int]:
    """Serve *receiver* by aiohttp on 127.0.0.1, and yield the port."""
    app = web.Application()
    app.router.add_route("*", receiver.path + "{rest:.*}", receiver.handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.001)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), 65536):
        yield body[at : at + 65536]


async def post_to_aiohttp(session: aiohttp.ClientSession, port: int, delivery: Delivery) -> AsgiAnswer:
    async with session.request(
        delivery.method,
        f"http://127.0.0.1:{port}{delivery.path}",
        data=in_pieces(delivery.body) if delivery.chunked else io.BytesIO(delivery.body),
        headers=CIMultiDict(delivery.headers(delivery.body)),
        skip_auto_headers=["Content-Type"],
    ) as response:
        return AsgiAnswer(status=response.status, headers=dict(response.headers), text=await response.text())


@pytest.fixture(params=["aiohttp", "asgi"])
async def post(request: pytest.FixtureRequest, receiver: Receiver) -> AsyncIterator[Post]:
    """A function that delivers to the receiver, over aiohttp's server or ASGI."""
    if request.param == "asgi":
        yield lambda delivery: ask_asgi(
            receiver,
            delivery.method,
            delivery.path,
            delivery.headers(delivery.body),
            delivery.body,
            length=not delivery.chunked,
        )
    else:
        async with serving(receiver) as port, aiohttp.ClientSession() as session:
            yield lambda delivery: post_to_aiohttp(session, port, delivery)


def facts(event: WebhookEvent) -> tuple[str | None, bool]:
    return event.video_id, event.signed


@pytest.mark.parametrize("delivery", TABLE.values(), ids=TABLE)
async def test_a_bad_delivery_has_no_effect(
    post: Post, receiver: Receiver, received: list[WebhookEvent], delivery: Delivery
) -> None:
    """A bad delivery gets the table's status and a short answer, and changes neither events nor memory."""
    assert (
        await post(Delivery(status=200, body=SEEN, headers=lambda body: signed(body, event_id="seen")))
    ).status == 200
    assert (await post(Delivery(status=200, body=SEEN, headers=unsigned, path=CALLBACK))).status == 200
    before = [facts(event) for event in received]
    remembered = len(receiver._seen), len(receiver._seen_callbacks)
    answered = await post(delivery)
    assert answered.status == delivery.status
    assert len(answered.text) < 120
    for secret in ("Traceback", "whsec", digest(delivery.body), "bad"):
        assert secret not in answered.text
    assert [facts(event) for event in received] == before == [("seen", True), ("seen", False)]
    assert (len(receiver._seen), len(receiver._seen_callbacks)) == remembered
    good = Delivery(status=200, body=body_of(video_id="good"), headers=lambda body: signed(body, event_id="good"))
    assert [(await post(good)).status for _ in range(2)] == [200, 200]
    assert [facts(event) for event in received] == [*before, ("good", True)]


@pytest.mark.parametrize("delivery", GOOD.values(), ids=GOOD)
async def test_a_good_delivery_is_accepted(
    post: Post, receiver: Receiver, received: list[WebhookEvent], delivery: Delivery
) -> None:
    """A good delivery becomes one event, for observers and readers."""
    assert (await post(delivery)).status == 200
    assert [facts(event) for event in received] == [("bad", delivery.headers is not unsigned)]
    assert await anext(aiter(receiver)) is received[0]


async def test_a_probe_gets_the_allowed_methods(post: Post) -> None:
    """OPTIONS, GET and HEAD, by which HeyGen probes an address, are answered with `Allow` and no body."""
    for method in ("OPTIONS", "GET", "HEAD"):
        answered = await post(Delivery(status=200, method=method, body=b""))
        allowed = {name.lower(): value for name, value in answered.headers.items()}["allow"]
        assert "POST" in allowed
        assert answered.text == ""


async def test_events_keep_the_order_of_their_deliveries(post: Post, received: list[WebhookEvent]) -> None:
    """Events are passed on in the order of their deliveries; none is held back or reordered."""
    for event_type in ("video_agent.success", "avatar_video.fail", "avatar_video.success"):
        body = body_of(event_type, video_id="v1")
        assert (await post(Delivery(status=200, body=body, headers=numbered))).status == 200
    assert [event.ended for event in received] == ["success", "fail", "success"]


# Reading


class Chunks:
    """A body of *number* chunks of 1,000 bytes, which counts the chunks read."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.chunks_read = 0

    def __aiter__(self) -> Chunks:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        self._left -= 1
        self.chunks_read += 1
        return b"x" * 1000


@pytest.mark.parametrize(
    ("changes", "status", "chunks_read"),
    [
        ({}, 413, 11),
        ({"headers": (("content-length", "10001"),)}, 413, 0),
        ({"headers": (("Content-Length", "9" * 5000),)}, 413, 0),
        ({"headers": (("Content-Length", "0010000"),)}, 413, 11),
        ({"headers": (("Content-Length", "many"),)}, 413, 11),
        ({"path": "/elsewhere"}, 404, 0),
        ({"method": "GET"}, 200, 0),
        ({"method": "PATCH"}, 405, 0),
        ({"headers": (("content-encoding", "br"),)}, 415, 0),
    ],
)
async def test_a_body_is_read_up_to_the_limit_and_only_if_needed(
    changes: dict[str, Any], status: int, chunks_read: int
) -> None:
    """A body is read up to the limit, whatever its Content-Length, and not at all if the headers decide."""
    chunks = Chunks(1000)
    request: dict[str, Any] = {"method": "POST", "path": "/heygen", "headers": (), **changes}
    reply = await answer(Receiver(SECRET, max_bytes=10_000), DeliveryRequest(chunks=chunks, **request))
    assert (reply.status, chunks.chunks_read) == (status, chunks_read)


async def test_an_asgi_body_is_not_read_to_its_end(receiver: Receiver) -> None:
    """Of 10 MB in chunks of 64 KB, 17 are read, just over 1 MB; with a Content-Length none is."""
    answered = await ask_asgi(receiver, "POST", PATH, [], TEN_MEGABYTES, length=False)
    assert (answered.status, answered.chunks_read) == (413, 17)
    declared = await ask_asgi(receiver, "POST", PATH, [], TEN_MEGABYTES)
    assert (declared.status, declared.chunks_read) == (413, 0)


async def test_a_body_that_stalls_times_out(receiver: Receiver, received: list[WebhookEvent]) -> None:
    """An ASGI body that is not complete after 8 seconds is answered with 408."""
    start = anyio.current_time()
    answered = await ask_asgi(receiver, "POST", PATH, signed(BODY), [BODY[:9], BODY[9:]], silent=True)
    assert answered.status == 408
    assert anyio.current_time() - start == pytest.approx(8)
    assert not received


async def raw(port: int, request: Iterable[bytes], *, hang_up: bool = False) -> bytes:
    """Send raw bytes, and return the answer."""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        for part in request:
            await stream.send(part)
        if hang_up:
            return b""
        with anyio.fail_after(60):
            return await stream.receive()


def head(*lines: str) -> bytes:
    return "\r\n".join([f"POST {PATH} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


async def test_a_body_that_stalls_times_out_on_aiohttp(receiver: Receiver, received: list[WebhookEvent]) -> None:
    """A signed body on aiohttp's server that is not complete after 8 seconds is answered with 408."""
    lines = [f"{name}: {value}" for name, value in signed(BODY)]
    async with serving(receiver) as port:
        start = anyio.current_time()
        answered = await raw(port, [head(*lines, f"Content-Length: {len(BODY)}"), BODY[:-1]])
        assert answered.startswith(b"HTTP/1.1 408")
        assert anyio.current_time() - start == pytest.approx(8, abs=0.5)
    assert not received


@pytest.mark.parametrize(
    "length", [f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"], ids=["counted", "chunked"]
)
async def test_a_sender_that_hangs_up_leaves_no_trace(
    receiver: Receiver, received: list[WebhookEvent], caplog: pytest.LogCaptureFixture, length: str
) -> None:
    """A sender that closes the connection causes no event and no error in the log, and the next one is served."""
    lines = [f"{name}: {value}" for name, value in signed(BODY)]
    sent = BODY[:-1] if "Length" in length else b"%x\r\n%s\r\n" % (len(BODY), BODY)
    with caplog.at_level(logging.ERROR):
        async with serving(receiver) as port:
            await raw(port, [head(*lines, length), sent], hang_up=True)
            await anyio.sleep(1)
            assert not received
            answered = await raw(port, [head(*lines, f"Content-Length: {len(BODY)}"), BODY])
            assert answered.startswith(b"HTTP/1.1 200")
    assert not caplog.records
    assert len(received) == 1


async def test_a_body_in_broken_chunks_is_refused(
    receiver: Receiver, received: list[WebhookEvent], caplog: pytest.LogCaptureFixture
) -> None:
    """Broken chunks cause no traceback in answer or log. Some versions of aiohttp wait for more, and answer 408."""
    lines = [f"{name}: {value}" for name, value in signed(BODY)]
    with caplog.at_level(logging.ERROR):
        async with serving(receiver) as port:
            answered = await raw(port, [head(*lines, "Transfer-Encoding: chunked"), b"5\r\nabcde\r\n", b"zz\r\n\r\n"])
    assert answered.startswith((b"HTTP/1.1 400", b"HTTP/1.1 408"))
    assert b"Traceback" not in answered
    assert "Error handling request" not in caplog.text  # aiohttp's message for a handler that raises
    assert not received


@pytest.mark.parametrize("error", [web.RequestPayloadError("zz"), TransferEncodingError("zz"), ConnectionResetError()])
async def test_a_body_that_aiohttp_cannot_decode_is_a_bad_request(
    receiver: Receiver, received: list[WebhookEvent], error: Exception
) -> None:
    """Every error that aiohttp's parsers, in C and in Python, raise for a body is answered with 400."""
    body = aiohttp.StreamReader(mock.Mock(_reading_paused=False), 2**16)
    body.set_exception(error)
    request = make_mocked_request("POST", PATH, CIMultiDict(signed(BODY)), payload=body)
    assert (await receiver.handler(request)).status == 400
    assert not received


async def test_a_refusal_is_logged_without_the_delivery(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """A refused signature is logged as a warning that does not quote the delivery."""
    with caplog.at_level(logging.WARNING, logger="heygen_async"):
        await post(Delivery(status=401, headers=changed("Heygen-Signature", "mine")))
    logged = [record.getMessage() for record in caplog.records if record.name == "heygen_async"]
    assert logged == ["refused a delivery: webhook: the signature was made by none of the 2 secrets"]


# ASGI besides deliveries


async def test_an_asgi_sender_that_hangs_up(receiver: Receiver, received: list[WebhookEvent]) -> None:
    """A disconnect before the end of the body causes no event and no answer, even if the bytes so far are an event."""
    answered = await ask_asgi(receiver, "POST", CALLBACK, [], [BODY, b""], gone=True)
    assert answered.status == 0
    assert not received


async def test_asgi_starts_and_stops(receiver: Receiver) -> None:
    """The lifespan events of a server are confirmed, and the application returns after shutdown."""
    asked = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": next(asked)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await receiver({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize(("kind", "sent"), [("websocket", ["websocket.close"]), ("tomorrow", [])])
async def test_asgi_accepts_http_only(
    receiver: Receiver, received: list[WebhookEvent], kind: str, sent: list[str]
) -> None:
    """A WebSocket is closed, and a connection of an unknown type is ignored."""
    found: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        found.append(message["type"])

    await receiver({"type": kind, "path": PATH, "headers": []}, receive, send)
    assert found == sent
    assert not received

"""Deliveries over HTTP: a table of what must not come through, on aiohttp's server and as an ASGI application.

Each delivery of the table comes to a receiver that works, is answered as the table says, and changes nothing: no event,
no memory, and what is good still comes through afterwards, once.
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
SEEN = body_of(video_id="seen")  # was delivered before


@attrs.frozen(kw_only=True)
class Delivery:
    """A request, and the status of its answer."""

    status: int
    body: bytes = BODY
    headers: Callable[[bytes], Pairs] = signed
    method: str = "POST"
    path: str = PATH
    chunked: bool = False


def changed(name: str, value: str | None) -> Callable[[bytes], Pairs]:
    """Signed well, but for one header."""
    return lambda body: with_header(signed(body), name, value)


def signature(make: Callable[[str], str]) -> Callable[[bytes], Pairs]:
    """Signed by something that is made from the good signature."""
    return lambda body: with_header(signed(body), "Heygen-Signature", make(digest(body)))


def older(make: Callable[[str], str] = str, *more: tuple[str, str]) -> Callable[[bytes], Pairs]:
    """Signed by the older header."""
    return lambda body: [("Signature", make(digest(body))), *more]


def numbered(body: bytes) -> Pairs:
    """Signed, each body under a number of its own."""
    return signed(body, event_id=digest(body))


def nothing(body: bytes) -> Pairs:
    return []


def ago(seconds: float) -> Callable[[bytes], Pairs]:
    return lambda body: signed(body, ago=seconds)


TABLE = {
    # Who are you?
    "forged": Delivery(status=401, headers=changed("Heygen-Signature", "0" * 64)),
    "of another secret": Delivery(status=401, headers=lambda body: signed(body, secret="whsec_other")),
    "of an empty secret": Delivery(status=401, headers=lambda body: signed(body, secret="")),
    "signed for another body": Delivery(status=401, headers=lambda body: signed(body + b" ")),
    "not signed": Delivery(status=401, headers=nothing),
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
    # When was that?
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
    # What is that?
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
    # How much is that?
    "10 MB": Delivery(status=413, body=TEN_MEGABYTES),
    "10 MB without a length": Delivery(status=413, body=TEN_MEGABYTES, chunked=True),
    "10 MB, not signed": Delivery(status=413, body=TEN_MEGABYTES, headers=nothing, chunked=True),
    "one byte too much": Delivery(status=413, body=body_of(filling="x").ljust(LIMIT + 1)),
    "packed": Delivery(
        status=415,
        body=gzip.compress(b"0" * 10_000_000),
        headers=lambda body: [*signed(body), ("Content-Encoding", "gzip")],
    ),
    # Where to?
    "GET": Delivery(status=200, method="GET", body=b""),
    "GET with a delivery": Delivery(status=200, method="GET"),
    "HEAD": Delivery(status=200, method="HEAD", body=b""),
    "OPTIONS": Delivery(status=200, method="OPTIONS", body=b""),
    "PUT": Delivery(status=405, method="PUT"),
    "DELETE": Delivery(status=405, method="DELETE"),
    "an unknown path": Delivery(status=404, path="/hooks/other"),
    "a path with a slash": Delivery(status=404, path=f"{PATH}/"),
    "a path in capitals": Delivery(status=404, path=PATH.upper()),
    "GET at an unknown path": Delivery(status=404, path=f"{PATH}/x", method="GET", body=b""),
    "a guessed token": Delivery(status=404, path=f"{PATH}/{'A' * 48}", headers=nothing),
    "half a token": Delivery(status=404, path=CALLBACK[:-1], headers=nothing),
    "a token in capitals": Delivery(status=404, path=f"{PATH}/{TOKEN.upper()}", headers=nothing),
    "a token that is no ASCII": Delivery(status=404, path=f"{PATH}/{'é' * 48}", headers=nothing),
    "truncated, on the path of callbacks": Delivery(status=400, path=CALLBACK, headers=nothing, body=BODY[:-1]),
    "10 MB on the path of callbacks": Delivery(status=413, path=CALLBACK, headers=nothing, body=TEN_MEGABYTES),
    # Again?
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
    "a duplicate on the path of callbacks": Delivery(status=200, body=SEEN, headers=nothing, path=CALLBACK),
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
    "unsigned on the path of callbacks": Delivery(status=200, headers=nothing, path=CALLBACK),
}

Post = Callable[[Delivery], Any]


@pytest.fixture
def heard() -> list[WebhookEvent]:
    """What came out."""
    return []


@pytest.fixture
def receiver(heard: list[WebhookEvent]) -> Receiver:
    """Knows two secrets."""
    return Receiver([OLD_SECRET, SECRET], path=PATH, callback_token=TOKEN, observers=[heard.append], max_bytes=LIMIT)


@contextlib.asynccontextmanager
async def serving(receiver: Receiver) -> AsyncIterator[int]:
    """The server of aiohttp on 127.0.0.1; yields its port."""
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
    """Delivers to the receiver, by one server or the other."""
    if request.param == "asgi":
        yield lambda delivery: ask_asgi(
            receiver.asgi,
            delivery.method,
            delivery.path,
            delivery.headers(delivery.body),
            delivery.body,
            length=not delivery.chunked,
        )
    else:
        async with serving(receiver) as port, aiohttp.ClientSession() as session:
            yield lambda delivery: post_to_aiohttp(session, port, delivery)


def told(event: WebhookEvent) -> tuple[str | None, bool]:
    return event.video_id, event.signed


@pytest.mark.parametrize("delivery", TABLE.values(), ids=TABLE)
async def test_nothing_comes_of_a_bad_delivery(
    post: Post, receiver: Receiver, heard: list[WebhookEvent], delivery: Delivery
) -> None:
    """Its status is right, its answer gives nothing away, and everything is as before."""
    assert (
        await post(Delivery(status=200, body=SEEN, headers=lambda body: signed(body, event_id="seen")))
    ).status == 200
    assert (await post(Delivery(status=200, body=SEEN, headers=nothing, path=CALLBACK))).status == 200
    before = [told(event) for event in heard]
    remembered = len(receiver._seen), len(receiver._seen_callbacks)
    answered = await post(delivery)
    assert answered.status == delivery.status
    assert len(answered.text) < 120
    for secret in ("Traceback", "whsec", digest(delivery.body), "bad"):
        assert secret not in answered.text
    assert [told(event) for event in heard] == before == [("seen", True), ("seen", False)]
    assert (len(receiver._seen), len(receiver._seen_callbacks)) == remembered
    good = Delivery(status=200, body=body_of(video_id="good"), headers=lambda body: signed(body, event_id="good"))
    assert [(await post(good)).status for _ in range(2)] == [200, 200]
    assert [told(event) for event in heard] == [*before, ("good", True)]


@pytest.mark.parametrize("delivery", GOOD.values(), ids=GOOD)
async def test_a_good_delivery_comes_through(
    post: Post, receiver: Receiver, heard: list[WebhookEvent], delivery: Delivery
) -> None:
    """Once, with its ids; a reader gets the same."""
    assert (await post(delivery)).status == 200
    assert [told(event) for event in heard] == [("bad", delivery.path == PATH)]
    assert await anext(aiter(receiver)) is heard[0]


async def test_a_probe_is_told_what_may_be_sent(post: Post) -> None:
    """HeyGen looks before it registers an address; HEAD has no body."""
    for method in ("OPTIONS", "GET", "HEAD"):
        answered = await post(Delivery(status=200, method=method, body=b""))
        allowed = {name.lower(): value for name, value in answered.headers.items()}["allow"]
        assert "POST" in allowed
        assert answered.text == ""


async def test_events_out_of_order_come_as_they_come(post: Post, heard: list[WebhookEvent]) -> None:
    """The failure before the success, the video before its session: each is told, none is held back."""
    for event_type in ("video_agent.success", "avatar_video.fail", "avatar_video.success"):
        body = body_of(event_type, video_id="v1")
        assert (await post(Delivery(status=200, body=body, headers=numbered))).status == 200
    assert [event.ended for event in heard] == ["success", "fail", "success"]


# Reading


class Chunks:
    """A body of *number* chunks of 1,000 bytes; counts how many were taken."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.taken = 0

    def __aiter__(self) -> Chunks:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        self._left -= 1
        self.taken += 1
        return b"x" * 1000


@pytest.mark.parametrize(
    ("changes", "status", "taken"),
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
async def test_a_body_is_read_up_to_the_limit_and_not_at_all_if_it_can_be_helped(
    changes: dict[str, Any], status: int, taken: int
) -> None:
    """A stranger costs little memory, whatever length he claims."""
    chunks = Chunks(1000)
    request: dict[str, Any] = {"method": "POST", "path": "/heygen", "headers": (), **changes}
    reply = await answer(Receiver(SECRET, max_bytes=10_000), DeliveryRequest(chunks=chunks, **request))
    assert (reply.status, chunks.taken) == (status, taken)


async def test_an_asgi_body_is_not_read_to_its_end(receiver: Receiver) -> None:
    """10 MB in pieces of 64 KB: 17 of them are more than 1 MB."""
    answered = await ask_asgi(receiver.asgi, "POST", PATH, [], TEN_MEGABYTES, length=False)
    assert (answered.status, answered.chunks_read) == (413, 17)
    declared = await ask_asgi(receiver.asgi, "POST", PATH, [], TEN_MEGABYTES)
    assert (declared.status, declared.chunks_read) == (413, 0)


async def test_a_body_that_does_not_come_is_not_waited_for_long(receiver: Receiver, heard: list[WebhookEvent]) -> None:
    """ASGI: 8 seconds for all of it."""
    start = anyio.current_time()
    answered = await ask_asgi(receiver.asgi, "POST", PATH, signed(BODY), [BODY[:9], BODY[9:]], silent=True)
    assert answered.status == 408
    assert anyio.current_time() - start == pytest.approx(8)
    assert not heard


async def raw(port: int, request: Iterable[bytes], *, hang_up: bool = False) -> bytes:
    """Send bytes as they are; return the answer."""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        for part in request:
            await stream.send(part)
        if hang_up:
            return b""
        with anyio.fail_after(60):
            return await stream.receive()


def head(*lines: str) -> bytes:
    return "\r\n".join([f"POST {PATH} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


async def test_a_slow_body_is_given_up_on_aiohttp_too(receiver: Receiver, heard: list[WebhookEvent]) -> None:
    """Half of a signed body, and then nothing."""
    lines = [f"{name}: {value}" for name, value in signed(BODY)]
    async with serving(receiver) as port:
        start = anyio.current_time()
        answered = await raw(port, [head(*lines, f"Content-Length: {len(BODY)}"), BODY[:-1]])
        assert answered.startswith(b"HTTP/1.1 408")
        assert anyio.current_time() - start == pytest.approx(8, abs=0.5)
    assert not heard


@pytest.mark.parametrize(
    "length", [f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"], ids=["counted", "chunked"]
)
async def test_a_sender_that_hangs_up_leaves_no_trace(
    receiver: Receiver, heard: list[WebhookEvent], caplog: pytest.LogCaptureFixture, length: str
) -> None:
    """Neither an event nor an error in the log; the next one is served."""
    lines = [f"{name}: {value}" for name, value in signed(BODY)]
    sent = BODY[:-1] if "Length" in length else b"%x\r\n%s\r\n" % (len(BODY), BODY)
    with caplog.at_level(logging.ERROR):
        async with serving(receiver) as port:
            await raw(port, [head(*lines, length), sent], hang_up=True)
            await anyio.sleep(1)
            assert not heard
            answered = await raw(port, [head(*lines, f"Content-Length: {len(BODY)}"), BODY])
            assert answered.startswith(b"HTTP/1.1 200")
    assert not caplog.records
    assert len(heard) == 1


async def test_a_body_in_broken_chunks_is_refused(
    receiver: Receiver, heard: list[WebhookEvent], caplog: pytest.LogCaptureFixture
) -> None:
    """No traceback, neither in the answer nor in the log. Versions of aiohttp differ: some just wait for more."""
    lines = [f"{name}: {value}" for name, value in signed(BODY)]
    with caplog.at_level(logging.ERROR):
        async with serving(receiver) as port:
            answered = await raw(port, [head(*lines, "Transfer-Encoding: chunked"), b"5\r\nabcde\r\n", b"zz\r\n\r\n"])
    assert answered.startswith((b"HTTP/1.1 400", b"HTTP/1.1 408"))
    assert b"Traceback" not in answered
    assert "Error handling request" not in caplog.text  # what aiohttp says of a handler that raises
    assert not heard


@pytest.mark.parametrize("error", [web.RequestPayloadError("zz"), TransferEncodingError("zz"), ConnectionResetError()])
async def test_a_body_that_aiohttp_cannot_unpack_is_a_bad_request(
    receiver: Receiver, heard: list[WebhookEvent], error: Exception
) -> None:
    """Its parsers, in C and in Python, say so in ways of their own."""
    body = aiohttp.StreamReader(mock.Mock(_reading_paused=False), 2**16)
    body.set_exception(error)
    request = make_mocked_request("POST", PATH, CIMultiDict(signed(BODY)), payload=body)
    assert (await receiver.handler(request)).status == 400
    assert not heard


async def test_a_refusal_is_logged_without_what_was_sent(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """A wrong secret is a mistake that somebody must be able to see."""
    with caplog.at_level(logging.WARNING, logger="heygen_async"):
        await post(Delivery(status=401, headers=changed("Heygen-Signature", "mine")))
    logged = [record.getMessage() for record in caplog.records if record.name == "heygen_async"]
    assert logged == ["refused a delivery: webhook: the signature was made by none of the 2 secrets"]


# ASGI besides deliveries


async def test_asgi_hangs_up_quietly(receiver: Receiver, heard: list[WebhookEvent]) -> None:
    """The sender is gone before it said that its body was whole, although it reads well; nobody is there to be told."""
    answered = await ask_asgi(receiver.asgi, "POST", CALLBACK, [], [BODY, b""], gone=True)
    assert answered.status == 0
    assert not heard


async def test_asgi_starts_and_stops(receiver: Receiver) -> None:
    """A server that asks is answered, and the application ends."""
    asked = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": next(asked)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await receiver.asgi({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize(("kind", "sent"), [("websocket", ["websocket.close"]), ("tomorrow", [])])
async def test_asgi_speaks_http_only(receiver: Receiver, heard: list[WebhookEvent], kind: str, sent: list[str]) -> None:
    """Anything else is turned away."""
    found: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        found.append(message["type"])

    await receiver.asgi({"type": kind, "path": PATH, "headers": []}, receive, send)
    assert found == sent
    assert not heard

"""One exchange with servers that the simulator does not imitate: redirects, huge or slow answers, given sessions."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import anyio
import attrs
import pytest
import yarl
from aiohttp import web

from heygen_async import DirectVideo, HeyGen, Options, RetryPolicy, errors
from heygen_async.http.bodies import Body
from heygen_async.simulator import Server, VirtualTimeLoop, World, serve

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    """Serve every path with *handler*, and yield the address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_redirect_is_not_followed() -> None:
    """A redirect is an error that proves nothing, and the key is not sent to the other host."""
    reached = []

    async def thief(request: web.Request) -> web.Response:
        reached.append(dict(request.headers))
        return web.json_response({"data": {}})

    async with listening(thief) as elsewhere:

        async def redirect(request: web.Request) -> web.Response:
            raise web.HTTPTemporaryRedirect(f"{elsewhere}/v3/users/me")

        async with listening(redirect) as address, HeyGen("secret", base_url=address) as heygen:
            with pytest.raises(errors.ContractError) as caught:
                await heygen.raw("GET", "/v3/users/me")
    assert caught.value.http_status == 307
    assert reached == []


async def test_a_huge_error_page_is_read_in_part() -> None:
    """An error page of two megabytes is read in part, and frees its connection for the next attempt."""
    answers = iter([web.Response(status=503, text="<html>" + "x" * 2_000_000), web.json_response({"data": 1})])

    async def answer(request: web.Request) -> web.Response:
        return next(answers)

    async with listening(answer) as address, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as narrow:
        heygen = HeyGen("k", base_url=address, session=narrow)
        assert await heygen.raw("GET", "/v3/users/me") == {"data": 1}


async def test_a_session_of_yours_stays_open(server: Server) -> None:
    """A given session is not closed with the client."""
    async with aiohttp.ClientSession() as session:
        async with HeyGen("simulator-key", base_url=server.base_url, session=session) as heygen:
            await heygen.raw("GET", "/v3/users/me")
        assert not session.closed


async def test_a_client_can_be_closed_twice_and_used_again(server: Server) -> None:
    """A closed client opens new connections at its next request."""
    heygen = HeyGen("simulator-key", base_url=server.base_url)
    await heygen.aclose()
    for _ in range(2):
        assert "data" in await heygen.raw("GET", "/v3/users/me")
        assert heygen.transport.is_open
        await heygen.aclose()
        await heygen.aclose()
        assert not heygen.transport.is_open


def test_a_client_works_in_one_event_loop_after_another(hello: DirectVideo) -> None:
    """A client that was used in one `asyncio.run` works in the next, renders too, and its connections are closed."""
    worlds = [World(), World()]
    heygen: list[HeyGen] = []
    pools: list[object] = []

    async def main(world: World) -> None:
        port = heygen[0].transport.base_url.port if heygen else None
        async with serve(world, port=port or 0) as server:
            heygen[:] = heygen or [HeyGen("simulator-key", base_url=server.base_url)]
            await heygen[0].render(hello)
            pools.append(heygen[0].pool)
            assert heygen[0].transport.is_open

    for world in worlds:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(main(world))
        assert not heygen[0].transport.is_open
    assert [len(world.ledger) for world in worlds] == [1, 1]
    assert pools[0] is not pools[1]


def test_a_session_of_yours_stays_in_its_event_loop() -> None:
    """A given session in another loop is refused in plain words, before aiohttp fails in its own."""
    heygen: list[HeyGen] = []

    async def first() -> None:
        async with aiohttp.ClientSession() as session:
            heygen.append(HeyGen("simulator-key", base_url="http://127.0.0.1:9", session=session))
            with pytest.raises(errors.ConnectionFailedError):
                await heygen[0].raw("GET", "/v3/users/me", options=Options(attempts=1))
            with pytest.raises(errors.InvalidInputError, match="belongs to another event loop; without one, each"):
                await anyio.to_thread.run_sync(asyncio.run, second())

    async def second() -> None:
        await heygen[0].raw("GET", "/v3/users/me")

    asyncio.run(first())


async def test_a_server_that_drips_is_timed_out_as_a_whole() -> None:
    """The timeout limits the whole answer, so a server that sends a byte every ten seconds cannot exceed it."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await asyncio.sleep(10)
            await response.write(b" ")

    async with listening(drip) as address, HeyGen("k", base_url=address) as heygen:
        start = anyio.current_time()
        with pytest.raises(errors.AttemptTimeoutError, match="no complete answer within 30 s"):
            await heygen.raw("GET", "/x", options=Options(attempts=1))
        assert anyio.current_time() - start == pytest.approx(30, abs=0.1)


async def test_a_post_without_a_key_opens_a_connection() -> None:
    """A POST without a key never uses a kept-alive connection, which the server may have dropped."""
    connections = set()

    async def answer(request: web.Request) -> web.Response:
        connections.add(request.transport.get_extra_info("peername") if request.transport else None)
        return web.json_response({"data": {}})

    async with listening(answer) as address, HeyGen("k", base_url=address) as heygen:
        for _ in range(3):
            await heygen.raw("POST", "/v3/video-agents", body={})
        assert len(connections) == 3
        connections.clear()
        for _ in range(3):
            await heygen.raw("POST", "/v3/videos", body={}, takes_key=True)
        assert len(connections) == 1


async def test_a_key_and_a_name_go_with_every_request() -> None:
    """Every request has the key, the options' headers and a User-Agent with the package's name."""
    seen = []

    async def record(request: web.Request) -> web.Response:
        seen.append(request.headers)
        return web.json_response({"data": {}})

    async with listening(record) as address, HeyGen("the-key", base_url=address) as heygen:
        await heygen.raw("POST", "/v3/videos", body={"a": "é"}, options=Options(headers={"X-Mine": "1"}))
    assert seen[0]["x-api-key"] == "the-key"
    assert seen[0]["User-Agent"].startswith("heygen-async/")
    assert seen[0]["X-Mine"] == "1"
    assert seen[0]["Content-Type"] == "application/json"


async def test_a_refused_connection_is_retried() -> None:
    """A POST whose connection is refused is retried, even without a key, and its error has `spent` "no"."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with HeyGen("k", base_url=f"http://127.0.0.1:{port}", retry=RetryPolicy(attempts=2)) as heygen:
        with pytest.raises(errors.ConnectionFailedError) as caught:
            await heygen.raw("POST", "/v3/videos", body={})
    assert (caught.value.spent, caught.value.attempts) == ("no", 2)


SIGNED = [
    "/v/1280x720.mp4?response-content-disposition=attachment%3B+filename%2A%3DUTF-8%27%27V.mp4%3B&Signature=a~b-c_%2Fd",
    "/a%2Bb/x%28y%29.mp4?sig=a%2Fb%3D%3D&name=UTF-8%27%27x%2A.mp4&t=%7E",
    "/a//b/../c.mp4?x=%e2%82%ac&y=a+b&&z=",
    "/(a),b;c=1/@:$!*'.mp4?a=b/c?d=e;f:@!$'()*,",
    "?X-Amz-Signature=%2f",
]


@attrs.define
class Bytes:
    """A body of three bytes."""

    left: list[bytes] = attrs.field(factory=lambda: [b"abc", b""])

    async def receive(self) -> bytes:
        return self.left.pop(0)

    def close(self) -> None: ...


@pytest.mark.parametrize("rest", SIGNED)
async def test_a_signed_address_is_sent_byte_for_byte(rest: str) -> None:
    """A signature is of the address as it is written; another way to write it does not fit, also after a redirect."""
    seen: list[str] = []

    async def record(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        await request.read()
        if request.path == "/moved":
            raise web.HTTPFound(yarl.URL(f"http://{request.host}{rest}", encoded=True))
        return web.Response()

    async with listening(record) as address, HeyGen("k", base_url=address) as heygen:
        await heygen.transport.put(address + rest, {}, Body(size_bytes=3, open=Bytes))
        for path in (rest, "/moved"):
            async with heygen.transport.download(address + path):
                pass
    sent = rest if rest.startswith("/") else f"/{rest}"
    assert seen == [sent, sent, "/moved", sent]


async def test_a_relative_redirect_is_sent_byte_for_byte() -> None:
    """A redirect may leave out the server."""
    seen: list[str] = []

    async def record(request: web.Request) -> web.StreamResponse:
        seen.append(request.raw_path)
        if request.path == "/moved":
            return web.Response(status=302, headers={"Location": SIGNED[1]})
        return web.Response()

    async with listening(record) as address:
        heygen = HeyGen("k", base_url=address)
        async with heygen, heygen.transport.download(f"{address}/moved"):
            pass
    assert seen == ["/moved", SIGNED[1]]


@pytest.mark.parametrize(
    ("text", "sent"),
    [("/Zoë 1.mp4?a=b c", "/Zo%C3%AB%201.mp4?a=b+c"), ("/a.mp4?x=\r\nHost: evil", "/a.mp4?x=Host:+evil")],
)
async def test_an_address_that_was_never_signed_is_encoded(text: str, sent: str) -> None:
    """Characters that no address has are encoded, and cannot break out of the request line."""
    seen: list[str] = []

    async def record(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        return web.Response()

    async with listening(record) as address:
        heygen = HeyGen("k", base_url=address)
        async with heygen, heygen.transport.download(address + text):
            pass
    assert seen == [sent]


@pytest.mark.parametrize("location", [b"/\xff", b"http://[::bad", b"/a b"])
async def test_a_redirect_to_no_address_is_a_failure_of_the_attempt(location: bytes) -> None:
    """A Location that cannot be followed is an error of this package, which does not quote it."""

    async def redirect(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % location)
        request.transport.close()
        return web.Response()

    async with listening(redirect) as address, HeyGen("k", base_url=address) as heygen:
        with pytest.raises(errors.HeyGenError) as caught:
            async with heygen.transport.download(f"{address}/moved") as opened:
                raise errors.ServerError(f"answered {opened}")
    assert "bad" not in str(caught.value)


async def test_a_list_whose_cursor_does_not_move_ends_in_an_error() -> None:
    """A list whose next_token repeats raises ContractError instead of looping."""

    async def stuck(request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "v", "status": "x"}], "has_more": True, "next_token": "again"})

    async with listening(stuck) as address, HeyGen("k", base_url=address) as heygen:
        with pytest.raises(errors.ContractError, match="the same next_token twice"):
            [video async for video in heygen.videos.list()]


async def test_a_download_that_breaks_is_a_lost_connection(tmp_path: Path) -> None:
    """A broken connection is translated while the download is read; an error of the reader is not."""

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b"x" * 500)
        assert request.transport is not None
        request.transport.close()
        return response

    async with listening(half) as address, HeyGen("k", base_url=address) as heygen:
        with pytest.raises(errors.ConnectionLostError):
            async with heygen.transport.download(f"{address}/file") as opened:
                async for _ in opened.chunks:  # type: ignore[union-attr]  # it is no refusal
                    pass
        with pytest.raises(OSError, match="mine"):
            async with heygen.transport.download(f"{address}/file"):
                raise OSError("mine")

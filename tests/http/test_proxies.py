"""Requests by a proxy: API, uploads and downloads alike, and connections that cannot be trusted."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import anyio
import pytest

from heygen_async import DirectVideo, HeyGen, RetryPolicy, errors
from heygen_async.simulator import Server, World

REFUSES = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"

# The key and the certificate of a server of 127.0.0.1 that has signed it itself; nothing else uses them.
OWN = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMSYA6GSHqeWtr+B+
Snq+AqkXi8gds7ofZKEh3JlZoBShRANCAARpJGGLy9KIjPnHrHpkOFm4ozisW5l5
dLp2TuoVs63XaP3/CdkZl3ITLlWwoUuDf5njvRyFCxTSvnIA7GH6RZSy
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUZguhO4Sgvn6qOFFizF++lQ3JmXEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyOTIxNTgzM1oYDzIxMjYxMTA1
MjE1ODMzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARpJGGLy9KIjPnHrHpkOFm4ozisW5l5dLp2TuoVs63XaP3/CdkZl3IT
LlWwoUuDf5njvRyFCxTSvnIA7GH6RZSyo28wbTAdBgNVHQ4EFgQUbsAyeiInVnnq
Cj/pgP4HT2lix34wHwYDVR0jBBgwFoAUbsAyeiInVnnqCj/pgP4HT2lix34wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDRwAwRAIgMVGzkjP90n4uR0e4mwyCe9umzg70drN8f2SesIBW4lICIFsJ
0DqiqpSMZXSkfsFP43v7UmG0cw+iRpB639Yg0K/l
-----END CERTIFICATE-----
"""


@contextlib.asynccontextmanager
async def proxy(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve as a proxy that gives one answer, and yield its address with the first lines that it was sent."""
    asked: list[bytes] = []

    async def on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(on, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()
        await server.wait_closed()


async def test_requests_and_files_go_by_the_proxy() -> None:
    """The proxy is asked for a tunnel to each server; its refusal is final, and says what to check."""
    async with proxy(REFUSES) as (address, asked), HeyGen("key-of-12345", proxy=address) as heygen:
        with pytest.raises(errors.ConnectionFailedError, match=r"the proxy .* refused the connection \(HTTP 407\)"):
            await heygen.users.me()
        with pytest.raises(errors.HeyGenError):
            async with heygen.transport.download("https://files.example.com/v.mp4"):
                pass
    assert [line.split()[:2] for line in asked] == [
        [b"CONNECT", b"api.heygen.com:443"],
        [b"CONNECT", b"files.example.com:443"],
    ]


async def test_the_environment_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for other programs; a proxy that does not answer is told by its name."""
    async with proxy(REFUSES) as (address, asked):
        monkeypatch.setenv("HTTPS_PROXY", address)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        async with HeyGen("key-of-12345") as heygen:
            with pytest.raises(errors.ConnectionFailedError):
                await heygen.users.me()
        assert len(asked) == 1
    async with HeyGen("key-of-12345", proxy=address, retry=RetryPolicy(attempts=1)) as heygen:
        with pytest.raises(errors.ConnectionFailedError, match=r"no connection to the proxy 127\.0\.0\.1:\d+; check"):
            await heygen.users.me()


async def test_a_session_has_its_own_proxy() -> None:
    """A proxy or certificates beside a session would be ignored, so they are refused."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(errors.InvalidInputError, match="session: has its own proxy"):
            HeyGen("k", session=session, proxy="http://proxy.example.com")


async def test_files_go_over_the_connector_of_a_session(
    server: Server, world: World, hello: DirectVideo, tmp_path: Path
) -> None:
    """Uploads and downloads of a client with a session use its connections, and not its headers."""
    async with (
        aiohttp.ClientSession(headers={"X-Mine": "secret"}) as session,
        HeyGen("simulator-key", base_url=server.base_url, session=session) as heygen,
    ):
        async with heygen.render_many([hello], download_to=tmp_path / "out") as results:
            assert [result.error async for result in results] == [None]
        assert heygen.transport.is_open
        await heygen.aclose()
        assert not session.closed
    assert len(list((tmp_path / "out").iterdir())) == 1


async def test_a_certificate_that_is_not_trusted_is_final(tmp_path: Path) -> None:
    """One line with the server and the mend, and no second attempt."""
    (tmp_path / "own.pem").write_text(OWN)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem")

    async def on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data":{}}')
        writer.close()

    server = await asyncio.start_server(on, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        async with HeyGen("key-of-12345", base_url=f"https://127.0.0.1:{port}") as heygen:
            with pytest.raises(
                errors.ConnectionFailedError, match=r"certificate of 127\.0\.0\.1 .*SSL_CERT_FILE"
            ) as caught:
                await heygen.users.me()
            assert (caught.value.attempts, caught.value.retryable) == (1, False)
            with pytest.raises(errors.ConnectionFailedError):
                async with heygen.render_many([DirectVideo(avatar_id="a", voice_id="v", script="x")]) as results:
                    assert [result async for result in results] == []
            assert anyio.current_time() < 60
        trusting = ssl.create_default_context(cafile=tmp_path / "own.pem")
        async with HeyGen("key-of-12345", base_url=f"https://127.0.0.1:{port}", ssl=trusting) as heygen:
            assert await heygen.raw("GET", "/v3/users/me") == {"data": {}}
    finally:
        server.close()
        await server.wait_closed()

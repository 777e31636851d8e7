"""Errors of aiohttp, yarl and Python never leave the client: mistakes of the caller and of HeyGen are told as such."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from heygen_async import DirectVideo, HeyGen, Options, RetryPolicy, VideoAgent, errors
from heygen_async.api.requests.stored import StoredRequest, body_of
from heygen_async.bulk.journal.journal import Journal
from heygen_async.http.bodies import Body
from heygen_async.http.downloads import Download
from heygen_async.simulator import Server, World

HALF = "\ud800"
ONCE = RetryPolicy(attempts=1, patience=0)
LONG_HOST = "https://" + "a" * 300 + ".com/film.mp4"

UNUSABLE_ADDRESSES = [
    "//host/film.mp4",
    "film.mp4",
    "",
    "http://",
    "https://[::1",
    LONG_HOST,
    "https://a..b/film.mp4",
    "http://127.0.0.1:99999/film.mp4",
    "http://127.0.0.1:port/film.mp4",
    f"https://{HALF}.com/film.mp4",
    "https://℀.com/film.mp4",
    "http://host\r\nX: y/film.mp4",
    "ftp://host/film.mp4",
    "file:///film.mp4",
]


def number(value: object) -> str:
    return ascii(value)[:40]


# Mistakes of the caller


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda h: h.raw("GET", f"/v3/{HALF}"), r"\\ud800.*control characters or halves of characters"),
        (lambda h: h.raw("GET", "/v3/\x00"), "control characters"),
        (lambda h: h.raw("GET", "/v3/\r\nX: y"), "control characters"),
        (lambda h: h.raw("G T", "/v3/users/me"), "method 'G T': must be a word"),
        (lambda h: h.raw("", "/v3/users/me"), "method '': must be a word"),
        (lambda h: h.raw("GET", "/v3/users/me", query={"a": HALF}), "surrogates not allowed"),
        (lambda h: h.raw("GET", "/v3/users/me", query={HALF: "a"}), "surrogates not allowed"),
        (lambda h: h.raw("GET", "/v3/users/me", query={"a": None}), "value should be str, int or float"),
        (lambda h: h.raw("GET", "/v3/users/me", query={"a": float("nan")}), "not supported"),
        (lambda h: h.raw("GET", "/v3/users/me", query={1: "a"}), "keys should be"),
        (lambda h: h.raw("GET", "/v3/users/me", query=7), "no attribute 'items'"),
        (lambda h: h.raw("POST", "/v3/videos", body={"script": HALF}), "surrogates not allowed"),
        (lambda h: h.videos.create(StoredRequest(kind="avatar", text=f'{{"script": "{HALF}"}}')), "half a character"),
        (lambda h: h.videos.create(DirectVideo(avatar_id="a", voice_id="v", script=HALF)), "half a character"),
        (lambda h: h.videos.create(DirectVideo(avatar_id="a", voice_id="v", script="a", title=HALF)), "half a"),
        (lambda h: h.video_agents.create(VideoAgent(prompt=HALF)), "half a character"),
        (lambda h: h.video_agents.reply("s", HALF), "half a character"),
        (lambda h: h.videos.get(HALF), "must be letters, digits"),
        (lambda h: h.videos.get(7), "id 7: must be letters, digits"),
        (lambda h: h.videos.statuses([HALF]), "must be letters, digits"),
        (lambda h: anext(h.videos.list(title=HALF).pages()), "surrogates not allowed"),
        (lambda h: h.assets.upload("\0.png"), "there is no such file"),
        (lambda h: h.assets.upload(f"{HALF}.png"), "there is no such file"),
    ],
)
async def test_a_mistake_of_the_caller_is_told_before_anything_is_sent(
    heygen: HeyGen, world: World, call: Callable[[HeyGen], Awaitable[Any]], reason: str
) -> None:
    """What cannot be written into a request is an InvalidInputError with the value and the reason; it costs nothing."""
    with pytest.raises(errors.InvalidInputError, match=reason) as caught:
        await call(heygen)
    assert caught.value.spent == "no"
    str(caught.value).encode()  # it can be printed
    assert world.requests == []


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"X": HALF}, "the value of X"),
        ({"X": "a\nY: b"}, "the value of X"),
        ({"X": "\0"}, "the value of X"),
        ({"X": 7}, "the value of X"),
        ({"X": None}, "the value of X"),
        ({"X y": "a"}, "the name 'X y'"),
        ({HALF: "a"}, r"the name '\\ud800'"),
        ({"": "a"}, "the name ''"),
        ({7: "a"}, "the name 7"),
        ({"Content-Length": "3"}, "Content-Length; leave it out"),
        ({"transfer-encoding": "chunked"}, "transfer-encoding; leave it out"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused(headers: Any, reason: str) -> None:
    """A header is refused where it is given, by its name: its value may be a password."""
    with pytest.raises(errors.InvalidInputError, match=reason) as caught:
        Options(headers=headers)
    assert "Y: b" not in caught.value.message
    assert Options(headers={"X-Name": "Zoë\t1"}).headers == {"X-Name": "Zoë\t1"}


@pytest.mark.parametrize("key", [HALF, "", "a b", "x" * 256, "ü", 7])
def test_a_key_that_heygen_would_refuse_is_refused(key: Any) -> None:
    """A key of other characters, or of another type, is refused."""
    with pytest.raises(errors.InvalidInputError, match="idempotency_key"):
        Options(idempotency_key=key)


@pytest.mark.parametrize("text", ["not json", "", "[]", "7"])
def test_a_stored_request_is_a_json_object(text: str) -> None:
    """A stored text that is no object is told as such when it is read."""
    with pytest.raises(errors.InvalidInputError, match=r"StoredRequest\.text: .*must be a JSON object"):
        body_of(StoredRequest(kind="avatar", text=text))


@pytest.mark.parametrize(
    "base_url",
    [
        *(url for url in UNUSABLE_ADDRESSES if url),
        HALF,
        f"http://x/{HALF}",
        "http://x\0y",
        "http://x y",
        7,
    ],
    ids=number,
)
def test_an_address_that_cannot_be_the_api_s_is_refused(base_url: Any) -> None:
    """A base_url with too long a host, a port out of range or other faults is refused when the client is made."""
    with pytest.raises(errors.InvalidInputError, match=r"base_url .*must be an http"):
        HeyGen("k", base_url=base_url)


@pytest.mark.parametrize("name", ["\0", HALF])
def test_a_journal_whose_name_no_disk_has_is_a_journal_error(tmp_path: Path, name: str) -> None:
    """A path with NUL or half a character is an error of the journal."""
    with pytest.raises(errors.JournalError, match=r"null byte|surrogates not allowed"):
        Journal(tmp_path / f"{name}.db", create=True)


async def test_a_file_name_in_another_encoding_is_uploaded(heygen: HeyGen, tmp_path: Path) -> None:
    """A file whose name is no UTF-8 is uploaded under a name that HeyGen can read."""
    path = os.fsencode(tmp_path) + b"/\xff.png"
    with open(path, "wb") as file:  # noqa: PTH123 - a path of bytes
        file.write(b"\x89PNG\r\n\x1a\n" + bytes(100))
    uploaded = await heygen.assets.upload(os.fsdecode(path))
    uploaded.filename.encode()


# Sessions of the caller


async def test_a_session_that_raises_for_statuses_hides_no_refusal(server: Server, world: World) -> None:
    """With `raise_for_status`, too, an error has HeyGen's code; a refused video is not taken for a lost one."""
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        heygen = HeyGen("simulator-key", base_url=server.base_url, session=session, retry=ONCE)
        with pytest.raises(errors.BadRequestError) as caught:
            await heygen.raw("POST", "/v3/videos", body={"type": "avatar"}, takes_key=True)
    assert (caught.value.spent, caught.value.code) == ("no", "invalid_parameter")


async def test_a_closed_session_is_told(server: Server, world: World) -> None:
    """A session that was closed is an InvalidInputError; nothing is sent."""
    async with aiohttp.ClientSession() as session:
        heygen = HeyGen("simulator-key", base_url=server.base_url, session=session)
    with pytest.raises(errors.InvalidInputError, match="session: is closed"):
        await heygen.users.me()
    assert world.requests == []


async def test_a_session_s_headers_are_checked(server: Server) -> None:
    """A session with a header that cannot be sent is refused when the client is made."""
    async with aiohttp.ClientSession(headers={"X": "a\nb"}) as session:
        with pytest.raises(errors.InvalidInputError, match=r"session\.headers: the value of X"):
            HeyGen("simulator-key", base_url=server.base_url, session=session)


async def test_other_errors_of_a_session_are_lost_connections(server: Server) -> None:
    """What aiohttp refuses for reasons of its own, such as two credentials, is a connection error with its text."""
    async with aiohttp.ClientSession() as session:
        session._default_auth = aiohttp.BasicAuth._make(("a", "b", "latin1"))  # the argument is deprecated
        heygen = HeyGen(bearer_token="simulator-key", base_url=server.base_url, session=session, retry=ONCE)
        with pytest.raises(errors.ConnectionLostError, match="AUTHORIZATION"):
            await heygen.users.me()


# Addresses and answers of HeyGen


class Source:
    """A source of three bytes."""

    def __init__(self) -> None:
        self.chunks = [b"abc", b""]

    async def receive(self) -> bytes:
        return self.chunks.pop(0)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("url", UNUSABLE_ADDRESSES, ids=number)
async def test_an_address_of_heygen_s_that_cannot_be_opened_is_a_contract_error(heygen: HeyGen, url: str) -> None:
    """An unusable address, of a film or of an upload, is an error of HeyGen's answer that does not quote it."""
    with pytest.raises(errors.ContractError, match="address that HeyGen gives") as caught:
        async with heygen.transport.download(url):
            pass
    assert "host" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(errors.ContractError, match="PUT to the storage: the address that HeyGen gives"):
        await heygen.transport.put(url, {}, Body(size_bytes=3, open=Source))


@asynccontextmanager
async def answering(raw: bytes) -> AsyncIterator[str]:
    """Answer every request with *raw* bytes, and yield the address."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("to", [LONG_HOST, "//", "http://[::1", "http://x:99999/", "https://a..b/", "ftp://x/"])
async def test_a_redirect_of_a_film_to_no_address_is_an_error(heygen: HeyGen, to: str) -> None:
    """A redirect that leads to an unusable address is told like an unusable address."""
    raw = f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
    async with answering(raw.encode()) as address:
        with pytest.raises((errors.ContractError, errors.ConnectionLostError)):
            async with heygen.transport.download(address):
                pass


OK = b"HTTP/1.1 200 OK\r\n"
ODD_ANSWERS = {
    "no HTTP": b"{}\r\n\r\n",
    "a status of no number": b"HTTP/1.1 abc OK\r\n\r\n",
    "a length of no number": OK + b"Content-Length: x\r\n\r\n{}",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a chunk of no length": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a long header": OK + b"X: " + b"a" * 20_000 + b"\r\n\r\n{}",
    "no gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "an unknown compression": OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in a header": OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "bytes in a header": b"HTTP/1.1 500 Odd\r\nX-Request-Id: \xff\r\nRetry-After: \xff\r\nContent-Length: 2\r\n\r\n{}",
    "a long range": b"HTTP/1.1 206 OK\r\nContent-Range: bytes " + b"9" * 5000 + b"-1/2\r\nContent-Length: 2\r\n\r\n{}",
    "an impossible date": OK
    + b"Last-Modified: Fri, 31 Dec 9999 23:59:59 -2359\r\nDate: Mon, 01 Jan 0001 00:00:00 +2359\r\n"
    + b"Content-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("raw", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
async def test_no_bytes_of_a_server_raise_a_foreign_error(raw: bytes) -> None:
    """Whatever bytes come back, the client, its downloads and its uploads give a value or an error of this package."""
    async with answering(raw) as address, HeyGen("k", base_url=address, retry=ONCE) as heygen:

        async def download() -> None:
            async with heygen.transport.download(address) as opened:
                if isinstance(opened, Download):
                    assert [chunk async for chunk in opened.chunks]

        attempts: list[Awaitable[object]] = [
            heygen.raw("GET", "/v3/users/me"),
            download(),
            heygen.transport.put(address, {}, Body(size_bytes=3, open=Source)),
        ]
        for attempt in attempts:
            try:
                await attempt
            except errors.HeyGenError as exc:
                str(exc).encode()

"""The wire between client and simulator, without sockets: an exchange is a call, in a task of the server's own.

What the server has begun it ends, also if the client has gone. A client that has died hears nothing and sends nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import aiohttp
import anyio
import attrs
from multidict import CIMultiDict

from heygen_async import HeyGen
from heygen_async.errors import AttemptTimeoutError, ConnectionFailedError, ConnectionLostError
from heygen_async.http.call import Request
from heygen_async.http.downloads import DOWNLOAD_SECONDS, Download, download_of
from heygen_async.http.wire import Answer
from heygen_async.simulator.exchange import Outcome, exchange
from heygen_async.simulator.http.incoming import IncomingRequest
from heygen_async.simulator.http.replies import Reply
from tests.explore.clock import NightWorld
from tests.explore.faults import Dripped, Network, texts_of

ORIGIN = "http://127.0.0.1:9"
KEY = "simulator-key"
ONE_WAY_SECONDS = 0.04
PIECES, PIECE_SECONDS = 4, 0.01  # in which a file comes

OnRequest = Callable[[str, str, list[str]], None]  # method, path, texts of the renders that are asked for


def _ignore(*_: Any) -> None: ...


@attrs.define(kw_only=True, eq=False)
class Wire:
    """The way of one client process to the simulator.

    Attributes:
        world: The account.
        network: Trouble between the two.
        on_request: Called when a request leaves the client.
        on_answer: Called when the server has done a request, before its answer leaves.
        on_lost: Called with the texts of a POST whose answer told nothing.
        on_address: Called with each address that gets the key, and each that must not get it.
        is_dead: True if the process has died.
        died_by: Reason, in words.
        under_way: Number of requests that have left the client and were not served yet.
    """

    world: NightWorld
    network: Network
    on_request: OnRequest = _ignore
    on_answer: OnRequest = _ignore
    on_lost: Callable[[list[str]], None] = _ignore
    on_address: Callable[[str, str], None] = _ignore
    is_dead: bool = False
    died_by: str = ""
    under_way: int = 0
    _address_of: Callable[[Request], Any] = attrs.field(default=None, init=False)
    _tasks: set[asyncio.Task[Any]] = attrs.field(factory=set)

    def connect(self, client: HeyGen) -> None:
        """Let *client* send through this wire."""
        transport: Any = client.transport
        self._address_of = transport._url
        transport.exchange, transport.download = self.exchange, self.download

    async def exchange(self, request: Request) -> Answer:
        """Do what `Transport.exchange` does."""
        method, body = request.method, request.body if isinstance(request.body, bytes) else b""
        texts = texts_of(body) if method == "POST" else []
        self.on_address("with the key", str(self._address_of(request)))
        await self._leave(method, request.path, texts)
        incoming = IncomingRequest(
            method=method,
            path=request.path,
            query=tuple((name, str(value)) for name, value in (request.query or {}).items()),
            headers={
                "x-api-key": KEY,
                **({"content-type": "application/json"} if body else {}),
                **{name.lower(): value for name, value in request.headers.items()},
            },
            body=body,
            origin=ORIGIN,
        )
        answered, hears = False, [self]
        try:
            with anyio.move_on_after(request.timeout):
                outcome = await self._served(incoming, texts, hears)
                if isinstance(outcome, Dripped):
                    await anyio.sleep(outcome.seconds)
                if outcome.reply is None or outcome.truncated:
                    raise ConnectionLostError(f"{request}: the connection broke")
                answered = _tells(outcome)
                headers: Mapping[str, str] = CIMultiDict(outcome.reply.headers)
                return Answer(status=outcome.reply.status, headers=headers, body=_unpacked(request, outcome.reply))
        finally:
            hears.clear()
            if texts and not answered:
                self.on_lost(texts)
        raise AttemptTimeoutError(f"{request}: no complete answer within {request.timeout:g} s")

    @contextlib.asynccontextmanager
    async def download(
        self,
        url: str,
        *,
        start: int = 0,
        tag: str | None = None,
        timeout: float = DOWNLOAD_SECONDS,
    ) -> AsyncIterator[Download | Answer]:
        """Do what `Transport.download` does."""
        self.on_address("without it", url)
        if not url.startswith(f"{ORIGIN}/"):
            raise ConnectionFailedError("download: no such host")
        path, _, query = url.removeprefix(ORIGIN).partition("?")
        await self._leave("GET", path, [])
        pairs = tuple(tuple(pair.split("=", 1)) for pair in query.split("&") if pair)
        headers = {"range": f"bytes={start}-", "if-range": tag} if start and tag else {}
        incoming = IncomingRequest(
            method="GET",
            path=path,
            query=pairs,  # type: ignore[arg-type]  # pairs of two
            headers=headers,
            body=b"",
            origin=ORIGIN,
        )
        with anyio.fail_after(timeout):
            outcome = await self._served(incoming, [], [])
        if outcome.reply is None:
            raise ConnectionLostError("download: the connection broke")
        reply = outcome.reply
        if reply.status not in {200, 206}:
            yield Answer(status=reply.status, headers=CIMultiDict(reply.headers), body=reply.body)
            return
        pause = outcome.seconds / PIECES if isinstance(outcome, Dripped) else 0.0
        response: Any = _Response(
            reply.status, CIMultiDict(reply.headers), reply.body, is_cut=outcome.truncated, pause=PIECE_SECONDS + pause
        )
        yield download_of(response, timeout, tag if start else None)

    async def _leave(self, method: str, path: str, texts: list[str]) -> None:
        self.on_request(method, path, texts)
        await self._while_alive()
        self.under_way += 1
        try:
            await anyio.sleep(ONE_WAY_SECONDS)
        finally:
            self.under_way -= 1
        if self.network.is_down(self.world):
            raise ConnectionFailedError(f"{method} {path}: no connection: the network is down")

    async def _served(self, incoming: IncomingRequest, texts: list[str], hears: list[Wire]) -> Outcome:
        """Have a request served in a task of the server, and wait for the answer while somebody *hears* it."""
        task = asyncio.get_running_loop().create_task(self._serve(incoming, texts, hears))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait([task])
        await self._while_alive()
        await anyio.sleep(ONE_WAY_SECONDS)
        return task.result()

    async def _serve(self, incoming: IncomingRequest, texts: list[str], hears: list[Wire]) -> Outcome:
        shown = texts_of(incoming.body, listed=True) if texts else []
        self.under_way += 1
        self.network.on_the_way.update(shown)
        try:
            outcome = await self.network.pass_on(self.world, incoming, exchange)
        finally:
            self.under_way -= 1
            self.network.on_the_way.subtract(shown)
        if shown and not hears and not _tells(outcome):
            self.on_lost(shown)
        self.on_answer(incoming.method, incoming.path, texts)
        return outcome

    async def _while_alive(self) -> None:
        if self.is_dead:
            await anyio.sleep_forever()


def _unpacked(request: Request, reply: Reply) -> bytes:
    """Unpack a body, as aiohttp does."""
    if reply.headers.get("Content-Encoding") != "gzip":
        return reply.body
    try:
        return gzip.decompress(reply.body)
    except (OSError, EOFError):
        raise ConnectionLostError(f"{request}: the connection broke: the body cannot be unpacked") from None


def _tells(outcome: Outcome) -> bool:
    """Return True if an answer to a POST tells what became of it."""
    if outcome.reply is None:
        return False
    try:
        answer = json.loads(outcome.reply.body)
    except ValueError:
        return False
    if not isinstance(answer, dict) or outcome.reply.status >= 500:
        return False
    data = answer.get("data")
    accepted = isinstance(data, dict) and any(
        isinstance(data.get(f"{one}_id"), str) for one in ("video", "session", "batch")
    )
    error = answer.get("error")
    return accepted or (isinstance(error, dict) and error.get("code") != "request_in_progress")


@attrs.define
class _Response:
    """The part of aiohttp's response that a download reads."""

    status: int
    headers: CIMultiDict[str]
    body: bytes
    is_cut: bool = attrs.field(kw_only=True)
    pause: float = attrs.field(kw_only=True)
    _read: int = 0
    _broken: bool = False

    @property
    def content_length(self) -> int:
        return len(self.body)

    @property
    def content(self) -> _Response:
        return self

    async def read(self, size: int) -> bytes:
        await anyio.sleep(self.pause)
        end = len(self.body) // 2 if self.is_cut else len(self.body)
        if self.is_cut and self._read >= end:
            raise aiohttp.ClientPayloadError("cut")
        piece = min(size, len(self.body) // PIECES + 1)
        chunk = self.body[self._read : min(end, self._read + piece)]
        self._read += len(chunk)
        return chunk

    def set_exception(self, _: object) -> None: ...

    def read_nowait(self) -> bytes:
        return b""

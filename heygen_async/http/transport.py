"""One HTTP exchange over aiohttp. Errors of aiohttp are translated here, by `http/aiohttp_errors.py`."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from ssl import SSLContext
from typing import Any, TypeAlias

import aiohttp
import anyio
import yarl

from heygen_async.account.base_url import checked_base_url
from heygen_async.account.headers import check_headers, user_agent
from heygen_async.account.proxy import Proxies
from heygen_async.account.redaction import Redaction
from heygen_async.errors import AttemptTimeoutError, HeyGenError, InvalidInputError
from heygen_async.http.aiohttp_errors import FOREIGN, NO_SECRETS, translated, translation, without_context
from heygen_async.http.bodies import ANSWER_SECONDS, STALL_SECONDS, Body, BodyStream
from heygen_async.http.call import Request
from heygen_async.http.downloads import (
    DOWNLOAD_SECONDS,
    Download,
    StreamedAnswer,
    chunks_of,
    download_of,
    read_body,
    signed_address,
)
from heygen_async.http.wire import Answer
from heygen_async.per_loop import PerLoop

CONNECT_SECONDS = 10.0
_FILE_STATUSES = frozenset({200, 206})
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # aiohttp adds these; they are not signed

Opening: TypeAlias = contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]

_Sessions = dict[str, aiohttp.ClientSession]  # by their use

_IN_PATHS = re.compile("[^\x00-\x1f\x7f\ud800-\udfff]*")


class Transport:
    """HTTP sessions to one origin, with credentials. A session is opened when it is first used.

    Each event loop has sessions of its own, closed by `aclose` or when it ends: connections cannot change loops.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Mapping[str, str],
        session: aiohttp.ClientSession | None = None,
        *,
        proxy: str | None = None,
        ssl: SSLContext | None = None,
    ) -> None:
        """Send to *base_url* with *credentials* (headers), by *proxy*, else by that of the environment.

        A given *session* is never closed here; files go over its connector, without its headers.
        """
        if session is not None and (proxy is not None or ssl is not None):
            raise InvalidInputError("session: has its own proxy and certificates; leave out proxy and ssl")
        self.base_url: yarl.URL = checked_base_url(base_url)
        self._origin = str(self.base_url)
        self._headers = {"User-Agent": user_agent(), **credentials}
        self._redaction = Redaction.of(self._headers)
        if session is not None:
            check_headers("session.headers", session.headers)
        self._given = session
        self._ssl = ssl
        self.proxies: Proxies = Proxies(proxy)
        self._loop: asyncio.AbstractEventLoop | None = None  # of the given session
        self._sessions: PerLoop[_Sessions] = PerLoop(dict, _close)

    async def exchange(self, request: Request) -> Answer:
        """Send *request* once and return its answer, of any status, read to its end.

        Raises:
            ConnectionFailedError: The request was not sent.
            ConnectionLostError: The request was sent; the answer is missing or not complete.
            AttemptTimeoutError: The request was sent; the answer took too long.
        """
        headers, redaction = self._headers_of(request)
        with without_context():
            return await self._send(request, headers, redaction)

    def _headers_of(self, request: Request) -> tuple[Mapping[str, str], Redaction]:
        """Return the headers of *request*, and the redaction of the secrets among them."""
        if self._given is None and not request.headers:
            return self._headers, self._redaction
        headers = {**self._headers, **request.headers}
        return headers, Redaction.of(headers if self._given is None else {**self._given.headers, **headers})

    async def _send(self, request: Request, headers: Mapping[str, str], redaction: Redaction) -> Answer:
        if isinstance(request.body, Body):
            headers = {**headers, "Content-Length": str(request.body.size_bytes)}
            with _streaming(str(request), request.body, request.timeout, redaction) as stream:
                return await self._exchange(request, stream, headers, redaction)
            raise _too_slow(str(request))
        with translated(str(request), request.timeout, redaction):
            return await self._exchange(request, request.body, headers, redaction)

    async def _exchange(
        self, request: Request, data: bytes | BodyStream | None, headers: Mapping[str, str], redaction: Redaction
    ) -> Answer:
        async with await self._ask(request, data, headers, _total_timeout(request.timeout)) as response:
            body = redaction.body(await read_body(response))
            return Answer(status=response.status, headers=redaction.headers(response.headers), body=body)

    async def _ask(
        self, request: Request, data: Any, headers: Mapping[str, str], limits: aiohttp.ClientTimeout
    ) -> Opening:
        url = self._url(request)
        session = await self._session(fresh=request.fresh)
        return session.request(
            request.method,
            url,
            data=data,
            proxy=self._proxy(url),
            headers=headers,
            timeout=limits,
            allow_redirects=False,  # a redirect could carry the key to another host
            raise_for_status=False,  # whatever a given session is set to: the answer tells why HeyGen refused
        )

    async def put(self, url: str, headers: Mapping[str, str], body: Body) -> Answer:
        """PUT *body* to *url* with *headers* and no others: no credentials, not even a User-Agent.

        The time is not limited as long as bytes go out.

        Args:
            url: A presigned address; it is not logged, and no error quotes it.
            headers: The signed headers.
            body: The file.

        Raises:
            ConnectionFailedError: The request was not sent.
            ConnectionLostError: The connection broke before the answer.
            AttemptTimeoutError: No bytes went out for a minute, or no answer came within two minutes of the last.
        """
        length = {} if "content-length" in map(str.lower, headers) else {"Content-Length": str(body.size_bytes)}
        # A new connection: a kept-alive one may be dead, and a large body would have to be sent again.
        session = await self._open("put", force_close=True)
        with without_context(), _streaming("PUT to the storage", body, CONNECT_SECONDS, quoted=False) as stream:
            address = signed_address(url)
            async with session.put(
                address,
                data=stream,
                proxy=self._proxy(address),
                headers={**headers, **length},
                skip_auto_headers=_AUTOMATIC,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                allow_redirects=False,
            ) as response:
                return Answer(status=response.status, headers=response.headers, body=await read_body(response))
        raise _too_slow("PUT to the storage")

    @contextlib.asynccontextmanager
    async def download(
        self,
        url: str,
        *,
        start: int = 0,
        tag: str | None = None,
        timeout: float = DOWNLOAD_SECONDS,  # noqa: ASYNC109 - per read
    ) -> AsyncIterator[Download | Answer]:
        """Open *url* without credentials: a `Download`, or the `Answer` that refused it.

        Args:
            url: A presigned address; it is not logged.
            start: Number of bytes that you have already: only the rest is requested, if *tag* still matches the file.
            tag: `Download.tag` of those bytes.
            timeout: Seconds without a byte, or with less than `LEAST_BYTES_PER_SECOND`, before the attempt ends.
        """
        headers = {"User-Agent": self._headers["User-Agent"], "Accept-Encoding": "identity"}
        if start and tag and tag.isprintable():  # a tag that is no UTF-8 cannot be sent back
            headers |= {"Range": f"bytes={start}-", "If-Range": tag}
        async with contextlib.AsyncExitStack() as stack:
            with translated("download", timeout, theirs=True), anyio.fail_after(timeout):
                address = signed_address(url)
                session = await self._open("bare", force_close=False)
                response = await stack.enter_async_context(
                    session.get(address, headers=headers, timeout=_read_timeout(timeout), proxy=self._proxy(address))
                )
                refused = None if response.status in _FILE_STATUSES else await read_body(response)
            if refused is None:
                yield download_of(response, timeout, tag if start else None)
            else:
                yield Answer(status=response.status, headers=response.headers, body=refused)

    @contextlib.asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Answer]:
        """Send *request* once and yield its answer: a `StreamedAnswer` while it comes, or the whole one that refused.

        The request's timeout is for each wait for bytes. Raises as `exchange` does.
        """
        headers, redaction = self._headers_of(request)
        async with contextlib.AsyncExitStack() as stack:
            with translated(str(request), request.timeout, redaction), anyio.fail_after(request.timeout):
                timeout = _read_timeout(request.timeout)
                response = await stack.enter_async_context(await self._ask(request, request.body, headers, timeout))
                refused = None if response.ok else redaction.body(await read_body(response))
            found = redaction.headers(response.headers)
            if refused is None:
                yield StreamedAnswer(
                    status=response.status, headers=found, body=b"", chunks=chunks_of(response, request.timeout)
                )
            else:
                yield Answer(status=response.status, headers=found, body=refused)

    @property
    def is_open(self) -> bool:
        """True if this transport has opened sessions that `aclose` must close."""
        return self._sessions.is_open

    async def aclose(self) -> None:
        """Close the sessions that this transport opened in the running event loop."""
        await self._sessions.aclose()

    def _url(self, request: Request) -> yarl.URL:
        if not request.path.startswith("/") or request.path.startswith("//"):
            raise InvalidInputError(
                f"path {request.path!r}: must begin with one slash; the API key goes to {self.base_url} only"
            )
        try:
            for text in itertools.chain(*(request.query or {}).items()):
                str(text).encode()
            if not _IN_PATHS.fullmatch(request.path):
                raise ValueError("the path has control characters or halves of characters")  # noqa: TRY301
            url = _address(self._origin + request.path)
            return url.update_query(request.query) if request.query else url
        except (AttributeError, TypeError, ValueError) as exc:  # yarl leaves halves of characters out without a word
            raise InvalidInputError(f"{request.method} {request.path!r:.200}: no address can be made: {exc}") from exc

    async def _session(self, *, fresh: bool) -> aiohttp.ClientSession:
        if self._given is not None:
            return self._check_given(self._given)
        return await self._open("fresh" if fresh else "kept", force_close=fresh)

    def _check_given(self, session: aiohttp.ClientSession) -> aiohttp.ClientSession:
        if session.closed:
            raise InvalidInputError("session: is closed; give one that stays open as long as the client is used")
        self._loop = self._loop or asyncio.get_running_loop()
        if self._loop is not asyncio.get_running_loop():
            raise InvalidInputError("session: belongs to another event loop; without one, each loop has its own")
        return session

    def _proxy(self, url: yarl.URL) -> yarl.URL | None:
        """Return the proxy of a request; a given session knows its own."""
        return None if self._given is not None else self.proxies.of(url)

    async def _open(self, name: str, *, force_close: bool) -> aiohttp.ClientSession:
        sessions = await self._sessions.get()
        if name not in sessions:
            shared = None if self._given is None else self._check_given(self._given).connector
            # No limit: render slots and the pacer bound the requests, and a wait here would count as a timeout.
            own = None if shared else aiohttp.TCPConnector(limit=0, force_close=force_close, ssl=self._ssl or True)
            sessions[name] = aiohttp.ClientSession(
                connector=shared or own,
                connector_owner=shared is None,
                cookie_jar=aiohttp.DummyCookieJar(),
                requote_redirect_url=False,  # a redirect to a presigned address
            )
        return sessions[name]


async def _close(sessions: _Sessions) -> None:
    for session in sessions.values():
        await session.close()


@functools.lru_cache(maxsize=64)  # of the few paths without an id, which a bulk run asks for again and again
def _address(text: str) -> yarl.URL:
    return yarl.URL(text)


@functools.lru_cache(maxsize=64)
def _total_timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Return a limit on the whole exchange. Without a limit of connections no request waits for one."""
    return aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)


def _read_timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=seconds)


@contextlib.contextmanager
def _streaming(
    subject: str, body: Body, seconds: float, redaction: Redaction = NO_SECRETS, *, quoted: bool = True
) -> Iterator[BodyStream]:
    """Stream *body* inside the block. An error of its source is raised as it is.

    The block returns the answer. If the code after the block is reached, the stream stalled and was cancelled.
    """
    with anyio.CancelScope() as scope:
        stream = BodyStream(body, scope)
        try:
            yield stream
        except FOREIGN as exc:
            if stream.error is not None:
                raise stream.error from None
            if isinstance(exc, HeyGenError):
                raise
            error = translation(exc, subject, seconds, redaction, quoted=quoted, theirs=not quoted)
            raise error from error.__cause__
        finally:
            stream.close()


def _too_slow(subject: str) -> HeyGenError:
    return AttemptTimeoutError(
        f"{subject}: for {STALL_SECONDS:g} s no bytes went out, or no answer came {ANSWER_SECONDS:g} s after the last"
    )

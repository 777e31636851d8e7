"""One HTTP exchange over aiohttp. Foreign errors are translated here and nowhere else."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib.metadata import version

import aiohttp
import anyio
import attrs
import yarl

from heygen_async.errors import (
    AttemptTimeoutError,
    ConnectionFailedError,
    ConnectionLostError,
    HeyGenError,
    InvalidInputError,
)
from heygen_async.wire import Answer

CONNECT_SECONDS = 10.0
_ERROR_BODY_BYTES = 256 * 1024  # of an error page, this much is read; the rest tells nobody anything
_CHUNK_BYTES = 256 * 1024

# aiohttp raises these before a byte of the request has left; DNS and TLS failures are among them.
_NOTHING_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@attrs.frozen(kw_only=True)
class Request:
    """What is sent.

    Attributes:
        method: GET, POST, ...
        path: Below the base URL, beginning with a slash.
        query: Parameters to be encoded.
        body: The bytes, or None.
        headers: On top of the credentials and the User-Agent.
        timeout: Seconds for this attempt, body included.
        fresh: Use a connection of its own. A kept-alive one that the server has dropped leaves unknown
            whether a POST was executed; a fresh one does not.
    """

    method: str
    path: str
    query: Mapping[str, str | int] | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    timeout: float = 30.0
    fresh: bool = False

    def __str__(self) -> str:
        """Method and path, for messages; never the body, which holds people's names."""
        return f"{self.method} {self.path}"


@attrs.frozen(kw_only=True)
class Download:
    """An opened file: its size in bytes (None if not told) and its chunks."""

    size_bytes: int | None
    chunks: AsyncIterator[bytes]


class Transport:
    """Sessions, credentials and one origin. Sessions are opened in the loop that first uses them."""

    def __init__(
        self, base_url: str, credentials: Mapping[str, str], session: aiohttp.ClientSession | None = None
    ) -> None:
        """Send to *base_url* with *credentials* (headers); a *session* that is given is never closed here."""
        self.base_url = _origin(base_url)
        self.credentials = credentials
        self._headers = {"User-Agent": f"heygen-async/{version('heygen-async')}", **credentials}
        self._given = session
        self._opened: dict[str, aiohttp.ClientSession] = {}

    async def exchange(self, request: Request) -> Answer:
        """Send *request* once and read its answer whole, whatever its status.

        Raises:
            ConnectionFailedError: Nothing was sent.
            ConnectionLostError: It was sent; the answer did not arrive whole.
            AttemptTimeoutError: It was sent; the answer took too long.
        """
        try:
            async with self._session(fresh=request.fresh).request(
                request.method,
                self._url(request),
                data=request.body,
                headers={**self._headers, **request.headers} if request.headers else self._headers,
                timeout=_whole(request.timeout),
                allow_redirects=False,  # a redirect could carry the key to another host
            ) as response:
                body = await _read(response)
                return Answer(status=response.status, headers=response.headers, body=body)
        except (aiohttp.ClientError, OSError) as exc:  # TimeoutError is an OSError
            raise _translation(exc, str(request), request.timeout) from exc

    @contextlib.asynccontextmanager
    async def download(self, url: str, *, timeout: float = 600.0) -> AsyncIterator[Download | Answer]:  # noqa: ASYNC109 - per read
        """Open *url* without credentials: a `Download`, or the `Answer` that refused it.

        Args:
            url: A presigned address; it is not logged.
            timeout: Seconds without a byte before it counts as lost.
        """
        async with contextlib.AsyncExitStack() as stack:
            with _translated("download", timeout):
                response = await stack.enter_async_context(self._bare().get(url, timeout=_timeout(timeout)))
                refused = None if response.status == 200 else await _read(response)  # noqa: PLR2004 - HTTP's OK
            if refused is None:
                yield Download(size_bytes=response.content_length, chunks=_chunks(response, timeout))
            else:
                yield Answer(status=response.status, headers=response.headers, body=refused)

    @property
    def is_open(self) -> bool:
        """Whether there are connections of its own to close."""
        return bool(self._opened)

    async def aclose(self) -> None:
        """Close what was opened here."""
        opened, self._opened = self._opened, {}
        with anyio.CancelScope(shield=True):
            for session in opened.values():
                await session.close()

    def _url(self, request: Request) -> yarl.URL:
        if not request.path.startswith("/") or request.path.startswith("//"):
            raise InvalidInputError(
                f"path {request.path!r}: must begin with one slash; the API key goes to {self.base_url} only"
            )
        url = yarl.URL(str(self.base_url) + request.path)
        return url.update_query(request.query) if request.query else url

    def _session(self, *, fresh: bool) -> aiohttp.ClientSession:
        if self._given is not None:
            return self._given
        return self._open("fresh" if fresh else "kept", force_close=fresh)

    def _bare(self) -> aiohttp.ClientSession:
        return self._open("bare", force_close=False)

    def _open(self, name: str, *, force_close: bool) -> aiohttp.ClientSession:
        if name not in self._opened:
            self._opened[name] = aiohttp.ClientSession(
                # As wide as the work: our own slots bound it, and waiting here would count as time lost.
                connector=aiohttp.TCPConnector(limit=0, force_close=force_close),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._opened[name]


def _origin(base_url: str) -> yarl.URL:
    url = yarl.URL(base_url.rstrip("/"))
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidInputError(f"base_url {base_url!r}: must be an http(s) address such as https://api.heygen.com")
    return url


@functools.lru_cache(maxsize=64)
def _whole(seconds: float) -> aiohttp.ClientTimeout:
    """Return a limit on the whole exchange. Our connector never lets a request wait for a connection."""
    return aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)


def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=seconds)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read a good answer whole and the head of a bad one."""
    if response.status < 400:  # noqa: PLR2004 - HTTP's own border
        return await response.read()
    head = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        head += chunk
        if len(head) >= _ERROR_BODY_BYTES:
            response.close()  # unread rest: this connection is not to be used again
            break
    return bytes(head[:_ERROR_BODY_BYTES])


async def _chunks(response: aiohttp.ClientResponse, seconds: float) -> AsyncIterator[bytes]:
    """Yield the body; only reading is translated, what the reader does with it is not."""
    with _translated("download", seconds):
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            yield chunk


@contextlib.contextmanager
def _translated(subject: str, seconds: float) -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError) as exc:
        raise _translation(exc, subject, seconds) from exc


def _translation(exc: Exception, subject: str, seconds: float) -> HeyGenError:
    """Return what an error of aiohttp means here."""
    if isinstance(exc, _NOTHING_SENT):
        return ConnectionFailedError(f"{subject}: no connection: {exc!r}")
    if isinstance(exc, TimeoutError):  # aiohttp's read timeout is one too
        return AttemptTimeoutError(f"{subject}: no whole answer within {seconds:g} s")
    return ConnectionLostError(f"{subject}: the connection broke: {exc!r}")

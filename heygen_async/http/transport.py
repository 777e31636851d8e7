"""One HTTP exchange over aiohttp. Foreign errors are translated here, by `broken`, and nowhere else."""

from __future__ import annotations

import contextlib
import email.utils
import functools
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib.metadata import version

import aiohttp
import anyio
import attrs
import yarl

from heygen_async.errors import AttemptTimeoutError, HeyGenError, InvalidInputError
from heygen_async.http.aiohttp_errors import cause, translated, translation
from heygen_async.http.bodies import ANSWER_SECONDS, STALL_SECONDS, Body, Flow
from heygen_async.http.wire import Answer

CONNECT_SECONDS = 10.0
DOWNLOAD_SECONDS = 60.0  # without a byte: a line that is silent for so long is dead
_ERROR_BODY_BYTES = 256 * 1024  # of an error page, this much is read; the rest tells nobody anything
_CHUNK_BYTES = 256 * 1024

_SECRET_HEADERS = frozenset({"authorization", "x-api-key"})
_SECRET_LENGTH = 8  # of a key: a shorter one may be a part of any word
_GIVEN = frozenset({200, 206})
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # aiohttp's own, which nobody signed


@attrs.frozen(kw_only=True)
class Request:
    """A request as it is sent.

    Attributes:
        method: GET, POST, ...
        path: Below the base URL, beginning with a slash.
        query: Parameters to be encoded.
        body: The bytes, or None, or what is read while it is sent.
        headers: On top of the credentials and the User-Agent.
        timeout: Seconds for this attempt, body included.
        fresh: Use a connection of its own. A kept-alive one that the server has dropped leaves unknown
            whether a POST was executed; a fresh one does not.
    """

    method: str
    path: str
    query: Mapping[str, str | int] | None = attrs.field(default=None, repr=False)
    body: bytes | Body | None = attrs.field(default=None, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    timeout: float = 30.0
    fresh: bool = False

    def __str__(self) -> str:
        """Method and path, for messages; never the body, which holds people's names."""
        return f"{self.method} {self.path}"


_SPAN = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@attrs.frozen(kw_only=True)
class Download:
    """An opened file, or the rest of one.

    Attributes:
        start: Place of the first byte that comes, from 0; None if the answer does not tell where its part belongs.
        size_bytes: Of the whole file; None if not told.
        tag: What tells this file from a changed one, as `If-Range` takes it: a strong ETag, else a date that is old
            enough; None if there is neither.
        chunks: The bytes.
    """

    start: int | None
    size_bytes: int | None
    tag: str | None
    chunks: AsyncIterator[bytes]


class Transport:
    """Sessions, credentials and one origin. Sessions are opened in the loop that first uses them."""

    def __init__(
        self, base_url: str, credentials: Mapping[str, str], session: aiohttp.ClientSession | None = None
    ) -> None:
        """Send to *base_url* with *credentials* (headers); a *session* that is given is never closed here."""
        self.base_url: yarl.URL = _origin(base_url)
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
        headers = {**self._headers, **request.headers} if request.headers else self._headers
        if isinstance(request.body, Body):
            headers = {**headers, "Content-Length": str(request.body.size_bytes)}
            with _flowing(str(request), request.body, request.timeout) as flow:
                return await self._exchange(request, flow, headers)
            raise _too_slow(str(request))
        try:
            return await self._exchange(request, request.body, headers)
        except (aiohttp.ClientError, OSError) as exc:  # TimeoutError is an OSError
            raise translation(exc, str(request), request.timeout) from cause(exc)

    async def _exchange(self, request: Request, data: bytes | Flow | None, headers: Mapping[str, str]) -> Answer:
        async with self._session(fresh=request.fresh).request(
            request.method,
            self._url(request),
            data=data,
            headers=headers,
            timeout=_whole(request.timeout),
            allow_redirects=False,  # a redirect could carry the key to another host
        ) as response:
            body = await _read(response)
            if response.status >= 400:  # noqa: PLR2004 - HTTP's own border
                body = masked(body, headers)
            return Answer(status=response.status, headers=response.headers, body=body)

    async def put(self, url: str, headers: Mapping[str, str], body: Body) -> Answer:
        """PUT *body* to *url* with *headers* and no others: no credentials, not even a User-Agent.

        It takes as long as it takes, while bytes go out: there is no limit on the whole.

        Args:
            url: A presigned address; it is not logged, and no error quotes it.
            headers: As they were signed.
            body: What is sent.

        Raises:
            ConnectionFailedError: Nothing was sent.
            ConnectionLostError: The connection broke before the answer.
            AttemptTimeoutError: For a minute no bytes went out, or no answer came to all of them.
        """
        length = {} if "content-length" in map(str.lower, headers) else {"Content-Length": str(body.size_bytes)}
        # A connection of its own: one that was kept may be dead, and much is lost by finding that out.
        session = self._open("put", force_close=True)
        with _flowing("PUT to the storage", body, CONNECT_SECONDS, quoted=False) as flow:
            async with session.put(
                url,
                data=flow,
                headers={**headers, **length},
                skip_auto_headers=_AUTOMATIC,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                allow_redirects=False,
            ) as response:
                return Answer(status=response.status, headers=response.headers, body=await _read(response))
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
            start: Bytes that are there already: only the rest is asked for, if the file is still the one of *tag*.
            tag: As of the `Download` that brought those bytes.
            timeout: Seconds without a byte before it counts as lost.
        """
        headers = {"User-Agent": self._headers["User-Agent"], "Accept-Encoding": "identity"}
        if start and tag:
            headers |= {"Range": f"bytes={start}-", "If-Range": tag}
        async with contextlib.AsyncExitStack() as stack:
            with translated("download", timeout):
                asked = self._bare().get(url, headers=headers, timeout=_timeout(timeout))
                response = await stack.enter_async_context(asked)
                refused = None if response.status in _GIVEN else await _read(response)
            if refused is None:
                yield _opened(response, timeout)
            else:
                yield Answer(status=response.status, headers=response.headers, body=refused)

    @property
    def is_open(self) -> bool:
        """True if there are connections of its own to close."""
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


def masked(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Take the key out of an error page: there are proxies that quote the *headers* that they got."""
    for name, credential in headers.items():
        secret = credential.removeprefix("Bearer ").encode()
        if name.lower() in _SECRET_HEADERS and len(secret) >= _SECRET_LENGTH:
            body = body.replace(secret, b"***")
    return body


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


def _opened(response: aiohttp.ClientResponse, seconds: float) -> Download:
    """Return what an answer with a file in it says of the file."""
    start: int | None = 0
    size, tag = response.content_length, _tag(response.headers)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        size = tag = None  # both are those of the packed bytes, and these come unpacked
    if response.status == 206:  # noqa: PLR2004 - HTTP's Partial Content
        found = _SPAN.fullmatch(response.headers.get("Content-Range", ""))
        start = None if found is None else int(found[1])
        size = None if found is None or found[2] == "*" else int(found[2])
    return Download(start=start, size_bytes=size, tag=tag, chunks=_chunks(response, seconds))


def _tag(headers: Mapping[str, str]) -> str | None:
    """Return a validator that proves two answers to be parts of one file (RFC 9110, 8.8)."""
    tag = headers.get("ETag", "")
    if tag.startswith('"'):
        return tag
    modified = headers.get("Last-Modified")
    try:
        age = _moment(headers["Date"]) - _moment(modified or "")
    except (KeyError, TypeError, ValueError):
        return None
    return modified if age >= 1 else None  # younger: it could have changed twice within that second


def _moment(date: str) -> float:
    return email.utils.parsedate_to_datetime(date).timestamp()


async def _chunks(response: aiohttp.ClientResponse, seconds: float) -> AsyncIterator[bytes]:
    """Yield the body; only reading is translated, what the reader does with it is not."""
    try:
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            yield chunk
    except (aiohttp.ClientError, OSError) as exc:
        # aiohttp keeps back what came between the last read and the break. It need not be fetched a second time.
        response.content.set_exception(None)  # type: ignore[arg-type]  # the only way to say so
        if rest := response.content.read_nowait():
            yield rest
        raise translation(exc, "download", seconds) from cause(exc)


@contextlib.contextmanager
def _flowing(subject: str, body: Body, seconds: float, *, quoted: bool = True) -> Iterator[Flow]:
    """Send *body* inside of the block; after the block it went too slowly. What fails is what its source says."""
    with anyio.CancelScope() as scope:
        flow = Flow(body, scope)
        try:
            yield flow
        except (aiohttp.ClientError, OSError) as exc:
            if flow.error is not None:
                raise flow.error from None
            raise translation(exc, subject, seconds, quoted=quoted) from (cause(exc) if quoted else None)
        finally:
            flow.close()


def _too_slow(subject: str) -> HeyGenError:
    return AttemptTimeoutError(
        f"{subject}: for {STALL_SECONDS:g} s no bytes went out, or no answer came {ANSWER_SECONDS:g} s after the last"
    )

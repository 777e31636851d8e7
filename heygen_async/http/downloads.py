"""Bodies of answers: a whole one, bytes at a least speed, and the offset, size and tag that continue a file."""

from __future__ import annotations

import email.utils
import re
from collections.abc import AsyncIterator, Mapping

import aiohttp
import anyio
import attrs
import yarl

from heygen_async.errors import AttemptTimeoutError
from heygen_async.http.aiohttp_errors import translation
from heygen_async.http.wire import Answer

DOWNLOAD_SECONDS = 60.0  # without a byte, or slower than below, before the connection counts as dead
LEAST_BYTES_PER_SECOND = 1024  # a video of 10 MB would take three hours
CHUNK_BYTES = 256 * 1024
_ERROR_BODY_BYTES = 256 * 1024  # read at most of an error page

_UNPACKED = frozenset({"gzip", "deflate", "br", "zstd"})  # by aiohttp; it passes on all others as they are
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d+/(\d{1,18}|\*)")
_WRITTEN = re.compile("[!-~]+")  # the characters of which an address is made when it is signed


@attrs.frozen(kw_only=True)
class Download:
    """An opened download of a file, or of the rest of one.

    Attributes:
        start: Offset of the first byte of `chunks`; None if the answer does not tell it, or is of another file than
            the part that is to be continued.
        size_bytes: Size of the whole file; None if unknown.
        tag: Validator for `If-Range`, which detects that the file has changed: a strong ETag, else a Last-Modified
            date that is old enough; None if there is neither.
        chunks: The bytes.
    """

    start: int | None
    size_bytes: int | None
    tag: str | None
    chunks: AsyncIterator[bytes]


@attrs.frozen(kw_only=True)
class StreamedAnswer(Answer):
    """A good answer that is read while it comes.

    Attributes:
        chunks: The bytes; `body` is empty.
    """

    chunks: AsyncIterator[bytes] = attrs.field(repr=False)


def signed_address(text: str) -> yarl.URL:
    """Return a presigned address that is sent as it is: written in another way, it would not fit its signature.

    Raises:
        aiohttp.InvalidURL: The text is not an address.
    """
    try:
        return yarl.URL(text, encoded=_WRITTEN.fullmatch(text) is not None)
    except ValueError:
        raise aiohttp.InvalidURL(text) from None


def download_of(response: aiohttp.ClientResponse, seconds: float, tag: str | None) -> Download:
    """Return the download of an answer with status 200 or 206 to a request for the rest of the file of *tag*."""
    start: int | None = 0
    size, found_tag = response.content_length, _tag(response.headers)
    if response.status == 206:  # noqa: PLR2004 - HTTP's Partial Content
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        start = None if found is None or _is_other(response.headers, tag) else int(found[1])
        size = None if found is None or found[2] == "*" else int(found[2])
    if response.headers.get("Content-Encoding", "").strip().lower() in _UNPACKED:
        size = found_tag = None  # both belong to the packed bytes
        start = None if response.status == 206 else 0  # noqa: PLR2004 - as above
    return Download(start=start, size_bytes=size, tag=found_tag, chunks=chunks_of(response, seconds))


def _tag(headers: Mapping[str, str]) -> str | None:
    """Return a validator that proves two answers to be parts of one file (RFC 9110, 8.8)."""
    tag = headers.get("ETag", "")
    if tag.startswith('"'):
        return tag
    modified = headers.get("Last-Modified")
    try:
        age = _moment(headers["Date"]) - _moment(modified or "")
    except (KeyError, OverflowError, TypeError, ValueError):
        return None
    return modified if age >= 1 else None  # in the same second the file may have changed twice


def _moment(date: str) -> float:
    return email.utils.parsedate_to_datetime(date).timestamp()


def _is_other(headers: Mapping[str, str], tag: str | None) -> bool:
    """True if the headers are of another file than that of *tag*: not every server heeds `If-Range`."""
    if tag is None:
        return False
    found = headers.get("ETag", "").removeprefix("W/") if tag.startswith('"') else headers.get("Last-Modified", "")
    return found not in {"", tag}


async def chunks_of(response: aiohttp.ClientResponse, seconds: float) -> AsyncIterator[bytes]:
    """Yield the body of an answer, with errors of aiohttp translated. Errors of the reader are not.

    Raises:
        AttemptTimeoutError: Over *seconds* or more of waiting, the bytes came too slowly. They were yielded.
    """
    waited, came = 0.0, 0
    while True:
        began = anyio.current_time()
        try:
            chunk = await response.content.read(CHUNK_BYTES)
        except (aiohttp.ClientError, OSError) as exc:
            # aiohttp holds the bytes that came between the last read and the break: yield them too.
            response.content.set_exception(None)  # type: ignore[arg-type]  # None lets read_nowait() return them
            if rest := response.content.read_nowait():
                yield rest
            error = translation(exc, "download", seconds)
            raise error from error.__cause__
        if not chunk:
            return
        waited, came = waited + anyio.current_time() - began, came + len(chunk)
        yield chunk
        if waited >= seconds:
            if came < LEAST_BYTES_PER_SECOND * waited:
                raise AttemptTimeoutError(f"download: {came:,} bytes in {waited:.0f} s, so the connection is too slow")
            waited, came = 0.0, 0


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """Return the whole body of a good answer, and the first bytes of an error page."""
    if response.status < 400:  # noqa: PLR2004 - HTTP's own border
        return await response.read()
    head = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        head += chunk
        if len(head) >= _ERROR_BODY_BYTES:
            response.close()  # with unread bytes, so that the connection is not used again
            break
    return bytes(head[:_ERROR_BODY_BYTES])

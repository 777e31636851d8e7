"""Media types and sources of uploads, without a server."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest
from aiohttp.base_protocol import BaseProtocol
from hypothesis import given, strategies as st

from heygen_async import HeyGen, InvalidInputError
from heygen_async.api.uploads.byte_sources import open_source, sha256_of
from heygen_async.api.uploads.media_types import media_of, media_type_of
from heygen_async.http.bodies import CHUNK_BYTES, Body
from heygen_async.http.multipart import streamed_file
from heygen_async.simulator import World
from heygen_async.simulator.http.multipart import read_form
from tests.helpers.storage import FORM_BYTES, MP4, PNG

MEGABYTE = 1024 * 1024
SRT = b"1\r\n00:00:00,000 --> 00:00:01,000\r\nHi\r\n"

KINDS = [
    (PNG, "image/png"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
    (MP4, "video/mp4"),
    (b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x42\x82\x84webm", "video/webm"),
    (b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x42\x82\x88matroska", "video/x-matroska"),
    (b"ID3\x04\x00", "audio/mpeg"),
    (b"\xff\xfb\x90\x64", "audio/mpeg"),
    (b"\xff\xf3\x40\xc4", "audio/mpeg"),
    (b"\xff\xf1\x50\x80", "audio/aac"),
    (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
    (b"RIFF\x24\x00\x00\x00AVI LIST", "video/x-msvideo"),
    (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
    (b"%PDF-1.7", "application/pdf"),
    (SRT, "application/x-subrip"),
    (b"\xef\xbb\xbf" + SRT, "application/x-subrip"),
    (b"\n12\n0:00:01.5 --> 0:00:02.5", "application/x-subrip"),
    (b"PK\x03\x04\x14", "application/zip"),
    (b"GIF89a", "image/gif"),
    (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
    (b"\x00\x00\x00\x14ftypM4A ", "audio/mp4"),
    (b"\x00\x00\x00\x14ftypheic", "image/heic"),
    (b"<!DOCTYPE html><html>", "text/html"),
    (b"  <HTML lang=en>", "text/html"),
    (b"Hello", None),
    (b"\xff", None),
    (b"\xff\xfe\x00", None),
    (b"", None),
]


# Media types


@pytest.mark.parametrize(("head", "kind"), KINDS)
def test_the_type_by_the_first_bytes(head: bytes, kind: str | None) -> None:
    """The first bytes decide the type, of files that HeyGen takes and of others that people try."""
    assert media_type_of(head) == kind


@given(st.binary(max_size=600))
def test_any_bytes_have_a_type_or_are_refused(head: bytes) -> None:
    """Any first bytes give a type and a file name, or raise InvalidInputError."""
    try:
        media = media_of("x", head, max(1, len(head)))
    except InvalidInputError as exc:
        assert exc.message.startswith("x: ")  # noqa: PT017 - one of the two ways
    else:
        assert media.media_type == media_type_of(head)
        assert media.filename.startswith("upload")


@pytest.mark.parametrize(
    ("given_name", "sent"),
    [
        (None, "upload.png"),
        ("logo", "logo.png"),
        ("logo.jpg", "logo.jpg"),  # HeyGen ignores the extension
        ('a"b\r\nX: 1.png', "a_b__X: 1.png"),
        ("C:\\films\\a.png", "a.png"),
        ("../../a.png", "a.png"),
        ("häß \ud800.png", "häß ?.png"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("/", "upload.png"),
    ],
)
def test_a_name_that_can_be_sent(given_name: str | None, sent: str) -> None:
    """A file name is sent without characters that could break the form, and with an extension."""
    assert media_of("x", PNG, 10, filename=given_name).filename == sent


@pytest.mark.parametrize(
    ("size", "head", "as_form"),
    [(FORM_BYTES, MP4, True), (FORM_BYTES + 1, MP4, False), (10, b"PK\x03\x04", False)],
)
def test_the_route_of_a_file(size: int, head: bytes, as_form: bool) -> None:  # noqa: FBT001 - a parameter
    """A file of up to 32 MB is sent in a form if forms take its type."""
    assert media_of("x", head, size).as_form is as_form


@pytest.mark.parametrize(
    ("head", "size", "settings", "message"),
    [
        (b"", 0, {}, "x: 0 bytes; HeyGen takes no empty file: give a file"),
        (b"Hello", 5, {}, "x: its first bytes are of no known type; .* convert it, or give media_type"),
        (b"GIF89a", 6, {}, "x: image/gif, which HeyGen does not take; convert it to png or jpeg"),
        (b"\xff\xf1", 6, {}, "x: audio/aac, .* convert it to mp3 or wav"),
        (b"\x00\x00\x00\x14ftypqt  ", 9, {}, "x: video/quicktime, .* convert it to mp4"),
        (b"<html>", 9, {}, "x: text/html, .* this is a page"),
        (
            PNG,
            9,
            {"media_type": "video/mp4"},
            "x: media_type is video/mp4, .* those of image/png; leave media_type out",
        ),
        (PNG, 9, {"media_type": "png"}, "media_type: 'png'; must be a media type such as image/png"),
        (PNG, 50 * MEGABYTE + 1, {"purpose": "videos"}, "x: 52,428,801 bytes; image in a video has at most 52,428,800"),
        (b"ID3", 50 * MEGABYTE + 1, {"purpose": "videos"}, "audio in a video has at most 52,428,800"),
        (MP4, 100 * MEGABYTE + 1, {"purpose": "videos"}, "video in a video has at most 104,857,600: make it smaller"),
    ],
)
def test_a_file_that_heygen_does_not_take(head: bytes, size: int, settings: dict[str, Any], message: str) -> None:
    """A file that HeyGen would refuse is an error with subject, value, reason and remedy."""
    with pytest.raises(InvalidInputError, match=message):
        media_of("x", head, size, **settings)


@pytest.mark.parametrize(
    ("head", "declared", "kind", "as_form"),
    [
        (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime", "video/quicktime", False),
        (b"Hello", "text/plain", "text/plain", False),
        (b"\0\0\0", "audio/mp3", "audio/mpeg", False),
        (PNG, "IMAGE/PNG", "image/png", True),
        (b"\xff\xd8\xff", "image/jpg", "image/jpeg", True),
    ],
)
def test_a_declared_type_is_used(head: bytes, declared: str, kind: str, as_form: bool) -> None:  # noqa: FBT001 - a parameter
    """A declared type that the bytes do not contradict is used; unknown types are sent to the storage."""
    media = media_of("x", head, 10, media_type=declared)
    assert (media.media_type, media.as_form) == (kind, as_form)


def test_limits_of_files_in_videos() -> None:
    """The limits for files in videos hold with `purpose="videos"` only, and not for documents."""
    assert media_of("x", MP4, 2**31).media_type == "video/mp4"
    assert not media_of("x", MP4, 100 * MEGABYTE, purpose="videos").as_form
    assert not media_of("x", b"%PDF-", 200 * MEGABYTE, purpose="videos").as_form


# Sources


async def whole(source: Any, size: int | None = None) -> tuple[bytes, bytes, str]:
    """Read a source twice, and return its bytes, its head and its hash."""
    async with open_source(source, size) as found:
        digest = await sha256_of(found)
        chunks, content = found.open(), b""
        while chunk := await chunks.receive():
            assert len(chunk) <= CHUNK_BYTES
            content += chunk
        chunks.close()
        assert found.size_bytes == len(content)
    return content, found.head, digest


async def pieces(content: bytes, *lengths: int) -> AsyncIterator[bytes]:
    for length in lengths:
        yield content[:length]
        content = content[length:]
    yield content


class Upload:
    """A file with an async `read`, as web frameworks give it."""

    def __init__(self, content: bytes) -> None:
        self.file = io.BytesIO(content)

    async def read(self, size: int = -1) -> bytes:
        return self.file.read(size)


@pytest.mark.parametrize("size", [1, 511, 512, 513, CHUNK_BYTES, 3 * MEGABYTE + 1])
@pytest.mark.parametrize("kind", ["path", "str", "bytes", "view", "file", "memory", "pipe", "stream", "web", "anyio"])
async def test_every_source_gives_the_same_bytes(tmp_path: Path, kind: str, size: int) -> None:
    """Each kind of source gives its bytes in chunks, and more than once."""
    content = os.urandom(size)
    path = tmp_path / "file"
    path.write_bytes(content)
    if kind == "anyio":
        stream, receive = anyio.create_memory_object_stream[bytes](10)
        stream.send_nowait(content)
        stream.close()
        with receive:
            found = await whole(receive)
    elif kind == "pipe":
        ends = socket.socketpair()
        with ends[0], ends[1], ends[1].makefile("rb") as pipe:

            def fill() -> None:
                ends[0].sendall(content)
                ends[0].close()

            async with anyio.create_task_group() as group:
                group.start_soon(anyio.to_thread.run_sync, fill)
                found = await whole(pipe)
    else:
        with path.open("rb") as file:
            given: dict[str, Any] = {
                "path": path,
                "str": str(path),
                "bytes": content,
                "view": memoryview(bytearray(content)),
                "file": file,
                "memory": io.BytesIO(content),
                "stream": pieces(content, 3, 0, 100, 600_000),
                "web": Upload(content),
            }
            found = await whole(given[kind])
    assert found == (content, content[:512], hashlib.sha256(content).hexdigest())


async def test_bytes_are_copied() -> None:
    """A later change of a bytearray does not change the upload."""
    content = bytearray(PNG)
    async with open_source(content) as found:
        content[:] = b"x" * len(content)
        assert found.head == PNG[:512]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "nothing.png", "nothing.png: there is no such file; give the path of one"),
        (lambda folder: folder, "a folder; give its files one by one"),
        (lambda folder: os.devnull, "/dev/null: not a regular file"),
        (lambda folder: "a\0b", r"a.+b: (cannot be read|there is no such file)"),
        (lambda folder: "https://example.com/a.png", r"source: an address; .* AssetUrl\(url=...\)"),
        (lambda folder: io.StringIO("text"), r'source: a file open for text; open it for bytes: open\(path, "rb"\)'),
        (lambda folder: 5, "source: a int; must be a path, bytes, a file open for reading bytes, or an async iterable"),
        (lambda folder: [PNG], "source: a list; must be a path"),
        (lambda folder: None, "source: a NoneType; must be"),
    ],
)
async def test_a_source_that_cannot_be_uploaded(
    heygen: HeyGen, world: World, tmp_path: Path, make: Any, message: str
) -> None:
    """A source that cannot be uploaded is refused before a request is sent."""
    with pytest.raises(InvalidInputError, match=message):
        await heygen.assets.upload(make(tmp_path))
    assert world.requests == []


async def test_an_empty_file_is_refused(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """An empty source of any kind is refused before a request is sent."""
    (tmp_path / "empty.png").touch()
    for source in (tmp_path / "empty.png", b"", io.BytesIO(PNG[:0]), pieces(b""), pieces(b"", 0)):
        with pytest.raises(InvalidInputError, match=r"(empty.png|source): 0 bytes"):
            await heygen.assets.upload(source)
    assert world.requests == []


async def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for a file that cannot be opened has the system's message and the remedy."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)

    def refuse(self: Path, *_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InvalidInputError, match=r"a\.png: cannot be read: Permission denied; make it readable"):
        await whole(path)


async def test_a_file_that_is_deleted(tmp_path: Path) -> None:
    """A file that is deleted between opening and reading raises InvalidInputError."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    async with open_source(path) as found:
        path.unlink()
        with pytest.raises(InvalidInputError, match=r"cannot be read any more: No such file.*; leave it in place"):
            await found.open().receive()


async def test_a_file_that_is_closed_while_it_is_opened(tmp_path: Path) -> None:
    """A reader that is closed while a thread opens its file leaves no open file, which would be a warning."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    async with open_source(path) as found, anyio.create_task_group() as group:
        chunks = found.open()
        group.start_soon(chunks.receive)
        await anyio.lowlevel.checkpoint()
        chunks.close()


@pytest.mark.parametrize(("size", "message"), [(0, "size: 0; must be"), (-1, "size: -1"), (5, "source has 708")])
async def test_a_wrong_size(size: int, message: str) -> None:
    """A wrong size is refused if the size of the source is known."""
    with pytest.raises(InvalidInputError, match=message):
        await whole(PNG, size)
    with pytest.raises(InvalidInputError, match=message):
        await whole(pieces(PNG), size)


async def test_a_stream_yields_bytes() -> None:
    """A stream that yields text is refused."""

    async def text() -> AsyncIterator[Any]:
        yield "text"

    with pytest.raises(InvalidInputError, match="source: yields a str; must yield bytes"):
        await whole(text())


async def test_a_stream_that_breaks_leaves_no_file() -> None:
    """The temporary file of a stream that raises is closed."""

    async def broken() -> AsyncIterator[bytes]:
        yield PNG
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await whole(broken())


# The form


@given(st.binary(max_size=2_000), st.integers(1, 700))
async def test_a_server_reads_a_streamed_form(content: bytes, step: int) -> None:
    """A server reads any file from a streamed form, which has the declared length."""
    sent: list[int] = []

    class Steps:
        def __init__(self) -> None:
            self.left = content

        async def receive(self) -> bytes:
            chunk, self.left = self.left[:step], self.left[step:]
            return chunk

        def close(self) -> None:
            self.left = b""

    body, content_type = streamed_file(Body(size_bytes=len(content), open=Steps, sent=sent.append), "a b.png")
    chunks, form = body.open(), b""
    while chunk := await chunks.receive():
        form += chunk
        body.sent(len(form))
    chunks.close()
    assert len(form) == body.size_bytes
    stream = aiohttp.StreamReader(BaseProtocol(asyncio.get_running_loop()), limit=2**16)
    stream.feed_data(form)
    stream.feed_eof()
    (part,) = (await read_form({"Content-Type": content_type}, stream, len(form))).parts
    assert (part.name, part.filename, part.content) == ("file", "a b.png", content)
    assert sent[0] == 0
    assert sent[-1] == len(content)
    assert sent == sorted(sent)

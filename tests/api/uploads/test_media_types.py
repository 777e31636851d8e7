"""What an upload is made of: which files HeyGen takes, and where their bytes come from. Nothing here is sent."""

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
from heygen_async.api.uploads.byte_sources import opened, sha256_of
from heygen_async.api.uploads.media_types import media_of, sniffed
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


# What it is


@pytest.mark.parametrize(("head", "kind"), KINDS)
def test_the_first_bytes_tell(head: bytes, kind: str | None) -> None:
    """Of what HeyGen takes, and of what people try to give it."""
    assert sniffed(head) == kind


@given(st.binary(max_size=600))
def test_any_bytes_are_something_or_nothing(head: bytes) -> None:
    """No file is too strange to be looked at; what is taken has a name with an ending, or came as it was said."""
    try:
        media = media_of("x", head, max(1, len(head)))
    except InvalidInputError as exc:
        assert exc.message.startswith("x: ")  # noqa: PT017 - one of the two ways
    else:
        assert media.media_type == sniffed(head)
        assert media.filename.startswith("upload")


@pytest.mark.parametrize(
    ("given_name", "sent"),
    [
        (None, "upload.png"),
        ("logo", "logo.png"),
        ("logo.jpg", "logo.jpg"),  # HeyGen looks at the bytes
        ('a"b\r\nX: 1.png', "a_b__X: 1.png"),
        ("C:\\films\\a.png", "a.png"),
        ("../../a.png", "a.png"),
        ("häß \ud800.png", "häß ?.png"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("/", "upload.png"),
    ],
)
def test_a_name_that_can_be_sent(given_name: str | None, sent: str) -> None:
    """It cannot break the form, and has an ending."""
    assert media_of("x", PNG, 10, filename=given_name).filename == sent


@pytest.mark.parametrize(
    ("size", "head", "as_form"),
    [(FORM_BYTES, MP4, True), (FORM_BYTES + 1, MP4, False), (10, b"PK\x03\x04", False)],
)
def test_the_way_it_takes(size: int, head: bytes, as_form: bool) -> None:  # noqa: FBT001 - a parameter
    """A form up to 32 MB, if forms take its type."""
    assert media_of("x", head, size).as_form is as_form


@pytest.mark.parametrize(
    ("head", "size", "settings", "message"),
    [
        (b"", 0, {}, "x: 0 bytes; HeyGen takes no empty file: give one"),
        (b"Hello", 5, {}, "x: its first bytes are of no known type; .* convert it, or say media_type"),
        (b"GIF89a", 6, {}, "x: image/gif, which HeyGen does not take; convert it to png or jpeg"),
        (b"\xff\xf1", 6, {}, "x: audio/aac, .* convert it to mp3 or wav"),
        (b"\x00\x00\x00\x14ftypqt  ", 9, {}, "x: video/quicktime, .* convert it to mp4"),
        (b"<html>", 9, {}, "x: text/html, .* this is a page"),
        (PNG, 9, {"media_type": "video/mp4"}, "x: said to be video/mp4, .* those of image/png; leave media_type out"),
        (PNG, 9, {"media_type": "png"}, "media_type: 'png'; must be a media type such as image/png"),
        (PNG, 50 * MEGABYTE + 1, {"purpose": "videos"}, "x: 52,428,801 bytes; image in a video has at most 52,428,800"),
        (b"ID3", 50 * MEGABYTE + 1, {"purpose": "videos"}, "audio in a video has at most 52,428,800"),
        (MP4, 100 * MEGABYTE + 1, {"purpose": "videos"}, "video in a video has at most 104,857,600: make it smaller"),
    ],
)
def test_what_heygen_would_not_take(head: bytes, size: int, settings: dict[str, Any], message: str) -> None:
    """Subject, value, reason, mend."""
    with pytest.raises(InvalidInputError, match=message):
        media_of("x", head, size, **settings)


@pytest.mark.parametrize(
    ("head", "said", "kind", "as_form"),
    [
        (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime", "video/quicktime", False),
        (b"Hello", "text/plain", "text/plain", False),
        (b"\0\0\0", "audio/mp3", "audio/mpeg", False),
        (PNG, "IMAGE/PNG", "image/png", True),
        (b"\xff\xd8\xff", "image/jpg", "image/jpeg", True),
    ],
)
def test_whoever_knows_better_is_believed(head: bytes, said: str, kind: str, as_form: bool) -> None:  # noqa: FBT001 - a parameter
    """HeyGen may take more tomorrow. Such types go directly."""
    media = media_of("x", head, 10, media_type=said)
    assert (media.media_type, media.as_form) == (kind, as_form)


def test_limits_of_videos_are_those_of_videos() -> None:
    """A film to be translated may be larger, and a document has no limit there."""
    assert media_of("x", MP4, 2**31).media_type == "video/mp4"
    assert not media_of("x", MP4, 100 * MEGABYTE, purpose="videos").as_form
    assert not media_of("x", b"%PDF-", 200 * MEGABYTE, purpose="videos").as_form


# Where it comes from


async def whole(source: Any, size: int | None = None) -> tuple[bytes, bytes, str]:
    """Read a source twice: its bytes, its head, its hash."""
    async with opened(source, size) as found:
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
    """What web frameworks give: a file whose `read` is to be awaited."""

    def __init__(self, content: bytes) -> None:
        self.file = io.BytesIO(content)

    async def read(self, size: int = -1) -> bytes:
        return self.file.read(size)


@pytest.mark.parametrize("size", [1, 511, 512, 513, CHUNK_BYTES, 3 * MEGABYTE + 1])
@pytest.mark.parametrize("kind", ["path", "str", "bytes", "view", "file", "memory", "pipe", "stream", "web", "anyio"])
async def test_every_source_gives_the_same_bytes(tmp_path: Path, kind: str, size: int) -> None:
    """As often as one likes, a chunk at a time."""
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


async def test_bytes_are_those_of_the_moment() -> None:
    """What is changed later was not meant."""
    content = bytearray(PNG)
    async with opened(content) as found:
        content[:] = b"x" * len(content)
        assert found.head == PNG[:512]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "nothing.png", "nothing.png: there is no such file; give the path of one"),
        (lambda folder: folder, "a folder; give its files one by one"),
        (lambda folder: os.devnull, "/dev/null: no regular file"),
        (lambda folder: "a\0b", r"a.+b: (cannot be read|there is no such file)"),
        (lambda folder: "https://example.com/a.png", r"source: an address; .* AssetUrl\(url=...\)"),
        (lambda folder: io.StringIO("text"), r'source: a file open for text; open it for bytes: open\(path, "rb"\)'),
        (lambda folder: 5, "source: a int; must be a path, bytes, a file open for reading bytes, or an async iterable"),
        (lambda folder: [PNG], "source: a list; must be a path"),
        (lambda folder: None, "source: a NoneType; must be"),
    ],
)
async def test_what_cannot_be_uploaded(heygen: HeyGen, world: World, tmp_path: Path, make: Any, message: str) -> None:
    """It is told before anything is sent."""
    with pytest.raises(InvalidInputError, match=message):
        await heygen.assets.upload(make(tmp_path))
    assert world.requests == []


async def test_an_empty_file_is_refused(heygen: HeyGen, world: World, tmp_path: Path) -> None:
    """From wherever it comes."""
    (tmp_path / "empty.png").touch()
    for source in (tmp_path / "empty.png", b"", io.BytesIO(PNG[:0]), pieces(b""), pieces(b"", 0)):
        with pytest.raises(InvalidInputError, match=r"(empty.png|source): 0 bytes"):
            await heygen.assets.upload(source)
    assert world.requests == []


async def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's words, and the mend."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)

    def refuse(self: Path, *_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InvalidInputError, match=r"a\.png: cannot be read: Permission denied; make it readable"):
        await whole(path)


async def test_a_file_that_goes_away(tmp_path: Path) -> None:
    """Between the look and the reading."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    async with opened(path) as found:
        path.unlink()
        with pytest.raises(InvalidInputError, match=r"cannot be read any more: No such file.*; leave it in place"):
            await found.open().receive()


async def test_a_file_that_is_given_up_while_it_is_opened(tmp_path: Path) -> None:
    """It does not stay open: an open file would be a warning, which is an error here."""
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    async with opened(path) as found, anyio.create_task_group() as group:
        chunks = found.open()
        group.start_soon(chunks.receive)
        await anyio.lowlevel.checkpoint()
        chunks.close()


@pytest.mark.parametrize(("size", "message"), [(0, "size: 0; must be"), (-1, "size: -1"), (5, "source has 708")])
async def test_a_size_that_is_wrong(size: int, message: str) -> None:
    """Where it can be seen, it is."""
    with pytest.raises(InvalidInputError, match=message):
        await whole(PNG, size)
    with pytest.raises(InvalidInputError, match=message):
        await whole(pieces(PNG), size)


async def test_a_stream_yields_bytes() -> None:
    """And nothing else."""

    async def text() -> AsyncIterator[Any]:
        yield "text"

    with pytest.raises(InvalidInputError, match="source: yields a str; must yield bytes"):
        await whole(text())


async def test_a_stream_that_breaks_leaves_no_file() -> None:
    """The temporary file is closed, or there would be a warning."""

    async def broken() -> AsyncIterator[bytes]:
        yield PNG
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await whole(broken())


# The form


@given(st.binary(max_size=2_000), st.integers(1, 700))
async def test_a_streamed_form_is_a_form(content: bytes, step: int) -> None:
    """Whatever is in the file, a server reads the file; and the length is what was told."""
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

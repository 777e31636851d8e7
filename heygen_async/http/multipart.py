"""Forms with one file (`multipart/form-data`), built in memory or read while they are sent."""

from __future__ import annotations

import re
import uuid

from heygen_async.errors import InvalidInputError
from heygen_async.http.bodies import Body, Chunks

MOST_BYTES = 32 * 1024 * 1024

_UNSAFE = re.compile(r'["\r\n\\]')


def one_file(content: bytes, filename: str) -> tuple[bytes, str]:
    """Return the body of a form with the file *content* in it, and its Content-Type.

    Raises:
        InvalidInputError: The file is empty or above 32 MB, or *filename* cannot be written in a form.

    Source: `UploadAssetForm` of `POST /v3/assets`.
    """
    if not 0 < len(content) <= MOST_BYTES:
        count = f"{len(content):,} bytes"
        raise InvalidInputError(f"content: {count}; must be 1 to {MOST_BYTES:,} bytes: upload larger files directly")
    if not filename or _UNSAFE.search(filename):
        raise InvalidInputError(f"filename: {filename!r:.80}; must be a name without quotes and line breaks")
    head, tail, content_type = _frame(filename)
    return head + content + tail, content_type


def streamed_file(body: Body, filename: str) -> tuple[Body, str]:
    """Return the body of a form with the file *body* in it, and its Content-Type. *filename* must hold no quotes."""
    head, tail, content_type = _frame(filename)

    def sent(count: int) -> None:
        body.sent(min(max(0, count - len(head)), body.size_bytes))

    size = len(head) + body.size_bytes + len(tail)
    return Body(size_bytes=size, open=lambda: _FormBody(head, body.open(), tail), sent=sent), content_type


def _frame(filename: str) -> tuple[bytes, bytes, str]:
    """Return the bytes before the file, the bytes after it, and the Content-Type."""
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode(), f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


class _FormBody:
    """The chunks of a form: *head*, the file's chunks, *tail*."""

    def __init__(self, head: bytes, chunks: Chunks, tail: bytes) -> None:
        self._head = head
        self._chunks = chunks
        self._tail = tail

    async def receive(self) -> bytes:
        head, self._head = self._head, b""
        if chunk := head or await self._chunks.receive():
            return chunk
        tail, self._tail = self._tail, b""
        return tail

    def close(self) -> None:
        self._chunks.close()

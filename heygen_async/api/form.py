"""A file as the one field of a form: `multipart/form-data`, built whole in memory."""

from __future__ import annotations

import re
import uuid

from heygen_async.errors import InvalidInputError

MOST_BYTES = 32 * 1024 * 1024

_UNSAFE = re.compile(r'["\r\n\\]')


def one_file(content: bytes, filename: str) -> tuple[bytes, str]:
    """Return the body and its Content-Type.

    Raises:
        InvalidInputError: It is empty, or above 32 MB, or the name cannot stand in a form.

    Source: `UploadAssetForm` of `POST /v3/assets`.
    """
    if not 0 < len(content) <= MOST_BYTES:
        count = f"{len(content):,} bytes"
        raise InvalidInputError(f"content: {count}; must be 1 to {MOST_BYTES:,} bytes: upload larger files directly")
    if not filename or _UNSAFE.search(filename):
        raise InvalidInputError(f"filename: {filename!r:.80}; must be a name without quotes and line breaks")
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode(), (f"multipart/form-data; boundary={boundary}")

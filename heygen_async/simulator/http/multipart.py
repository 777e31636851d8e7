"""Forms with files, ``multipart/form-data`` (RFC 7578), read by aiohttp's `MultipartReader`."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
import attrs
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

MEDIA_TYPE = "multipart/form-data"


@attrs.frozen(kw_only=True)
class FormPart:
    """One field of a form.

    Attributes:
        name: Name of the field.
        filename: Name of the file; None if the field holds text.
        content: Bytes as sent.
    """

    name: str
    filename: str | None
    content: bytes


@attrs.frozen(kw_only=True)
class Form:
    """A form as it arrived.

    Attributes:
        parts: The fields in the order of the request.
        problem: Why the form could not be read; None if it is complete.
    """

    parts: tuple[FormPart, ...] = ()
    problem: str | None = None


async def read_form(headers: Mapping[str, str], stream: aiohttp.StreamReader, max_bytes: int) -> Form:
    """Read the body of a request as a form.

    Raises:
        web.HTTPRequestEntityTooLarge: The fields have more than *max_bytes* together.
    """
    parts: list[FormPart] = []
    size_bytes = 0
    try:
        async for field in aiohttp.MultipartReader(headers, stream):
            if not isinstance(field, aiohttp.BodyPartReader) or field.name is None:
                return Form(problem="A part of the form has no name.")
            content = bytes(await field.read())
            size_bytes += len(content)
            if size_bytes > max_bytes:
                raise web.HTTPRequestEntityTooLarge(max_size=max_bytes, actual_size=size_bytes)
            parts.append(FormPart(name=field.name, filename=field.filename, content=content))
    except (ValueError, AssertionError, BadHttpMessage) as exc:  # aiohttp 3.10 asserts
        reason = exc.message if isinstance(exc, BadHttpMessage) else exc
        return Form(problem=f"The form cannot be read: {reason}.")
    return Form(parts=tuple(parts))

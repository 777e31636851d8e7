"""Reads ``multipart/form-data``, as far as one file needs it (RFC 7578)."""

from __future__ import annotations

from email.message import Message

import attrs

from heygen_async.simulator.http.replies import RefusalError


@attrs.frozen(kw_only=True)
class FormPart:
    """One field of a form.

    Attributes:
        name: Of the field.
        filename: None if it is no file.
        content: As sent.
    """

    name: str
    filename: str | None
    content: bytes


def parts(content_type: str, body: bytes) -> list[FormPart]:
    """Return the fields of a form.

    Raises:
        RefusalError: 400, it is none.
    """
    kind = _header("Content-Type", content_type)
    boundary = kind.get_param("boundary", header="Content-Type")
    if kind.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise _refusal(f"Content-Type should be multipart/form-data with a boundary; got '{content_type}'.")
    line = b"--" + boundary.encode()
    # The first boundary has no line break in front of it: lend it one, so that all look alike.
    pieces = (b"\r\n" + body).split(b"\r\n" + line)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise _refusal("The form has no end.")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> FormPart:
    head, gap, content = piece.partition(b"\r\n\r\n")
    lines = [line.partition(":") for line in head.decode(errors="replace").split("\r\n")]
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    disposition = _header("Content-Disposition", headers.get("content-disposition", ""))
    name = disposition.get_param("name", header="Content-Disposition")
    if not gap or not isinstance(name, str):
        raise _refusal("A part of the form has no name.")
    return FormPart(name=name, filename=disposition.get_filename(), content=content)


def _header(name: str, value: str) -> Message:
    message = Message()
    message[name] = value
    return message


def _refusal(text: str) -> RefusalError:
    return RefusalError(400, "invalid_parameter", text)

"""Headers that a user gives, checked before they are sent, and the name of this package in its own header."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from heygen_async.errors import InvalidInputError

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_IN_HEADERS = re.compile("[^\x00-\x08\n-\x1f\x7f\ud800-\udfff]*")
_FRAMING = frozenset({"content-length", "transfer-encoding"})


def check_headers(subject: str, headers: Mapping[Any, Any]) -> None:
    """Refuse headers that cannot be sent. Values are not quoted: one may be a password.

    Raises:
        InvalidInputError: A name or value has characters that headers cannot have, or the client sets it itself.
    """
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER.fullmatch(name):
            raise InvalidInputError(f"{subject}: the name {name!r:.60}; must be letters, digits and -")
        if not isinstance(value, str) or not _IN_HEADERS.fullmatch(value):
            raise InvalidInputError(
                f"{subject}: the value of {name}; must be text without line breaks, control characters and halves of "
                "characters (lone surrogates)"
            )
        if name.lower() in _FRAMING:
            raise InvalidInputError(f"{subject}: {name}; leave it out, the client sets it by the body")


@functools.cache
def user_agent() -> str:
    """Return the value of `User-Agent`. Its version is looked up once, which takes a millisecond."""
    from importlib.metadata import version  # noqa: PLC0415 - loaded with the first request

    return f"heygen-async/{version('heygen-async')}"

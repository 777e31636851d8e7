"""`Call`, one question to HeyGen, and `Options`, how one call differs from the client's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import attrs

from heygen_async.errors import (
    InvalidInputError,
)
from heygen_async.http import wire

T = TypeVar("T")


READ_SECONDS = 30.0  # HeyGen's reads answer within 2 s in 99 of 100 cases


WRITE_SECONDS = 120.0  # POST /v3/videos: 31 s in 99 of 100


UPLOAD_SECONDS = 600.0


_KEY_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-:.")


_KEY_LENGTH = 255


def _check_key(_: Any, __: Any, key: str | None) -> None:
    """Source: the parameter IdempotencyKey of the contract; a blank key is a 400."""
    if key is not None and not (0 < len(key) <= _KEY_LENGTH and _KEY_CHARACTERS.issuperset(key)):
        raise InvalidInputError(
            f"idempotency_key {key!r:.60}: must be 1 to {_KEY_LENGTH} characters of A-Z a-z 0-9 _ - : ."
        )


@attrs.frozen(kw_only=True)
class Options:
    """Options of one call, where it differs from the client's settings.

    Attributes:
        attempt_timeout: Seconds for each attempt.
        attempts: Tries in all; waiting out a 429 uses none up.
        patience: Seconds to wait out 429s in all; `math.inf` waits for as long as it takes.
        deadline: Seconds for the call in all, waiting and repeating included.
        headers: Sent in addition.
        idempotency_key: For POSTs that honour `Idempotency-Key`: under one key HeyGen executes once and
            repeats its first answer for 24 hours. A key is made for you if you give none.
    """

    attempt_timeout: float | None = None
    attempts: int | None = None
    patience: float | None = None
    deadline: float | None = None
    headers: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    idempotency_key: str | None = attrs.field(default=None, validator=_check_key)


@attrs.frozen(kw_only=True)
class Call(Generic[T]):
    """One question to HeyGen and how its answer is read.

    Attributes:
        method: GET, POST, ...
        path: With its ids filled in.
        route: With names for ids, for telemetry.
        read: Turns (answer, subject) into the value.
        query: Parameters.
        body: A JSON value; bytes, or a `Body`, as they are.
        takes_key: The endpoint is documented to honour `Idempotency-Key`.
        costs: A successful call costs money.
        harmless: Executing it twice changes nothing, though it is a POST that takes no key.
        timeout: Seconds an attempt.
        headers: Of this call.
    """

    method: str
    path: str
    route: str
    read: Callable[[wire.Answer, str], T]
    query: Mapping[str, str | int] | None = attrs.field(default=None, repr=False)
    body: Any = attrs.field(default=None, repr=False)
    takes_key: bool = False
    costs: bool = False
    harmless: bool = False
    timeout: float | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)


def reads(kind: type[T]) -> Callable[[wire.Answer, str], T]:
    """Return a reader for answers whose `data` member is a *kind*."""

    def read(answer: wire.Answer, subject: str) -> T:
        return wire.decode(wire.read_data(answer, subject), kind, f"{subject}: $.data")

    return read


def path_id(value: str) -> str:
    """Return an id as it may stand in a path, refusing what would change where the request goes."""
    if not value or not value.replace("-", "").replace("_", "").isalnum() or not value.isascii():
        raise InvalidInputError(f"id {value!r:.80}: must be letters, digits, - and _; pass the id that HeyGen gave")
    return value

"""`Call`, one request to HeyGen; `Options`, the settings of a single call; `Request`, both as they are sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import attrs

from heygen_async.account.headers import check_headers
from heygen_async.errors import InvalidInputError
from heygen_async.http import wire
from heygen_async.http.bodies import Body
from heygen_async.value import stamped

T = TypeVar("T")

READ_SECONDS = 30.0  # HeyGen's reads answer within 2 s in 99 of 100 cases
WRITE_SECONDS = 120.0  # POST /v3/videos: 31 s in 99 of 100
UPLOAD_SECONDS = 600.0

_KEY_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-:.")
_KEY_LENGTH = 255
MOST_IDS = 100  # HeyGen: "At most 100 ids per request."

_VALID = re.compile(r"[A-Za-z0-9_,-]+")


def _check_key(_: Any, __: Any, key: Any) -> None:
    """Refuse a key that HeyGen would refuse. Source: the parameter IdempotencyKey of the contract."""
    if key is not None and not (
        isinstance(key, str) and 0 < len(key) <= _KEY_LENGTH and _KEY_CHARACTERS.issuperset(key)
    ):
        raise InvalidInputError(
            f"idempotency_key {key!r:.60}: must be 1 to {_KEY_LENGTH} characters of A-Z a-z 0-9 _ - : ."
        )


def _check_number(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse what is no number above 0; a patience and a deadline may be 0."""
    may_be_zero = attribute.name in {"patience", "deadline"}
    kinds = int if attribute.name == "attempts" else int | float
    if value is None or (
        isinstance(value, kinds) and not isinstance(value, bool) and value >= (0 if may_be_zero else 1e-9)
    ):
        return
    word = "whole number" if kinds is int else "number of seconds"
    raise InvalidInputError(
        f"{attribute.name} {value!r:.60}: must be a {word}, {'0 or more' if may_be_zero else 'above 0'}"
    )


def _check_options(_: Any, __: Any, headers: Mapping[str, str] | None) -> None:
    if headers is not None:
        check_headers("headers", headers)


@attrs.frozen(kw_only=True)
class Options:
    """Options of one call, where it differs from the client's settings. None keeps the client's setting.

    Attributes:
        attempt_timeout: Seconds for each attempt.
        attempts: Most attempts, the first included; waiting out a 429 uses none up.
        patience: Most seconds to wait out 429s, over all attempts; `math.inf` waits without a limit.
        deadline: Seconds for the whole call, waits and retries included; no limit by default.
        headers: HTTP headers to send in addition.
        idempotency_key: For POSTs that honour `Idempotency-Key`: HeyGen executes one request for each key and
            repeats its first answer for 24 hours. Without one, a random key is used.
    """

    attempt_timeout: float | None = attrs.field(default=None, validator=_check_number)
    attempts: int | None = attrs.field(default=None, validator=_check_number)
    patience: float | None = attrs.field(default=None, validator=_check_number)
    deadline: float | None = attrs.field(default=None, validator=_check_number)
    headers: Mapping[str, str] | None = attrs.field(default=None, validator=_check_options, repr=False)
    idempotency_key: str | None = attrs.field(default=None, validator=_check_key)

    def over(self, defaults: Options) -> Options:
        """Return these options, with those of *defaults* where they say nothing; headers of both are sent."""
        if self is defaults or defaults == _NO_OPTIONS:
            return self
        given = {name: value for name in _OPTION_NAMES if (value := getattr(self, name)) is not None}
        if self.headers and defaults.headers:
            given["headers"] = {**defaults.headers, **self.headers}
        return attrs.evolve(defaults, **given)


_OPTION_NAMES = tuple(field.name for field in attrs.fields(Options))
_NO_OPTIONS = Options()


@attrs.frozen(kw_only=True)
class Call(Generic[T]):
    """One request to HeyGen and the reader of its answer.

    Attributes:
        method: HTTP method: GET, POST, ...
        path: Path with its ids filled in: `/v3/videos/abc`.
        route: Path with names for ids, for telemetry: `/v3/videos/{video_id}`.
        read: Turns (answer, subject) into the value that the call returns; subject is "GET /v3/videos/abc".
        query: Query parameters.
        body: A value to be sent as JSON, or bytes or a `Body` to be sent unchanged.
        takes_key: True if the endpoint is documented to honour `Idempotency-Key`.
        costs: True if a successful call costs money.
        idempotent: True if a POST without a key can be executed twice with the same effect as once.
        timeout: Seconds for each attempt; None for the default of the method.
        headers: HTTP headers of this call.
    """

    method: str
    path: str
    route: str
    read: Callable[[wire.Answer, str], T]
    query: Mapping[str, str | int] | None = attrs.field(default=None, repr=False)
    body: Any = attrs.field(default=None, repr=False)
    takes_key: bool = False
    costs: bool = False
    idempotent: bool = False
    timeout: float | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class Request:
    """One request, ready to be sent.

    Attributes:
        method: HTTP method: GET, POST, ...
        path: Path below the base URL, with a slash at its start.
        query: Query parameters, not yet encoded.
        body: Bytes, or a `Body` that is read while it is sent, or None.
        headers: Headers in addition to the credentials and the User-Agent.
        timeout: Seconds for this attempt, body included.
        fresh: True to open a new connection. After a POST over a kept-alive connection that the server has
            dropped, it is unknown if the POST was executed.
    """

    method: str
    path: str
    query: Mapping[str, str | int] | None = attrs.field(default=None, repr=False)
    body: bytes | Body | None = attrs.field(default=None, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    timeout: float = 30.0
    fresh: bool = False

    def __str__(self) -> str:
        """Return method and path, for messages. The body is left out, because it holds people's names."""
        return f"{self.method} {self.path}"


def data_reader(kind: type[T]) -> Callable[[wire.Answer, str], T]:
    """Return a reader for answers whose `data` member is a *kind*."""

    def read(answer: wire.Answer, subject: str) -> T:
        value = wire.decode(wire.read_data(answer, subject), kind, f"{subject}: $.data")
        stamped(value, answer.request_id)
        return value

    return read


def path_id(value: str) -> str:
    """Return an id for use in a path. An id that would change the address of the request is refused."""
    text: Any = value  # a number from a program without types
    if not (isinstance(text, str) and text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise InvalidInputError(f"id {value!r:.80}: must be letters, digits, - and _; pass the id that HeyGen gave")
    return value


def request_of(call: Call[Any], options: Options, key: str | None, *, fresh: bool) -> Request:
    """Return the HTTP request of *call* with its *options* and Idempotency-Key; *fresh* opens a new connection."""
    is_json = call.body is not None and not isinstance(call.body, bytes | Body)
    headers = {
        **({"Content-Type": "application/json"} if is_json else {}),
        **({"Idempotency-Key": key} if key else {}),
        **call.headers,
        **(options.headers or {}),
    }
    default = READ_SECONDS if call.method == "GET" else WRITE_SECONDS
    return Request(
        method=call.method,
        path=call.path,
        query=call.query,
        body=wire.dumps(call.body) if is_json else call.body,
        headers=headers,
        timeout=options.attempt_timeout or call.timeout or default,
        fresh=fresh,
    )


def id_list(ids: Iterable[str]) -> str:
    """Return ids joined by commas. All are checked in one pass; only after a failure each by itself, to name it."""
    listed = list(ids)
    joined = ",".join(map(str, listed))
    if _VALID.fullmatch(joined) and joined.count(",") == len(listed) - 1 and "" not in listed:
        return joined
    return ",".join(map(path_id, listed))


def id_lists(**lists: Iterable[str]) -> dict[str, str]:
    """Return one query parameter for each list that is not empty. All lists together may hold a hundred ids."""
    by_name = {name: list(ids) for name, ids in lists.items()}
    count = sum(map(len, by_name.values()))
    if not 0 < count <= MOST_IDS:
        raise InvalidInputError(f"{' and '.join(by_name)}: {count} ids, must be 1 to {MOST_IDS} at a time")
    return {name: id_list(ids) for name, ids in by_name.items() if ids}

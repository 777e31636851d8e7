"""Conversion of values to JSON, and of answers to values or errors. No I/O.

Source: the envelopes of HeyGen's v3 API: `{"data": ...}` and `{"error": {"code", "message", ...}}`.
"""

from __future__ import annotations

import contextlib
import email.utils
import json
import math
import time
from collections.abc import Mapping
from typing import Any, TypeVar, cast, get_args, get_origin

import attrs
import cattrs
import cattrs.gen
from cattrs.errors import BaseValidationError

from heygen_async.errors import ContractError, HeyGenError, InvalidInputError, api_error_class
from heygen_async.http import lenient
from heygen_async.value import OWN, Value, keeping_unknown, names_in_answers

T = TypeVar("T")

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_QUOTED = 200  # characters of an unreadable body that an error shows
# Statuses of gateways that say nothing of the request behind them: proxy login, time-outs, a client that went away.
_UNPROVEN = frozenset({407, 408, 425, 499})


@attrs.frozen(kw_only=True)
class Answer:
    """One HTTP answer with its whole body."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)

    @property
    def request_id(self) -> str | None:
        """HeyGen's id of the request; None if the answer has none."""
        return self.headers.get("X-Request-Id")


def encode(value: Any) -> dict[str, Any]:
    """Return the JSON object of a request value. Fields with their default value are left out.

    The `wire_tag` (name, value) of a class is added as its discriminator. An `extra` mapping is merged in
    last, so that fields which this package does not know yet can be sent.
    """
    return cast("dict[str, Any]", _encoder.unstructure(value))


def dumps(value: Any) -> bytes:
    """Return compact JSON in UTF-8.

    Raises:
        InvalidInputError: *value* holds a value that JSON has no form for: NaN, a Decimal, a lone surrogate.
    """
    try:
        return _COMPACT.encode(value).encode()
    except (TypeError, ValueError, RecursionError) as exc:
        raise InvalidInputError(
            f"the request cannot be sent as JSON: {exc}; give text, whole and finite numbers, lists and mappings only"
        ) from exc


def decode(data: Any, kind: type[T], where: str = "$") -> T:
    """Return *data* as a *kind*. A malformed field counts as missing, if it may be missing; see `http/lenient.py`.

    Raises:
        ContractError: A required field is missing or malformed; the message has its place as a JSON path.
    """
    try:
        return _fast.structure(data, kind)
    except Exception as exc:
        with contextlib.suppress(lenient.UnreadableError):
            return cast("T", lenient.read(data, kind, _fast.structure))
        raise ContractError(_explain(data, kind, exc, where)) from exc


def read_json(answer: Answer, subject: str) -> Any:
    """Return the JSON of a good answer, or raise the error of a bad one.

    Args:
        answer: The answer.
        subject: The request ("POST /v3/videos"), for the message.

    Raises:
        APIError: HeyGen refused: a status from 400 and an `error` object, or a 429 or 5xx of any body.
        ContractError: The answer tells nothing about the request: a good status without JSON or with an `error`, a
            redirect, 407, 408, 425 or 499, or another bad status without HeyGen's `error` object: a gateway's page.
    """
    payload = lenient.parse(answer.body)
    error = payload.get("error") if isinstance(payload, dict) else None
    if answer.status >= 300 or error is not None:  # noqa: PLR2004 - HTTP's own border
        raise _api_error(answer, error, subject)
    if payload is lenient.NOT_JSON:
        raise ContractError(f"{subject}: {_describe(answer)}", **_facts(answer))
    return payload


def read_data(answer: Answer, subject: str) -> Any:
    """Return the `data` member of a good answer. Raises like `read_json`."""
    return member(read_json(answer, subject), "data", subject)


def read_json_or_none(answer: Answer, subject: str) -> Any:
    """Return the JSON of a good answer, or None if it has no body. Raises like `read_json`."""
    return None if answer.status < 300 and not answer.body else read_json(answer, subject)  # noqa: PLR2004 - as above


def member(payload: Any, name: str, subject: str) -> Any:
    """Return the member *name* of an answer.

    Raises:
        ContractError: The answer is not an object, or has no such member.
    """
    if not isinstance(payload, dict) or name not in payload:
        raise ContractError(f"{subject}: $.{name} is missing")
    return payload[name]


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return the seconds that `Retry-After` asks for, or None if it is absent or unreadable.

    Args:
        headers: Headers of the answer.
        now: Unix time, for the HTTP-date form; by default the system clock's.
    """
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, time.time() if now is None else now)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(text: str, now: float) -> float:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() - now
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _api_error(answer: Answer, error: Any, subject: str) -> HeyGenError:
    """Return the error of a bad answer. *error* is the `error` member of its body, if there is one."""
    fields = error if isinstance(error, dict) else {"message": error} if isinstance(error, str) else {}
    code = _text(fields.get("code"))
    message = _text(fields.get("message")) or _describe(answer)
    kind = api_error_class(answer.status, code) if _is_verdict(answer.status, error) else ContractError
    details = fields.get("errors")
    return kind(
        f"{subject}: {message}",
        code=code,
        param=_text(fields.get("param")),
        errors=tuple(details) if isinstance(details, list) else (),
        doc_url=_text(fields.get("doc_url")),
        retry_after=retry_after(answer.headers),
        **_facts(answer),
    )


def _is_verdict(status: int, error: Any) -> bool:
    """Return True if an answer is the word of HeyGen, and not of a gateway that may have let the request through."""
    if status >= 500 or status == 429:  # noqa: PLR2004 - these are read alike, whoever sent them
        return True
    return status >= 400 and status not in _UNPROVEN and isinstance(error, dict)  # noqa: PLR2004 - HTTP's own border


def _facts(answer: Answer) -> dict[str, Any]:
    return {"http_status": answer.status, "request_id": answer.request_id}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _describe(answer: Answer) -> str:
    """Describe an unreadable answer: empty, HTML, or its first characters."""
    if not answer.body:
        return f"an empty answer (HTTP {answer.status})"
    shown = answer.body[:_QUOTED].decode(errors="replace").strip()
    if shown[:1] == "<":
        kind = "an HTML page"
    elif lenient.parse(answer.body) is lenient.NOT_JSON:
        kind = "an answer that is not JSON"
    else:
        kind = "an answer without HeyGen's fields"
    return f"{kind} (HTTP {answer.status}): {' '.join(shown.split())!r}"


# Two strict readers: a number is not a string, null is not the text "None". `_fast` reads every answer;
# `_detailed` reads a bad one a second time, to find the place of the fault.


def _exactly(kind: type[Any], *also: type[Any]) -> Any:
    accepted = (kind, *also)

    def read(value: Any, _: Any) -> Any:
        if type(value) is kind:
            return value
        if not isinstance(value, accepted) or isinstance(value, bool):
            raise TypeError(f"expected {kind.__name__}, got {value!r:.80}")
        return kind(value)

    return read


def _finite(value: Any, _: Any) -> float:
    """Return a number that is not NaN or infinite: JSON has neither, and 1e999 reads as infinite."""
    number: float = value if type(value) is float else _any_number(value, None)
    if not -math.inf < number < math.inf:
        raise ValueError(f"expected a finite number, got {number}")
    return number


_any_number = _exactly(float, int)
_PLAIN = {str: _exactly(str), bool: _exactly(bool), int: _exactly(int), float: _finite}


def _converter(*, detailed: bool) -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=detailed)
    for kind, read in _PLAIN.items():
        converter.register_structure_hook(kind, read)
    converter.register_structure_hook_factory(_is_plain_or_none, _plain_or_none)
    return converter


def _is_plain_or_none(kind: Any) -> bool:
    kinds = get_args(kind)
    return len(kinds) == 2 and kinds[1] is type(None) and kinds[0] in _PLAIN  # noqa: PLR2004 - `X | None`


def _plain_or_none(kind: Any) -> Any:
    """Return a reader of `str | None` and the like. The reader of cattrs takes three times as long."""
    plain = _PLAIN[get_args(kind)[0]]

    def read(value: Any, _: Any) -> Any:
        return None if value is None else plain(value, None)

    return read


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list or (get_origin(kind) is tuple and get_args(kind)[1:] == (...,))


def _list_of(kind: Any) -> Any:
    """Return a reader of lists. The reader of cattrs takes text for a list of letters."""
    make, item = get_origin(kind), get_args(kind)[0]
    read_item = _fast.get_structure_hook(item)

    def read(value: Any, _: Any) -> Any:
        if type(value) is not list:
            raise TypeError(f"expected a list, got {value!r:.80}")
        return make([read_item(each, item) for each in value])

    return read


def _is_value(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Value)


def _value_of(kind: type[Value]) -> Any:
    """Return a reader of a class of answers, which keeps the fields that the class does not have."""
    omitted: Any = {name: cattrs.gen.override(omit=True) for name in OWN - names_in_answers(kind)}
    return keeping_unknown(kind, cattrs.gen.make_dict_structure_fn(kind, _fast, **omitted))


def _encode_class(converter: cattrs.Converter, kind: type[Any]) -> Any:
    plain = cattrs.gen.make_dict_unstructure_fn(
        kind,
        converter,
        _cattrs_omit_if_default=True,
        extra=cattrs.gen.override(omit=True),
        wire_type=cattrs.gen.override(omit=True),
    )

    def write(value: Any) -> dict[str, Any]:
        tag = getattr(value, "wire_tag", None)
        return {**(dict([tag]) if tag else {}), **plain(value), **(getattr(value, "extra", None) or {})}

    return write


def _make_encoder() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_unstructure_hook_factory(attrs.has, lambda kind: _encode_class(converter, kind))
    return converter


_fast = _converter(detailed=False)
_fast.register_structure_hook_factory(_is_list, _list_of)
_fast.register_structure_hook_factory(_is_value, _value_of)
_detailed = _converter(detailed=True)
_encoder = _make_encoder()


def _explain(data: Any, kind: type[Any], first: Exception, where: str) -> str:
    try:
        _detailed.structure(data, kind)
    except BaseValidationError as exc:
        return "; ".join(cattrs.transform_error(exc, path=where, format_exception=_reason))
    except Exception as exc:  # noqa: BLE001 - any error of a reader means that the answer is malformed
        first = exc
    return f"{_reason(first, None)} @ {where}"


def _reason(exc: BaseException, _: Any) -> str:
    if isinstance(exc, KeyError):
        return f"the required field {exc.args[0]!r} is missing"
    return str(exc) or type(exc).__name__

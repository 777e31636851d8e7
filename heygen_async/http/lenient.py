"""The second reading of an answer that does not fit its class: what may be missing, and does not read, is missing.

The end of a paid video must not depend on the type of its title. Ids, statuses and all else that a class requires stay
essential; so do fields marked as `ESSENTIAL`.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import attrs

from heygen_async.value import Value, names_in_answers, unknown_of

ESSENTIAL = "essential"  # in the metadata of a field: missing it means something else than not to read it

Structure = Callable[[Any, Any], Any]  # (data, kind) -> the value, or any exception

logger: logging.Logger = logging.getLogger("heygen_async")

_is_strict: ContextVar[bool] = ContextVar("heygen_async_is_strict", default=False)
_reported: set[str] = set()


NOT_JSON: object = object()


# What no file name and no journal can hold begins with one of these: halves of characters (lone surrogates), and NUL.
_UNWRITABLE = (b"\\ud", b"\\uD", b"\xed", b"\\u0000")


def parse(body: bytes) -> Any:
    """Return the JSON of *body*, with `?` for each half of a character and each NUL; `NOT_JSON` if it is none."""
    try:
        found = json.loads(body)
        escaped = b"\\" in body or b"\xed" in body  # one byte is found a hundred times as fast as two
        return _writable(found) if escaped and any(mark in body for mark in _UNWRITABLE) else found
    except (ValueError, RecursionError):
        return NOT_JSON


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\0", "?")
    if isinstance(value, list):
        return [_writable(item) for item in value]
    return {_writable(name): _writable(item) for name, item in value.items()} if isinstance(value, dict) else value


class UnreadableError(Exception):
    """A value does not read, and nothing may stand in its place."""


@contextlib.contextmanager
def strictly() -> Iterator[None]:
    """Read answers inside the block to the letter, for conclusions from what an answer does not contain."""
    token = _is_strict.set(True)
    try:
        yield
    finally:
        _is_strict.reset(token)


def read(data: Any, kind: Any, structure: Structure) -> Any:
    """Return *data* as a *kind*, by *structure* wherever that can read it.

    Fields with a default get it, items of lists and mappings are left out; each is logged once in the process.

    Raises:
        UnreadableError: A required field does not read, or no item of a list does.
    """
    if _is_strict.get():
        raise UnreadableError
    return _read(data, kind, structure)


def _read(data: Any, kind: Any, structure: Structure) -> Any:
    try:
        return structure(data, kind)
    except Exception:  # noqa: BLE001 - any error of a reader means that the value does not read
        kind = _without_none(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if attrs.has(kind) and isinstance(data, dict):
        return _read_object(data, kind, structure)
    if origin in {list, tuple} and attrs.has(inner[0]) and isinstance(data, list):
        return origin(item for _, item in _readable(enumerate(data), inner[0], structure))
    if origin in {Mapping, dict} and isinstance(data, dict):
        return dict(_readable(data.items(), inner[1], structure))
    raise UnreadableError


def _without_none(kind: Any) -> Any:
    """Return `X` of `X | None`."""
    if get_origin(kind) not in {Union, UnionType}:
        return kind
    arms = [arm for arm in get_args(kind) if arm is not NoneType]
    return arms[0] if len(arms) == 1 else kind


def _read_object(data: dict[str, Any], kind: type[Any], structure: Structure) -> Any:
    attrs.resolve_types(kind)
    values = {}
    known = names_in_answers(kind) if issubclass(kind, Value) else None
    for field in attrs.fields(kind):
        if field.name not in data or (known is not None and field.name not in known):
            continue
        try:
            values[field.name] = _read(data[field.name], field.type, structure)
        except UnreadableError:
            if field.default is attrs.NOTHING or ESSENTIAL in field.metadata:
                raise
            _report(f"{kind.__name__}.{field.name}", data[field.name])
    try:
        return kind(**values) if known is None else kind(**{"extra": unknown_of(data, known), **values})
    except (TypeError, ValueError) as exc:  # a required field is missing
        raise UnreadableError from exc


def _readable(items: Iterable[tuple[Any, Any]], kind: Any, structure: Structure) -> Iterator[tuple[Any, Any]]:
    """Yield the items that read, which must not be none."""
    count, failed = 0, False
    for place, item in items:
        try:
            found = _read(item, kind, structure)
        except UnreadableError:
            failed = True
            _report(f"an item of {getattr(kind, '__name__', kind)}", item)
        else:
            count += 1
            yield place, found
    if failed and not count:
        raise UnreadableError


def _report(subject: str, value: Any) -> None:
    """Log once that a part of an answer counts as missing; its value may hold a person's name, so its type is told."""
    if subject not in _reported:
        _reported.add(subject)
        logger.warning("an answer of HeyGen has %s as %s; it counts as missing", subject, type(value).__name__)

"""Read attrs classes from TOML. All wrong entries are reported at once, each by its path in the file."""

from __future__ import annotations

import tomllib
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

import attrs
import cattrs
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn

from heygen_async.errors import InvalidInputError
from heygen_async.near_names import hint, near_name

T = TypeVar("T")
OUTSIDE = {"stands in the file": False}  # metadata of a field that is not in the file


def read_toml(path: Path, kind: type[T], absent: str) -> T:
    """Return the *kind* that the file at *path* describes.

    Args:
        path: Path of the file.
        kind: Attrs class of tables and entries; the rules of its fields are applied.
        absent: Advice for the message if there is no such file.

    Raises:
        InvalidInputError: The file cannot be read, or an entry is wrong; the notes name further wrong entries.
    """
    try:
        parsed = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as exc:
        mend = absent if isinstance(exc, FileNotFoundError) else "look at its rights"
        raise InvalidInputError(f"{path}: {exc.strerror}; {mend}") from exc
    except UnicodeDecodeError as exc:
        raise InvalidInputError(f"{path}: is not UTF-8; TOML is, so save it as that") from exc
    except tomllib.TOMLDecodeError as exc:
        mend = 'texts stand in quotes, tables in brackets: mode = "direct", [request]'
        raise InvalidInputError(f"{path}: is not TOML: {exc}; {mend}") from exc
    try:
        return _converter().structure(parsed, kind)
    except cattrs.BaseValidationError as exc:
        problems = [f"{path.name}: {problem}" for problem in _problems(exc)]
        error = InvalidInputError(problems[0])
        for problem in problems[1:]:
            error.add_note(problem)
        raise error from exc


def _problems(exc: cattrs.BaseValidationError) -> Iterator[str]:
    """Yield the problems, each with its path in the file."""
    for line in cattrs.transform_error(exc, path="", format_exception=_reason):
        text, _, table = line.rpartition(" @ ")
        entry, _, reason = text.rpartition("\0")
        place = ".".join(part for part in (table.removeprefix("."), entry) if part)
        yield f"{place}: {reason}" if place else reason


def _reason(exc: BaseException, _: Any) -> str:
    """Return the message for an exception of cattrs or of a rule, after the entry that it names and a NUL."""
    if isinstance(exc, ForbiddenExtraKeysError):
        return _unknown(exc)
    if isinstance(exc, InvalidInputError):
        return f"{exc.param or ''}\0{exc.message.partition(': ')[2]}"
    return str(exc)


def _unknown(exc: ForbiddenExtraKeysError) -> str:
    known = [field.name for field in attrs.fields(cast("Any", exc.cl)) if _stands_in_file(field)]
    names = sorted(exc.extra_fields)
    if len(names) > 1:
        near = [one for name in names if (one := near_name(name, known)) is not None]
        mend = f"did you mean {' and '.join(near)}?" if near else f"there are {', '.join(known)}"
        return f"no such entries: {', '.join(names)}; {mend}"
    return f"{names[0]}\0no such entry; {hint(names[0], known)}"


def _stands_in_file(field: attrs.Attribute[Any]) -> bool:
    return field.metadata != OUTSIDE


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook_factory(attrs.has, lambda kind: _table(kind, converter))
    converter.register_structure_hook_factory(_is_list, lambda kind: _list(kind, converter))
    converter.register_structure_hook_func(_is_left_to_rules, lambda value, _: value)
    for kind, words in _WORDS.items():
        converter.register_structure_hook(kind, _scalar(kind, words))
    return converter


_WORDS: Mapping[type[Any], str] = {
    str: 'text in quotes, such as "Ada"',
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


def _scalar(kind: type[Any], words: str) -> Any:
    accepted = (kind, int) if kind is float else kind

    def read(value: Any, _: Any) -> Any:
        if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
            raise TypeError(f"{value!r:.60}; must be {words}")
        return kind(value)

    return read


def _table(kind: type[Any], converter: cattrs.Converter) -> Any:
    """Return a reader of tables with the entries of *kind*."""
    left_out: dict[str, Any] = {
        field.name: cattrs.override(omit=True) for field in attrs.fields(kind) if not _stands_in_file(field)
    }
    plain = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True, **left_out)

    def read(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise TypeError(f"{value!r:.60}; must be a table with entries of its own")
        return plain(value, kind)

    return read


def _list(kind: Any, converter: cattrs.Converter) -> Any:
    """Return a reader of lists; if the type has no length, the rule of the field checks it."""
    items = get_args(kind)
    length = None if Ellipsis in items else len(items)

    def read(value: Any, _: Any) -> Any:
        if not isinstance(value, list) or length not in {None, len(value)}:
            raise TypeError(f"{value!r:.60}; must be {'a list' if length is None else f'{length} items'} in brackets")
        return tuple(converter.structure(item, items[0]) for item in value)

    return read


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _is_left_to_rules(kind: Any) -> bool:
    """Return True if the rules of fields check values of this type: choices, mappings and `Any`."""
    choices = get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)
    return kind is Any or any(get_origin(choice) in {Literal, Mapping} for choice in choices)

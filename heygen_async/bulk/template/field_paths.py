"""Request fields by their paths (`script`, `voice_settings.speed`, `background.value`): typed values from texts.

A value is set in its field and is never pasted into JSON text, so no cell can change another field.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Any

import attrs

from heygen_async.api.fields.looks import Background
from heygen_async.errors import InvalidInputError
from heygen_async.near_names import hint

Read = Callable[[str], Any]
_WITH_SHORT_FORM = frozenset({"engine", "background", "image", "video", "audio", "srt"})  # parts, or one text
_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@attrs.frozen(kw_only=True)
class FieldProblem:
    """A problem with a field."""

    field: str
    reason: str


def field_reader(kind: type[Any], path: str) -> Read:
    """Return the function that makes the value of the field at *path* from text, in requests of *kind*.

    Raises:
        InvalidInputError: There is no such field; names those that there are.
    """
    kinds: tuple[Any, ...] = (kind,)
    for depth, name in enumerate(path.split(".")):
        if is_open(kinds):
            return str
        known = {**(tags(kinds) if depth else {}), **declared(kinds)}
        if name not in known:
            before = ".".join(path.split(".")[:depth])
            mend = hint(name, known) if known else f"{before} has no parts"
            raise InvalidInputError(f"{path}: no such field; {mend}; --lenient sends a newer one")
        kinds = known[name]
    return _leaf(path, kinds)


def has_field(kind: type[Any], path: str) -> bool:
    """Return True if requests of *kind* have a field at *path*, whole or with parts."""
    kinds: tuple[Any, ...] = (kind,)
    for depth, name in enumerate(path.split(".")):
        if is_open(kinds):
            return True
        found = {**(tags(kinds) if depth else {}), **declared(kinds)}.get(name)
        if found is None:
            return False
        kinds = found
    return True


def flatten(fields: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Return nested *fields* by their paths: `{"voice_settings": {"speed": "1.1"}}` has `voice_settings.speed`.

    Raises:
        InvalidInputError: A value is not a text, a number, a boolean, a list of texts or a mapping.
    """
    paths: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            paths |= flatten(value, f"{before}{name}.")
        elif isinstance(value, str | int | float):
            paths[f"{before}{name}"] = str(value)
        elif isinstance(value, list | tuple) and all(isinstance(item, str) and "," not in item for item in value):
            paths[f"{before}{name}"] = ", ".join(value)
        else:
            raise InvalidInputError(
                f"{before}{name}: a {type(value).__name__}; must be text, a number, true or false, "
                "or a list of texts without commas"
            )
    return paths


def check_paths(paths: Collection[str]) -> None:
    """Raise `InvalidInputError` if a field is given as a whole and in parts."""
    for path in paths:
        if any(other.startswith(f"{path}.") for other in paths):
            raise InvalidInputError(f"{path}: given as a whole and in parts; give one of the two")


def nest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values*, given by path, as a tree of mappings."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *outer, last = path.split(".")
        place = tree
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = value
    return tree


def build(
    kind: type[Any],
    tree: Mapping[str, Any],
    *,
    failed: Collection[str] = (),
    before: str = "",
    extra: Mapping[str, Any] | None = None,
) -> tuple[Any, list[FieldProblem]]:
    """Return the value of *kind* that *tree* describes, or None and all problems of its fields.

    Args:
        kind: Class of the request, or of a part of it.
        tree: Values by name; a mapping for a part.
        failed: Paths of fields that are known to be wrong. Rules between fields are not checked if one of them is.
        before: Path of the part, with a dot at the end.
        extra: Fields that are newer than this version, see `newer_words`.
    """
    values: dict[str, Any] = {"extra": extra} if extra else {}
    of_parts: dict[str, list[FieldProblem]] = {}
    kinds = declared((kind,))
    for name, given in tree.items():
        values[name] = given
        if isinstance(given, Mapping) and not is_open(kinds[name]):
            values[name], of_parts[name] = _part(kinds[name], given, failed, before + name)
    broken: list[FieldProblem] = []
    if not any(of_parts.values()) and not any(path.startswith(before) for path in failed):
        try:
            return kind(**values), []  # checks all rules; which of them are broken is asked only if one is
        except InvalidInputError as exc:
            broken = [FieldProblem(field=before + (exc.param or ""), reason=exc.message)]
    problems = [
        problem for name in tree for problem in of_parts.get(name) or _broken_rule(kind, name, values[name], before)
    ]
    return None, problems or broken


def missing_fields(kind: type[Any], tree: Mapping[str, Any]) -> list[str]:
    """Return the required fields of *kind* that *tree* does not have."""
    return [name for name in _required(kind) if name not in tree]  # type: ignore[arg-type]  # mypy: a class of attrs may not be hashable


def _part(
    kinds: tuple[Any, ...], given: Mapping[str, Any], failed: Collection[str], path: str
) -> tuple[Any, list[FieldProblem]]:
    """Return a part of a request. The class among *kinds* is found by the tag or by the names of the fields."""
    classes: list[Any] = [kind for kind in kinds if attrs.has(kind)]
    tag = next(iter(tags(classes)), None)
    wanted = given.get(tag) if tag is not None else None
    fields = {name: value for name, value in given.items() if name != tag}
    fitting = [
        kind
        for kind in classes
        if set(fields) <= set(attrs.fields_dict(kind)) and (wanted is None or kind.wire_tag[1] == wanted)
    ]
    if len(fitting) != 1:
        return None, [FieldProblem(field=path, reason=_choices(classes, tag, given))]
    if fitting[0] is Background:
        fields = with_background_type(fields)
    lacking = [f"{path}.{name}" for name in missing_fields(fitting[0], fields) if f"{path}.{name}" not in failed]
    if lacking:
        return None, [FieldProblem(field=name, reason="is required") for name in lacking]
    return build(fitting[0], fields, failed=failed, before=f"{path}.")


def with_background_type(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a background with the type, which HeyGen requires and which the other fields tell."""
    return {"type": "color" if "value" in fields else "image", **fields}


def _choices(classes: Collection[Any], tag: str | None, given: Mapping[str, Any]) -> str:
    choices = "; or ".join(
        f"{kind.wire_tag[1]} with {', '.join(attrs.fields_dict(kind)) or 'no other fields'}" for kind in classes
    )
    return f"{tag} {given.get(tag or '')!r} with {', '.join(name for name in given if name != tag)}: must be {choices}"


def _broken_rule(kind: type[Any], name: str, value: Any, before: str) -> list[FieldProblem]:
    """Check one field by itself, so that all wrong fields are found together."""
    if value is None:
        return []
    field: Any = _fields_of(kind)[name]  # type: ignore[arg-type]  # the same
    try:
        converted = value if field.converter is None else field.converter(value)
        if field.validator is not None:
            field.validator(object.__new__(kind), field, converted)
    except InvalidInputError as exc:
        return [FieldProblem(field=before + name, reason=exc.message)]
    return []


@functools.cache
def _fields_of(kind: type[Any]) -> Mapping[str, Any]:
    return attrs.fields_dict(kind)


@functools.cache
def _required(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING)


@functools.cache
def declared(kinds: tuple[Any, ...]) -> dict[str, tuple[Any, ...]]:
    """Return the types of the fields of *kinds*, by name."""
    found: dict[str, tuple[Any, ...]] = {}
    for kind in kinds:
        if attrs.has(kind):
            for field in attrs.fields(attrs.resolve_types(kind)):
                if field.name != "extra":
                    found[field.name] = found.get(field.name, ()) + _alternatives(field.type)
    return found


def tags(kinds: Collection[Any]) -> dict[str, tuple[Any, ...]]:
    """Return the tags of *kinds*: fields such as `type` that name the class in JSON."""
    return {kind.wire_tag[0]: (str,) for kind in kinds if attrs.has(kind) and hasattr(kind, "wire_tag")}


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return typing.get_args(hint)
    return (hint,)


def is_open(kinds: tuple[Any, ...]) -> bool:
    """Return True if the parts have no fixed names; they are sent as they are given."""
    return any(typing.get_origin(kind) is Mapping for kind in kinds)


def _leaf(path: str, accepted: tuple[Any, ...]) -> Read:
    if bool in accepted:
        return _switch
    if int in accepted or float in accepted:
        return lambda text: _number(text, whole=float not in accepted)
    if any(typing.get_origin(kind) is tuple for kind in accepted):
        return lambda text: tuple(part.strip() for part in text.split(",") if part.strip())
    shorthand = path.rpartition(".")[2] in _WITH_SHORT_FORM
    parts = declared(accepted)
    if parts and not shorthand:
        raise InvalidInputError(f"{path}: has parts; give {path}.{f', {path}.'.join(parts)}")
    return str


def _switch(text: str) -> bool:
    try:
        return _SWITCH[text.strip().lower()]
    except KeyError:
        raise InvalidInputError(f"{text!r:.60} is neither true nor false") from None


def _number(text: str, *, whole: bool) -> float:
    try:
        value = float(text.replace("_", "?"))  # 1_0 is a number in Python only
        if not whole:
            return value
        if value.is_integer():
            return int(value)
    except ValueError:
        pass
    kind = "a whole number" if whole else "a number"
    raise InvalidInputError(f"{text!r:.60} is not {kind} such as {8 if whole else 1.5}") from None

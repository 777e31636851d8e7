"""A validator for the keywords of OpenAPI 3.0 schemas that the contract uses."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from heygen_async.simulator.http.replies import FieldError

Schema = Mapping[str, Any]

_WHOLE = re.compile(r"(\w+\[\d+\])?")  # path of a request, or of an item of a batch or a scene
_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


@attrs.frozen
class Validator:
    """Validates values against schemas.

    Attributes:
        document: OpenAPI document in which references are resolved.
        is_open: True to accept fields and words that the document does not have, as a newer HeyGen may. The word that
            tells the kind of a request, an item or a scene must be known all the same.
    """

    document: Mapping[str, Any]
    is_open: bool = False

    def problems(self, schema: Schema, value: Any, path: str = "") -> Iterator[FieldError]:
        """Yield the problems of *value*. *path* is the place of the value in the request."""
        schema = self.resolve(schema)
        if value is None:
            yield from _null_problems(schema, path)
        elif "oneOf" in schema:
            yield from self._one_of(schema, value, path)
        elif "anyOf" in schema:
            yield from self._any_of(schema, value, path)
        else:
            yield from self._plain(schema, value, path)

    def resolve(self, schema: Schema) -> Schema:
        """Return *schema* with its reference resolved, if it is one."""
        while "$ref" in schema:
            found: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema

    def _one_of(self, schema: Schema, value: Any, path: str) -> Iterator[FieldError]:
        name = schema["discriminator"]["propertyName"]
        variants = schema["discriminator"]["mapping"]
        default = schema["discriminator"].get("x-default-when-omitted")
        if not isinstance(value, dict):
            yield FieldError(path=path, message="Input should be an object.")
        elif name not in value and default is None:
            yield FieldError(path=_join(path, name), message=f"'{name}' is required.")
        elif name not in value:
            yield from self.problems({"$ref": variants[default]}, {**value, name: default}, path)
        elif not isinstance(value[name], str) or value[name] not in variants:
            if not (self.is_open and isinstance(value[name], str)) or _WHOLE.fullmatch(path):
                message = f"Input should be one of: {', '.join(sorted(variants))}."
                yield FieldError(path=_join(path, name), message=message)
        else:
            yield from self.problems({"$ref": variants[value[name]]}, value, path)

    def _any_of(self, schema: Schema, value: Any, path: str) -> Iterator[FieldError]:
        alternatives = [list(self.problems(alternative, value, path)) for alternative in schema["anyOf"]]
        if all(alternatives):
            # The last alternative is null, so the problems of the first are reported.
            yield from alternatives[0]

    def _plain(self, schema: Schema, value: Any, path: str) -> Iterator[FieldError]:
        kind = schema.get("type")
        if kind and not _is_a(kind, value):
            yield FieldError(path=path, message=f"Input should be of type {kind}.")
            return
        yield from (
            FieldError(path=path, message=message)
            for keyword, check in _CHECKS.items()
            if keyword in schema
            and not (self.is_open and keyword == "enum" and isinstance(value, str))
            and (message := check(schema, value))
        )
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.problems(schema.get("items", {}), item, f"{path}[{index}]")
        elif isinstance(value, dict):
            yield from self._members(schema, value, path)

    def _members(self, schema: Schema, value: dict[str, Any], path: str) -> Iterator[FieldError]:
        known = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield FieldError(path=_join(path, name), message=f"'{name}' is required.")
        others = schema.get("additionalProperties", True)
        for name, member in value.items():
            if name in known:
                yield from self.problems(known[name], member, _join(path, name))
            elif others is False and not self.is_open:
                yield FieldError(path=_join(path, name), message=f"Unknown field '{name}'.")
            elif isinstance(others, Mapping):
                yield from self.problems(others, member, _join(path, name))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_a(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind]) and not (isinstance(value, float) and not math.isfinite(value))


def _null_problems(schema: Schema, path: str) -> Iterator[FieldError]:
    if not schema.get("nullable") and (schema.keys() & {"type", "oneOf", "anyOf", "enum"}):
        yield FieldError(path=path, message="Input should not be null.")


def _enum(schema: Schema, value: Any) -> str | None:
    if value in schema["enum"]:
        return None
    return f"Input should be one of: {', '.join(str(known) for known in schema['enum'] if known is not None)}."


def _minimum(schema: Schema, value: Any) -> str | None:
    low = schema["minimum"]
    if schema.get("exclusiveMinimum"):
        return None if value > low else f"Input should be greater than {low}."
    return None if value >= low else f"Input should be at least {low}."


def _maximum(schema: Schema, value: Any) -> str | None:
    high = schema["maximum"]
    if schema.get("exclusiveMaximum"):
        return None if value < high else f"Input should be less than {high}."
    return None if value <= high else f"Input should be at most {high}."


def _multiple_of(schema: Schema, value: Any) -> str | None:
    step = schema["multipleOf"]
    return None if value % step == 0 else f"Input should be a multiple of {step}."


def _pattern(schema: Schema, value: Any) -> str | None:
    return None if re.search(schema["pattern"], value) else f"Input should match {schema['pattern']}."


def _format(schema: Schema, value: Any) -> str | None:
    if schema["format"] != "uri":
        return None
    return None if is_web_address(value) else "Input should be an http or https URL."


def is_web_address(text: str) -> bool:
    """Return True if *text* is an http or https URL with a host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text)


def _at_least(keyword: str, unit: str) -> Callable[[Schema, Any], str | None]:
    def check(schema: Schema, value: Any) -> str | None:
        low = schema[keyword]
        return None if len(value) >= low else f"Input should have at least {low} {unit}."

    return check


def _at_most(keyword: str, unit: str) -> Callable[[Schema, Any], str | None]:
    def check(schema: Schema, value: Any) -> str | None:
        high = schema[keyword]
        return None if len(value) <= high else f"Input should have at most {high} {unit}."

    return check


_CHECKS: dict[str, Callable[[Schema, Any], str | None]] = {
    "enum": _enum,
    "minimum": _minimum,
    "maximum": _maximum,
    "multipleOf": _multiple_of,
    "minLength": _at_least("minLength", "characters"),
    "maxLength": _at_most("maxLength", "characters"),
    "minItems": _at_least("minItems", "items"),
    "maxItems": _at_most("maxItems", "items"),
    "pattern": _pattern,
    "format": _format,
}

"""JSON Schema of campaign files, made from the classes that read them; editors complete and check TOML by it."""

from __future__ import annotations

import inspect
import re
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from heygen_async.bulk.campaign_file.campaign_file import LENIENT, Campaign
from heygen_async.bulk.campaign_file.toml import OUTSIDE
from heygen_async.bulk.run.run_options import RunSettings
from heygen_async.bulk.template.template import MODES

_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number"}
_ATTRIBUTE = re.compile(r"^    (\w+(?:, \w+)*): (.*(?:\n     .*)*)", re.MULTILINE)
# Any field of a request may hold a placeholder, so its type in the file is text as well.
_REQUEST_VALUE: dict[str, Any] = {"type": ["string", "number", "boolean", "array", "object"]}


def campaign_schema() -> dict[str, Any]:
    """Return the schema, JSON Schema 2020-12."""
    schema = _table(Campaign)
    fields: dict[str, Any] = {}
    for mode in MODES.values():
        fields |= {name: _REQUEST_VALUE | told | fields.get(name, {}) for name, told in _request_fields(mode).items()}
    fields[LENIENT] = {"type": "boolean", "description": "True to send fields and words newer than this version too."}
    schema["properties"]["request"] |= {
        "properties": dict(sorted(fields.items())),
        "if": {"properties": {LENIENT: {"const": True}}, "required": [LENIENT]},
        "else": {"propertyNames": {"enum": sorted(fields)}},
    }
    schema["properties"]["columns"] |= {"additionalProperties": {"type": "string"}}
    rates = schema["properties"]["rates"]["properties"]
    rates["per_second"] |= {"additionalProperties": {"anyOf": [{"type": "number"}, rates["avatar"]]}}
    rates["looks"] |= {"additionalProperties": {"type": "string"}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "heygen-async campaign", **schema}


def descriptions(kind: type[Any]) -> dict[str, str]:
    """Return the description of each attribute in the docstrings of *kind* and its bases, in one line each."""
    said: dict[str, str] = {}
    for owner in reversed(kind.__mro__):
        _, _, text = inspect.cleandoc(owner.__doc__ or "").partition("Attributes:\n")
        for names, words in _ATTRIBUTE.findall(text):
            said |= dict.fromkeys(names.split(", "), " ".join(words.split()))
    return said


def _request_fields(mode: type[Any]) -> dict[str, dict[str, str]]:
    said = descriptions(mode)
    return {
        field.name: {"description": said[field.name]} if field.name in said else {}
        for field in attrs.fields(mode)
        if field.name != "extra"
    }


def _table(kind: type[Any]) -> dict[str, Any]:
    hints, said = get_type_hints(kind), descriptions(RunSettings) | descriptions(kind)
    entries: dict[str, Any] = {}
    for field in attrs.fields(kind):
        if field.metadata == OUTSIDE:
            continue
        entries[field.name] = _value(hints[field.name])
        if field.name in said:
            entries[field.name]["description"] = said[field.name]
        if isinstance(field.default, str | int | float):
            entries[field.name]["default"] = field.default
    return {"type": "object", "properties": entries, "additionalProperties": False}


def _value(hint: Any) -> dict[str, Any]:
    """Return the schema of one type; None is not in TOML, so it is left out."""
    items = [item for item in get_args(hint) if item is not type(None)]
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if get_origin(hint) is Literal:
        return {"enum": items}
    if get_origin(hint) is tuple:
        length = {} if Ellipsis in items else {"minItems": len(items), "maxItems": len(items)}
        return {"type": "array", "items": _value(items[0]), **length}
    if get_origin(hint) in {Union, types.UnionType}:
        return _value(items[0]) if len(items) == 1 else {"anyOf": [_value(item) for item in items]}
    return _table(hint) if attrs.has(hint) else {"type": "object"}

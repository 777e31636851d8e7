"""Fields and words of a list that are newer than this version: they go into `extra` if the user says so."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import attrs

from heygen_async.api.fields.extra import report_word
from heygen_async.api.fields.looks import Background, as_engine
from heygen_async.api.fields.rules import OneOf
from heygen_async.bulk.template.field_paths import declared, is_open, tags, with_background_type


def read_json(text: str) -> Any:
    """Return the value of a field of unknown type: JSON if the text is JSON, else the text itself."""
    try:
        return json.loads({"True": "true", "False": "false"}.get(text.strip(), text))
    except (ValueError, RecursionError):
        return text


def split(kind: type[Any], tree: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of *tree* that a request of *kind* knows, and those that go into its `extra`.

    A part with a newer field or word goes there whole. A required field keeps a word that is known, which `extra`
    replaces in what is sent.
    """
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    kinds, fields = declared((kind,)), attrs.fields_dict(kind)
    for name, value in tree.items():
        if name not in kinds:
            report_word(kind, name)
            extra[name] = value
        elif _is_newer(kinds[name], fields[name], value):
            extra[name] = _as_sent(kinds[name], name, value)
            rule: Any = fields[name].validator
            if fields[name].default is attrs.NOTHING and isinstance(rule, OneOf):
                known[name] = rule.words[0]
        else:
            known[name] = value
    return known, extra


def _is_newer(kinds: Collection[Any], field: attrs.Attribute[Any], value: Any) -> bool:
    """Return True if *value*, or a part of it, is a word or field that *kinds* do not have."""
    if isinstance(value, Mapping):
        return not is_open(tuple(kinds)) and _has_newer_part([kind for kind in kinds if attrs.has(kind)], value)
    if field.name == "engine":
        return isinstance(as_engine(value), str)
    rule: Any = field.validator
    return isinstance(rule, OneOf) and isinstance(value, str) and value not in rule.words


def _has_newer_part(classes: list[Any], value: Mapping[str, Any]) -> bool:
    tag = next(iter(tags(classes)), None)
    if tag is not None and tag in value:
        classes = [kind for kind in classes if kind.wire_tag[1] == value[tag]]
    kinds = declared(tuple(classes))
    fields: dict[str, attrs.Attribute[Any]] = {}
    for kind in classes:
        fields |= attrs.fields_dict(kind)
    return not classes or any(
        name not in kinds or _is_newer(kinds[name], fields[name], part) for name, part in value.items() if name != tag
    )


def _as_sent(kinds: Collection[Any], name: str, value: Any) -> Any:
    if name == "engine" and isinstance(value, str):
        return {"type": value}
    return with_background_type(value) if Background in kinds else value

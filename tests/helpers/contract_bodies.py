"""Request values from JSON bodies, and bodies from schemas, for the tests of the generated resources."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterator
from typing import Any

from heygen_async.api.agents import sessions
from heygen_async.api.fields import assets, looks, voices
from heygen_async.api.requests import modes
from tests.codegen.classes import CHANGES, REQUESTS_BY_HAND
from tests.codegen.generate import DOCUMENT, MODULE, VALUES
from tests.codegen.operations import RESOURCES
from tests.codegen.values import name_of, target

SCHEMAS = DOCUMENT["components"]["schemas"]
ASSETS = {"url": assets.AssetUrl, "asset_id": assets.AssetId, "base64": assets.AssetBase64}
ENGINES = {"avatar_iii": looks.AvatarIII, "avatar_iv": looks.AvatarIV, "avatar_v": looks.AvatarV}
PLAIN = {"CaptionSetting": looks.Caption, "VoiceSettingsInput": voices.VoiceSettings}
OTHERS = {"SendVideoAgentMessageRequest": sessions.AgentReply, "CreateVideoAgentRequest": modes.VideoAgent}
URL = "https://example.com/file"

# Fields that are needed besides the required ones, by rules between fields.
ALSO: dict[str, dict[str, Any]] = {
    "AssetBase64": {"data": "AA==", "media_type": "image/png"},
    "ImageScene": {"duration": 3},
    "ReferenceToVideoRequest": {"reference_images": [{"type": "asset_id", "asset_id": "a"}]},
    "SendVideoAgentMessageRequest": {"message": "Hi"},
    "StudioAvatarInput": {"script": "Hi"},
}


def class_of(schema: str) -> Any:
    """Return the request class of a schema, generated or written by hand."""
    if schema in OTHERS:
        return OTHERS[schema]
    for module in ["shared", *(resource.name for resource in RESOURCES)]:
        found = getattr(importlib.import_module(f"{MODULE}.{module}"), name_of(schema), None)
        if found is not None and getattr(found, "__module__", "") == f"{MODULE}.{module}":
            return found
    raise LookupError(schema)


def build(schema: dict[str, Any], value: Any) -> Any:
    """Return the request value for *value*, which is JSON and need not fit *schema*."""
    name = target(schema)
    if schema.get("type") == "array" and isinstance(value, list):
        return [build(schema["items"], item) for item in value]
    if name is None or not isinstance(value, dict):
        return value
    if name in REQUESTS_BY_HAND:
        return _by_hand(name, value)
    arm = arm_of(name, value)
    tag = VALUES.tag(arm)
    known = SCHEMAS[arm]["properties"]
    fields = {field: build(known.get(field, {}), part) for field, part in value.items()}
    if tag:
        fields.pop(tag[0], None)
    return class_of(arm)(**fields)


def arm_of(name: str, value: dict[str, Any]) -> str:
    """Return the name of the member of a union that *value* belongs to."""
    return next((arm for arm in VALUES.arms(name) if (tag := VALUES.tag(arm)) and value.get(tag[0]) == tag[1]), name)


def _by_hand(name: str, value: dict[str, Any]) -> Any:
    if name == "VideoEngineConfig":
        return ENGINES[value["type"]](**{field: part for field, part in value.items() if field != "type"})
    if name in PLAIN:
        return PLAIN[name](**value)
    if name == "WatermarkInput":
        return looks.Watermark(**{**value, "image": _by_hand("AssetInput", value["image"])})
    return ASSETS[value["type"]](**{field: part for field, part in value.items() if field != "type"})


def least(name: str) -> dict[str, Any]:
    """Return the smallest body of a schema that is not a union."""
    schema = SCHEMAS[name]
    body = {field: good(field, schema["properties"][field]) for field in schema.get("required", ())}
    return body | ALSO.get(name, {})


def good(field: str, schema: dict[str, Any]) -> Any:
    """Return a value that fits *schema*."""
    return next(inside(field, schema))


def inside(field: str, schema: dict[str, Any]) -> Iterator[Any]:
    """Yield values just inside the limits."""
    if name := target(schema):
        yield from (least(arm) for arm in VALUES.arms(name))
    elif "enum" in schema:
        yield from (word for word in schema["enum"] if word is not None)
    elif schema["type"] == "array":
        item = good(field, schema["items"])
        yield [item] * max(1, schema.get("minItems", 0))
        yield [item] * schema.get("maxItems", 3)
        yield from ([each] for each in inside(field, schema["items"]))
    else:
        yield from _inside_plain(field, schema)


def _inside_plain(field: str, schema: dict[str, Any]) -> Iterator[Any]:
    if schema["type"] == "string":
        if "pattern" in schema:
            yield "#a1B2c3"
        elif schema.get("format") == "uri" or field.endswith("url"):
            yield URL
        else:
            yield "x" * max(1, schema.get("minLength", 0))
            yield "x" * schema.get("maxLength", 300)
            yield from [] if schema.get("minLength") else [""]
    elif schema["type"] == "boolean":
        yield from (True, False)
    elif schema["type"] == "object":
        yield from ({"name": {"type": "text"}}, {})
    else:
        step = schema.get("multipleOf", 1)
        low = schema.get("minimum", -7) + (0.5 if schema.get("exclusiveMinimum") else 0)
        yield from (low, low + step, schema.get("maximum", 1000))


def outside(field: str, schema: dict[str, Any]) -> Iterator[Any]:
    """Yield values just outside the limits, and of other types.

    For addresses that the contract only declares as strings, no strings: the model is stricter there on purpose.
    """
    loose = field.endswith("url") and "format" not in schema
    yield from (value for value in _outside(field, schema) if not (loose and isinstance(value, str)))


def _outside(field: str, schema: dict[str, Any]) -> Iterator[Any]:
    kind = schema.get("type")
    yield from (5.5, [5], "", True)
    if target(schema) is None and kind != "object":  # an open object accepts any fields
        yield {"type": "nonsense"}
    if "enum" in schema:
        yield "no such word"
    if kind == "array":
        item = good(field, schema["items"])
        yield from ([item] * (schema.get("maxItems", 3) + 1), [], [None], [item, 5], "x")
        yield from ([each] for each in outside(field, schema["items"]))
    elif kind == "string":
        yield from ("x" * (schema.get("maxLength", 300) + 1), "#12345g", "https://", "no address")
    elif kind in {"number", "integer"}:
        step = schema.get("multipleOf", 1)
        yield from (schema.get("minimum", 0) - step, schema.get("maximum", 9) + step, 129, "1", 2.5)


def variants(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a description and a body: the smallest body of a schema that is not a union, then each change to it."""
    body = least(name)
    tag = VALUES.tag(name)
    tag_field = tag[0] if tag else None
    yield "least", body
    for field in set(SCHEMAS[name].get("required", ())) - {tag_field}:
        yield f"{field} is missing", {known: part for known, part in body.items() if known != field}
    for field, schema in SCHEMAS[name]["properties"].items():
        if field == tag_field:
            continue
        for value in [*inside(field, schema), *outside(field, schema)]:
            yield f"{field} = {value!r:.40}", {**body, field: copy.deepcopy(value)}
        if name in CHANGES and schema.get("nullable"):
            yield f"{field} is cleared", {**body, field: None}
        for change, inner in _inner_variants(schema):
            yield f"{field}.{change}", {**body, field: inner}


def _inner_variants(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield variants of the objects that a field holds, if their class is generated from the contract."""
    name = target(schema.get("items", schema))
    if name is None or name in REQUESTS_BY_HAND:
        return
    for arm in VALUES.arms(name):
        for change, inner in variants(arm):
            yield change, [inner] if schema.get("type") == "array" else inner


def body_value(schema: str, **more: Any) -> Any:
    return build({"$ref": f"#/components/schemas/{schema}"}, {**least(schema), **more})

"""Bodies made from the contract: the smallest that an operation accepts, and bodies that it must refuse."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from heygen_async.simulator.contract.contract import Operation

JSON = "application/json"

# Fields that no schema requires but a rule between fields does, and ids that must exist; tests fill in {braces}.
MORE: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v3/videos"): {"script": "Hi"},
    ("POST", "/v3/assets/complete/batches"): {"batch_id": "{asset_batch}"},
    ("POST", "/v3/models/audio/tts"): {"voice_id": "{audio_voice}"},
    ("POST", "/v3/models/audio/tts/stream"): {"voice_id": "{audio_voice}"},
    ("POST", "/v3/models/audio/speech-to-speech"): {"voice_id": "{audio_voice}"},
    ("POST", "/v3/video-agents/{session_id}"): {"message": "Hi"},
    ("POST", "/v3/templates"): {"source_video_id": "{video_id}"},
}
URL = "https://example.com/file"


def least(asked: Operation) -> Any:
    """Return the smallest body that *asked* accepts."""
    body = _value(asked, asked.document["requestBody"]["content"][JSON]["schema"], "")
    if asked.template == "/v3/videos/batches":
        body["videos"][0]["script"] = "Hi"
    return body | MORE.get((asked.method, asked.template), {})


def _value(asked: Operation, schema: Any, name: str) -> Any:
    schema = asked.validator.resolve(schema)
    if "oneOf" in schema:
        tag = schema["discriminator"]["propertyName"]
        word, arm = next(iter(schema["discriminator"]["mapping"].items()))
        return _value(asked, {"$ref": arm}, name) | {tag: word}
    if "anyOf" in schema:
        return _value(asked, schema["anyOf"][0], name)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        known = schema.get("properties", {})
        return {need: _value(asked, known[need], need) for need in schema.get("required", ())}
    if kind == "array":
        return [_value(asked, schema["items"], name) for _ in range(schema.get("minItems", 0))]
    text = URL if "url" in name or schema.get("format") == "uri" else "x"
    return {"string": text, "integer": schema.get("minimum", 1), "number": 1, "boolean": True}[kind]


def spoilt(asked: Operation, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path of a wrong field and the body: a field too many, one too few, or one of another type."""
    yield from _spoilt(asked, asked.document["requestBody"]["content"][JSON]["schema"], body, [])


def _spoilt(asked: Operation, schema: Any, body: dict[str, Any], way: list[Any]) -> Iterator[tuple[str, Any]]:
    schema = asked.validator.resolve(schema)
    here = _at(body, way)
    if "oneOf" in schema:
        tag = schema["discriminator"]["propertyName"]
        schema = asked.validator.resolve({"$ref": schema["discriminator"]["mapping"][here[tag]]})
    if schema.get("additionalProperties") is False:
        yield _changed(body, way, "nonsense", 1)
    for name in schema.get("required", ()):
        yield _changed(body, way, name, ...)
    for name, member in schema.get("properties", {}).items():
        kind = asked.validator.resolve(member).get("type")
        if kind in {"string", "integer", "number", "boolean", "array"}:
            yield _changed(body, way, name, {"another": "type"})
        if kind == "object" and isinstance(here.get(name), dict):
            yield from _spoilt(asked, member, body, [*way, name])
        if kind == "array" and isinstance(here.get(name), list) and here[name] and isinstance(here[name][0], dict):
            yield from _spoilt(asked, asked.validator.resolve(member)["items"], body, [*way, name, 0])


def _changed(body: dict[str, Any], way: list[Any], name: str, value: Any) -> tuple[str, dict[str, Any]]:
    copied = copy.deepcopy(body)
    place = _at(copied, way)
    if value is ...:
        del place[name]
    else:
        place[name] = value
    return ".".join(map(str, [*way, name])), copied


def _at(value: Any, way: list[Any]) -> Any:
    for step in way:
        value = value[step]
    return value

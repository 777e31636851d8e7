"""HeyGen's contract, and the problems that jsonschema finds in a body."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from tests.helpers import paths

CONTRACT = json.loads(paths.CONTRACT.read_text(encoding="utf-8"))


SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]


def as_json_schema(node: Any) -> Any:
    """Translate an OpenAPI 3.0 schema to JSON Schema: `nullable`, boolean `exclusiveMinimum`, references."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    translated = {
        name: as_json_schema(value) for name, value in node.items() if name not in {"nullable", "discriminator"}
    }
    if "$ref" in translated:
        translated["$ref"] = translated["$ref"].replace("#/components/schemas/", "#/$defs/")
    if translated.get("exclusiveMinimum") is True:
        translated["exclusiveMinimum"] = translated.pop("minimum")
    return {"anyOf": [translated, {"type": "null"}]} if node.get("nullable") is True else translated


DEFS = as_json_schema(SCHEMAS)


def problems(body: Any, schema: str) -> list[str]:
    validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{schema}", "$defs": DEFS})
    return [error.message for error in validator.iter_errors(body)]

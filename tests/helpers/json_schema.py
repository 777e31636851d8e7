"""Translates schemas of OpenAPI 3.0 for the library jsonschema."""

from __future__ import annotations

from typing import Any


def as_json_schema(node: Any) -> Any:
    """Translate an OpenAPI 3.0 schema to JSON Schema: `nullable` and boolean `exclusiveMinimum`."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    done = {name: as_json_schema(member) for name, member in node.items()}
    if done.get("exclusiveMinimum") is True:
        done["exclusiveMinimum"] = done.pop("minimum")
    return {"anyOf": [done, {"type": "null"}]} if done.get("nullable") is True else done

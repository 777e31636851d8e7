"""From OpenAPI 3.0 to what jsonschema reads."""

from __future__ import annotations

from typing import Any


def as_json_schema(node: Any) -> Any:
    """Translate OpenAPI 3.0 into what jsonschema reads."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    done = {name: as_json_schema(member) for name, member in node.items()}
    if done.get("exclusiveMinimum") is True:
        done["exclusiveMinimum"] = done.pop("minimum")
    return {"anyOf": [done, {"type": "null"}]} if done.get("nullable") is True else done

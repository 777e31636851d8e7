"""The order of fields in signatures."""

from __future__ import annotations

from typing import Any

import attrs


def required_first(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Return the fields with required ones first, also before those of a base class. A `field_transformer` of attrs."""
    return sorted(fields, key=lambda field: field.default is not attrs.NOTHING)

"""`extra`: request fields that this package does not know yet, sent unchanged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.api.fields.rules import refuse
from heygen_async.http import wire


def _as_extra(value: Mapping[str, Any] | None) -> Any:
    """Return a copy by way of JSON, so that later changes of the given mapping have no effect."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        return value
    try:
        return json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return value


def _check_extra(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        refuse(owner, attribute.name, value, "must be a mapping of field names to JSON values")
    tag = getattr(owner, "wire_tag", ("extra", ""))[0]
    for name in value:
        if name == tag or name in attrs.fields_dict(type(owner)):
            refuse(owner, attribute.name, name, f"is a field of {type(owner).__name__}: set it there")
    try:
        wire.dumps(value)
    except (TypeError, ValueError, RecursionError) as exc:
        refuse(owner, attribute.name, list(value), f"must be writable as JSON: {exc}")


def extra_fields() -> Any:
    """Return the attrs field for `extra`."""
    return attrs.field(default=None, converter=_as_extra, validator=_check_extra, hash=False)

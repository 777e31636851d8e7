"""`extra`: fields and words that this package does not know yet, sent unchanged."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import attrs

from heygen_async.api.fields.rules import OneOf, refuse
from heygen_async.http import wire

# Fields of our requests that are not in the JSON of the POST under their names.
_NOT_SENT = frozenset({"extra", "wire_type", "template_id"})

logger: logging.Logger = logging.getLogger("heygen_async")

_reported: set[tuple[str, str, str]] = set()


def report_word(owner: type[Any], path: str, word: str = "") -> None:
    """Log, once in the process for each field and word, that something is sent that this version does not know.

    Args:
        owner: Class of the request.
        path: Path of the field.
        word: The word. Empty for other values, which may hold a person's name and are not logged.
    """
    key = (owner.__name__, path, word)
    if key not in _reported:
        _reported.add(key)
        value = f" as {word!r:.60}" if word else ""
        logger.warning("%s: extra sends %s%s, which this version of heygen-async does not check", key[0], path, value)


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
    known = attrs.fields_dict(type(owner))
    for name in value:
        if name == tag or (name in known and name in _NOT_SENT):
            refuse(
                owner,
                attribute.name,
                name,
                f"would make this no {type(owner).__name__}: take the class of that request",
            )
    try:
        wire.dumps(value)
    except (TypeError, ValueError, RecursionError) as exc:
        refuse(owner, attribute.name, list(value), f"must be writable as JSON: {exc}")
    for name, sent in value.items():
        if name in known:
            report_word(type(owner), name, _word(known[name], sent))


def _word(field: attrs.Attribute[Any], sent: Any) -> str:
    """Return the word that replaces one of a choice; empty if the field is no choice."""
    if field.name == "engine":
        sent = sent.get("type") if isinstance(sent, Mapping) else sent
    elif not isinstance(field.validator, OneOf):
        return ""
    return sent if isinstance(sent, str) else ""


def extra_fields() -> Any:
    """Return the attrs field for `extra`.

    A name in `extra` may be that of a known field, whose value it then replaces; this is logged once for each word.
    """
    return attrs.field(default=None, converter=_as_extra, validator=_check_extra, hash=False)

"""Validators with the limits of HeyGen's contract, for the requests that are generated from it.

As in `rules`, None means "not sent" and is accepted if the field has a default. Text may be blank unless the contract
has a minimum length.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from heygen_async.api.fields.assets import AssetBase64, address, asset
from heygen_async.api.fields.rules import Rule, any_text, refuse
from heygen_async.errors import InvalidInputError
from heygen_async.http import wire


def required(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse None. Other rules check the value."""
    if value is None:
        refuse(owner, attribute.name, value, "is required")


def optional(rule: Rule) -> Rule:
    """Apply *rule* to everything but None."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None:
            rule(owner, attribute, value)

    return check


def string(at_least: int = 0, at_most: int | None = None) -> Rule:
    """Accept text of *at_least* to *at_most* characters."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None:
            return
        any_text()(owner, attribute, value)
        if len(value) < at_least:
            refuse(owner, attribute.name, value, f"must have at least {at_least} character{'s' * (at_least > 1)}")
        if at_most is not None and len(value) > at_most:
            reason = f"{len(value):,} characters; must be at most {at_most:,}"
            raise InvalidInputError(f"{type(owner).__name__}.{attribute.name}: {reason}", param=attribute.name)

    return check


def color(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Accept `#rrggbb`."""
    if value is not None and not (isinstance(value, str) and re.fullmatch(r"#[0-9A-Fa-f]{6}", value)):
        refuse(owner, attribute.name, value, "must be a color as #rrggbb")


def number(
    low: float | None = None, high: float | None = None, *, above: bool = False, whole: bool = False, step: int = 0
) -> Rule:
    """Accept a number from *low* to *high*.

    Args:
        low: Smallest number; None for no limit.
        high: Greatest number; None for no limit.
        above: True to refuse *low* itself.
        whole: True to accept integers only.
        step: Accept multiples of this number only; 0 for any.
    """
    rule = "must be " + _in_words(low, high, above=above, whole=whole, step=step)
    kinds = (int,) if whole else (int, float)
    least, most = -math.inf if low is None else low, math.inf if high is None else high

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None:
            return
        is_number = isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not least <= value <= most or (above and value == low) or (step and value % step):
            refuse(owner, attribute.name, value, rule)

    return check


def _in_words(low: float | None, high: float | None, *, above: bool, whole: bool, step: int) -> str:
    kind = f"a multiple of {step}" if step else "a whole number" if whole else "a number"
    if low is None:
        return kind
    lower = f"{kind} above {low}" if above else f"{kind} from {low}"
    return f"{lower} to {high}" if high is not None else lower if above else f"{kind}, at least {low}"


def one_number_of(*allowed: int) -> Rule:
    """Accept one of a few numbers."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and (isinstance(value, bool) or value not in allowed):
            refuse(owner, attribute.name, value, f"must be {' or '.join(map(str, allowed))}")

    return check


def as_tuple(value: Any) -> Any:
    """Turn any iterable into a tuple, except text, bytes and mappings, which are no lists of items."""
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping) else value


def items(rule: Rule, at_least: int = 0, at_most: int | None = None) -> Rule:
    """Accept a tuple of *at_least* to *at_most* items that pass *rule*. None is refused as an item."""
    limits = f"{at_least} to {at_most} items" if at_most is not None else f"at least {at_least} items"

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None:
            return
        if not isinstance(value, tuple):
            refuse(owner, attribute.name, value, "must be a list")
        if len(value) < at_least or (at_most is not None and len(value) > at_most):
            refuse(owner, attribute.name, value, f"must have {limits}, has {len(value)}")
        for item in value:
            required(owner, attribute, item)
            rule(owner, attribute, item)

    return check


def file_reference() -> Rule:
    """Accept a file at an address or an uploaded one, but not a file inside the request."""
    any_file = asset()

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if isinstance(value, AssetBase64):
            refuse(owner, attribute.name, value.media_type, "must be an AssetUrl or AssetId: upload the file first")
        any_file(owner, attribute, value)

    return check


def json_object(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Accept a mapping that can be written as JSON."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        refuse(owner, attribute.name, value, "must be a mapping of names to JSON values")
    try:
        wire.dumps(dict(value))
    except (TypeError, ValueError, RecursionError) as exc:
        refuse(owner, attribute.name, list(value), f"must be writable as JSON: {exc}")


def web_address() -> Rule:
    """Accept an http or https address."""
    return address()


def encode_request(request: Any, *kinds: type[Any]) -> dict[str, Any]:
    """Return the JSON object of *request*, which must be an instance of one of *kinds*."""
    if not isinstance(request, kinds):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise InvalidInputError(f"request: a {type(request).__name__}; must be a {names}")
    return wire.encode(request)

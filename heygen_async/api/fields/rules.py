"""Validators of request fields, for attrs. Each function returns a `Rule` that raises `InvalidInputError`.

Every message has the field, the value and the rule: `DirectVideo.script: 5312 characters; must be at most 5000`.
None means "not sent" and is accepted if the field has a default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, get_args

import attrs

from heygen_async.errors import InvalidInputError
from heygen_async.near_names import near_name

Rule = Callable[[Any, "attrs.Attribute[Any]", Any], None]

_SHOWN = 60  # characters of a value that a message shows
_REQUESTS = "heygen_async.api."  # package of the requests and their parts


def refuse(owner: object, name: str, value: object, reason: str) -> NoReturn:
    """Raise `InvalidInputError` for a field's value."""
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    raise InvalidInputError(f"{type(owner).__name__}.{name}: {shown}; {reason}", param=name)


def text(at_most: int | None = None, *, required: bool = False) -> Rule:
    """Accept text that is not blank, of up to *at_most* characters."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None and not required:
            return
        if not isinstance(value, str) or not value.strip():
            refuse(owner, attribute.name, value, "must be text that is not blank")
        if at_most is not None and len(value) > at_most:
            raise InvalidInputError(
                f"{type(owner).__name__}.{attribute.name}: {len(value):,} characters; must be at most {at_most:,}: "
                "shorten it, or split it over several videos",
                param=attribute.name,
            )

    return check


def url() -> Rule:
    """Accept an http or https address."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None:
            return
        rest = value.partition("://")[2] if isinstance(value, str) else ""
        if not rest.strip("/") or not value.startswith(("https://", "http://")) or any(map(str.isspace, value)):
            refuse(owner, attribute.name, value, "must be an address such as https://example.com/file")

    return check


@attrs.frozen
class OneOf:
    """A rule that accepts one of the words that HeyGen documents; `extra` sends others.

    Attributes:
        words: The words.
    """

    words: tuple[str, ...]

    def __call__(self, owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        """Refuse other values, with the word that is near and the way by which a newer one is sent."""
        if value is None and attribute.default is not attrs.NOTHING:
            return
        if not isinstance(value, str) or value not in self.words:
            near = near_name(value, self.words)
            mend = "" if near is None else f"; did you mean {near!r}?"
            mend += _way_out(owner, attribute.name, value)
            refuse(owner, attribute.name, value, f"must be {' or '.join(map(repr, self.words))}{mend}")


def one_of(*allowed: str) -> OneOf:
    """Accept one of the words that HeyGen documents; `extra` sends others."""
    return OneOf(allowed)


def _way_out(owner: object, name: str, value: object) -> str:
    """Return how a word is sent that is newer than this version; empty for what is no request of HeyGen."""
    kind: Any = type(owner)
    if not isinstance(value, str) or not value.strip() or not kind.__module__.startswith(_REQUESTS):
        return ""
    if "extra" not in attrs.fields_dict(kind):
        return "; a newer word goes by the request's extra, in lists by --lenient"
    sent = {"type": value} if name == "engine" else value
    shown = f"extra={ {name: sent}!r}"
    return f"; a newer word goes by {shown if len(shown) <= _SHOWN else 'extra'}, in lists by --lenient"


def choice(words: Any, default: str | None = None) -> Any:
    """Return an attrs field that accepts one of *words*, a `Literal` type; with a *default* it cannot be absent."""
    rule: Rule = one_of(*get_args(words))
    rules: Any = rule if default is None else [instance_of(str, required=True), rule]
    given: Any = default
    return attrs.field(default=given, validator=rules)


def between(low: float, high: float, *, open_below: bool = False, whole: bool = False) -> Rule:
    """Accept a number from *low* to *high*: without *low* itself if *open_below*, only integers if *whole*."""
    kind = "a whole number" if whole else "a number"

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None:
            return
        number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high or (open_below and value == low):
            refuse(owner, attribute.name, value, f"must be {kind} {'above' if open_below else 'from'} {low} to {high}")

    return check


def instance_of(*kinds: type[Any], required: bool = False) -> Rule:
    """Accept a value of one of *kinds*."""
    names = " or ".join(kind.__name__ for kind in kinds)

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, kinds) and (value is not None or required):
            refuse(owner, attribute.name, value, f"must be a {names}")

    return check


def boolean() -> Rule:
    """Accept True or False."""
    return instance_of(bool)


def list_of(rule: Rule, at_least: int, at_most: int, *, required: bool = False) -> Rule:
    """Accept a tuple of *at_least* to *at_most* items that pass *rule*."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None and not required:
            return
        if not isinstance(value, tuple):
            refuse(owner, attribute.name, value, "must be a list")
        if not at_least <= len(value) <= at_most:
            reason = f"must have {at_least} to {at_most} items, has {len(value)}"
            refuse(owner, attribute.name, value, reason)
        for item in value:
            rule(owner, attribute, item)

    return check


def sendable(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse text with a lone surrogate, which cannot be sent as UTF-8. It comes from reading in a wrong encoding."""
    try:
        _ = value.isascii() or value.encode()
    except UnicodeEncodeError:
        refuse(owner, attribute.name, value, "holds half a character (a lone surrogate): read its source as UTF-8")


def all_of(*rules: Rule, required: bool = False) -> Rule:
    """Apply all *rules* in order. None is accepted without them unless *required*."""

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None or required:
            for rule in rules:
                rule(owner, attribute, value)

    return check


def sendable_text(at_most: int | None = None, *, required: bool = False) -> Rule:
    """Accept text that is not blank and can be sent as UTF-8, of up to *at_most* characters."""
    return all_of(text(at_most, required=required), sendable, required=required)


def any_text() -> Rule:
    """Accept any text that can be sent as UTF-8, also blank text."""
    return all_of(instance_of(str), sendable)

"""`Value`, the base class of HeyGen's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from heygen_async.reprs import ShortRepr


@attrs.frozen(kw_only=True, repr=False)
class Value(ShortRepr):
    """An object in an answer of HeyGen.

    Attributes:
        extra: Fields of the answer that this version of the package does not know, as HeyGen sent them.
        request_id: HeyGen's id of the request that was answered with this object, for questions to HeyGen's support;
            None if HeyGen gave none, and for objects inside others.

    Neither of the two counts when values are compared.
    """

    extra: Mapping[str, Any] = attrs.field(factory=dict, eq=False, repr=False)
    request_id: str | None = attrs.field(default=None, eq=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as values that JSON can have, with those of `extra`; `request_id` is left out.

        A field that HeyGen did not send is None.
        """
        fields = {
            field.name: _plain(getattr(self, field.name))
            for field in attrs.fields(type(self))
            if field.name not in OWN or not field.inherited
        }
        return {**fields, **_plain(self.extra)}


OWN = frozenset(field.name for field in attrs.fields(Value))  # fields that no answer has by these names


def stamped(value: Any, request_id: str | None) -> None:
    """Note the id of the request in *value* if it is a `Value` that was just made, or in each item of a list."""
    if request_id is None:
        return
    for item in value if isinstance(value, list | tuple) else (value,):
        if isinstance(item, Value) and item.request_id is None:
            object.__setattr__(item, "request_id", request_id)


def unknown_of(data: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return the fields of *data* that are not *known*."""
    return {name: value for name, value in data.items() if name not in known}


def names_in_answers(kind: type[Any]) -> frozenset[str]:
    """Return the names that the fields of a `Value` class have in answers."""
    return frozenset(field.name for field in attrs.fields(kind) if not (field.name in OWN and field.inherited))


def keeping_unknown(kind: type[Value], plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a reader of *kind* that reads by *plain* and keeps the fields which that leaves out, in `extra`."""
    known = names_in_answers(kind)

    def read(data: Any, _: Any) -> Any:
        value = plain(data, kind)
        if not known.issuperset(data):
            object.__setattr__(value, "extra", unknown_of(data, known))
        return value

    return read


def _plain(value: Any) -> Any:
    if isinstance(value, Value):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value

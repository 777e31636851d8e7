"""`ShortRepr`: a repr with the fields that are set, because most requests and answers leave most fields empty."""

from __future__ import annotations

from typing import Any

import attrs


class ShortRepr:
    """Base class of attrs classes that are declared with `repr=False`.

    `DirectVideo(avatar_id='look_anna', voice_id='voice_warm')` has two of twenty fields. Fields that hold people's
    names, scripts or signed addresses are declared with `repr=False` themselves and are never shown.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        kind: Any = type(self)
        fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(kind)
        shown = []
        for field in fields:
            value = getattr(self, field.name)
            if field.repr and not _is_default(field, value):
                text = field.repr(value) if callable(field.repr) else repr(value)
                shown.append(f"{field.name}={text}")
        return f"{type(self).__name__}({', '.join(shown)})"


def _is_default(field: attrs.Attribute[Any], value: object) -> bool:
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # in its types a function, in fact a class
        default = None if default.takes_self else default.factory()
    return value is default or (type(value) is type(default) and value == default)

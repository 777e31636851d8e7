"""Reprs: short texts of requests and answers, and tables for notebooks, which show what `_repr_html_` returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def html_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with a title. Every text is escaped, because names and messages come from elsewhere."""
    from html import escape  # noqa: PLC0415 - it has the names of 2,000 signs, and only notebooks need it

    def cell(value: object) -> str:
        return f'<td style="text-align: left">{"" if value is None else escape(str(value))}</td>'

    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
    first = f"<thead><tr>{head}</tr></thead>" if columns else ""
    table = f"<table>{first}<tbody>{body}</tbody></table>" if body else ""
    return f"<p><b>{escape(title)}</b></p>{table}"

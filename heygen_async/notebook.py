"""Values as HTML for notebooks, which show what `_repr_html_` returns."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


def html_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with a title. Every text is escaped, because names and messages come from elsewhere."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    first = f"<thead><tr>{head}</tr></thead>" if columns else ""
    table = f"<table>{first}<tbody>{body}</tbody></table>" if body else ""
    return f"<p><b>{html.escape(title)}</b></p>{table}"


def _cell(value: object) -> str:
    return f'<td style="text-align: left">{"" if value is None else html.escape(str(value))}</td>'

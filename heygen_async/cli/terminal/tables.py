"""What HeyGen has, shown: a table for people, one JSON object a line for machines."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import AsyncIterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from heygen_async.cli.terminal.option_types import Count

ROWS = 50
_WIDE = 2000  # columns, where no terminal cuts the line: addresses are long, and no id may be cut

InJson = Annotated[bool, Parameter(name="--json", help="Write one JSON object a line, for machines.")]
Rows = Annotated[Count, Parameter(help="How many at the most.")]


async def show_list(items: AsyncIterable[Any], columns: Mapping[str, str], *, limit: int, in_json: bool) -> None:
    """Show the first *limit* of *items*; say on stderr if there are more.

    Args:
        items: attrs values, asked for page after page, no further than needed.
        columns: The heading of each field that people see, by its name; machines see all fields.
        limit: How many.
        in_json: True if machines read it.
    """
    table, shown = _table(columns.values()), 0
    async for item in items:
        if shown == limit:
            print(f"There are more than {limit}: --limit {limit * 10} shows more.", file=sys.stderr)
            break
        shown += 1
        if in_json:
            _print_json(item)
        else:
            table.add_row(*(Text(_cell(name, getattr(item, name))) for name in columns))
    if not in_json and shown:
        _print_table(table)
    elif not shown:
        print("There are none.", file=sys.stderr)


def show_one(item: Any, *, in_json: bool) -> None:
    """Show all that is known of one attrs value."""
    if in_json:
        _print_json(item)
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, cell in _facts(item):
        table.add_row(Text(name), Text(cell))
    _print_table(table)


def tell(text: str) -> None:
    """Say something to people, beside what the command was asked for."""
    print(clean(text), file=sys.stderr, flush=True)


def clean(text: str) -> str:
    """Return *text* on one line and without what would steer the terminal: titles come from anywhere."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _print_json(item: Any) -> None:
    try:
        print(json.dumps(attrs.asdict(item), default=dict), flush=True)
    except BrokenPipeError:  # whoever reads, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _print_table(table: Table) -> None:
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(table)
        return
    wide = Console(highlight=False, width=_WIDE)
    with wide.capture() as caught:
        wide.print(table)
    print("\n".join(line.rstrip() for line in caught.get().splitlines()))


def _table(headings: Sequence[str] | Any) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _facts(item: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names and texts of what is known; what lies within is named with a dot."""
    for field in attrs.fields(type(item)):
        value = getattr(item, field.name)
        if attrs.has(type(value)):
            yield from _facts(value, f"{prefix}{field.name}.")
        elif value is not None and value != () and not _is_values(value):
            yield f"{prefix}{field.name}", _cell(field.name, value)


def _is_values(value: Any) -> bool:
    return isinstance(value, tuple) and any(attrs.has(type(one)) for one in value)


def _cell(name: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case tuple():
            return clean(", ".join(map(str, value)))
        case int() | float() if name.endswith("_at"):
            moment = dt.datetime.fromtimestamp(value, tz=dt.UTC)
            return f"{moment:%Y-%m-%d %H:%M} UTC"
        case float():
            return f"{value:.10g}"
        case _:
            return clean(str(value))

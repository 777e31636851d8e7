"""Printing of HeyGen's objects: a table for people, one JSON object a line for machines."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import AsyncIterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from heygen_async.cli.terminal.console import PlainConsole, json_line
from heygen_async.cli.terminal.option_types import Count
from heygen_async.plain_text import clean, clean_lines

ROWS = 50
_WIDE = 2000  # columns without a terminal: addresses are long, and an id must not be cut

InJson = Annotated[bool, Parameter(name="--json", help="Write one JSON object a line, for machines.")]
Rows = Annotated[Count, Parameter(help="How many at the most.")]


async def show_list(items: AsyncIterable[Any], columns: Mapping[str, str], *, limit: int, in_json: bool) -> None:
    """Print the first *limit* of *items*, and a message on stderr if there are more.

    Args:
        items: attrs values; pages are requested only as needed.
        columns: The heading of each field in the table, by the field's name. JSON has all fields.
        limit: The number of items to print.
        in_json: Print JSON lines instead of a table.
    """
    table, shown = _table(columns.values()), 0
    async for item in items:
        if shown == limit:
            print_message(f"There are more than {limit}: --limit {limit * 10} shows more.")
            break
        shown += 1
        if in_json:
            _print_json(item)
        else:
            table.add_row(*(Text(_cell(name, getattr(item, name))) for name in columns))
    if not in_json and shown:
        _print_table(table)
    elif not shown:
        print_message("There are none.")


def show_one(item: Any, *, in_json: bool) -> None:
    """Print all fields of one attrs value."""
    if in_json:
        _print_json(item)
        return
    show_facts(dict(_facts(item)))


def show_facts(facts: Mapping[str, str | None]) -> None:
    """Print facts by their names; those without a value are left out."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, cell in facts.items():
        if cell:
            table.add_row(Text(name), Text(clean(cell)))
    _print_table(table)


def print_message(text: str) -> None:
    """Print a message for people on stderr, so that stdout has only the result."""
    print(clean(text), file=sys.stderr, flush=True)


def _print_json(item: Any) -> None:
    try:
        print(json_line(attrs.asdict(item), default=dict), flush=True)
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _print_table(table: Table) -> None:
    console = PlainConsole()
    if console.is_terminal:
        console.print(table)
        return
    wide = PlainConsole(width=_WIDE)
    with wide.capture() as capture:
        wide.print(table)
    print(clean_lines("\n".join(line.rstrip() for line in capture.get().splitlines())))


def _table(headings: Sequence[str] | Any) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _facts(item: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and text of each field with a value; names of nested fields have dots."""
    for field in attrs.fields(type(item)):
        value = getattr(item, field.name)
        if attrs.has(type(value)):
            yield from _facts(value, f"{prefix}{field.name}.")
        elif value is not None and value != () and not _is_values(value):
            yield f"{prefix}{field.name}", _cell(field.name, value)


def _is_values(value: Any) -> bool:
    return isinstance(value, tuple) and any(attrs.has(type(element)) for element in value)


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

"""What `plan` and `run` are given alike: a contact list, what to make of each row, and names for the files."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import click

from heygen_async import InvalidInputError
from heygen_async.bulk.planning import Plan, make_plan
from heygen_async.bulk.rows import Table, read_rows
from heygen_async.bulk.template import MODES, Template


@attrs.frozen(kw_only=True)
class Given:
    """A contact list and what to make of it.

    Attributes:
        table: The rows.
        template: The request of each.
        filename: Template of the files' names.
        limit: Use only the first so many rows.
    """

    table: Table
    template: Template
    filename: str
    limit: int | None

    def plan(self, *, stores: bool) -> Plan:
        """Check and price every row."""
        return make_plan(self.table, self.template, filename=self.filename if stores else None, limit=self.limit)


_OPTIONS = (
    click.argument("contacts", type=click.Path(path_type=Path)),
    click.option("--mode", type=click.Choice(list(MODES)), default="direct", show_default=True, help="What to make."),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="A request field; may hold {{ placeholders }}.",
    ),
    click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="A field, or `mode`, that each row may have in a column; where its cell is empty, --set holds.",
    ),
    click.option(
        "--locale", default="en", show_default=True, help="How the filters `number` and `date` write: de, fr, ..."
    ),
    click.option("--script", help='The spoken text: "Hi {{ first_name }}" (direct and image mode).'),
    click.option("--prompt", help="What to show (agent and cinematic mode)."),
    click.option("--encoding", help="Of a CSV file that is not UTF-8: cp1252 for what Excel saves as plain CSV."),
    click.option("--sheet", help="Of an Excel workbook; the first else."),
    click.option(
        "--filename",
        default="{number}-{id}",
        show_default=True,
        help="Name of each file: {number}, {id}, {title} or {a column}.",
    ),
    click.option("--limit", type=click.IntRange(min=1), help="Use only the first N rows."),
)
_NAMES = (
    "contacts",
    "mode",
    "settings",
    "columns",
    "locale",
    "script",
    "prompt",
    "encoding",
    "sheet",
    "filename",
    "limit",
)


def given(command: Callable[..., None]) -> Callable[..., None]:
    """Hand a command its contact list as one `Given`, its first argument."""

    @functools.wraps(command)
    def wrapped(**options: Any) -> None:
        command(_given(**{name: options.pop(name) for name in _NAMES}), **options)

    decorated: Callable[..., None] = wrapped
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _given(
    *,
    contacts: Path,
    mode: str,
    settings: tuple[str, ...],
    columns: tuple[str, ...],
    locale: str,
    script: str | None,
    prompt: str | None,
    encoding: str | None,
    sheet: str | None,
    filename: str,
    limit: int | None,
) -> Given:
    texts = {"script": script, "prompt": prompt}
    fields = {
        **_pairs("--set", settings, "avatar_id=look_anna"),
        **{name: text for name, text in texts.items() if text is not None},
    }
    return Given(
        table=read_rows(contacts, encoding=encoding, sheet=sheet, may_be_empty=True),
        template=Template(mode, fields, columns=_pairs("--map", columns, "voice_id=Voice"), locale=locale),
        filename=filename,
        limit=limit,
    )


def _pairs(option: str, texts: tuple[str, ...], example: str) -> dict[str, str]:
    """Read options such as `--set name=value`."""
    fields: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InvalidInputError(f"{option} {text!r}: must be NAME=VALUE, such as {option} {example}")
        fields[name.strip()] = value
    return fields

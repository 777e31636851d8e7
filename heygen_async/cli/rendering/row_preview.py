"""Rows as they would be sent: the fields of their requests with everything filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from heygen_async import Campaign, Job, Price, Problem, Row
from heygen_async.api.requests.kinds import label_of
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.plan.file_names import facts_of, file_name
from heygen_async.bulk.prices.request_length import seconds_of
from heygen_async.bulk.rows.choice import RowChoice
from heygen_async.bulk.rows.suspicions import machine_dates, suspicions
from heygen_async.bulk.rows.table import is_note
from heygen_async.bulk.template.template import Template
from heygen_async.cli.terminal.console import json_line
from heygen_async.cli.terminal.progress import wide_console
from heygen_async.plain_text import clean, clean_lines

_SPOKEN = ("script", "prompt")  # shown first
_UNKNOWN_ID = "{id}"


@attrs.frozen(kw_only=True)
class RowPreview:
    """A row with its request, or with the reasons why there is none.

    Attributes:
        place: Place of the row: `leads.csv line 17`.
        line: Number of the row in the list.
        cells: Cells of the row; none if it cannot be read.
        kind: Kind of the request; None if there is none.
        body: The request; without one, the texts that can be filled.
        file: Name of its file; None if no files are stored.
        seconds: Length of the speech: least, likely and most.
        price: Price of the row.
        problems: Problems and warnings.
    """

    place: str
    line: int | None
    cells: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    kind: str | None = None
    body: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    file: str | None = None
    seconds: tuple[float, float, float] = (0.0, 0.0, 0.0)
    price: Price = Price()  # noqa: RUF009 - a frozen value
    problems: tuple[Problem, ...] = ()

    @property
    def is_bad(self) -> bool:
        """True if the row cannot be rendered."""
        return any(problem.severity == "error" for problem in self.problems)


def preview_rows(campaign: Campaign, rows: Path | None, choice: RowChoice) -> Iterator[RowPreview]:
    """Yield the chosen rows of a list, the first one if none is chosen, up to the campaign's limit.

    Raises:
        InvalidInputError: The list or the template cannot be read, or a column is not there.
    """
    table, template = campaign.table(rows), campaign.template()
    columns = table.find_columns()
    template.check(columns)
    choice.check(columns, campaign.rows.id)
    limit = campaign.rows.limit or (None if choice else 1)
    index = shown = 0
    for found in table.scan():
        if is_note(found):
            continue
        if choice.is_chosen(found, campaign.rows.id):
            if isinstance(found, Problem):
                yield RowPreview(place=found.place, line=found.line, problems=(found,))
            else:
                yield _preview(campaign, template, found, index)
            shown += 1
        index += 1
        if shown == limit:
            return


def _preview(campaign: Campaign, template: Template, row: Row, index: int) -> RowPreview:
    request, problems = template.attempt(row)
    notes = suspicions(row, template.used_columns(row.cells))
    place = f"{row.source} {row.unit} {row.line}"
    if request is None:
        texts, told = template.spoken_texts(row), (*problems, *notes)
        return RowPreview(place=place, line=row.line, cells=row.cells, body=texts, problems=told)
    body = body_of(request)
    text = str(body.get("script") or body.get("prompt") or "")
    notes += machine_dates(row, template.used_columns(row.cells), text)
    name = campaign.filename
    facts = facts_of(Job(request=request, row=row, index=index), _UNKNOWN_ID, body.get("title"))
    return RowPreview(
        place=place,
        line=row.line,
        cells=row.cells,
        kind=request.kind,
        body=body,
        file=None if name is None else file_name(name, facts),
        seconds=seconds_of(request.kind, body),
        price=campaign.rates.estimate(request.kind, body),
        problems=tuple(notes),
    )


def show_json(row: RowPreview) -> None:
    """Print a row as one JSON object on a line."""
    facts = {
        "row": row.line,
        "cells": dict(row.cells),
        "kind": row.kind,
        "request": row.body if row.kind else None,
        "file": row.file,
        "price_usd": _amounts(row.price) if row.kind else None,
        "problems": [{"severity": problem.severity, "text": str(problem)} for problem in row.problems],
    }
    print(json_line(facts, default=sorted), flush=True)


def _amounts(price: Price) -> dict[str, Any]:
    return {
        "low": price.low,
        "expected": price.expected,
        "high": price.high,
        "is_known": not price.unknown,
        "notes": sorted(price.notes),
    }


def show_row(row: RowPreview, *, is_first: bool = True) -> None:
    """Print a row for people: its texts in whole, then its other fields, its file, length and price."""
    console = wide_console()
    if not is_first:
        console.print()
    console.print(Text(clean(row.place), style="bold"))
    for problem in row.problems:
        word, color = ("problem", "red") if problem.severity == "error" else ("note", "yellow")
        console.print(Text(word, style=color), clean(str(attrs.evolve(problem, source=None, line=None))))
    facts = dict(_facts(row))
    for name in (name for name in _SPOKEN if name in facts):
        console.print(Text(name, style="bold"))
        console.print(Padding(Text(clean_lines(facts.pop(name))), (0, 0, 0, 2)))
    if facts:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in facts.items():
            grid.add_row(Text(name), Text(clean(value)))
        console.print(grid)


def _facts(row: RowPreview) -> Iterator[tuple[str, str]]:
    if row.kind is None:
        yield from row.body.items()
        return
    yield "kind", label_of(row.kind)
    yield from _fields(row.body)
    if row.file is not None:
        yield "file", row.file
    least, likely, most = row.seconds
    yield "length", f"about {likely:.0f} s ({least:.0f} to {most:.0f})"
    yield "price", "; ".join([str(row.price), *sorted(row.price.notes)])


def _fields(body: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in body.items():
        if isinstance(value, Mapping):
            yield from _fields(value, f"{prefix}{name}.")
        elif value is not None and f"{prefix}{name}" != "type":
            yield f"{prefix}{name}", value if isinstance(value, str) else json_line(value)

"""A plan: every row of a list checked and priced before anything is sent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from heygen_async.api.client import Client
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.plan.file_names import Clashes, check_template
from heygen_async.bulk.plan.preflight import TOGETHER, Preflight
from heygen_async.bulk.plan.price import Price, Rates
from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.readers.read_rows import Row, Table
from heygen_async.bulk.template.template import Template
from heygen_async.errors import InvalidInputError

PROBLEMS_SHOWN = 20
LanguageOf = Callable[[Mapping[str, Any]], str | None]


@attrs.frozen(kw_only=True)
class Plan:
    """The plan of a run: every row checked and priced. Making one sends no request and is free.

    Attributes:
        table: The rows.
        template: The request of each.
        filename: Template of the files' names; None if nothing is stored.
        limit: Only the first so many rows; None for all.
        rows: How many there are.
        bad: How many of them cannot be rendered.
        problems: Everything that is wrong, with place, value, reason and mend; warnings hinder nothing.
        price: Of the rows that can be rendered, in US dollars.
        kinds: The same by kind of request: how many, and their price.
        is_checked: True if looks, voices, templates and the account were looked up at HeyGen, too.
    """

    table: Table = attrs.field(repr=False)
    template: Template = attrs.field(repr=False)
    filename: str | None = None
    limit: int | None = None
    rows: int
    bad: int
    problems: tuple[Problem, ...] = attrs.field(repr=False)
    price: Price
    kinds: Mapping[str, tuple[int, Price]]
    is_checked: bool = False

    @property
    def errors(self) -> list[Problem]:
        """The problems that keep the list from being rendered."""
        return [problem for problem in self.problems if problem.severity == "error"]

    def jobs(self) -> Iterator[Job]:
        """Build the requests, one by one.

        Raises:
            InvalidInputError: The plan has errors; its notes name the first of them.
        """
        self.check()
        rows = self.table if self.limit is None else itertools.islice(self.table, self.limit)
        return (Job(request=self.template.render(row), row=row) for row in rows)

    def check(self) -> None:
        """Refuse a plan with errors.

        Raises:
            InvalidInputError: It has some; its notes name the first of them.
        """
        errors = self.errors
        if not errors:
            return
        what = f"{self.bad} of {self.rows} rows cannot be rendered" if self.bad else "it cannot be rendered"
        error = InvalidInputError(f"{self.table.name}: {what}; nothing was sent")
        for problem in errors[:PROBLEMS_SHOWN]:
            error.add_note(str(problem))
        if len(errors) > PROBLEMS_SHOWN:
            error.add_note(f"... and {len(errors) - PROBLEMS_SHOWN} more")
        raise error


def make_plan(
    table: Table,
    template: Template,
    *,
    filename: str | None = None,
    limit: int | None = None,
    rates: Rates | None = None,
) -> Plan:
    """Read all rows, build and price each request, and return what a run would do. Asks nobody."""
    looking = _RowChecker(table, template, filename, limit, rates or Rates())
    for found in looking.rows():
        looking.take(looking.read(found))
    return looking.plan()


async def checked_plan(
    client: Client,
    table: Table,
    template: Template,
    *,
    filename: str | None = None,
    limit: int | None = None,
    rates: Rates | None = None,
    max_in_flight: object = None,
    budget_usd: float | None = None,
) -> Plan:
    """Make a plan with each row and the account checked against HeyGen, by reads that are free. See `HeyGen.plan`."""
    looking = _RowChecker(table, template, filename, limit, rates or Rates())
    preflight = Preflight(client)
    rows = looking.rows()
    while together := [looking.read(found) for found in itertools.islice(rows, TOGETHER)]:
        good = [(one.row, one.job.request) for one in together if one.row is not None and one.job is not None]
        told = iter(await preflight.side_by_side(good))
        for one in together:
            seen = one if one.job is None else attrs.evolve(one, problems=[*one.problems, *next(told)])
            looking.take(seen, preflight.language)
    plan = looking.plan()
    price = plan.price.expected if budget_usd is None else min(budget_usd, plan.price.expected)
    lacking = await preflight.account(max_in_flight=max_in_flight, price_usd=price)
    return attrs.evolve(plan, problems=(*lacking, *plan.problems), is_checked=True)


@attrs.frozen(kw_only=True)
class _CheckedRow:
    """A row, and what became of it: a job or problems."""

    row: Row | None = None
    job: Job | None = None
    problems: list[Problem] = attrs.field(factory=list)


class _RowChecker:
    """Looks at one row after the other."""

    def __init__(self, table: Table, template: Template, filename: str | None, limit: int | None, rates: Rates) -> None:
        self._table = table
        self._template = template
        self._filename = filename
        self._limit = limit
        self._rates = rates
        self._clashes = None if filename is None else Clashes(filename)
        self._rows = self._bad = 0
        self._kinds: dict[str, tuple[int, Price]] = {}
        columns = table.find_columns()
        if filename is not None:
            check_template(filename, list(columns))
        self._problems = [
            finding
            for finding in (template.findings(columns) if columns else [])
            if finding.severity == "error" or f"{{{finding.column}}}" not in (filename or "")
        ]
        self._missing = {finding.column for finding in self._problems if finding.severity == "error"}

    def rows(self) -> Iterator[Row | Problem]:
        """Read the list."""
        return itertools.islice(self._table.scan(), self._limit)

    def read(self, found: Row | Problem) -> _CheckedRow:
        """Build the request of a row."""
        self._rows += 1
        if isinstance(found, Problem):
            return _CheckedRow(problems=[found])
        request, problems = self._template.attempt(found)
        job = None if request is None else Job(request=request, row=found, index=self._rows - 1)
        return _CheckedRow(row=found, job=job, problems=problems)

    def take(self, seen: _CheckedRow, language: LanguageOf | None = None) -> None:
        """Price the row, or count it as bad, and keep what is wrong with it; what a missing column spoils is told."""
        problems = list(seen.problems)
        if seen.row is not None and seen.job is not None and not any(one.severity == "error" for one in problems):
            problems += self._priced(seen.row, seen.job, language)
        self._bad += any(one.severity == "error" for one in problems)
        self._problems += [one for one in problems if one.column is None or one.column not in self._missing]

    def plan(self) -> Plan:
        """Return what was found."""
        return Plan(
            table=self._table,
            template=self._template,
            filename=self._filename,
            limit=self._limit,
            rows=self._rows,
            bad=self._bad,
            problems=tuple(self._problems),
            price=sum((price for _, price in self._kinds.values()), Price()),
            kinds=self._kinds,
        )

    def _priced(self, row: Row, job: Job, language: LanguageOf | None) -> list[Problem]:
        kind, body = job.request.kind, body_of(job.request)
        count, price = self._kinds.get(kind, (0, Price()))
        spoken = None if language is None else language(body)
        self._kinds[kind] = (count + 1, price + self._rates.estimate(kind, body, language=spoken))
        clash = None if self._clashes is None else self._clashes.add(job, f"{row.unit} {row.line}")
        return [] if clash is None else [row.problem(clash, "put {number} into the file name")]

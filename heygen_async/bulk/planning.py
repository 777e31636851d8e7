"""A plan: every row of a list checked and priced before anything is sent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import attrs

from heygen_async.api.stored import body_of
from heygen_async.bulk.filenames import Clashes, check_template
from heygen_async.bulk.plan import Job
from heygen_async.bulk.price import Price, Rates
from heygen_async.bulk.problems import Problem
from heygen_async.bulk.rows import Row, Table
from heygen_async.bulk.template import Template
from heygen_async.errors import InvalidInputError

PROBLEMS_SHOWN = 20


@attrs.frozen(kw_only=True)
class Plan:
    """What a run of a list would do. Making one sends nothing and costs nothing.

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
    """Read all rows, build and price each request, and return what a run would do. See `HeyGen.plan`."""
    columns = table.find_columns()
    findings = [
        finding
        for finding in (template.findings(columns) if columns else [])
        if finding.severity == "error" or f"{{{finding.column}}}" not in (filename or "")
    ]
    if filename is not None:
        check_template(filename, list(columns))
    looking = _Looking(template, filename, rates or Rates())
    problems: list[Problem] = []
    missing = {finding.column for finding in findings if finding.severity == "error"}
    for found in itertools.islice(table.scan(), limit):
        wrong = looking.at(found)
        problems += [problem for problem in wrong if problem.column is None or problem.column not in missing]
    return Plan(
        table=table,
        template=template,
        filename=filename,
        limit=limit,
        rows=looking.rows,
        bad=looking.bad,
        problems=(*findings, *problems),
        price=sum((price for _, price in looking.kinds.values()), Price()),
        kinds=looking.kinds,
    )


class _Looking:
    """Looks at one row after the other."""

    def __init__(self, template: Template, filename: str | None, rates: Rates) -> None:
        self.rows = self.bad = 0
        self.kinds: dict[str, tuple[int, Price]] = {}
        self._template = template
        self._clashes = None if filename is None else Clashes(filename)
        self._rates = rates

    def at(self, row: Row | Problem) -> list[Problem]:
        """Count a row and return what is wrong with it."""
        problems = [row] if isinstance(row, Problem) else self._checked(row)
        self.rows += 1
        self.bad += bool(problems)
        return problems

    def _checked(self, row: Row) -> list[Problem]:
        problems = self._template.problems(row)
        if problems:
            return problems
        job = Job(request=self._template.render(row), row=row, index=self.rows)
        count, price = self.kinds.get(job.request.kind, (0, Price()))
        estimate = self._rates.estimate(job.request.kind, body_of(job.request))
        self.kinds[job.request.kind] = (count + 1, price + estimate)
        clash = None if self._clashes is None else self._clashes.add(job, f"{row.unit} {row.line}")
        return [] if clash is None else [row.problem(clash, "put {number} into the file name")]

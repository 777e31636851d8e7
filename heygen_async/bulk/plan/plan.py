"""`Plan`: all rows of a list, checked and priced before anything is sent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from heygen_async.api.client import Client
from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.plan.file_names import Clashes, check_template, columns_of
from heygen_async.bulk.plan.id_column import IdColumn, name_of
from heygen_async.bulk.plan.preflight import TOGETHER, Preflight
from heygen_async.bulk.plan.refused_fields import refused_findings
from heygen_async.bulk.prices.price import Price, Rates
from heygen_async.bulk.rows.problems import Problem, problems_html
from heygen_async.bulk.rows.readers.read_rows import Row, Table
from heygen_async.bulk.rows.suspicions import machine_dates, suspicions
from heygen_async.bulk.template.placeholders import placeholder_of
from heygen_async.bulk.template.template import Template
from heygen_async.errors import InvalidInputError
from heygen_async.reprs import ShortRepr, html_table

PROBLEMS_SHOWN = 20
LanguageOf = Callable[[Mapping[str, Any]], str | None]


@attrs.frozen(kw_only=True, repr=False)
class Plan(ShortRepr):
    """The plan of a run: every row checked and priced. Making a plan renders no video and is free.

    Attributes:
        table: The rows.
        template: Template of the requests.
        filename: Template of the files' names; None if the videos are not stored.
        limit: Number of rows that are used, from the first; None for all.
        id_column: Column that identifies each row; None if rows are recognised by their requests.
        rows: Number of rows.
        bad: Number of rows that cannot be rendered.
        problems: All problems, with place, value, reason and remedy. A plan with warnings can be run.
        price: Price of the rows that can be rendered, in US dollars, with the date of the price list.
        kinds: Number and price of these rows by kind of request.
        looks: Kinds of the looks that were looked up at HeyGen, by id. A run of this plan counts their prices by them.
        is_checked: True if looks, voices, templates and the account were looked up at HeyGen, too.
    """

    table: Table = attrs.field(repr=False)
    template: Template = attrs.field(repr=False)
    filename: str | None = None
    limit: int | None = None
    id_column: str | None = None
    rows: int
    bad: int
    problems: tuple[Problem, ...] = attrs.field(repr=False)
    price: Price
    kinds: Mapping[str, tuple[int, Price]]
    looks: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    is_checked: bool = False

    def _repr_html_(self) -> str:
        """Return the plan as tables, for notebooks."""
        kinds = [(name, count, price) for name, (count, price) in self.kinds.items()]
        title = f"{self.table.name}: {self.rows} rows, {self.bad} of them bad, for about {self.price}"
        more = len(self.problems) - PROBLEMS_SHOWN
        shown = f"{len(self.problems)} problems" + (f", the first {PROBLEMS_SHOWN}" if more > 0 else "")
        problems = problems_html(shown, self.problems[:PROBLEMS_SHOWN]) if self.problems else ""
        return html_table(title, ("kind", "rows", "price"), kinds) + problems

    @property
    def errors(self) -> list[Problem]:
        """Problems because of which the list cannot be rendered."""
        return [problem for problem in self.problems if problem.severity == "error"]

    def jobs(self) -> Iterator[Job[Row]]:
        """Return an iterator over the jobs, each made when it is asked for.

        Raises:
            InvalidInputError: The plan has errors; its notes name the first of them.
        """
        self.check()
        rows = self.table if self.limit is None else itertools.islice(self.table, self.limit)
        return (Job(request=self.template.render(row), row=row, name=self._name_of(row)) for row in rows)

    def _name_of(self, row: Row) -> str | None:
        return None if self.id_column is None else name_of(row.cells[self.id_column])

    def check(self) -> None:
        """Check that the plan has no errors.

        Raises:
            InvalidInputError: The plan has errors; its notes name the first of them.
        """
        errors = self.errors
        if not errors:
            return
        reason = f"{self.bad} of {self.rows} rows cannot be rendered" if self.bad else "it cannot be rendered"
        error = InvalidInputError(f"{self.table.name}: {reason}; nothing was sent")
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
    id_column: str | None = None,
    budget_usd: float | None = None,
) -> Plan:
    """Read all rows, make and price each request, and return the plan. Sends no request."""
    checker = _RowChecker(
        table,
        template,
        filename=filename,
        limit=limit,
        rates=rates,
        id_column=id_column,
        has_budget=budget_usd is not None,
    )
    for found in checker.rows():
        checker.add(checker.check(found))
    return checker.plan()


async def checked_plan(
    client: Client,
    table: Table,
    template: Template,
    *,
    filename: str | None = None,
    limit: int | None = None,
    rates: Rates | None = None,
    id_column: str | None = None,
    max_in_flight: object = None,
    budget_usd: float | None = None,
) -> Plan:
    """Make a plan, and check each row and the account at HeyGen, with requests that are free. See `HeyGen.plan`."""
    checker = _RowChecker(
        table,
        template,
        filename=filename,
        limit=limit,
        rates=rates,
        id_column=id_column,
        has_budget=budget_usd is not None,
    )
    preflight = Preflight(client)
    rows = checker.rows()
    while batch := [checker.check(found) for found in itertools.islice(rows, TOGETHER)]:
        good = [(one.row, one.job.request) for one in batch if one.row is not None and one.job is not None]
        problems = iter(await preflight.side_by_side(good))
        checker.learn_looks(preflight.looks())
        for one in batch:
            checked = one if one.job is None else attrs.evolve(one, problems=[*one.problems, *next(problems)])
            checker.add(checked, preflight.language)
    plan = checker.plan()
    price = plan.price.expected if budget_usd is None else min(budget_usd, plan.price.expected)
    of_account = await preflight.account(max_in_flight=max_in_flight, price_usd=price)
    return attrs.evolve(plan, problems=(*of_account, *plan.problems), is_checked=True)


@attrs.frozen(kw_only=True)
class _CheckedRow:
    """A row with its job, or with its problems."""

    row: Row | None = None
    job: Job | None = None
    problems: list[Problem] = attrs.field(factory=list)


class _RowChecker:
    """Checks the rows one after another and adds up the plan."""

    def __init__(
        self,
        table: Table,
        template: Template,
        *,
        filename: str | None,
        limit: int | None,
        rates: Rates | None,
        id_column: str | None,
        has_budget: bool,
    ) -> None:
        self._table = table
        self._template = template
        self._filename = filename
        self._limit = limit
        self._rates = rates or Rates()
        self._looks: Mapping[str, str] = {}
        self._has_budget = has_budget
        self._unpriced: set[str] = set()
        self._ids = None if id_column is None else IdColumn(id_column)
        self._clashes = None if filename is None else Clashes(filename)
        self._rows = self._bad = 0
        self._kinds: dict[str, tuple[int, Price]] = {}
        columns = table.find_columns()
        if filename is not None:
            check_template(filename, list(columns))
        self._columns = columns
        self._spoken = template.used_columns(columns)
        used = {*self._spoken, *columns_of(filename or "", columns), id_column}
        self._unused = {*columns} - used
        self._undated = [*self._spoken]  # of which no date was told yet: once for each column will do
        self._problems = [
            finding
            for finding in (template.findings(columns) if columns else [])
            if finding.severity == "error" or finding.column not in used
        ]
        if self._ids is not None:
            self._problems += self._ids.missing(table, columns)
        self._missing = {finding.column for finding in self._problems if finding.severity == "error"}

    def rows(self) -> Iterator[Row | Problem]:
        """Read the table. Its warnings, but those of columns that nothing uses, become warnings of the plan."""
        count = 0
        for found in self._table.scan():
            if isinstance(found, Problem) and found.severity == "warning":
                self._problems += [found] if found.column not in self._unused else []
                continue
            if count == self._limit:
                return
            count += 1
            yield found

    def check(self, found: Row | Problem) -> _CheckedRow:
        """Make the job of a row, or find its problems."""
        self._rows += 1
        if isinstance(found, Problem):
            return _CheckedRow(problems=[found])
        request, problems = self._template.attempt(found)
        if self._ids is not None and self._ids.column not in self._missing:
            problems = [*problems, *self._ids.check(found)]
        if request is not None and (
            refused := [finding.of(found) for finding in refused_findings(request.kind, body_of(request))]
        ):
            request, problems = None, [*problems, *refused]
        problems = [*problems, *suspicions(found, self._spoken)]
        job = None if request is None else Job(request=request, row=found, index=self._rows - 1)
        return _CheckedRow(row=found, job=job, problems=problems)

    def learn_looks(self, looks: Mapping[str, str]) -> None:
        """Price looks by their kinds from now on."""
        self._looks = looks
        self._rates = self._rates.knowing(looks)

    def add(self, checked: _CheckedRow, language: LanguageOf | None = None) -> None:
        """Add the row's price or count the row as bad. A missing column is reported once, and not for each row."""
        problems = list(checked.problems)
        if checked.row is not None and checked.job is not None and not any(one.severity == "error" for one in problems):
            problems += self._price(checked.row, checked.job, language)
        self._bad += any(one.severity == "error" for one in problems)
        self._problems += [one for one in problems if one.column is None or one.column not in self._missing]

    def plan(self) -> Plan:
        """Return the plan of all rows that were added."""
        return Plan(
            table=self._table,
            template=self._template,
            filename=self._filename,
            limit=self._limit,
            id_column=None if self._ids is None else self._ids.column,
            rows=self._rows,
            bad=self._bad,
            problems=(*self._sameness(), *self._problems),
            price=sum((price for _, price in self._kinds.values()), Price()),
            kinds=self._kinds,
            looks=self._looks,
        )

    def _sameness(self) -> list[Problem]:
        """Return the warning that no row is spoken to by name; empty if the script uses a column."""
        if self._rows < 2 or self._template.spoken_names() != frozenset():  # noqa: PLR2004 - one video is like itself
            return []
        is_all = not self._template.names()
        names = filter(None, (placeholder_of(column, self._columns) for column in self._columns))
        return [
            Problem(
                reason=f"no column is used: all {self._rows} videos will be the same"
                if is_all
                else f"the script uses no column: all {self._rows} videos will say the same",
                mend=f"write a placeholder into it, such as {{{{ {next(names, 'first_name')} }}}}",
                severity="warning",
            )
        ]

    def _price(self, row: Row, job: Job, language: LanguageOf | None) -> list[Problem]:
        kind, body = job.request.kind, body_of(job.request)
        price = self._rates.estimate(kind, body, language=None if language is None else language(body))
        problems = self._unknown_price(row, kind, body) if price.unknown else []
        if not any(problem.severity == "error" for problem in problems):
            count, sum_ = self._kinds.get(kind, (0, Price()))
            self._kinds[kind] = (count + 1, sum_ + price)
        clash = None if self._clashes is None else self._clashes.add(job, f"{row.unit} {row.line}")
        problems += [] if clash is None else [row.problem(clash, "put {number} into the file name")]
        dates = machine_dates(row, self._undated, str(body.get("script") or body.get("prompt") or ""))
        told = {one.column for one in dates}
        self._undated = [name for name in self._undated if name not in told] if told else self._undated
        return problems + dates

    def _unknown_price(self, row: Row, kind: str, body: Mapping[str, Any]) -> list[Problem]:
        """Return an error if a budget cannot count the row, else one warning for all rows with the same words."""
        words = self._rates.unknown_words(kind, body)
        if words in self._unpriced and not self._has_budget:
            return []
        self._unpriced.add(words)
        reason = f"the price of {words} is not known" + (", so the budget cannot count it" if self._has_budget else "")
        mend = f'give it, in US dollars a second: "{words}" = 0.10 under [rates.per_second], or Rates(per_second=...)'
        return [row.problem(reason, mend, severity="error" if self._has_budget else "warning")]

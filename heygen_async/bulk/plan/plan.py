"""`Plan`: all rows of a list, checked and priced before anything is sent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from heygen_async.api.client import Client
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.plan.id_column import name_of
from heygen_async.bulk.plan.preflight import TOGETHER, Preflight
from heygen_async.bulk.plan.row_checker import RowChecker
from heygen_async.bulk.prices.price import Price, Rates
from heygen_async.bulk.rows.folded_problems import fold
from heygen_async.bulk.rows.problems import Problem, counted, problems_html
from heygen_async.bulk.rows.readers.read_rows import Row, Table
from heygen_async.bulk.rows.samples import Sample
from heygen_async.bulk.rows.table import is_note
from heygen_async.bulk.template.kept_requests import KeptRequests
from heygen_async.bulk.template.template import Template
from heygen_async.errors import InvalidInputError
from heygen_async.reprs import ShortRepr, html_table

PROBLEMS_SHOWN = 20


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
        bad_rows: Numbers of the rows in the list that cannot be rendered.
        kinds: Number and price of these rows by kind of request.
        samples: The texts of a few rows that a person should read: the first, the last, the longest, the shortest, one
            with an empty cell and one with an unusual name.
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
    bad_rows: tuple[int, ...] = attrs.field(default=(), repr=False)
    problems: tuple[Problem, ...] = attrs.field(repr=False)
    price: Price
    kinds: Mapping[str, tuple[int, Price]]
    looks: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    samples: tuple[Sample, ...] = attrs.field(default=(), repr=False)
    is_checked: bool = False
    _kept: KeptRequests | None = attrs.field(default=None, repr=False, eq=False)

    def _repr_html_(self) -> str:
        """Return the plan as tables, for notebooks."""
        kinds = [(name, count, price) for name, (count, price) in self.kinds.items()]
        title = f"{self.table.name}: {counted(self.rows, 'row')}, {self.bad} of them bad, for about {self.price}"
        more = len(self.problems) - PROBLEMS_SHOWN
        shown = counted(len(self.problems), "problem") + (f", the first {PROBLEMS_SHOWN}" if more > 0 else "")
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
        return self.good_jobs()

    def good_jobs(self) -> Iterator[Job[Row]]:
        """Return an iterator over the jobs of the rows that can be rendered; `jobs` has all rows, or none."""
        if self._kept is not None:
            for request, kept in self._kept:
                yield Job(request=request, row=kept, name=self._name_of(kept))
            return
        found = (one for one in self.table.scan() if not is_note(one))
        bad = frozenset(self.bad_rows)
        for row in found if self.limit is None else itertools.islice(found, self.limit):
            if isinstance(row, Problem):
                if not bad:
                    raise row.error()  # the list has changed since
            elif row.line not in bad:
                yield Job(request=self.template.render(row), row=row, name=self._name_of(row))

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
        reason = (
            f"{self.bad} of {counted(self.rows, 'row')} cannot be rendered" if self.bad else "it cannot be rendered"
        )
        error = InvalidInputError(f"{self.table.name}: {reason}; nothing was sent")
        folded = fold(errors, self.rows)
        for problem in folded[:PROBLEMS_SHOWN]:
            error.add_note(str(problem))
        if len(folded) > PROBLEMS_SHOWN:
            error.add_note(f"... and {len(folded) - PROBLEMS_SHOWN} more")
        raise error


@attrs.frozen(kw_only=True)
class PlanOptions:
    """Options of a plan; see `HeyGen.plan`.

    Attributes:
        filename: Template of the files' names.
        limit: Number of rows that are used.
        rates: Prices.
        id_column: Column that identifies each row.
        budget_usd: Budget of the run.
        keep: True to keep the requests, so that `jobs` does not make them again.
        on_checked: Called with the number of rows that were checked, now and then.
    """

    filename: str | None = None
    limit: int | None = None
    rates: Rates | None = None
    id_column: str | None = None
    budget_usd: float | None = None
    keep: bool = False
    on_checked: Callable[[int], None] = lambda _: None

    def checker(self, table: Table, template: Template) -> RowChecker:
        """Return a checker of the rows of *table*."""
        return RowChecker(
            table,
            template,
            filename=self.filename,
            limit=self.limit,
            rates=self.rates,
            id_column=self.id_column,
            has_budget=self.budget_usd is not None,
            keep=self.keep,
        )

    def plan(self, table: Table, template: Template, checker: RowChecker) -> Plan:
        """Return the plan of the rows that *checker* has added."""
        own: dict[str, Any] = {"filename": self.filename, "limit": self.limit, "id_column": self.id_column}
        return Plan(table=table, template=template, **own, **checker.facts())


def make_plan(table: Table, template: Template, **given: Any) -> Plan:
    """Read all rows, make and price each request, and return the plan; *given* are `PlanOptions`. Sends no request."""
    options = PlanOptions(**given)
    checker = options.checker(table, template)
    for count, found in enumerate(checker.rows(), 1):
        checker.add(checker.check(found))
        if not count % TOGETHER:
            options.on_checked(count)
    return options.plan(table, template, checker)


async def checked_plan(
    client: Client, table: Table, template: Template, *, max_in_flight: object = None, **given: Any
) -> Plan:
    """Make a plan, and check each row and the account at HeyGen, with requests that are free. See `HeyGen.plan`."""
    options = PlanOptions(**given)
    checker, preflight, count = options.checker(table, template), Preflight(client), 0
    rows = checker.rows()
    while batch := [checker.check(found) for found in itertools.islice(rows, TOGETHER)]:
        good = [(one.job.row, one.job.request.kind, one.body) for one in batch if one.job is not None]
        problems = iter(await preflight.of_bodies(good))
        checker.learn_looks(preflight.looks())
        for one in batch:
            checker.add(one, () if one.job is None else next(problems), preflight.language)
        count += len(batch)
        options.on_checked(count)
    plan, budget = options.plan(table, template, checker), options.budget_usd
    price = plan.price.expected if budget is None else min(budget, plan.price.expected)
    of_account = await preflight.account(max_in_flight=max_in_flight, price_usd=price)
    return attrs.evolve(plan, problems=(*of_account, *plan.problems), is_checked=True)

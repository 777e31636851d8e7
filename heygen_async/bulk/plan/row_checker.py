"""`RowChecker`: checks the rows of a list one after another and adds up what a plan tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from heygen_async.api.requests.stored import body_of
from heygen_async.bulk.jobs.job import Job
from heygen_async.bulk.plan.file_names import Clashes, check_template, columns_of
from heygen_async.bulk.plan.id_column import IdColumn, Repeats
from heygen_async.bulk.plan.refused_fields import refused_findings
from heygen_async.bulk.prices.price import Price, Rates
from heygen_async.bulk.rows.person import name_columns
from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.readers.read_rows import Row, Table
from heygen_async.bulk.rows.samples import Samples
from heygen_async.bulk.rows.suspicions import capital_names, machine_dates, suspicions
from heygen_async.bulk.template.kept_requests import KeptRequests
from heygen_async.bulk.template.placeholders import placeholder_of
from heygen_async.bulk.template.template import Template

LanguageOf = Callable[[Mapping[str, Any]], str | None]


@attrs.frozen(kw_only=True)
class CheckedRow:
    """A row with its job, or with its problems."""

    row: Row | None = None
    job: Job | None = None
    body: Mapping[str, Any] = attrs.field(factory=dict)
    problems: list[Problem] = attrs.field(factory=list)


class RowChecker:
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
        keep: bool = False,
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
        self._bad_rows: list[int] = []
        self._kept = KeptRequests() if keep else None
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
        self._repeats = Repeats(columns, id_column)
        self._samples = Samples(self._spoken)
        self._names = name_columns(self._spoken)
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

    def check(self, found: Row | Problem) -> CheckedRow:
        """Make the job of a row, or find its problems."""
        self._rows += 1
        if isinstance(found, Problem):
            return CheckedRow(problems=[found])
        request, problems = self._template.attempt(found)
        if self._ids is not None and self._ids.column not in self._missing:
            problems = [*problems, *self._ids.check(found)]
        body = {} if request is None else body_of(request)
        if request is not None and (refused := [one.of(found) for one in refused_findings(request.kind, body)]):
            request, problems = None, [*problems, *refused]
        problems = [*problems, *suspicions(found, self._spoken), *self._repeats.check(found)]
        job = None if request is None else Job(request=request, row=found, index=self._rows - 1, key="")  # not sent
        return CheckedRow(row=found, job=job, body=body, problems=problems)

    def learn_looks(self, looks: Mapping[str, str]) -> None:
        """Price looks by their kinds from now on."""
        self._looks = looks
        self._rates = self._rates.knowing(looks)

    def add(self, checked: CheckedRow, more: Iterable[Problem] = (), language: LanguageOf | None = None) -> None:
        """Add the row's price or count the row as bad. A missing column is reported once, and not for each row.

        Args:
            checked: The row.
            more: Its problems as HeyGen told them.
            language: Returns the language of a request's speech, as far as HeyGen told it.
        """
        problems = [*checked.problems, *more]
        if checked.row is not None and checked.job is not None and not any(one.severity == "error" for one in problems):
            problems += self._price(checked.row, checked.job, checked.body, language)
        if any(one.severity == "error" for one in problems):
            self._bad += 1
            line = problems[0].line if checked.row is None else checked.row.line
            self._bad_rows += [line] if line else []
        elif checked.row is not None and checked.job is not None:
            problems += self._read(checked.row, checked.body)
            if self._kept is not None:
                self._kept.add(checked.row, checked.job.request.kind, checked.body)
        self._problems += [one for one in problems if one.column is None or one.column not in self._missing]

    def facts(self) -> dict[str, Any]:
        """Return the facts of a `Plan` of all rows that were added."""
        return {
            "rows": self._rows,
            "bad": self._bad,
            "bad_rows": tuple(self._bad_rows),
            "problems": (*self._sameness(), *self._problems),
            "price": sum((price for _, price in self._kinds.values()), Price()),
            "kinds": self._kinds,
            "looks": self._looks,
            "samples": self._samples.chosen(),
            "kept": self._kept,
        }

    def _read(self, row: Row, body: Mapping[str, Any]) -> list[Problem]:
        """Take a good row for the samples, and return warnings about its text."""
        self._samples.add(row, body)
        return capital_names(row, self._names, str(body.get("script") or ""))

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

    def _price(self, row: Row, job: Job, body: Mapping[str, Any], language: LanguageOf | None) -> list[Problem]:
        kind = job.request.kind
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
        mend = f'give it, in US dollars a second: "{words}" = 0.10 under [rates.per_second] of a campaign file'
        return [row.problem(reason, mend, severity="error" if self._has_budget else "warning")]

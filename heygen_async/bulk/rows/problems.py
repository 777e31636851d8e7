"""Problems of rows and templates, as values, so that all of them can be gathered before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

from heygen_async.errors import InvalidInputError
from heygen_async.plain_text import CONTROLS
from heygen_async.reprs import ShortRepr, html_table

Severity = Literal["error", "warning"]
_SHOWN = 60  # characters of a cell worth showing
_LISTED = 8  # numbers of rows worth listing
_RANGE = 3  # numbers of rows that follow each other, from which on they are a range


@attrs.frozen(kw_only=True, repr=False)
class Problem(ShortRepr):
    """A problem with its place, its reason and its remedy.

    Attributes:
        reason: Description of the problem.
        mend: The remedy.
        source: The file or frame.
        line: Line of the file on which the row begins, or number of the row where there are no lines.
        unit: Unit of `line`: "line" or "row".
        column: Name of the column.
        value: Value of the cell.
        field: Field of the request that the value was meant for, such as `voice_settings.speed`.
        severity: "error": the row cannot be rendered. "warning": it can, but look at it.
    """

    reason: str
    mend: str
    source: str | None = None
    line: int | None = None
    unit: Literal["line", "row"] = "line"
    column: str | None = None
    value: str | None = attrs.field(default=None, repr=False)
    field: str | None = None
    severity: Severity = "error"

    @property
    def place(self) -> str:
        """The place: `leads.csv line 17, column first_name`."""
        row = None if self.line is None else f"{self.unit} {self.line}"
        start = " ".join(part for part in (self.source, row) if part)
        column = None if self.column is None else f"column {self.column}"
        return ", ".join(part for part in (start, column) if part)

    def __str__(self) -> str:
        """Return place, value, reason and remedy in one line."""
        shown = [] if self.value is None else [f"{self.value!r:.{_SHOWN}}"]
        text = "; ".join([*shown, self.reason, *([self.mend] if self.mend else [])])
        field = "" if self.field is None else f" (field {self.field})"
        message = ": ".join(part for part in (self.place, text) if part) + field
        return CONTROLS.sub(lambda found: repr(found[0])[1:-1], message)  # names of columns may hold anything

    def _repr_html_(self) -> str:
        """Return the problem as a table, for notebooks."""
        return problems_html(self.severity, [self])

    def error(self) -> ProblemError:
        """Return the problem as an error, for callers that do not gather problems."""
        error = ProblemError(str(self))
        error.problem = self
        return error


def problems_html(title: str, problems: Sequence[Problem]) -> str:
    """Return problems as a table, for notebooks."""
    columns = ("", "place", "value", "problem", "remedy", "field")
    rows = [(one.severity, one.place, one.value, one.reason, one.mend, one.field) for one in problems]
    return html_table(title, columns, rows)


class ProblemError(InvalidInputError):
    """An `InvalidInputError` that carries its problem as a value.

    Attributes:
        problem: Place, value, reason and remedy.
    """

    problem: Problem


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 row", "1,200 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(unit: str, numbers: Sequence[int]) -> str:
    """Return the places of several rows in a few words: "lines 3, 5-9 and 12", "lines 3, 4, ... and 12 more"."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    parts = [part for span in spans for part in _as_range(span)]
    rest = sum(map(len, spans)) - sum(map(_count_of, parts[:_LISTED]))
    parts = [*parts[:_LISTED], f"{rest} more"] if rest else parts
    text = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    return f"{unit}{'s' if len(numbers) > 1 else ''} {text}"


def _as_range(span: Sequence[int]) -> list[str]:
    """Return numbers that follow each other as one range, or singly if they are two."""
    return list(map(str, span)) if len(span) < _RANGE else [f"{span[0]}-{span[-1]}"]


def _count_of(part: str) -> int:
    first, _, last = part.partition("-")
    return int(last or first) - int(first) + 1


def first_error(problems: Sequence[Problem]) -> ProblemError:
    """Return the first of *problems* as an error, with the others as its notes."""
    error = problems[0].error()
    for problem in problems[1:]:
        error.add_note(str(problem))
    return error

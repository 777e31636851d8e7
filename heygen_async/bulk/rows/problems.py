"""A problem of a row or a template, as a value: all of them can be gathered before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import attrs

from heygen_async.errors import InvalidInputError

Severity = Literal["error", "warning"]
_SHOWN = 60  # characters of a cell worth showing
_UNSHOWN = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")  # line ends, a terminal's commands


@attrs.frozen(kw_only=True)
class Problem:
    """One thing that is wrong, where, why, and what to do about it.

    Attributes:
        reason: What is wrong.
        mend: What to do about it.
        source: The file or frame.
        line: Line of the file on which the row begins, or number of the row where there are no lines.
        unit: What `line` counts: "line" or "row".
        column: Of the row.
        value: What stands there.
        field: The request field that it was meant for, such as `voice_settings.speed`.
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
        """Where it is: `leads.csv line 17, column first_name`."""
        row = None if self.line is None else f"{self.unit} {self.line}"
        start = " ".join(part for part in (self.source, row) if part)
        column = None if self.column is None else f"column {self.column}"
        return ", ".join(part for part in (start, column) if part)

    def __str__(self) -> str:
        """Place, value, reason, mend, in one line."""
        shown = [] if self.value is None else [f"{self.value!r:.{_SHOWN}}"]
        what = "; ".join([*shown, self.reason, *([self.mend] if self.mend else [])])
        field = "" if self.field is None else f" (field {self.field})"
        said = ": ".join(part for part in (self.place, what) if part) + field
        return _UNSHOWN.sub(lambda found: repr(found[0])[1:-1], said)  # names of columns may hold anything

    def error(self) -> ProblemError:
        """Return it as the error that a caller who does not gather problems gets."""
        error = ProblemError(str(self))
        error.problem = self
        return error


class ProblemError(InvalidInputError):
    """An `InvalidInputError` that carries its problem as a value.

    Attributes:
        problem: Where, what, why, and the mend.
    """

    problem: Problem


def first_error(problems: Sequence[Problem]) -> ProblemError:
    """Return the first of *problems* as an error, with the others as its notes."""
    error = problems[0].error()
    for problem in problems[1:]:
        error.add_note(str(problem))
    return error

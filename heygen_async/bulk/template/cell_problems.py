"""Problems of a template with the cells of a row: a column that is not there, a cell that is empty or not usable."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

import attrs

from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.table import Row
from heygen_async.bulk.template.placeholders import placeholder_of
from heygen_async.near_names import hint, near_name

_CLASS = re.compile(r"^[A-Z]\w+\.\w+: ")  # `DirectVideo.resolution: `, which the place of a problem tells better
_EXTRA = re.compile(r"goes by extra(=.*?)?, in lists by --lenient")


def uncomputed_cell(row: Row, column: str | None) -> Problem | None:
    """Return the problem of a cell whose value was never calculated; None for any other cell."""
    flaw = None if column is None else row.flaws.get(column)
    return None if flaw is None or flaw.severity == "warning" else flaw


def no_column(name: str, field: str, columns: Collection[str], *, is_placeholder: bool = True) -> Problem:
    """Return the problem that the rows have no column of that name, with the nearest as it is to be written."""
    near = near_name(name, columns)
    written = near if near is None or not is_placeholder else placeholder_of(near, columns)
    shown = f"{{{{ {written} }}}}" if is_placeholder else written
    return Problem(
        column=name,
        field=field,
        reason=f"no such column; the rows have {', '.join(columns)}",
        mend=f"did you mean {shown}?" if written else "add it, or take another",
    )


def missing_cell(row: Row, column: str | None, name: str, field: str) -> Problem:
    """Return the problem of an empty cell that the placeholder *name* needs."""
    if column is None:
        return attrs.evolve(no_column(name, field, list(row.cells)), source=row.source, line=row.line, unit=row.unit)
    if column in row.flaws:
        return attrs.evolve(row.flaws[column], field=field, severity="error")
    cell = row.cells[column]
    return row.problem(
        f"{'counts as' if cell.strip() else 'is'} empty here, but the template needs it",
        f'fill the cell or write {{{{ {name} | default("...") }}}}',
        column=column,
        value=cell if cell.strip() else None,
        field=field,
    )


def told_once(problems: Iterable[Problem], row: Row) -> list[Problem]:
    """Return the problems of *row*; of the cells that it leaves off at its end, only the first is told."""
    left_off = {flaw.reason for flaw in row.flaws.values() if flaw.severity == "warning"}
    found: list[Problem] = []
    for problem in problems:
        if problem.reason not in left_off or all(one.reason != problem.reason for one in found):
            found.append(problem)
    return found


def unknown_mode(row: Row, text: str, column: str | None, modes: Iterable[str]) -> Problem:
    """Return the problem of a mode that there is not."""
    mend = hint(text, modes, "must be one of")
    return row.problem("is not a mode", mend, column=column, value=text, field="mode")


def required_field(row: Row, mode: str, name: str, columns: Mapping[str, str | None]) -> Problem:
    """Return the problem of a field that is needed and empty; *columns* has the column of each field that is given."""
    column = columns.get(name)
    if column is not None and column in row.flaws:
        return attrs.evolve(row.flaws[column], field=name, severity="error")
    reason = f"{mode} mode: {name} is required" + (", but is empty here" if name in columns else "")
    mend = "fill the cell" if column is not None else f"give it with --set {name}=... or map a column to it"
    return row.problem(reason, mend, column=column, field=name)


def invalid_value(row: Row, field: str, column: str | None, reason: str) -> Problem:
    """Return the problem of a value that a field refuses, with its column if the value comes from a single one."""
    mend = "change the cell" if column is not None else "change the template"
    bare = _CLASS.sub("", reason, 1) if field.rpartition(".")[2] in reason.partition(":")[0] else reason
    return row.problem(_EXTRA.sub("is sent with --lenient", bare), mend, column=column, field=field or None)

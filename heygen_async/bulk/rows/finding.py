"""Findings: problems of a request before its row and column are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from heygen_async.bulk.rows.problems import Problem, Severity
from heygen_async.bulk.rows.table import Row


@attrs.frozen(kw_only=True)
class Finding:
    """A problem of a request.

    Attributes:
        field: Path of the field, such as `scenes[0].input.avatar_id`.
        value: Value of the field.
        reason: Description of the problem.
        mend: The remedy.
        severity: "error": the request cannot be rendered. "warning": it can, but look at it.
    """

    field: str
    value: str | None = attrs.field(default=None, repr=False)
    reason: str
    mend: str
    severity: Severity = "error"

    def of(self, row: Row) -> Problem:
        """Return the finding as a problem of *row*, with the column if exactly one cell holds the value."""
        columns = [name for name, cell in row.cells.items() if cell.strip() == self.value]
        return row.problem(
            self.reason,
            self.mend,
            field=self.field,
            value=self.value,
            severity=self.severity,
            column=columns[0] if len(columns) == 1 else None,
        )


@attrs.frozen(kw_only=True)
class Part:
    """A request, or an object within it.

    Attributes:
        at: Path of the object, with a dot at the end; empty for the request itself.
        fields: Fields of the object.
        request: The whole body. Its canvas applies to all scenes.
    """

    at: str
    fields: Mapping[str, Any] = attrs.field(repr=False)
    request: Mapping[str, Any] = attrs.field(repr=False)


def parts(body: Mapping[str, Any]) -> Iterator[Part]:
    """Yield *body* and every object within it, scenes and their inputs among them."""
    for at, fields in _objects(body, ""):
        yield Part(at=at, fields=fields, request=body)


def _objects(value: Any, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, str):  # most values are, and telling it first takes a tenth of the time
        return
    if isinstance(value, Mapping):
        yield at, value
        for name, member in value.items():
            yield from _objects(member, f"{at}{name}.")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _objects(item, f"{at[:-1]}[{index}].")

"""Samples: the few texts of a list that a person should read before all of them are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

from heygen_async.bulk.rows.cells import is_missing
from heygen_async.bulk.rows.person import name_columns, oddness
from heygen_async.bulk.rows.table import Row

_SPOKEN = ("script", "prompt", "text")


@attrs.frozen(kw_only=True)
class Sample:
    """The text of one row as it will be sent.

    Attributes:
        why: Reasons to read it: `first and shortest`.
        line: Number of the row in its list.
        unit: Unit of `line`: "line" or "row".
        text: The script or the prompt.
    """

    why: str
    line: int
    unit: Literal["line", "row"]
    text: str


class Samples:
    """Chooses the first text, the last, the longest, the shortest, one with an empty cell and one with an odd name."""

    def __init__(self, columns: Sequence[str]) -> None:
        """Begin with the first row; *columns* are those that the texts use."""
        self._columns = columns
        self._names = name_columns(columns)
        self._found: dict[str, tuple[Row, str]] = {}
        self._oddest = 0

    def add(self, row: Row, body: object) -> None:
        """Look at a row whose request has the fields *body*."""
        fields = body if isinstance(body, dict) else {}
        text = next((fields[name] for name in _SPOKEN if isinstance(fields.get(name), str)), None)
        if text is None:
            return
        found, one = self._found, (row, text)
        found.setdefault("first", one)
        found["last"] = one
        if "longest" not in found or len(text) > len(found["longest"][1]):
            found["longest"] = one
        if "shortest" not in found or len(text) < len(found["shortest"][1]):
            found["shortest"] = one
        if "fallback" not in found:
            empty = next((name for name in self._columns if is_missing(row.cells.get(name, ""))), None)
            if empty is not None:
                found["fallback"] = one
        odd = max((oddness(cell) for name in self._names if (cell := row.cells.get(name, "")) in text), default=0)
        if odd > self._oddest:
            self._oddest, found["odd name"] = odd, one

    def chosen(self) -> tuple[Sample, ...]:
        """Return the samples in the order of their rows; a row that was chosen more than once has all its reasons."""
        reasons: dict[int, list[str]] = {}
        for why, (row, _) in self._found.items():
            reasons.setdefault(row.line, []).append(_WORDS.get(why, why))
        rows = {row.line: (row, text) for row, text in self._found.values()}
        return tuple(
            Sample(why=", ".join(reasons[line]), line=line, unit=row.unit, text=text)
            for line, (row, text) in sorted(rows.items())
        )


_WORDS = {"fallback": "with an empty cell", "odd name": "with an unusual name"}

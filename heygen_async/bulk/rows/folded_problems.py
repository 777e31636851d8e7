"""Problems of a list folded for people: what many rows have alike is told once, with the rows that have it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from heygen_async.bulk.rows.problems import Problem, listed

_ALIKE = 3  # problems of one kind with different words that are told one by one
_CHANGING = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")  # what differs between rows in the words of one kind of problem


@attrs.frozen(kw_only=True)
class FoldedProblem:
    """A problem that one or more rows have.

    Attributes:
        first: The problem of the first of them.
        rows: Numbers of all of them in the list; none for a problem that belongs to no row.
        is_alike: True if the others have the same kind of problem in other words.
        is_all: True if these are all rows of the list.
    """

    first: Problem
    rows: tuple[int, ...] = ()
    is_alike: bool = False
    is_all: bool = False

    def __str__(self) -> str:
        """Return place, value, reason and remedy in one line."""
        one = self.first
        if len(self.rows) < 2:  # noqa: PLR2004 - a single row has its own words
            return str(one)
        named = f"all {len(self.rows):,} rows" if self.is_all else listed(one.unit, self.rows)
        place = named if self.is_all or one.source is None else f"{one.source} {named}"
        if self.is_alike:
            return str(attrs.evolve(one, source=place, line=None, value=None, reason="alike", mend=one.mend))
        return str(attrs.evolve(one, source=place, line=None))


def fold(problems: Iterable[Problem], rows: int = 0) -> list[FoldedProblem]:
    """Return *problems* folded, in the order of the first of each kind.

    Args:
        problems: The problems, in the order of the rows.
        rows: Number of rows of the list.
    """
    kinds: dict[object, list[Problem]] = {}
    for one in problems:
        words = _CHANGING.sub("#", f"{one.reason}; {one.mend}")
        kinds.setdefault((one.severity, one.source, one.unit, one.column, one.field, words), []).append(one)
    return [folded for alike in kinds.values() for folded in _fold_kind(alike, rows)]


def _fold_kind(alike: list[Problem], rows: int) -> list[FoldedProblem]:
    """Return the problems of one kind: one for all with the same words, and not too many with different ones."""
    same: dict[tuple[str, str], list[Problem]] = {}
    for one in alike:
        same.setdefault((one.reason, one.mend), []).append(one)
    groups = list(same.values())
    folded = [_folded(group, rows) for group in (groups if len(groups) <= _ALIKE + 1 else groups[:_ALIKE])]
    if len(folded) < len(groups):
        rest = [one for group in groups[_ALIKE:] for one in group]
        folded.append(attrs.evolve(_folded(rest, rows), is_alike=True))
    return folded


def _folded(group: list[Problem], rows: int) -> FoldedProblem:
    """Return one problem for a group; a value is told only if all have it."""
    first = group[0] if len({one.value for one in group}) == 1 else attrs.evolve(group[0], value=None)
    numbers = tuple(dict.fromkeys(one.line for one in group if one.line is not None))
    return FoldedProblem(first=first, rows=numbers, is_all=1 < rows == len(numbers))

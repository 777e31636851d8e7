"""Checks of a template against the columns of a list, before any row is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.template.placeholders import placeholder_of, resolve
from heygen_async.near_names import near_name

UNUSED = "no field uses it"
_OURS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_DOTTED = re.compile(r"\{\{\s*(\w+(?:\.\w+)+)")
_INSIDE = r"([^\W_][^<>\[\]{}%*|«»\n]{0,60}?|_\w{1,60})"
# The placeholders of mailing programs, each with its name inside. Those that are marked never stand in spoken text;
# the others are taken for placeholders only if the list has such a column.
_FOREIGN = (
    (re.compile(rf"<<\s*{_INSIDE}\s*>>"), True),
    (re.compile(rf"«\s*{_INSIDE}\s*»"), False),
    (re.compile(rf"\[\[\s*{_INSIDE}\s*\]\]"), True),
    (re.compile(rf"\*\|\s*{_INSIDE}\s*\|\*"), True),
    (re.compile(rf"%%\s*{_INSIDE}\s*%%"), True),
    (re.compile(rf"%\s*{_INSIDE}\s*%"), False),
    (re.compile(rf"[$!]?\{{!?\s*{_INSIDE}\s*\}}"), True),
    (re.compile(rf"\[\s*{_INSIDE}\s*\]"), False),
)


def unused_column(name: str, columns: Collection[str]) -> Problem:
    """Return the warning about a column that no field uses."""
    written = placeholder_of(name, columns)
    mend = "leave it, or rename it to use it" if written is None else f"write {{{{ {written} }}}} or leave it"
    return Problem(column=name, reason=UNUSED, mend=mend, severity="warning")


def dotted_columns(texts: Mapping[str, str], columns: Collection[str]) -> dict[str, Problem]:
    """Return the problems of placeholders such as `{{ Contact.Name }}` for a column of that name, by their first word.

    In a template it would be the attribute `Name` of the column `Contact`.
    """
    found: dict[str, Problem] = {}
    for field, text in texts.items():
        for match in _DOTTED.finditer(text):
            column = resolve([match[1]], columns).get(match[1])
            written = None if column is None else placeholder_of(column, columns)
            if written is not None:
                mend = f"write {{{{ {written} }}}}"
                found[match[1].partition(".")[0]] = Problem(
                    field=field, value=match[1], reason="a placeholder has no dots", mend=mend
                )
    return found


def foreign_placeholders(texts: Mapping[str, str], columns: Collection[str]) -> list[Problem]:
    """Return the problems of placeholders in the form of another program, such as `<<Vorname>>` or `{Vorname}`.

    Args:
        texts: Field -> text.
        columns: Columns of the list.
    """
    found: dict[tuple[str, str], Problem] = {}
    for field, text in texts.items():
        for shown, name, is_certain in _foreign(_OURS.sub(" ", text)):
            problem = _problem(field, shown, name, columns, is_certain=is_certain)
            if problem is not None:
                found.setdefault((field, shown), problem)
    return list(found.values())


def _foreign(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield each text that looks like a placeholder, the name in it, and True if it can be nothing else."""
    for pattern, is_certain in _FOREIGN:
        for match in pattern.finditer(text):
            yield match[0], match[1].strip(), is_certain
        if is_certain:
            text = pattern.sub(" ", text)


def _problem(field: str, shown: str, name: str, columns: Collection[str], *, is_certain: bool) -> Problem | None:
    column = resolve([name], columns).get(name)
    if column is None and not is_certain:
        return None
    near = column or near_name(name, columns)
    written = None if near is None else placeholder_of(near, columns)
    mend = f"write {{{{ {written} }}}}" if written else "placeholders look like {{ first_name }}"
    unknown = "" if column else f", and there is no column {name}"
    return Problem(
        field=field, value=shown, reason=f"is no placeholder here and would be spoken as it is{unknown}", mend=mend
    )

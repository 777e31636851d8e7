"""Options that choose some rows of a list, for `plan`, `preview`, `run` and `enqueue`, or of a journal."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Parameter

from heygen_async.bulk.rows.choice import RowChoice, row_choice

if TYPE_CHECKING:
    from heygen_async import Journal, Record

Texts = tuple[str, ...]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ChoiceOptions:
    """Options that choose rows; all that are given must hold."""

    rows: Annotated[
        Texts,
        Parameter(
            name=("--rows", "--row"),
            help="Only these rows, by their numbers in the list: 5-10,17 or 800-. The header is line 1. Repeatable.",
        ),
    ] = ()
    where: Annotated[
        Texts,
        Parameter(
            help="Only rows with this cell: COLUMN=VALUE or COLUMN!=VALUE. Repeatable: values of one column add up."
        ),
    ] = ()
    only: Annotated[Texts, Parameter(help="Only the row with this id, in the id column. Repeatable.")] = ()

    def choice(self) -> RowChoice:
        """Return the chosen rows; a column is found as placeholders find it."""
        return row_choice(self.rows, self.where, self.only, _find_column)


def chosen_of_journal(options: ChoiceOptions, journal: Journal) -> Callable[[Record], bool]:
    """Return a function that tells if a row of *journal* is chosen; `--only` takes the ids of videos, too.

    Raises:
        InvalidInputError: A column is not there, or the journal does not know the numbers of its rows.
    """
    from heygen_async import InvalidInputError
    from heygen_async.bulk.rows.readers.read_rows import cells_of

    choice, id_column = options.choice(), journal.meta("id_column") or ""
    if not choice:
        return lambda _: True
    columns = dict.fromkeys(name for record in journal.records() for name in cells_of(record.row))
    choice.check(columns, id_column)
    lines = journal.lines() if choice.rows else {}
    if choice.rows and not lines:
        raise InvalidInputError(f"--rows: {journal.name} does not know the numbers of its rows; use --where or --only")

    def takes(record: Record) -> bool:
        cells = {name: str(cell) for name, cell in cells_of(record.row).items()}
        ids = [cells.get(id_column), record.video_id, record.session_id]
        return choice.takes(lines.get(record.id), cells, ids)

    return takes


def _find_column(name: str, columns: Collection[str]) -> str | None:
    from heygen_async.bulk.template.placeholders import resolve

    return resolve([name], columns).get(name)

"""The id column: the cell that identifies each row of a list, however the rest of the row is edited."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from heygen_async.bulk.jobs.compact import NumberTable
from heygen_async.bulk.rows.cells import is_missing
from heygen_async.bulk.rows.person import mail_column
from heygen_async.bulk.rows.problems import Problem
from heygen_async.bulk.rows.readers.read_rows import Row, Table
from heygen_async.bulk.template.placeholders import as_name
from heygen_async.near_names import hint

_IDS = (
    "id",
    "email",
    "e_mail",
    "mail",
    "email_address",
    "contact_id",
    "customer_id",
    "lead_id",
    "record_id",
    "user_id",
)


class IdColumn:
    """Checks the cells of the id column of one list."""

    def __init__(self, column: str) -> None:
        """Check *column*."""
        self.column = column
        self._lines = NumberTable()

    def missing(self, table: Table, columns: Sequence[str]) -> list[Problem]:
        """Return the problem that the list has no such column; none if it has."""
        if not columns or self.column in columns:
            return []
        mend = hint(self.column, columns, "name one of its columns:")
        return [Problem(source=table.name, column=self.column, reason="there is no such id column", mend=mend)]

    def check(self, row: Row) -> list[Problem]:
        """Return the problems of the id of *row*: it is missing, or an earlier row has it."""
        cell = row.cells.get(self.column, "")
        if is_missing(cell):
            return [row.problem("the id is empty", "fill it in, or choose another id column", column=self.column)]
        first = self._lines.setdefault(hash(name_of(cell)), row.line)
        if first == row.line:
            return []
        mend = "remove one of the two, or give each an id of its own"
        return [row.problem(f"{row.unit} {first} has the same id {cell!r:.60}", mend, column=self.column)]


class Repeats:
    """Finds rows of one list that repeat an earlier one: all of their cells, or their e-mail address."""

    def __init__(self, columns: Sequence[str], id_column: str | None) -> None:
        """Begin with the first row; equal ids of *id_column* are problems of their own."""
        mail = mail_column(columns)
        self._mail = None if mail == id_column else mail
        self._rows = NumberTable()
        self._mails = NumberTable()

    def check(self, row: Row) -> list[Problem]:
        """Return the warning that *row* repeats an earlier one; none if it does not."""
        first = self._rows.setdefault(hash(tuple(row.cells.values())), row.line)
        if first != row.line:
            mend = "remove one of the two; a journal renders them once"
            return [row.problem(f"repeats {row.unit} {first}, cell by cell", mend, severity="warning")]
        cell = row.cells.get(self._mail or "", "")
        if is_missing(cell):
            return []
        first = self._mails.setdefault(hash(name_of(cell).casefold()), row.line)
        if first == row.line:
            return []
        reason, mend = f"{row.unit} {first} has the same e-mail address", "if it is one person, remove one of the two"
        return [row.problem(reason, mend, column=self._mail, value=cell, severity="warning")]


def name_of(cell: str) -> str:
    """Return the id in a cell: without blanks around it, its letters in one form."""
    return unicodedata.normalize("NFC", cell.strip())


def propose(table: Table) -> str | None:
    """Return a column that looks like an id or an e-mail address and is filled and unique; None if there is none."""
    columns = table.find_columns()
    named = [column for wanted in _IDS for column in columns if as_name(column) == wanted]
    for column in named:
        cells = [row.cells.get(column, "") for row in table.scan() if isinstance(row, Row)]
        if cells and not any(map(is_missing, cells)) and len({name_of(cell) for cell in cells}) == len(cells):
            return column
    return None

"""A journal as files that other programs read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import attrs

from heygen_async.bulk.jobs.records import Record
from heygen_async.bulk.journal.queries import JournalReader
from heygen_async.bulk.output.columns import COMMA, FACTS, FAILURE, facts_of_record, headers, style_of
from heygen_async.bulk.output.workbook import write_workbook
from heygen_async.bulk.rows.person import mail_column
from heygen_async.bulk.rows.readers.read_rows import cells_of
from heygen_async.bulk.rows.spreadsheet import PREFIX, harmless
from heygen_async.errors import InvalidInputError

_TABLES = frozenset({".csv", ".xlsx"})


def export(journal: JournalReader, path: str | PathLike[str], is_chosen: Callable[[Record], bool] | None = None) -> int:
    """Write the rows of *journal* to *path* and return how many.

    `.csv`, `.xlsx` and `.jsonl` are known. A name that begins with `failed` gets the failed rows only: your own columns
    and why they failed, ready to be run again: columns that begin with `heygen_` are left out when rows are told apart.
    A cell of a .csv that a spreadsheet would run gets an apostrophe, which is taken away when the file is read again;
    in a .xlsx texts are texts and run nothing. A .csv has the separator and the encoding of the list, if that is still
    there; it is in UTF-8 where that encoding lacks a character.

    Args:
        journal: The journal.
        path: The file to write.
        is_chosen: Tells which of the rows are written; all if absent.

    Raises:
        InvalidInputError: Another ending.
    """
    path = Path(path)
    failed = path.name.startswith("failed")
    newest = journal.newest_marks()

    def records() -> Iterator[Record]:
        found = (one for one in journal.records("failed") if one.seen in newest) if failed else journal.records()
        return found if is_chosen is None else filter(is_chosen, found)

    if path.suffix == ".jsonl":
        return _jsonl(records(), path)
    if path.suffix in _TABLES:
        return _table(journal, records, path, _columns(journal), FAILURE if failed else FACTS)
    raise InvalidInputError(f"{path}: the ending must be .csv, .xlsx or .jsonl")


def _jsonl(records: Iterator[Record], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            facts = attrs.asdict(record, filter=attrs.filters.exclude("text"))
            file.write(json.dumps({**facts, "body": record.body}, ensure_ascii=False) + "\n")
            count += 1
    return count


def mail_merge(journal: JournalReader, path: str | PathLike[str]) -> int:
    """Write one line for each completed row, with its identity and the link of its video; return how many.

    The identity is the id column of the campaign, else a column with e-mail addresses.

    Raises:
        InvalidInputError: The rows have neither, or *path* does not end in .csv or .xlsx.
    """
    path, columns = Path(path), _columns(journal)
    identity = journal.meta("id_column") or mail_column(columns)
    if path.suffix not in _TABLES:
        raise InvalidInputError(f"{path}: the ending must be .csv or .xlsx")
    if identity is None:
        raise InvalidInputError(
            f"no column identifies a person; there are {', '.join(columns) or 'none'}. Name it when the list is run: "
            "--id COLUMN"
        )
    return _table(journal, lambda: journal.records("completed"), path, [identity], ("link",))


def _table(
    journal: JournalReader,
    records: Callable[[], Iterator[Record]],
    path: Path,
    columns: list[str],
    facts: tuple[str, ...],
) -> int:
    """Write the rows to a .csv or .xlsx, with a line of headings, and return how many."""
    count = 0

    def lines() -> Iterator[list[Any]]:
        nonlocal count
        yield [*columns, *headers(facts)]
        for count, record in enumerate(records(), 1):  # noqa: B007 - the count is the result
            cells, known = cells_of(record.row), facts_of_record(record, journal.links(record.id))
            yield [*(cells.get(name) for name in columns), *(known[name] for name in facts)]

    if path.suffix == ".xlsx":
        write_workbook(path, lines())
        return count
    separator, encoding = style_of_list(journal)
    try:
        _write_csv(path, lines(), separator, encoding, "strict")
    except UnicodeEncodeError:  # a name or a script has a character that the encoding of the list lacks
        _write_csv(path, lines(), separator, COMMA[1], "replace")
    return count


def _write_csv(path: Path, lines: Iterator[list[Any]], separator: str, encoding: str, errors: str) -> None:
    with path.open("w", encoding=encoding, errors=errors, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(map(harmless, line) for line in lines)


def style_of_list(journal: JournalReader) -> tuple[str, str]:
    """Return the separator and the encoding of the list that was merged last; without a list, those of Excel."""
    newest = journal.newest_list()
    return COMMA if newest is None else style_of(newest.source, journal.meta("encoding") or None)


def _columns(journal: JournalReader) -> list[str]:
    """Return the names of all cells, in the order in which they first appear."""
    names: dict[str, None] = {}
    for record in journal.records():
        names.update(dict.fromkeys(name for name in cells_of(record.row) if not name.startswith(PREFIX)))
    return list(names)

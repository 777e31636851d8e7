"""Rows of a contact list, with the line on which each begins."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TextIO, TypeVar

import attrs

from heygen_async.errors import InvalidInputError

T = TypeVar("T")

_DELIMITERS = ",;\t|"


@attrs.frozen(kw_only=True)
class Row:
    """One row.

    Attributes:
        line: Line of the file on which it begins; the header is on line 1.
        cells: Column name -> text.
    """

    line: int
    cells: Mapping[str, str] = attrs.field(repr=False)


def cells_of(row: object) -> Mapping[str, Any]:
    """Return the cells of whatever a caller uses as a row: a `Row`, a mapping, or nothing of the kind."""
    if isinstance(row, Row):
        return row.cells
    return row if isinstance(row, Mapping) else {}


@attrs.frozen(kw_only=True)
class Table:
    """A CSV file that can be read any number of times, row by row.

    Attributes:
        path: Of the file.
        columns: Its header.
        delimiter: As found in its header.
    """

    path: Path
    columns: tuple[str, ...]
    delimiter: str

    def __iter__(self) -> Iterator[Row]:
        """Read the rows from the first; blank lines are passed over.

        Raises:
            InvalidInputError: A row has more or fewer cells than the header, or is not UTF-8.
        """
        with _opened(self.path) as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            next(reader)
            line = reader.line_num + 1
            for cells in _checked(reader, self.path):
                if cells:
                    yield self._row(line, cells)
                line = reader.line_num + 1

    def _row(self, line: int, cells: list[str]) -> Row:
        if len(cells) != len(self.columns):
            raise InvalidInputError(
                f"{self.path}, line {line}: {len(cells)} cells, but the header has {len(self.columns)}; "
                "a comma or a line break inside a cell needs quotes around it"
            )
        return Row(line=line, cells=dict(zip(self.columns, cells, strict=True)))


def read_csv(path: str | PathLike[str]) -> Table:
    """Open a CSV file in UTF-8, with or without a byte order mark; comma, semicolon, tab or | between cells.

    Raises:
        InvalidInputError: No such file, no header, or a header with empty or repeated names.
    """
    path = Path(path)
    with _opened(path) as file:
        first = next(_checked(file, path), "")
        delimiter = max(_DELIMITERS, key=first.count)
    with _opened(path) as file:
        header = next(_checked(csv.reader(file, delimiter=delimiter, strict=True), path), [])
    columns = tuple(name.strip().removeprefix("\ufeff") for name in header)
    if not columns or not all(columns):
        raise InvalidInputError(f"{path}: the first line must name every column; it names {list(columns)}")
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise InvalidInputError(f"{path}: the header names {', '.join(repeated)} more than once; rename one")
    return Table(path=path, columns=columns, delimiter=delimiter)


def _opened(path: Path) -> TextIO:
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as exc:
        raise InvalidInputError(f"{path}: {exc.strerror}") from exc


def _checked(reader: Iterable[T], path: Path) -> Iterator[T]:
    try:
        yield from reader
    except UnicodeDecodeError as exc:
        raise InvalidInputError(f"{path}: not UTF-8 ({exc.reason}); save it as CSV UTF-8") from exc
    except csv.Error as exc:
        raise InvalidInputError(f"{path}: not readable as CSV: {exc}") from exc

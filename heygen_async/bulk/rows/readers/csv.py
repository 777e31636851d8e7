"""CSV files: finds separator, quotes and encoding, and gives every row with the line on which it begins."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from heygen_async.bulk.rows.header import Header, checked_header, has_values, header_hint, title_above
from heygen_async.bulk.rows.problems import Problem, ProblemError, listed
from heygen_async.bulk.rows.readers.sniffing import refusal
from heygen_async.bulk.rows.readers.text import TextFile, text_file
from heygen_async.bulk.rows.table import Row, Scan, Table

_SEPARATORS = ",;\t|"
_SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SAMPLE_RECORDS = 20
_EXCEL_HINT = re.compile(r"""["']?sep=([^\w\s"']|\t)["']?\s*""", re.IGNORECASE)
_TITLE = re.compile(r"[\d#:]")  # in a title above the header
_TITLED_RECORDS = 3  # at least: the title, the header and a row
_MENDS = {
    "unexpected end of data": "a quote is opened here and never closed: close it, or double it if it is text",
    "field larger": "a quote is probably opened here and never closed: close it, or double it",
}


@attrs.frozen(kw_only=True)
class Dialect:
    """The dialect of a file: separator, quote, and number of lines before the header."""

    separator: str
    quote: str = '"'
    hint_lines: int = 0

    def reader(self, lines: Iterator[str], *, strict: bool = True) -> Any:
        """Return a reader of *lines*."""
        return csv.reader(lines, delimiter=self.separator, quotechar=self.quote, strict=strict)


@attrs.frozen(kw_only=True)
class CsvFile:
    """A CSV file whose dialect is known."""

    text: TextFile
    dialect: Dialect

    def records(self) -> Iterator[tuple[int, list[str] | Problem]]:
        """Yield the records with the line on which each begins; empty lines are left out.

        A record with a line that cannot be read as text is given as the problem of that line.

        Raises:
            ProblemError: The rest cannot be read.
        """
        flaws: list[Problem] = []
        lines = itertools.islice(self.text.lines(flaws.append), self.dialect.hint_lines, None)
        reader = self.dialect.reader(lines)
        line = self.dialect.hint_lines + 1
        try:
            for cells in reader:
                if cells:
                    yield line, flaws[0] if flaws else cells
                flaws.clear()
                line = self.dialect.hint_lines + reader.line_num + 1
        except csv.Error as exc:
            raise self._broken(line, str(exc)) from exc

    def scan(self, header: Header) -> Scan:
        """Yield rows and problems; a problem after which the text cannot be read any further is the last."""
        short: list[int] = []
        try:
            for line, cells in itertools.islice(self.records(), 1, None):
                found = cells if isinstance(cells, Problem) else header.row(line, cells)
                if found is not None:
                    yield found
                    if isinstance(found, Row) and found.flaws:
                        short.append(line)
        except ProblemError as exc:
            yield exc.problem
        if short:
            yield self._short_rows(short)

    def header(self) -> Header:
        """Return the names of the columns.

        Raises:
            InvalidInputError: There is no header, or it does not name every column once.
        """
        line, names = next(self.records(), (1, []))
        if isinstance(names, Problem):
            raise names.error()
        if names and _looks_like_json(names[0]):
            raise refusal(self.text.path, "by its content it is JSON, whatever its name says", "name it .jsonl", line)
        title = self._title()
        if title is not None:
            raise title.error()
        hint = header_hint(self._first_records(self.dialect))
        return checked_header(str(self.text.path), line, names, is_text=True, hint=hint)

    def _title(self) -> Problem | None:
        """Return the problem of a title above the header: a line with numbers or before a gap, narrower than all below.

        It may also be a plain word if addresses or numbers stand below: `name` over `Smith,John` is a single column.
        """
        for records in [] if self.dialect.hint_lines else self._below_a_title():
            is_followed_by_gap = records[1][0] > records[0][0] + 1
            has_number = any(map(_TITLE.search, records[0][1]))
            if is_followed_by_gap or has_number or has_values(records[2:]):
                found = title_above(str(self.text.path), records)
                if found is not None:
                    return found
        return None

    def _below_a_title(self) -> list[list[tuple[int, list[str]]]]:
        """Return the first records by each separator that they may have if the first one is a title.

        A title without separators says nothing about the lines below.
        """
        chosen = self._first_records(self.dialect)
        if len(chosen) < _TITLED_RECORDS:
            return []
        if len(chosen[0][1]) > 1:
            return [chosen] if all(len(cells) > len(chosen[0][1]) for _, cells in chosen[1:]) else []
        samples = [
            self._first_records(Dialect(separator=separator, quote=self.dialect.quote)) for separator in _SEPARATORS
        ]
        is_one_cell = all(records and len(records[0][1]) == 1 for records in samples)
        return [records for records in samples if len(records) >= _TITLED_RECORDS] if is_one_cell else []

    def _first_records(self, dialect: Dialect) -> list[tuple[int, list[str]]]:
        """Return the first records, each with its line."""
        lines = list(io.StringIO(self.text.start, newline=""))[dialect.hint_lines : _SAMPLE_RECORDS]
        reader, records, line = dialect.reader(iter(lines), strict=False), list[tuple[int, list[str]]](), 1
        with contextlib.suppress(csv.Error):  # reported with its line when the rows are read
            for cells in reader:
                if cells:
                    records.append((dialect.hint_lines + line, cells))
                line = reader.line_num + 1
        return records

    def _short_rows(self, lines: list[int]) -> Problem:
        return Problem(
            source=str(self.text.path),
            reason=f"{'1 row has' if len(lines) == 1 else f'{len(lines)} rows have'} fewer cells than the header "
            f"({listed('line', lines)}); the cells left off at the end count as empty",
            mend="if a line break has split a row, put quotes around the cell with it",
            severity="warning",
        )

    def _broken(self, line: int, message: str) -> ProblemError:
        mend = next((mend for start, mend in _MENDS.items() if message.startswith(start)), None)
        return Problem(
            source=str(self.text.path),
            line=line,
            reason=f"not readable as CSV: {message}",
            mend=mend or f"a {self.dialect.quote} inside a quoted cell must be doubled",
        ).error()


def csv_table(path: Path, encoding: str | None = None, *, may_be_empty: bool = True) -> Table:
    """Open a CSV file and read its header, but not yet its rows.

    Raises:
        InvalidInputError: No such file, not text, no header, or a header with empty or repeated names.
    """
    text = text_file(path, encoding)
    dialect = find_dialect(text.start)
    file = CsvFile(text=text, dialect=dialect)
    header = file.header()
    separator = _SEPARATOR_NAMES.get(dialect.separator, dialect.separator)
    return Table(
        name=str(path),
        path=path,
        format=f"CSV in {text.encoding.upper()}, {separator} between cells",
        columns=header.columns,
        read=lambda: file.scan(header),
        may_be_empty=may_be_empty,
    )


def find_dialect(start: str) -> Dialect:
    """Return the dialect of a file that begins with *start*.

    The separator is the one that splits the header, and splits most of the rows after it into as many cells.
    """
    lines = list(io.StringIO(start, newline=""))
    hint = _EXCEL_HINT.fullmatch(lines[0]) if lines else None
    if hint is not None:  # a first line `sep=;`, which Excel writes and obeys
        return Dialect(separator=hint[1], quote=_quote(lines[1:], hint[1]), hint_lines=1)
    separator = max(_SEPARATORS, key=lambda separator: _fit(lines, separator))
    return Dialect(separator=separator, quote=_quote(lines, separator))


def _fit(lines: list[str], separator: str) -> tuple[bool, float, int]:
    """Return a sort key of *separator*: a clean header first, then rows of equal width, then the number of cells."""
    records = _sample(lines, Dialect(separator=separator, quote=_quote(lines, separator)))
    widths = [len(cells) for cells in records]
    if not widths:
        return False, 0.0, 0
    clean = widths[0] > 1 and not any('"' in name for name in records[0])
    return clean, widths.count(widths[0]) / len(widths), widths[0]


def _sample(lines: list[str], dialect: Dialect) -> list[list[str]]:
    records: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # reported with its line when the rows are read
        filled = filter(None, dialect.reader(iter(lines), strict=False))
        records.extend(itertools.islice(filled, _SAMPLE_RECORDS))
    return records


def _quote(lines: list[str], separator: str) -> str:
    """Return the quote: an apostrophe if every name of the header stands between two, else a double quote."""
    first = next((line.strip() for line in lines if line.strip()), "")
    names = first.split(separator)
    return "'" if all(len(name) > 1 and name[0] == name[-1] == "'" for name in names) else '"'


def _looks_like_json(name: str) -> bool:
    return name.lstrip().startswith(('{"', "{ ", "[{", '["')) or name.strip() in {"{", "["}

"""JSON lines: one object on each line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import attrs

from heygen_async.bulk.rows.cells import cell_text, flaw_of
from heygen_async.bulk.rows.problems import Problem, ProblemError
from heygen_async.bulk.rows.readers.sniffing import refusal
from heygen_async.bulk.rows.readers.text import TextFile, text_file
from heygen_async.bulk.rows.readers.values import unreadable
from heygen_async.bulk.rows.table import Row, Scan, Table


class _RepeatedNameError(ValueError):
    pass


class _Fraction(float):
    """A number that keeps its digits as written, because 1.50 may be a price; a final .0 is dropped."""

    text: str

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text.removesuffix(".0")
        return number


@attrs.frozen(kw_only=True)
class JsonLinesFile:
    """A file of JSON lines."""

    text: TextFile

    def scan(self) -> Scan:
        """Yield rows and problems; the lines after one that is not JSON are read."""
        try:
            flaws: list[Problem] = []
            for number, line in enumerate(self.text.lines(flaws.append), 1):
                if flaws:
                    yield flaws.pop()
                elif line.strip():
                    found = self._row(number, line)
                    if isinstance(found, Problem) or any(found.cells.values()):
                        yield found
        except ProblemError as exc:
            yield exc.problem

    def _row(self, number: int, line: str) -> Row | Problem:
        try:
            value = _parser.decode(line.strip())
        except (ValueError, RecursionError) as exc:
            reason, mend = f"not readable as JSON: {exc}", "write one whole JSON object on each line"
            return self._problem(number, reason, mend, line.strip())
        if not isinstance(value, Mapping):
            return self._problem(
                number, f"a JSON {_kind(value)}", 'must be an object such as {"name": "Ada"}', line.strip()
            )
        flaw = next(filter(None, map(flaw_of, value)), None)
        if flaw is not None:
            return self._problem(number, f"a name holds {flaw}", "give text", line.strip())
        try:
            cells = {name.strip(): _text(cell) for name, cell in value.items()}
        except ValueError:
            return unreadable(str(self.text.path), number, value, "line")
        if "" in cells or len(cells) < len(value):
            return self._problem(number, "a name is empty or stands twice", "give every value a name of its own", None)
        given = {name.strip(): cell for name, cell in value.items()}
        return Row(line=number, cells=cells, source=str(self.text.path), given=given)

    def _problem(self, number: int, reason: str, mend: str, value: str | None) -> Problem:
        return Problem(source=str(self.text.path), line=number, reason=reason, mend=mend, value=value)


def json_lines_table(path: Path, encoding: str | None = None, *, may_be_empty: bool = True) -> Table:
    """Open a file of JSON lines; only its first bytes are read yet.

    Raises:
        InvalidInputError: No such file, not text, or one JSON array, which cannot be read line by line.
    """
    text = text_file(path, encoding)
    if text.start.lstrip("\ufeff \t\r\n").startswith("["):
        raise refusal(path, "is one JSON array", "write one object a line: jq -c '.[]' old.json > new.jsonl", 1)
    file = JsonLinesFile(text=text)
    return Table(
        name=str(path),
        path=path,
        format=f"JSON lines in {text.encoding.upper()}",
        columns=None,
        read=file.scan,
        may_be_empty=may_be_empty,
    )


def _text(cell: Any) -> str:
    return cell.text if isinstance(cell, _Fraction) else cell_text(cell)


def _kind(value: Any) -> str:
    return {list: "array", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedNameError("the same name twice in one object")
    return found


_parser = json.JSONDecoder(object_pairs_hook=_without_repetition, parse_float=_Fraction)

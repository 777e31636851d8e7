"""Rows from JSON lines, Excel, Parquet, data frames and programs."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from heygen_async import AsyncTable, InvalidInputError, Problem, Row, Table, read_rows
from heygen_async.bulk.rows.readers.frames import is_frame
from heygen_async.bulk.rows.readers.read_rows import cells_of

openpyxl = pytest.importorskip("openpyxl")
pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def rows_of(table: Table) -> list[tuple[Any, ...]]:
    return [(row.line, *row.cells.values()) for row in table]


# JSON lines


def jsonl(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "leads.jsonl"
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        ('{"name": "Zoë", "age": 3}\n', {"name": "Zoë", "age": "3"}),
        ('\ufeff{"name": "Zoë"}\r\n', {"name": "Zoë"}),
        ('\n  \n{" name ": "x"}', {"name": "x"}),
        (
            '{"price": 1.50, "whole": 3.0, "big": 12345678901234567890}',
            {"price": "1.50", "whole": "3", "big": "12345678901234567890"},
        ),
        ('{"a": null, "b": NaN, "c": true}', {"a": "", "b": "", "c": "true"}),
        ('{"tags": ["x", 1], "more": {"k": 1.5}}', {"tags": '["x", 1]', "more": '{"k": 1.5}'}),
        ('{"a": "x"}\n{}\n{"a": ""}', {"a": "x"}),
    ],
)
def test_json_lines_become_text(tmp_path: Path, content: str, cells: dict[str, str]) -> None:
    """Numbers keep their digits, null and NaN are empty, and empty objects are left out."""
    assert [dict(row.cells) for row in read_rows(jsonl(tmp_path, content))] == [cells]


def test_columns_of_json_lines_are_found_by_reading_them(tmp_path: Path) -> None:
    """JSON lines have no header, so their columns are known after a reading."""
    table = read_rows(jsonl(tmp_path, '{"a": 1}\n\n{"b": 2, "a": 3}\nx\n'))
    assert table.columns is None
    assert table.find_columns() == ("a", "b")
    assert [item.line for item in table.scan()] == [1, 3, 4]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"a": 1}\n{"a": 1\n', r"""leads.jsonl line 2: '{"a": 1'; not readable as JSON: .*one whole JSON object"""),
        ("name,city\n", r"line 1: 'name,city'; not readable as JSON"),
        ("7\n", r"line 1: '7'; a JSON number; must be an object such as"),
        ('"x"\n', "a JSON string"),
        ("null\n", "a JSON null"),
        ("true\n", "a JSON boolean"),
        ('{"a": 1}\n["x"]\n', "line 2: .*a JSON array"),
        ('{"a": 1, "a": 2}\n', "line 1: .*the same name twice"),
        ('{"a": 1, " a": 2}\n', "line 1: a name is empty or stands twice"),
        ('{"": 1}\n', "line 1: a name is empty"),
        ('[{"a": 1}]', "line 1: is one JSON array; write one object a line"),
        ('{"a": 1}\n{"b": "\0"}\n', "line 2: a NUL byte"),
        ('{"a": 1, "b": "\\u0000"}\n', "line 1, column b: a NUL character, which no text has; give text"),
        ('{"a": ["\\ud800"]}\n', r"line 1, column a: half a character \(a lone surrogate\); give text"),
        ('{"\\ud800": 1}\n', "line 1: .*a name holds half a character"),
        ("{}\n", "it has no rows"),
        ("{" * 5000 + "\n", "line 1: .*not readable as JSON"),
    ],
)
def test_broken_json_lines_are_refused_with_their_line(tmp_path: Path, content: str, says: str) -> None:
    """The error names the line, the reason and the remedy."""
    with pytest.raises(InvalidInputError, match=says):
        list(read_rows(jsonl(tmp_path, content)))


@given(
    rows=st.lists(
        st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), TEXT, min_size=1, max_size=4), min_size=1
    ),
    ascii_only=st.booleans(),
)
def test_json_lines_arrive_as_they_were_written(rows: list[dict[str, str]], ascii_only: bool) -> None:  # noqa: FBT001
    """Every text comes back with its line, escaped or not."""
    with tempfile.TemporaryDirectory() as folder:
        path = jsonl(Path(folder), "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows))
        expected = [(line, row) for line, row in enumerate(rows, 1) if any(row.values())]
        assert [(row.line, dict(row.cells)) for row in read_rows(path, may_be_empty=True)] == expected


# Excel


def workbook(folder: Path, *rows: list[Any], formats: dict[str, str] | None = None) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for at, number_format in (formats or {}).items():
        book.active[at].number_format = number_format
    path = folder / "leads.xlsx"
    book.save(path)
    return path


def test_excel_cells_have_the_text_that_excel_shows(tmp_path: Path) -> None:
    """3.0 is 3, a day is a date, a post code keeps its zeros, a fraction has no rounding error, and empty is empty."""
    day, moment = dt.date(2026, 3, 1), dt.datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 - Excel knows no time zones
    path = workbook(
        tmp_path,
        ["n", "half", "noise", "day", "moment", "time", "zip", "yes", "text", "none"],
        [3.0, 1.5, 0.1 + 0.2, day, moment, dt.time(9, 30), 1234, True, " O'Neil ", None],
        formats={"G2": "00000"},
    )
    cells = ("3", "1.5", "0.3", "2026-03-01", "2026-03-01 09:30:00", "09:30:00", "01234", "true", " O'Neil ", "")
    assert rows_of(read_rows(path)) == [(2, *cells)]


def test_excel_rows_keep_their_numbers(tmp_path: Path) -> None:
    """Empty rows are left out, above the header too, short rows are filled up; the table can be read twice."""
    path = workbook(tmp_path, [None], ["a", "b", None], ["1"], [None, None], [None, "2"], ["", " "])
    table = read_rows(path)
    assert table.columns == ("a", "b")
    assert rows_of(table) == rows_of(table) == [(3, "1", ""), (5, "", "2")]


def test_a_sheet_can_be_chosen(tmp_path: Path) -> None:
    """The first sheet is the default; an unknown sheet is refused with the names of the sheets."""
    path = workbook(tmp_path, ["a"], ["1"])
    book = openpyxl.load_workbook(path)
    book.create_sheet("Leads").append(["b"])
    book["Leads"].append(["2"])
    book.save(path)
    assert read_rows(path).columns == ("a",)
    table = read_rows(path, sheet="Leads")
    assert table.columns == ("b",)
    assert "'Leads'" in table.format
    with pytest.raises(InvalidInputError, match="has no sheet 'Contacts'; its sheets are Sheet, Leads"):
        read_rows(path, sheet="Contacts")
    with pytest.raises(InvalidInputError, match=r"has no sheet 'leds'; did you mean Leads\?"):
        read_rows(path, sheet="leds")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "line 1: the header must name every column"),
        ([["a", "b"]], "it has no rows"),
        ([["a", None, "c"], [1, 2, 3]], "line 1: .*column 2 has no name"),
        ([["a", "a"], [1, 2]], "line 1: the header names a more than once"),
        ([["a", "b"], [1, 2], [1, 2, "x"]], "leads.xlsx line 3: 3 cells, but the header has 2, beyond it: 'x'"),
    ],
)
def test_a_sheet_that_cannot_be_rows_is_refused(tmp_path: Path, rows: list[list[Any]], says: str) -> None:
    """The error names the row by Excel's number."""
    with pytest.raises(InvalidInputError, match=says):
        list(read_rows(workbook(tmp_path, *rows)))


def test_a_file_that_is_not_a_workbook_is_refused(tmp_path: Path) -> None:
    """A file that is not a workbook is refused by its content, or with openpyxl's reason."""
    path = tmp_path / "leads.xlsx"
    path.write_text("name,city\nAda,London\n")
    with pytest.raises(InvalidInputError, match=r"by its content it is plain text, whatever its name says; name it"):
        read_rows(path)
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InvalidInputError, match=r"not readable as an Excel workbook: .*save it again as .xlsx"):
        read_rows(path)


def test_a_workbook_that_breaks_off_is_a_problem(tmp_path: Path) -> None:
    """A workbook that is cut off after it was opened gives a problem."""
    path = workbook(tmp_path, ["a"], ["1"])
    table = read_rows(path)
    path.write_bytes(path.read_bytes()[:200])
    found = list(table.scan())
    assert isinstance(found[0], Problem)
    assert "not readable as an Excel workbook" in str(found[0])


def test_a_damaged_sheet_is_a_problem(tmp_path: Path) -> None:
    """The rows before a damaged place of a sheet are read."""
    import zipfile

    path = workbook(tmp_path, ["a"], ["x"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"</sheetData>", b"<row><c></row>")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    found = list(read_rows(path).scan())
    assert [type(item) for item in found] == [Row, Problem]


# Parquet


def test_parquet_types_become_text(tmp_path: Path) -> None:
    """Decimals keep their digits, days are dates, null is empty; rows are numbered from 1."""
    path = tmp_path / "leads.parquet"
    columns = {
        "name": ["Zoë", None],
        "n": pyarrow.array([3.0, None]),
        "price": [decimal.Decimal("1.50"), None],
        "day": [dt.date(2026, 3, 1), None],
        "tags": [["x"], None],
    }
    parquet.write_table(pyarrow.table(columns), path)
    table = read_rows(path)
    assert table.columns == ("name", "n", "price", "day", "tags")
    assert rows_of(table) == rows_of(table) == [(1, "Zoë", "3", "1.50", "2026-03-01", '["x"]')]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"a": pyarrow.array([], pyarrow.string())}, "leads.parquet: it has no rows"),
        ({"a": [b"\xff"]}, "leads.parquet row 1, column a: bytes, not text; decode them first; give text"),
        ({"a": ["x"], "": ["y"]}, "column 2 has no name"),
        ({"a\0": ["x"]}, "a column name holds a NUL character, which no text has; rename it"),
    ],
)
def test_parquet_that_cannot_be_rows_is_refused(tmp_path: Path, columns: dict[str, Any], says: str) -> None:
    """The error names the file, the row and the column."""
    path = tmp_path / "leads.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    with pytest.raises(InvalidInputError, match=says):
        list(read_rows(path))


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    """Damage at the end of a file is found when it is opened, damage in the middle when it is read."""
    path = tmp_path / "leads.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(InvalidInputError, match=r"not readable as Parquet: .*; write it again"):
        read_rows(path)
    parquet.write_table(pyarrow.table({"a": [f"name {n}" for n in range(500)]}), path, compression="gzip")
    content = bytearray(path.read_bytes())
    content[40:400] = b"\xff" * 360
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="row 1: not readable as Parquet from here on"):
        list(read_rows(path))


def test_parquet_of_many_batches_is_read_in_order(tmp_path: Path) -> None:
    """Rows of several batches come in order."""
    path = tmp_path / "leads.pq"
    parquet.write_table(pyarrow.table({"n": list(range(2_500))}), path)
    assert [(row.line, row.cells["n"]) for row in read_rows(path)] == [(n + 1, str(n)) for n in range(2_500)]


# Data frames

COLUMNS: dict[str, list[Any]] = {
    "name": ["Zoë", None, "Ben"],
    "n": [3.0, None, 1.5],
    "day": [dt.datetime(2026, 3, 1), None, dt.datetime(2026, 3, 1, 9, 30)],  # noqa: DTZ001 - a day has no time zone
}
TEXTS = [(1, "Zoë", "3", "2026-03-01"), (3, "Ben", "1.5", "2026-03-01 09:30:00")]


def frame_of(library: str, columns: dict[str, list[Any]]) -> Any:
    module = pytest.importorskip(library)
    return module.table(columns) if library == "pyarrow" else module.DataFrame(columns)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_of_all_libraries_give_equal_rows(library: str) -> None:
    """None, NaN and NaT are empty, 3.0 is 3; rows are numbered from 1, and empty rows are left out."""
    table = read_rows(frame_of(library, COLUMNS))
    assert table.columns == ("name", "n", "day")
    assert rows_of(table) == rows_of(table) == TEXTS


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_an_empty_frame_has_no_rows(library: str) -> None:
    """An empty frame is a table without rows, and no error."""
    assert rows_of(read_rows(frame_of(library, {"a": []}))) == []


def test_missing_values_of_pandas_are_empty() -> None:
    """Missing values of nullable columns are empty, the index is ignored, and numbered columns are refused."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": pandas.array([1, None], dtype="Int64"), "s": ["x", "y"]}, index=[7, 9])
    assert rows_of(read_rows(frame)) == [(1, "1", "x"), (2, "", "y")]
    with pytest.raises(
        InvalidInputError, match="pandas DataFrame row 0: the column name 0 is a int; name columns by text"
    ):
        read_rows(pandas.DataFrame([[1, 2]]))
    with pytest.raises(InvalidInputError, match=r"pandas DataFrame: .*name of its own"):
        read_rows(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_lazy_frame_is_refused() -> None:
    """A lazy frame would be computed again for each reading."""
    polars = pytest.importorskip("polars")
    with pytest.raises(InvalidInputError, match=r"polars LazyFrame: .*collect\(\) a lazy one first"):
        read_rows(polars.LazyFrame({"a": [1]}))


def test_bytes_in_a_frame_are_a_problem_of_their_cell() -> None:
    """A cell of bytes is a problem, and the other rows are read."""
    found = list(read_rows(pyarrow.table({"a": [b"\xff", None], "b": ["x", "y"]})).scan())
    assert str(found[0]) == "pyarrow Table row 1, column a: bytes, not text; decode them first; give text"
    assert isinstance(found[1], Row)


@pytest.mark.parametrize(
    ("library", "name"), [("openpyxl", "a.xlsx"), ("pyarrow.parquet", "a.parquet"), ("narwhals.stable.v2", None)]
)
def test_a_missing_library_is_named(
    tmp_path: Path, library: str, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error gives the command that installs the library."""
    monkeypatch.setitem(sys.modules, library, None)
    source: Any = pyarrow.table({"a": ["x"]})
    if name is not None:
        source = tmp_path / name
        source.write_bytes(b"PK\x03\x04" if name == "a.xlsx" else b"PAR1")
    with pytest.raises(InvalidInputError, match=r'needs \w+; pip install "heygen-async\[data\]"'):
        list(read_rows(source))


# Programs


def test_rows_and_mappings_have_cells() -> None:
    """A `Row` and a mapping have cells, other objects have none; columns come from the header if there is one."""
    assert cells_of(Row(line=1, cells={"a": "x"})) == cells_of({"a": "x"}) == {"a": "x"}
    assert cells_of(object()) == {}
    assert read_rows(pyarrow.table({"a": ["x"]})).find_columns() == ("a",)


def test_a_row_is_a_mapping_that_keeps_the_types_of_its_source(tmp_path: Path) -> None:
    """`row["n"]` is the value of the source and `row.cells["n"]` its text; from CSV both are text."""
    day = dt.date(2026, 3, 1)
    (tmp_path / "a.jsonl").write_text('{"name": "Ada", "n": 3, "share": 1.50}\n', encoding="utf-8")
    (tmp_path / "a.csv").write_text("name,n\nAda,3\n", encoding="utf-8")
    book = openpyxl.Workbook()
    book.worksheets[0].append(["name", "n", "none"])
    book.worksheets[0].append(["Ada", 3])
    book.save(tmp_path / "a.xlsx")
    frame = pyarrow.table({"name": ["Ada"], "n": [3], "day": [day]})
    parquet.write_table(frame, tmp_path / "a.parquet")
    typed = {"name": "Ada", "n": 3, "day": day}
    text = {"name": "Ada", "n": "3", "day": "2026-03-01"}
    sources: list[Any] = [[typed], frame, tmp_path / "a.parquet"]
    for source in sources:
        (row,) = read_rows(source)
        assert (dict(row), row.cells) == (typed, text)
        assert len(row) == 3
    (row,) = read_rows(tmp_path / "a.jsonl")
    assert (dict(row), row.cells["share"]) == ({"name": "Ada", "n": 3, "share": 1.5}, "1.50")
    (row,) = read_rows(tmp_path / "a.xlsx")
    assert (dict(row), row.cells["none"]) == ({"name": "Ada", "n": 3, "none": None}, "")
    (row,) = read_rows(tmp_path / "a.csv")
    assert dict(row) == row.cells == {"name": "Ada", "n": "3"}


def test_a_column_that_a_row_does_not_have_is_refused_with_the_nearest() -> None:
    """A `KeyError` names the column that may be meant; `get` has a default as every mapping."""
    row = Row(line=1, cells={"first_name": "Ada"})
    with pytest.raises(KeyError, match=r"no column 'frist_name'; did you mean first_name\?"):
        row["frist_name"]
    assert row.get("frist_name", "-") == "-"
    assert "first_name" in row


def test_mappings_are_rows() -> None:
    """Values become text; a list can be read again, and reading a generator again is an error."""
    table = read_rows([{"name": "Ada", "n": 3.0}, {"name": None}])
    assert table.rereadable
    assert rows_of(table) == rows_of(table) == [(1, "Ada", "3"), (2, "")]
    once = read_rows({"n": n} for n in range(2))
    assert not once.rereadable
    assert rows_of(once) == [(1, "0"), (2, "1")]
    with pytest.raises(InvalidInputError, match="have been read once, and a generator has no more; give a list"):
        list(once)


def test_mappings_are_read_no_further_than_asked() -> None:
    """Rows of an endless source are read one at a time."""

    def endless() -> Iterator[dict[str, int]]:
        n = 0
        while True:
            yield {"n": (n := n + 1)}

    table = read_rows(endless())
    assert next(iter(table)).cells == {"n": "1"}


def test_a_row_from_another_table_keeps_its_line(tmp_path: Path) -> None:
    """A `Row` keeps its line and its file, so a filtered list still names them."""
    rows = [Row(line=17, cells={"a": "x"}, source="leads.csv")]
    assert list(read_rows(rows)) == rows


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("Ada", "rows row 1: a str; must be a mapping of column names to values"),
        ({1: "x"}, "rows row 1: a mapping with a name that is no text"),
        ({" ": "x"}, "rows row 1: a mapping with a name that is no text"),
        ({"a": "x", "b": b"\xff"}, "rows row 1, column b: bytes, not text"),
        ({"a": "x\ud800"}, "rows row 1, column a: half a character"),
        ({"a\0": "x"}, "rows row 1: a mapping with a name that is no text"),
    ],
)
def test_items_that_cannot_be_rows_are_refused(item: Any, says: str) -> None:
    """Items that cannot be rows are problems with their number, and the others are read."""
    source: Any = [item, {"a": "y"}]
    found = list(read_rows(source).scan())
    assert str(found[0]).startswith(says)
    assert isinstance(found[1], Row)


@pytest.mark.parametrize("source", [None, 7, {"name": "Ada"}, b"leads.csv"])
def test_other_objects_are_refused_as_sources(source: Any) -> None:
    """A single mapping is a row and not a list of rows."""
    with pytest.raises(InvalidInputError, match=r"rows: a \w+; must be a file, a data frame or an iterable"):
        read_rows(source)


async def test_async_mappings_are_rows() -> None:
    """Items of an async iterable become rows; reading an async generator again is an error."""

    async def people() -> AsyncIterator[dict[str, Any]]:
        yield {"name": "Ada"}
        yield {"name": b""}
        yield {"name": "Ben"}

    table = read_rows(people())
    assert isinstance(table, AsyncTable)
    assert [item.line async for item in table.scan()] == [1, 2, 3]
    with pytest.raises(InvalidInputError, match="have been read once"):
        _ = [row async for row in table]
    rows = [row async for row in read_rows(Repeatable())]
    assert [(row.line, row.cells["n"]) for row in rows] == [(1, "1")]


class Repeatable:
    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        yield {"n": 1}


async def test_an_async_iterable_that_is_no_generator_can_be_read_again() -> None:
    """An object whose `__aiter__` makes a new iterator can be read again."""
    table = read_rows(Repeatable())
    assert table.rereadable
    for _ in range(2):
        assert [row.cells["n"] async for row in table] == ["1"]


def test_lists_and_paths_are_no_frames() -> None:
    """A frame is known by its methods, without importing any library."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not any(map(is_frame, ([], {}, "x", Path("x"), iter([]))))
        assert is_frame(pyarrow.table({"a": [1]}))

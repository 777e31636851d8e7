"""CSV files of spreadsheets, databases and people: their rows, or the place, reason and remedy of what is wrong."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, strategies as st

from heygen_async import InvalidInputError, Problem, Row, Template, read_rows
from heygen_async.bulk.rows.readers.read_rows import read_csv

UTF16 = codecs.BOM_UTF16_LE + "name;city\r\nZoë;Łódź\r\n".encode("utf-16-le")
UTF16_BE = codecs.BOM_UTF16_BE + "name\tcity\r\nZoë\tŁódź\r\n".encode("utf-16-be")

# name of the case, content, and the rows as (line, cells...) below the header
GOOD: list[tuple[str, bytes, list[tuple[Any, ...]]]] = [
    ("plain", b"name,city\nAda,London\n", [(2, "Ada", "London")]),
    ("no line end at the end", b"name,city\nAda,London", [(2, "Ada", "London")]),
    ("windows line ends", b"name,city\r\nAda,London\r\n", [(2, "Ada", "London")]),
    ("old mac line ends", b"name,city\rAda,London\rBen,Rome\r", [(2, "Ada", "London"), (3, "Ben", "Rome")]),
    ("mixed line ends", b"name,city\r\nAda,London\nBen,Rome\r\n", [(2, "Ada", "London"), (3, "Ben", "Rome")]),
    ("semicolons", b"name;city\nAda;London\n", [(2, "Ada", "London")]),
    ("tabs", b"name\tcity\nAda\tLondon\n", [(2, "Ada", "London")]),
    ("vertical bars", b"name|city\nAda|London\n", [(2, "Ada", "London")]),
    ("decimal commas", b"name;price\nAda;1,50\nBen;2,50\n", [(2, "Ada", "1,50"), (3, "Ben", "2,50")]),
    ("commas in a quoted header", b'"name, first";city\nAda;Rome\n', [(2, "Ada", "Rome")]),
    ("semicolons in cells", b"name,note\nAda,a;b;c\nBen,d;e;f\n", [(2, "Ada", "a;b;c"), (3, "Ben", "d;e;f")]),
    ("excel's hint", b"sep=;\r\nname;a,b\r\nAda;1\r\n", [(3, "Ada", "1")]),
    ("excel's hint, odd separator", b'"sep=^"\nname^city\nAda^Rome\n', [(3, "Ada", "Rome")]),
    ("mark", codecs.BOM_UTF8 + "name,city\nZoë,Łódź\n".encode(), [(2, "Zoë", "Łódź")]),
    ("mark before a quoted name", codecs.BOM_UTF8 + b'"name","city"\n"Ada","Rome"\n', [(2, "Ada", "Rome")]),
    ("utf-16, little end first", UTF16, [(2, "Zoë", "Łódź")]),
    ("utf-16, big end first", UTF16_BE, [(2, "Zoë", "Łódź")]),
    ("utf-32", "name,city\nZoë,Łódź\n".encode("utf-32"), [(2, "Zoë", "Łódź")]),
    ("everything quoted", b'"name","city"\n"Ada","London"\n', [(2, "Ada", "London")]),
    ("apostrophes as quotes", b"'name','city'\n'Ada, Ben','O''Brien'\n", [(2, "Ada, Ben", "O'Brien")]),
    ("apostrophes as text", b"name,city\nO'Brien,'s-Hertogenbosch\n", [(2, "O'Brien", "'s-Hertogenbosch")]),
    ("quoted separators", b'name,city\n"Ada, Countess","a;b|c"\n', [(2, "Ada, Countess", "a;b|c")]),
    ("doubled quotes", b'name,note\nAda,"said ""hi"", left"\n', [(2, "Ada", 'said "hi", left')]),
    ("line breaks in cells", b'a,b\n1,"x\ny\nz"\n2,w\n', [(2, "1", "x\ny\nz"), (5, "2", "w")]),
    ("windows line breaks in cells", b'a,b\r\n1,"x\r\ny"\r\n2,w\r\n', [(2, "1", "x\r\ny"), (4, "2", "w")]),
    ("line break in the header", b'"full\nname",b\nAda,1\n', [(3, "Ada", "1")]),
    ("blank lines", b"a,b\n\n1,2\n\n\n3,4\n\n", [(3, "1", "2"), (6, "3", "4")]),
    ("blank lines before the header", b"\n\na,b\n1,2\n", [(4, "1", "2")]),
    ("lines of spaces", b"a,b\n   \n1,2\n\t\n", [(3, "1", "2")]),
    ("empty rows of a spreadsheet", b"a,b,c\n1,2,3\n,,\n,,\n", [(2, "1", "2", "3")]),
    ("spaces around names", b" name , city \nAda,Rome\n", [(2, "Ada", "Rome")]),
    ("spaces in cells stay", b"a,b\n 1 ,2\n", [(2, " 1 ", "2")]),
    ("one column", b"name\nAda\nBen\n", [(2, "Ada"), (3, "Ben")]),
    ("one column with commas in quotes", b'name\n"Smith, John"\n', [(2, "Smith, John")]),
    ("words for nothing stay", b"a,b\nnan,NULL\n#N/A,None\n", [(2, "nan", "NULL"), (3, "#N/A", "None")]),
    ("braces and templates", b'a,b\n"{{ x }}","{""k"": 1}"\n', [(2, "{{ x }}", '{"k": 1}')]),
    ("emoji and scripts", "a,b\n👩‍🚀,李小龍\nمريم,Ğüneş\n".encode(), [(2, "👩‍🚀", "李小龍"), (3, "مريم", "Ğüneş")]),
    ("line separators of unicode", "a,b\nx\u2028y,z\x0b\x0c\x85\n".encode(), [(2, "x\u2028y", "z\x0b\x0c\x85")]),
    ("formulas are text", b"a,b\n=1+1,@x\n", [(2, "=1+1", "@x")]),
    ("leading zeros and long numbers", b"a,b\n007,12345678901234567890\n", [(2, "007", "12345678901234567890")]),
    ("a cell of 100,000 characters", b"a,b\n1," + b"x" * 100_000 + b"\n", [(2, "1", "x" * 100_000)]),
    (
        "a separator after the last name",
        b"name,city,\r\nAda,Rome,\r\nBen,Oslo\r\n",
        [(2, "Ada", "Rome"), (3, "Ben", "Oslo")],
    ),
    ("cells left off", b"a,b,c,d\n1,2,3,4\n1,2\n", [(2, "1", "2", "3", "4"), (3, "1", "2", "", "")]),
    ("one column of names", b"Full name\nSmith, John\nDoe, Jane\n", [(2, "Smith, John"), (3, "Doe, Jane")]),
    ("one column of names without blanks", b"Full name\nSmith,John\nDoe,Jane\n", [(2, "Smith,John"), (3, "Doe,Jane")]),
    ("errors of a German Excel stay", b"Firma;b\n#WERT!;#BEZUG!\n", [(2, "#WERT!", "#BEZUG!")]),
    ("invisible characters around names", "\u200bname,mail\u200b\nAda,a@x\n".encode(), [(2, "Ada", "a@x")]),
    ("names that differ in case", b"Email,email ,n\na@x,b@x,1\n", [(2, "a@x", "b@x", "1")]),
    ("less-than in a name", b"<name>,b\n1,2\n", [(2, "1", "2")]),
]

# name of the case, content, and message of the refusal
BAD: list[tuple[str, bytes, str]] = [
    ("empty", b"", r"contacts.csv: is empty; export it again"),
    ("only a mark", codecs.BOM_UTF8, r"line 1: the header must name every column; column 1 has no name"),
    ("only blank lines", b"\n\n\n", r"line 1: the header must name every column"),
    ("header only", b"name,city\n", r"contacts.csv: it has no rows; write the rows below the header"),
    ("header and empty rows only", b"name,city\n,\n", r"it has no rows"),
    ("a name is empty", b"name,,city\n1,2,3\n", r"line 1: .*; column 2 has no name; write its name, or remove"),
    ("several names are empty", b"a, ,,d\n1,2,3,4\n", r"column 2, 3 has no name"),
    ("a name twice", b"a,b,a\n1,2,3\n", r"line 1: the header names a more than once; rename one"),
    ("a name twice but for spaces", b"a,b, a \n1,2,3\n", r"names a more than once"),
    ("too many cells", b"a,b\n1,2\n1,2,3\n", r"line 3: 3 cells, but the header has 2, beyond it: '3'; .* needs quotes"),
    ("a piece of a row", b"a,b,c\n1,2,x\ny\n", r"line 3: 1 cell, but the header has 3; .* needs quotes"),
    ("a cell under no name", b"a,b,\n1,2,\n1,2,3\n", r"line 3: '3' is in a column without a name; write its name"),
    (
        "a title",
        b"Contacts of May\r\n\r\nname,mail\r\nAda,a@x\r\n",
        r"line 1: 'Contacts of May'; .*the header probably is line 3 \(name, mail\); remove the lines above line 3",
    ),
    (
        "a title with a comma",
        b"Contacts, May 2026\nfirst,last,mail\nAda,L,a@x\nBo,M,b@x\n",
        r"line 1: 'Contacts, May 2026'; looks like a title; the header probably is line 2 \(first, last, mail\)",
    ),
    (
        "a name is missing",
        b"name,mail\nAda,a@x,1\nBo,b@x,2\n",
        r"line 2: 3 cells, but the header has 2, beyond it: '1'",
    ),
    ("a title of a word", b"Contacts\nname,mail\nAda,a@x\n", r"line 1: 'Contacts'; looks .* line 2 \(name, mail\)"),
    (
        "a title before a gap",
        b"Contacts\n\nname;mail\nAda;a@x\nBen;\n",
        r"line 1: 'Contacts'; .* line 3 \(name, mail\)",
    ),
    (
        "a comment",
        b"# from the CRM\na,b,c,d,e\nAda,2,3,4,5\n",
        r"line 1: '# from the CRM'; .* line 2 \(a, b, c, d, ...\)",
    ),
    (
        "names in the second line",
        b"person,,firm\nfirst,last,name\nAda,L,x\n",
        r"line 1: .*column 2 has no name; the header may be line 2 \(first, last, name\): then remove the lines above",
    ),
    (
        "two exports",
        codecs.BOM_UTF8 + b"name,mail\nAda,a@x\n" + codecs.BOM_UTF8 + b"name, mail\nBen,b@x\n",
        r"line 3: repeats the header, as in two exports that were joined; remove this line",
    ),
    ("a quote never closed", b'a,b\n1,2\n3,"x\n4,5\n', r"line 3: not readable as CSV: .*never closed"),
    (
        "quotes escaped by backslashes",
        b'a,b\nAda,"said \\"hi\\", ok"\n',
        r"line 2: not readable as CSV: .*must be doubled",
    ),
    (
        "a quote after a blank",
        b'a, b\nAda, "Acme, Inc."\n',
        r"line 2: 3 cells, but the header has 2, beyond it: ' Inc.",
    ),
    ("text after a quote", b'a,b\n1,"x"y\n', r"line 2: not readable.*inside a quoted cell must be doubled"),
    ("a cell that never ends", b"a,b\n1," + b"x" * 140_000 + b"\n", r"line 2: not readable as CSV: field larger"),
    ("a line that never ends", b"a,b\n" + b"x" * 1_100_000, r"line 2: a line of more than 1,048,576 characters"),
    ("a NUL byte", b"a,b\n1,2\n3,\x00\n", r"line 3: a NUL byte, which no text has; .*export it again"),
    ("cp1252", "a,b\n1,2\nZoë,\n".encode("cp1252"), r"line 3: not UTF-8: byte 0xeb; .*'Zoë,'; .*--encoding cp1252"),
    ("cp1252 in the header", "größe,b\n1,2\n".encode("cp1252"), r"line 1: not UTF-8: byte 0xf6.*'größe,b'"),
    ("broken in the middle", b"a,b\n1,2\n3,\xff\xfe\n", r"line 3: not UTF-8: byte 0xff"),
    ("half of UTF-16", UTF16 + b"\x41", r"line 3: not utf-16 from here on"),
    (
        "utf-16 without a mark",
        UTF16[2:],
        r"line 1: looks like UTF-16 without a byte order mark; name its encoding",
    ),
    ("a workbook", b"PK\x03\x04\x14\x00", r"by its content it is a zip file.*name it .xlsx"),
    ("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", r"password-protected Excel workbook.*save it as .xlsx"),
    ("a web page", b"<html><table><tr><td>name</td></tr></table>", r"by its content it is a web page"),
    ("parquet", b"PAR1\x15\x04", r"by its content it is a Parquet file.*name it .parquet"),
    ("gzip", b"\x1f\x8b\x08\x00", r"compressed by gzip.*unpack it"),
    ("a PDF", b"%PDF-1.7", r"it is a PDF.*save it as .xlsx or CSV UTF-8"),
    ("JSON lines", b'{"name": "Ada"}\n', r"by its content it is JSON.*name it .jsonl"),
    ("JSON", b'[\n{"name": "Ada"}\n]', r"by its content it is JSON"),
]


def write(folder: Path, content: bytes, name: str = "contacts.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("content", "rows"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD])
def test_common_csv_files_are_read(tmp_path: Path, content: bytes, rows: list[tuple[Any, ...]]) -> None:
    """Each row has the line on which it begins, in a second reading too."""
    table = read_rows(write(tmp_path, content))
    for _ in range(2):
        assert [(row.line, *row.cells.values()) for row in table] == rows
    assert all(tuple(row.cells) == table.columns for row in table)


@pytest.mark.parametrize(("content", "says"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_csv_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """The error names file, line, reason and remedy."""
    path = write(tmp_path, content)
    with pytest.raises(InvalidInputError, match=says) as caught:
        list(read_rows(path))
    assert str(caught.value).startswith(str(path))


def test_an_encoding_that_is_named_is_taken(tmp_path: Path) -> None:
    """The remedy in the refusal of a cp1252 file works; a byte order mark is stronger than a named encoding."""
    path = write(tmp_path, "name;city\nZoë;Köln, „Ehrenfeld“\n".encode("cp1252"))
    assert [row.cells["city"] for row in read_rows(path, encoding="cp1252")] == ["Köln, „Ehrenfeld“"]
    marked = write(tmp_path, codecs.BOM_UTF8 + "name,city\nZoë,\n".encode())
    assert read_rows(marked, encoding="cp1252").columns == ("name", "city")
    unmarked = write(tmp_path, UTF16[2:])
    assert [row.cells["name"] for row in read_rows(unmarked, encoding="utf-16-le")] == ["Zoë"]


@pytest.mark.parametrize(
    ("content", "encoding", "says"),
    [
        (b"a,b\n1,2\n", "utf-99", "there is no encoding 'utf-99'; such as utf-8, utf-16 or cp1252"),
        (b"a,b\n1,\x81\n", "cp1252", "line 2: not CP1252: byte 0x81"),
    ],
)
def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path, content: bytes, encoding: str, says: str) -> None:
    """An unknown encoding and one that does not fit the bytes are refused."""
    with pytest.raises(InvalidInputError, match=says):
        list(read_rows(write(tmp_path, content), encoding=encoding))


def test_all_problems_are_found_in_one_reading(tmp_path: Path) -> None:
    """Rows of the wrong width are given as problems, and the rows around them are read."""
    path = write(tmp_path, b"a,b\n1\n1,2\n1,2,3\n3,4\n")
    found = list(read_rows(path).scan())
    assert [type(item) for item in found] == [Problem, Row, Problem, Row]
    assert [item.line for item in found] == [2, 3, 4, 5]
    assert str(found[0]).startswith(f"{path} line 2: 1 cell, but the header has 2")


def test_cells_that_are_left_off_are_told(tmp_path: Path) -> None:
    """The rows are read, and one warning at the end has their number; a template that needs a cell gets the reason."""
    path = write(tmp_path, b"a,b,c\n1,2,3\n" + b"1,2\n" * 10)
    *rows, note = read_rows(path).scan()
    assert len(rows) == 11
    assert isinstance(note, Problem)
    assert note.severity == "warning"
    assert "10 rows have fewer cells than the header (lines 3-12)" in str(note)
    assert [row.line for row in read_rows(path)] == list(range(2, 13))
    assert isinstance(rows[1], Row)
    template = Template("agent", {"prompt": "{{ a }} {{ c }} {{ b | default('x') }}"})
    (found,) = template.problems(rows[1])
    assert str(found).startswith(f"{path} line 3, column c: the row ends before this column, with 2 of 3 cells; fill")
    assert Template("agent", {"prompt": "{{ a }}{{ c | default('-') }}"}).problems(rows[1]) == []


@pytest.mark.parametrize("slip", [b"3,\x00", "3,ë".encode("cp1252"), b'3,"x\n\x00y"'])
def test_the_rows_around_an_unreadable_line_are_read(tmp_path: Path, slip: bytes) -> None:
    """A line that cannot be read as text is a problem of its row, and the rows around it are read."""
    found = list(read_rows(write(tmp_path, b"a,b\n1,2\n" + slip + b"\n5,6\n7\n")).scan())
    assert [type(item) for item in found] == [Row, Problem, Row, Problem]


@pytest.mark.parametrize("name", ["contacts.csv", "contacts.jsonl"])
def test_a_file_in_another_encoding_is_reported_by_a_few_lines(tmp_path: Path, name: str) -> None:
    """After a few unreadable lines, which show a person the right encoding, the reading ends."""
    row = "Zoë,1\n" if name.endswith("csv") else '{"name": "Zoë"}\n'
    content = ("name,n\n" if name.endswith("csv") else "") + row * 100
    found = list(read_rows(write(tmp_path, content.encode("cp1252"), name)).scan())
    assert len(found) == 6
    assert all(isinstance(item, Problem) and "Zoë" in item.reason for item in found)
    assert str(found[-1]).count("; not read from here on; if that is right, read it so (--encoding") == 1


def test_rows_before_an_open_quote_are_read(tmp_path: Path) -> None:
    """After a quote that is never closed, the beginning of the next row is unknown; the rows before it are read."""
    found = list(read_rows(write(tmp_path, b'a,b\n1,2\n3,"x\n5,6\n')).scan())
    assert [item.line for item in found] == [2, 3]
    assert isinstance(found[1], Problem)


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl", "list.xlsx", "list.parquet"])
def test_scanning_a_file_that_has_gone_is_a_problem(tmp_path: Path, name: str) -> None:
    """Scanning a deleted file of any format gives a problem and raises no error."""
    table = read_rows(write_list(tmp_path / name))
    (tmp_path / name).unlink()
    [found] = table.scan()
    assert isinstance(found, Problem)
    assert "No such file" in found.reason


def write_list(path: Path) -> Path:
    """Write a list of one row in the format of its name."""
    if path.suffix == ".xlsx":
        book = pytest.importorskip("openpyxl").Workbook()
        for cells in ["a"], ["1"]:
            book.active.append(cells)
        book.save(path)
    elif path.suffix == ".parquet":
        pytest.importorskip("pyarrow.parquet").write_table(pytest.importorskip("pyarrow").table({"a": ["1"]}), path)
    else:
        path.write_text("a\n1\n" if path.suffix == ".csv" else '{"a": 1}\n')
    return path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere.csv", "No such file or directory; check the name"),
        ("folder.csv", "is a directory; give one file in it"),
        ("list.xls", r"\.xls files cannot be read; open it in Excel and save it as .xlsx"),
        ("list.json", r"\.json files cannot be read; write one object a line"),
        ("list.doc", r"\.doc files cannot be read; give one of .csv, .tsv"),
        ("list", "its name has no ending that tells the format"),
        ("nowhere.xlsx", "No such file"),
        ("nowhere.parquet", "No such file"),
        ("nowhere.jsonl", "No such file"),
    ],
)
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str, says: str) -> None:
    """The error names the file and a remedy."""
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InvalidInputError, match=says):
        read_rows(tmp_path / name)


def test_a_device_is_refused() -> None:
    """A device or pipe can be read only once, so its content would be lost by detecting the format."""
    with pytest.raises(InvalidInputError, match="/dev/null: is a pipe or device"):
        read_csv("/dev/null")


def test_a_file_that_is_deleted_before_reading_is_an_error(tmp_path: Path) -> None:
    """A file that is deleted between opening and reading is an error."""
    path = write(tmp_path, b"a,b\n1,2\n")
    table = read_rows(path)
    path.unlink()
    with pytest.raises(InvalidInputError, match="No such file or directory; check the disk"):
        list(table)


def test_a_table_names_its_format(tmp_path: Path) -> None:
    """The table names the encoding and separator that were detected."""
    assert read_rows(write(tmp_path, UTF16)).format == "CSV in UTF-16, semicolon between cells"


names = st.lists(st.from_regex(r"[a-z][a-z0-9 _]{0,8}[a-z0-9]", fullmatch=True), min_size=2, max_size=5, unique=True)
cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(
    data=st.data(),
    names=names,
    separator=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    ends=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_cells_come_back_as_they_were_written(
    data: Any, names: list[str], separator: str, quoting: Any, ends: str, encoding: str
) -> None:
    """Any cells come back in every dialect that Python writes and every encoding of spreadsheet programs."""
    rows = data.draw(st.lists(st.lists(cell, min_size=len(names), max_size=len(names)), min_size=1, max_size=6))
    assume(all(any(row) for row in rows))  # rows of empty cells are left out
    if quoting == csv.QUOTE_MINIMAL:  # before Python 3.13 it leaves a lone \r without quotes
        assume(not any("\r" in text for row in rows for text in row))
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=ends).writerows([names, *rows])
    with tempfile.TemporaryDirectory() as folder:
        table = read_rows(write(Path(folder), text.getvalue().encode(encoding)))
        assert table.columns == tuple(names)
        assert [list(row.cells.values()) for row in table] == rows


@given(content=st.binary(max_size=300) | st.text("ab,;\t\"'\r\n\0\xe9{}=", max_size=60).map(str.encode))
@example(content=b'sep="\n1,2\n')
@example(content=b"sep=\r\n1,2\n")
@pytest.mark.parametrize("name", ["list.csv", "list.jsonl", "list.xlsx", "list.parquet"])
def test_any_bytes_are_rows_or_problems(name: str, content: bytes) -> None:
    """Any file gives rows with the header's columns, problems, or `InvalidInputError`."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(InvalidInputError):
        table = read_rows(write(Path(folder), content, name))
        for found in table.scan():
            assert isinstance(found, Row | Problem)
            assert isinstance(found, Problem) or table.columns is None or tuple(found.cells) == table.columns

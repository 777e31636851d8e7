"""Contact lists in CSV, read by `read_csv`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from heygen_async import InvalidInputError
from heygen_async.bulk.rows.readers.read_rows import read_csv


def write(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "contacts.csv"
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_delimiters_marks_and_line_ends_are_found(tmp_path: Path, encoding: str, delimiter: str, newline: str) -> None:
    """A list has the same cells with every separator, line end and byte order mark of spreadsheet programs."""
    lines = [delimiter.join(["name", "city"]), delimiter.join(["Zoë", '"a, b; c"']), delimiter.join(["李", ""]), ""]
    table = read_csv(write(tmp_path, newline.join(lines), encoding))
    assert table.columns == ("name", "city")
    assert [dict(row.cells) for row in table] == [{"name": "Zoë", "city": "a, b; c"}, {"name": "李", "city": ""}]


def test_a_row_knows_the_line_on_which_it_begins(tmp_path: Path) -> None:
    """Line numbers are right after cells with line breaks and blank lines; the table can be read twice."""
    table = read_csv(write(tmp_path, 'a,b\n1,"x\ny"\n\n2,z\n'))
    assert [(row.line, row.cells["b"]) for row in table] == [(2, "x\ny"), (5, "z")]
    assert len(list(table)) == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("a,,c\n", "must name every column"),
        ("a,b,a\n", "names a more than once"),
        ("a,b\n1,2\n1,2,3\n", "line 3: 3 cells, but the header has 2, beyond it: '3'"),
        ("a,b\n1\n", "line 2: 1 cell"),
        ('a,b\n1,"2\n', "not readable as CSV"),
    ],
)
def test_a_broken_list_is_refused_with_its_line(tmp_path: Path, content: str, says: str) -> None:
    """Cells that do not fit the header are refused, never moved."""
    with pytest.raises(InvalidInputError, match=says):
        list(read_csv(write(tmp_path, content)))


def test_a_list_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A list in another encoding is refused, because wrong letters in a name would be spoken."""
    path = write(tmp_path, "name\nZoë\n", "latin-1")
    with pytest.raises(InvalidInputError, match="not UTF-8"):
        list(read_csv(path))


def test_the_error_about_a_missing_list_names_it(tmp_path: Path) -> None:
    """The error names the file and gives the reason of the operating system."""
    with pytest.raises(InvalidInputError, match=r"nowhere\.csv: No such file"):
        read_csv(tmp_path / "nowhere.csv")


WITHOUT_EXTRAS = """
import sys
sys.modules.update(dict.fromkeys(["jinja2", "babel", "narwhals", "openpyxl", "pyarrow", "pandas", "polars"]))
from heygen_async import read_rows
from heygen_async.bulk.plan.file_names import check_template, file_name
table = read_rows(sys.argv[1])
check_template("{number}-{name}", list(table.columns))
print([file_name("{number}-{name}", {**row.cells, "number": row.line}) for row in table])
"""


def test_text_files_and_names_of_files_need_no_extra(tmp_path: Path) -> None:
    """A list is read, and its files are named by plain {placeholders}, if none of the extras is installed."""
    path = write(tmp_path, "name,city\nZoë,Rome\n")
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", WITHOUT_EXTRAS, str(path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.stdout, done.stderr) == ("['2-Zoë']\n", "")

"""Workbooks as people have them: what Excel shows is read, and what a person may not see is told."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from heygen_async import InvalidInputError, Problem, Row, Template, read_rows

openpyxl = pytest.importorskip("openpyxl")

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def raw_workbook(path: Path, rows: str, *, after: str = "", book: str = "") -> Path:
    """Write a workbook with one sheet from its XML, as programs write it that do not calculate."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType='
        f'"{TYPES}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        f'"{TYPES}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type='
        f'"{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type='
        f'"{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{RELATIONS}"><sheets><sheet name="S" sheetId="1" r:id="r1"/>'
        f"</sheets>{book}</workbook>",
        "xl/worksheets/sheet1.xml": f"<worksheet {MAIN}><dimension ref='A1'/><sheetData>{rows}</sheetData>{after}"
        "</worksheet>",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def text(value: str) -> str:
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def row(*cells: str, more: str = "") -> str:
    return f"<row{more}>{''.join(cells)}</row>"


def book_of(path: Path, **sheets: list[list[Any]]) -> Any:
    """Return a workbook with *sheets*, which is to be saved to *path* after it was changed."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    book.save(path)
    return book


def scanned(path: Path, sheet: str | None = None) -> tuple[list[Row], list[str]]:
    """Return the rows of a list, and the texts of what else its scan gives."""
    found = list(read_rows(path, sheet=sheet).scan())
    return [one for one in found if isinstance(one, Row)], [str(one) for one in found if isinstance(one, Problem)]


# Cells


@pytest.mark.parametrize(
    ("cell", "book", "is_flaw"),
    [
        ("<c><f>PROPER(A2)</f><v/></c>", "", True),
        ("<c><f>PROPER(A2)</f></c>", "", True),
        ("<c><f>PROPER(A2)</f><v>0</v></c>", '<calcPr fullCalcOnLoad="1"/>', True),
        ("<c><f>1-1</f><v>0</v></c>", "", False),
        ('<c t="str"><f>""</f><v></v></c>', "", False),
        ('<c t="str"><f>PROPER(A2)</f><v>Ada</v></c>', '<calcPr fullCalcOnLoad="1"/>', False),
        ("<c/>", "", False),
    ],
)
def test_a_formula_without_its_value_is_a_problem_where_it_is_used(
    tmp_path: Path, cell: str, book: str, *, is_flaw: bool
) -> None:
    """A value that was never calculated is no empty cell: not even a default stands for it."""
    path = raw_workbook(tmp_path / "a.xlsx", row(text("name"), text("hi")) + row(text("ada"), cell), book=book)
    ((found,), notes) = scanned(path)
    assert (list(found.flaws), notes) == (["hi"] if is_flaw else [], [])
    assert Template("agent", {"prompt": "{{ name }}"}).problems(found) == []
    for prompt in ("{{ hi | default('x') }}", "{% if hi %}{{ hi }}{% endif %}, {{ name }}"):
        told = [str(problem) for problem in Template("agent", {"prompt": prompt}).problems(found)]
        expected = f"{path} line 2, column hi: a formula without a value: the program that wrote it did not calculate; "
        assert told == ([f"{expected}open the workbook in Excel and save it (field prompt)"] if is_flaw else [])
    mapped = Template("agent", {"prompt": "{{ name }}"}, columns={"avatar_id": "hi"}).problems(found)
    assert [problem.field for problem in mapped] == (["avatar_id"] if is_flaw else [])


@pytest.mark.parametrize("error", ["#SPILL!", "#CALC!", "#GETTING_DATA", "#BUSY!", "#N/A", "#WERT!", "#FUTURE!"])
def test_an_error_in_a_cell_is_a_missing_value(tmp_path: Path, error: str) -> None:
    """The type of the cell tells an error, also one that is not known by its name."""
    rows = row(text("name")) + row(f'<c t="e"><v>{error}</v></c>')
    ((found,), _) = scanned(raw_workbook(tmp_path / "a.xlsx", rows))
    assert found["name"] == error
    template = Template("agent", {"prompt": "Hi {{ name | default('you') }}"})
    assert template.problems(found) == []
    assert "counts as empty here" in str(Template("agent", {"prompt": "{{ name }}"}).problems(found)[0])


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("Line one_x000D_\nLine two", "Line one\nLine two"),
        ("a_x000a_b", "a\nb"),
        ("a_x005F_x000D_b", "a_x000D_b"),
        ("_x0000_ and _x00e4_", "_x0000_ and _x00e4_"),
        ("snake_x_case", "snake_x_case"),
    ],
)
def test_escaped_characters_are_read_as_they_are_meant(tmp_path: Path, cell: str, read: str) -> None:
    """Workbooks write control characters as `_x000D_`; an underscore that begins such a text is escaped itself."""
    ((found,), _) = scanned(raw_workbook(tmp_path / "a.xlsx", row(text("note")) + row(text(cell))))
    assert found.cells == {"note": read}


def test_a_name_is_read_without_its_reading(tmp_path: Path) -> None:
    """Japanese workbooks keep the reading of a name (furigana) beside it."""
    cell = '<c t="inlineStr"><is><t>課長</t><rPh sb="0" eb="2"><t>カチョウ</t></rPh></is></c>'
    ((found,), _) = scanned(raw_workbook(tmp_path / "a.xlsx", row(text("name")) + row(cell)))
    assert found.cells == {"name": "課長"}


def test_numbers_have_the_text_of_plain_formats_and_a_note_for_others(tmp_path: Path) -> None:
    """Zeros, literals and percent are read as shown; of another format one warning tells, and the number stays."""
    path = tmp_path / "a.xlsx"
    book = book_of(path, S=[["zip", "rate", "price"], [1067, 0.155, 1234.5], [7, 0.2, 2.0]])
    for line in (2, 3):
        for column, number_format in zip("ABC", ("\\D-00000", "0.0%", "#,##0.00 €"), strict=True):
            book["S"][f"{column}{line}"].number_format = number_format
    book.save(path)
    rows, notes = scanned(path)
    assert [tuple(found.cells.values()) for found in rows] == [
        ("D-01067", "15.5%", "1234.5"),
        ("D-00007", "20.0%", "2"),
    ]
    assert rows[0]["rate"] == 0.155
    (note,) = notes
    assert f"{path} line 2, column price: '1234.5'; the workbook shows the numbers of this column by the format" in note


def test_long_numbers_and_numbers_in_the_header_are_read(tmp_path: Path) -> None:
    """A header may hold numbers and dates; a number beyond the digits of Excel is written with its exponent."""
    path = tmp_path / "a.xlsx"
    book_of(path, S=[["name", 2026, "id"], ["Ada", 4_900_000_000_000, 1e21]])
    table = read_rows(path)
    assert table.columns == ("name", "2026", "id")
    assert [tuple(found.cells.values()) for found in table] == [("Ada", "4900000000000", "1e+21")]


# Rows and sheets


def test_hidden_rows_are_told_with_their_numbers(tmp_path: Path) -> None:
    """Rows that a filter hides are part of the list, and the last warning of the scan names them."""
    path = tmp_path / "a.xlsx"
    book = book_of(path, S=[["name"], ["Ada"], ["Bo"], ["Cy"]])
    for line in (1, 3, 4, 9):  # the header, and an empty row, are no contacts
        book["S"].row_dimensions[line].hidden = True
    book.save(path)
    rows, notes = scanned(path)
    assert [found.cells["name"] for found in rows] == ["Ada", "Bo", "Cy"]
    (note,) = notes
    assert note.startswith(
        f"{path}: 2 rows are hidden in the workbook, perhaps by a filter (lines 3 and 4), and part of"
    )
    assert note.endswith("; delete the rows that are to get no video")
    book["S"].row_dimensions[4].hidden = False
    book.save(path)
    assert "1 row is hidden in the workbook, perhaps by a filter (line 3)" in scanned(path)[1][0]


def test_merged_cells_are_told(tmp_path: Path) -> None:
    """Only the first of merged cells has the value."""
    path = tmp_path / "a.xlsx"
    book = book_of(path, S=[["firm", "name"], *[[f"F{n}", f"N{n}"] for n in range(14)]])
    for line in range(2, 16, 2):
        book["S"].merge_cells(f"A{line}:A{line + 1}")
    book.save(path)
    rows, notes = scanned(path)
    assert [found.cells["firm"] for found in rows[:3]] == ["F0", "", "F2"]
    (note,) = notes
    assert note.startswith(f"{path}: cells are merged (A2:A3, A4:A5, A6:A7, A8:A9, A10:A11 and 2 more); only the first")
    assert note.endswith("; unmerge them and fill in each cell")


PEOPLE = [["name"], ["Ada"]]


@pytest.mark.parametrize(
    ("sheets", "hidden", "active", "read", "note"),
    [
        ({"A": PEOPLE}, "", 0, "A", None),
        ({"A": [], "B": [["Notes"]], "C": PEOPLE}, "", 0, "C", None),
        ({"A": PEOPLE, "B": PEOPLE}, "", 0, "A", "the sheet A is read; rows are also in B; name the sheet"),
        (
            {"Old": PEOPLE, "New": PEOPLE},
            "",
            1,
            "Old",
            "the sheet Old is read; rows are also in New (the one that was open)",
        ),
        ({"Lists": PEOPLE, "B": PEOPLE}, "Lists", 1, "B", "the sheet B is read; rows are also in Lists (hidden)"),
        ({"A": [["name"]], "B": [["x"]]}, "B", 0, "A", None),
    ],
)
def test_the_sheet_with_rows_is_found(
    tmp_path: Path, sheets: dict[str, Any], hidden: str, active: int, read: str, note: str | None
) -> None:
    """The first visible sheet with rows is read; others with rows are named in a warning."""
    path = tmp_path / "a.xlsx"
    book = book_of(path, **sheets)
    for name in filter(None, [hidden]):
        book[name].sheet_state = "hidden"
    book.active = active
    book.save(path)
    table = read_rows(path, may_be_empty=True)
    assert table.format == f"Excel, sheet {read!r}"
    notes = [str(found) for found in table.scan() if isinstance(found, Problem)]
    assert [note is not None and note in one for one in notes] == [True] * (note is not None)
    assert list(read_rows(path, sheet=read, may_be_empty=True).scan()) == list(table)


def test_a_hidden_sheet_is_not_read_unless_it_is_named(tmp_path: Path) -> None:
    """If only a hidden sheet has rows, it is named in the refusal."""
    path = tmp_path / "a.xlsx"
    book = book_of(path, Cover=[["Welcome"]], Data=PEOPLE)
    book["Data"].sheet_state = "veryHidden"
    book.save(path)
    with pytest.raises(
        InvalidInputError, match="no visible sheet has rows; unhide the sheet with the rows, or name it: Data"
    ):
        read_rows(path)
    assert [found.cells for found in read_rows(path, sheet="Data")] == [{"name": "Ada"}]


# Header


@pytest.mark.parametrize(
    ("rows", "merged", "says"),
    [
        (
            [["Contacts"], ["first", "last", "mail", "town", "firm"], ["Ada", "L", "a@x", "Rome", "F"]],
            "A1:E1",
            r"line 1: 'Contacts'; looks like a title; the header probably is line 2 \(first, last, mail, town, ...\)",
        ),
        (
            [["name", None, "mail"], ["Ada", "L", "a@x"]],
            "A1:B1",
            r"column 2 has no name; unmerge A1:B1 and write a name",
        ),
        ([["name", None, "mail"], ["Ada", "L", "a@x"]], "A2:B2", r"column 2 has no name; write its name, or remove"),
        (
            [["Person", None, "Firm"], ["first", "last", "name"], ["Ada", "L", "F"]],
            "A1:B1",
            r"column 2 has no name; the header may be line 2 \(first, last, name\): then remove the lines above it",
        ),
    ],
)
def test_the_line_of_the_header_is_told(tmp_path: Path, rows: list[list[Any]], merged: str, says: str) -> None:
    """Titles above the header and merged cells in it are refused, with the line where the header probably is."""
    path = tmp_path / "a.xlsx"
    book = book_of(path, S=rows)
    book["S"].merge_cells(merged)
    book.save(path)
    with pytest.raises(InvalidInputError, match=says):
        read_rows(path)


def test_a_list_of_one_column_has_no_title(tmp_path: Path) -> None:
    """A single name is the header of a single column, also if a cell stands beside a row below."""
    path = tmp_path / "a.xlsx"
    book_of(path, S=[["full name"], ["Ada"], ["Bo", "x"], ["Cy"]])
    rows, problems = scanned(path)
    assert [found.cells["full name"] for found in rows] == ["Ada", "Cy"]
    assert "line 3: 2 cells, but the header has 1, beyond it: 'x'" in problems[0]


def test_a_workbook_with_a_damaged_sheet_is_read_up_to_it(tmp_path: Path) -> None:
    """A sheet that cannot be read at all is refused; merged cells below a damaged place are not looked for."""
    rows = row(text("name"), "<c/>", text("mail")) + row(text("Ada"), text("L"), text("a@x")) + "<row><c></row>"
    with pytest.raises(InvalidInputError, match="column 2 has no name; write its name, or remove the column"):
        read_rows(raw_workbook(tmp_path / "a.xlsx", rows))
    with pytest.raises(InvalidInputError, match="not readable as an Excel workbook: mismatched tag"):
        read_rows(raw_workbook(tmp_path / "b.xlsx", "<row><c></row>"))


def test_a_row_with_a_formula_alone_is_a_row(tmp_path: Path) -> None:
    """A row is not left out because its only cell was never calculated; an empty row of the header's end is."""
    rows = row(text("name"), text("hi")) + row("<c/>", "<c><f>A1</f></c>") + row(text(""), text(" "))
    (found,), _ = scanned(raw_workbook(tmp_path / "a.xlsx", rows))
    assert (found.line, list(found.flaws)) == (2, ["hi"])

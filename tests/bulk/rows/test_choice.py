"""Rows of a list are chosen by number, by cells, or by id."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from heygen_async import InvalidInputError, Problem, Row, read_rows
from heygen_async.bulk.rows.choice import ALL_ROWS, RowChoice, row_choice

LIST = "Id,Stadt,Name\n1,Köln,Ada\n2,Bonn,Bo\n\n3,köln ,Cy\n4,,Di\n"


def by_lower(name: str, columns: Collection[str]) -> str | None:
    return next((column for column in columns if column.lower() == name.lower()), None)


def names(tmp_path: Path, choice: RowChoice, content: str = LIST) -> tuple[list[str], list[str]]:
    """Return the names in the chosen rows, and what else the scan tells."""
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    found = list(choice.of(read_rows(path), "Id").scan())
    texts = [str(one) for one in found if isinstance(one, Problem)]
    return [one.cells["Name"] for one in found if isinstance(one, Row)], texts


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (row_choice(["2"]), ["Ada"]),
        (row_choice(["3-5,9"]), ["Bo", "Cy"]),
        (row_choice(["2", "5-"]), ["Ada", "Cy", "Di"]),
        (row_choice([" 2 , 3 "]), ["Ada", "Bo"]),
        (row_choice(where=["Stadt=KÖLN"]), ["Ada", "Cy"]),
        (row_choice(where=["Stadt=Köln", "Stadt=bonn"]), ["Ada", "Bo", "Cy"]),
        (row_choice(where=["Stadt!=Köln"]), ["Bo", "Di"]),
        (row_choice(where=["Stadt!=Köln", "Stadt!=Bonn"]), ["Di"]),
        (row_choice(where=["Stadt="]), ["Di"]),
        (row_choice(where=["Stadt=Köln", "Name=cy"]), ["Cy"]),
        (row_choice(where=["stadt=Ko\u0308ln"], find_column=by_lower), ["Ada", "Cy"]),
        (row_choice(only=["2", " 4"]), ["Bo", "Di"]),
        (row_choice(["2-3"], ["Stadt=Köln"], ["1", "3"]), ["Ada"]),
        (row_choice(["99"]), []),
    ],
)
def test_rows_are_chosen(tmp_path: Path, choice: RowChoice, chosen: list[str]) -> None:
    """All kinds of options must hold; several values of one column add up. Numbers are lines of the file."""
    found, told = names(tmp_path, choice)
    assert found == chosen
    count = "1 row is" if len(chosen) == 1 else f"{len(chosen)} rows are"
    assert [text.partition(": ")[2] for text in told] == [f"{count} chosen of 4; "[:-2]]


def test_without_a_choice_a_table_is_the_same() -> None:
    """Nothing is told of a list that is read in whole."""
    table = read_rows([{"Name": "Ada"}])
    assert ALL_ROWS.of(table, None) is table
    assert not ALL_ROWS
    assert table.is_part is False


def test_problems_of_rows_that_are_not_chosen_are_left_out(tmp_path: Path) -> None:
    """A broken row has no cells to choose it by: it counts unless another line was asked for."""
    broken = "Id,Stadt,Name\n1,Köln,Ada\n2,Bonn,Bo,x\n3,Köln,Cy\n4,Bonn\n"
    told = names(tmp_path, row_choice(["2"]), broken)[1]
    assert ["line 3" in text for text in told] == [False, False]
    assert "1 row has fewer cells than the header (line 5)" in told[0]  # it is about the whole list
    assert names(tmp_path, row_choice(["3"]), broken)[1][0].endswith("quotes around the cell")
    assert "4 cells, but the header has 3" in names(tmp_path, row_choice(where=["Stadt=Köln"]), broken)[1][0]


def test_a_warning_about_a_row_goes_with_it() -> None:
    """A warning that names a line tells of the row before it."""
    note = Problem(reason="odd", mend="", line=1, unit="row", severity="warning")
    rows: list[Any] = [Row(line=1, cells={"n": "a"}), note, Row(line=2, cells={"n": "b"})]
    table = read_rows(rows)
    assert note in list(row_choice(["1"]).of(table, None).scan())
    assert note not in list(row_choice(["2"]).of(table, None).scan())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"rows": ["x"]}, r"--rows 'x': must be numbers of rows in the list, such as 5-10,17 or 800-"),
        ({"rows": ["9-5"]}, "--rows '9-5': must be"),
        ({"rows": ["2,,3"]}, "--rows '': must be"),
        ({"where": ["Stadt"]}, "--where 'Stadt': must be COLUMN=VALUE, such as --where city=Rome"),
        ({"where": ["=x"]}, "--where '=x': must be"),
        ({"where": ["Stat=x"]}, r"--where Stat: there is no such column; did you mean Stadt\?"),
    ],
)
def test_a_choice_that_cannot_be_read_is_refused(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    """The message names the option, its value and the form that it takes."""
    with pytest.raises(InvalidInputError, match=says):
        names(tmp_path, row_choice(**options))


def test_ids_need_an_id_column() -> None:
    """Without an id column no row has an id."""
    with pytest.raises(InvalidInputError, match="--only: rows have no ids; say which column has them: --id email"):
        row_choice(only=["1"]).of(read_rows([{"Name": "Ada"}]), None)

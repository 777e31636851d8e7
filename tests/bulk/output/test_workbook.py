"""Results as workbooks: texts stay texts, numbers stay numbers, and failed rows can be run again."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest

from heygen_async import InvalidInputError, Journal, read_rows
from heygen_async.bulk.output.export import export, mail_merge
from heygen_async.bulk.output.workbook import write_workbook
from heygen_async.simulator import FailedRender, World
from tests.helpers.commands import call
from tests.helpers.stories import run

TEXTS = ["=1+1", "'=1+1", "#N/A", "00123", "+49 170", "a\x0bb", "Zoë", "@x", "", "x\ny"]


def test_texts_are_no_formulas_and_are_read_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, [["name", "n"], *([text, 1.5] for text in TEXTS), [None, True]])
    sheet = openpyxl.load_workbook(path)["Results"]
    cells = list(sheet.iter_rows(min_row=2))
    assert {cell.data_type for row in cells for cell in row[:1] if cell.value is not None} == {"s"}
    assert {row[1].value for row in cells} == {1.5, "True"}
    assert cells[0][0].value == "=1+1"
    assert cells[3][0].value == "00123"
    assert cells[5][0].value == "ab"


@pytest.mark.usefixtures("_simulator_thread")
def test_a_workbook_in_gives_a_workbook_out(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list's columns and order, ours beside them; failed.xlsx is run again; mail-merge.xlsx has links only."""
    monkeypatch.chdir(tmp_path)
    book = openpyxl.Workbook()
    for row in (["email", "name"], ["ada@x.example", "Ada"], ["=cmd", "Bo"], ["cy@x.example", "Cy"]):
        book.active.append(row)
    book.active["A3"].data_type = "s"
    book.save("list.xlsx")
    world.faults.append(FailedRender(nth=2))
    done = run("--id", "email", source="list.xlsx")
    assert done.exit_code == 5, done.output
    assert "results.csv and results.xlsx list every row, mail-merge.csv has the links" in " ".join(done.output.split())
    with Path("videos/results.csv").open(encoding="utf-8-sig", newline="") as file:
        heads = next(csv.reader(file))
    sheet = openpyxl.load_workbook("videos/results.xlsx")["Results"]
    rows = list(sheet.iter_rows(values_only=True))
    assert list(rows[0]) == heads
    assert [row[:3] for row in rows[1:]] == [
        ("ada@x.example", "Ada", "completed"),
        ("=cmd", "Bo", "failed"),
        ("cy@x.example", "Cy", "completed"),
    ]
    assert call("export", "list.db", "links.xlsx", "--mail-merge").exit_code == 0
    links = list(openpyxl.load_workbook("links.xlsx")["Results"].iter_rows(values_only=True))
    assert links[0] == ("email", "heygen_link")
    assert len(links) == 3
    assert call("export", "list.db", "failed.xlsx").output.startswith("1 row written")
    (failed,) = read_rows("failed.xlsx")
    assert failed.cells["email"] == "=cmd"
    again = run("--id", "email", "--journal", "list.db", source="failed.xlsx")
    assert again.exit_code == 0, again.output
    assert len(world.ledger) - len(world.refunds) == 3


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "c.db", create=True) as journal:
        with pytest.raises(InvalidInputError, match=r"must be \.csv, \.xlsx or \.jsonl"):
            export(journal, tmp_path / "a.ods")
        with pytest.raises(InvalidInputError, match=r"must be \.csv or \.xlsx"):
            mail_merge(journal, tmp_path / "a.jsonl")

"""Cells that a spreadsheet would run are marked in our files, and come back as they were."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from heygen_async import Completed, DirectVideo, Failed, Job, Journal, Row, Video, errors, read_rows
from heygen_async.bulk.campaign.list_taker import ListTaker
from heygen_async.bulk.jobs import keys
from heygen_async.bulk.output.export import export
from heygen_async.bulk.output.results_csv import ResultsCsv
from heygen_async.bulk.rows.spreadsheet import as_given, harmless, is_ours

HELLO = DirectVideo(avatar_id="a", voice_id="v", script="x")
RUN = [
    "=1+2",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\rx",
    "\nx",
    "  =1",
    "\u00a0=1",
    "\u3000@x",
    "\u200b=1",
    "\ufeff+x",
    "\u202e=1",
    "\x00=1",
    "\uff1d1+2",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "\ufe661",
    "'=1",
    "''@x",
    "-",
    "-Ada",
    "+49 (0)170/123",
]
SAFE = ["", "Ada", "a=1", "1-2", "-5", "-5.25", "+1,234.5", "+49 170 1234567", "'tis", "'", "O'Hara", " Ada", "12:30"]


@pytest.mark.parametrize("text", RUN)
def test_a_cell_that_a_spreadsheet_would_run_is_marked(text: str) -> None:
    """A sign at the start is found behind blank characters, apostrophes and in its wide form."""
    assert harmless(text) == f"'{text}"
    assert as_given(harmless(text)) == text


@pytest.mark.parametrize("text", SAFE)
def test_other_cells_stay_as_they_are(text: str) -> None:
    """Numbers with a sign and text with an apostrophe are no formulas."""
    assert harmless(text) == text
    assert as_given(text) == text


@pytest.mark.parametrize(("value", "text"), [(None, ""), (-5, "-5"), (-2.5, "-2.5"), (True, "True")])
def test_values_are_written_as_text(value: object, text: str) -> None:
    """A missing value is an empty cell."""
    assert harmless(value) == text


CELLS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.tuples(
        st.sampled_from(["", "'", "''", " ", "\ufeff", "\t"]),
        st.sampled_from("=+-@\uff1d"),
        st.text("ab1'", max_size=3),
    ).map("".join),
)


@given(CELLS)
def test_a_marked_cell_comes_back(text: str) -> None:
    """Marking can be undone for any text, and what was marked is not run."""
    written = harmless(text)
    assert as_given(written) == text
    assert written.lstrip()[:1] not in {"=", "@", "\uff1d"}


@pytest.mark.parametrize(
    ("columns", "ours"),
    [
        (["name", "heygen_error_code", "heygen_error"], True),
        (["name", "status", "video_id", "file", "seconds_of_video", "seconds_to_render", "error_code", "error"], True),
        (["name", "heygen_id"], False),
        (["name", "error_code", "error"], False),
        ([], False),
    ],
)
def test_files_of_ours_are_known_by_their_columns(columns: list[str], *, ours: bool) -> None:
    """Only in these an apostrophe may be ours."""
    assert is_ours(columns) == ours


def test_apostrophes_of_a_foreign_list_are_not_touched(tmp_path: Path) -> None:
    """A cell of a list that we did not write is used as it is."""
    file = tmp_path / "list.csv"
    file.write_text("name,note\n'=Ada,'@x\n", encoding="utf-8")
    assert [row.cells for row in read_rows(file)] == [{"name": "'=Ada", "note": "'@x"}]


def failed_rows(journal: Path, rows: list[dict[str, str]]) -> None:
    """Write a journal in which each row has failed with a message that is a formula."""
    with Journal(journal, create=True) as opened:
        taker = ListTaker(opened)
        taker.take([Job(request=HELLO, row=row, index=n) for n, row in enumerate(rows)])
        taker.end()
        for number in range(1, len(rows) + 1):
            opened.failed(number, code="=code", error="\t=error", spent="no")


def identities(rows: list[dict[str, str]]) -> list[str]:
    own = [{name: cell for name, cell in row.items() if not name.startswith("heygen_")} for row in rows]
    return [keys.row_hash(row) for row in own]


@pytest.mark.unmeasured
@given(st.data())
@settings(max_examples=60)
def test_failed_rows_are_the_same_rows_again(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever the cells hold, failed.csv has rows of the same cells and the same identity in the journal."""
    folder = tmp_path_factory.mktemp("failed")
    columns = ["name", "=cmd", "'-x"]
    rows = data.draw(
        st.lists(st.fixed_dictionaries(dict.fromkeys(columns, CELLS)), min_size=1, max_size=4, unique_by=keys.row_hash)
    )
    failed_rows(folder / "c.db", rows)
    with Journal(folder / "c.db", read_only=True) as journal:
        assert export(journal, folder / "failed.csv") == len(rows)
    again = [dict(row.cells) for row in read_rows(folder / "failed.csv")]
    own = [{name: cell for name, cell in row.items() if not name.startswith("heygen_")} for row in again]
    assert own == rows
    assert identities(again) == identities(rows)
    with (folder / "failed.csv").open(encoding="utf-8-sig", newline="") as file:
        mappings = list(read_rows(csv.DictReader(file)))
    assert [dict(row.cells) for row in mappings] == again


def cells_in(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return [cell for row in csv.reader(opened) for cell in row]


@pytest.mark.parametrize("name", ["all.csv", "failed.csv"])
def test_no_cell_of_an_export_is_run(tmp_path: Path, name: str) -> None:
    """Names of columns, cells of the list, codes and messages are all foreign text."""
    failed_rows(tmp_path / "c.db", [{"=name": text, "note": str(n)} for n, text in enumerate(RUN) if "\0" not in text])
    with Journal(tmp_path / "c.db", read_only=True) as journal:
        export(journal, tmp_path / name)
    cells = cells_in(tmp_path / name)
    assert [cell for cell in cells if harmless(cell) != cell and not cell.startswith("'")] == []
    assert {"'=name", "'=code", "'\t=error", "'=1+2", "''=1"} <= set(cells)


def test_no_cell_of_the_results_is_run(tmp_path: Path) -> None:
    """results.csv marks cells of the list as well as texts of HeyGen."""
    row = Row(line=2, cells={"=name": "@Ada", "note": " =1", "phone": "+49 170 1234567"})
    job = Job(request=HELLO, row=row, index=0)
    video = Video(id="=v1", status="completed", duration=1.0)
    error = errors.BadRequestError("\r=bad", code="@code")
    with ResultsCsv(tmp_path / "results.csv", ["=name", "note", "phone"]) as output:
        output.add(Completed(job=job, resource_id="=v1", seconds=1.0, video=video, file=Path("-x/=v.mp4")))
        output.add(Failed(job=job, resource_id=None, seconds=1.0, error=error))
    cells = cells_in(tmp_path / "results.csv")
    assert [cell for cell in cells if harmless(cell) != cell and not cell.startswith("'")] == []
    assert {"'=name", "'@Ada", "' =1", "+49 170 1234567", "'=v1", "'-x/=v.mp4", "'@code", "'\r=bad"} <= set(cells)
    again = [dict(found.cells) for found in read_rows(tmp_path / "results.csv")]
    assert [(found["=name"], found["note"], found["phone"]) for found in again] == [
        ("@Ada", " =1", "+49 170 1234567")
    ] * 2

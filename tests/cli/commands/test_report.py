"""`heygen-async report`: the page of a campaign from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from heygen_async import Journal
from tests.helpers.commands import call
from tests.helpers.journal_rows import prepared
from tests.helpers.report_page import Page


def test_report_writes_a_page_beside_the_journal(tmp_path: Path) -> None:
    """With its name, unless another is given; the commands in it are those that were typed."""
    path = prepared(tmp_path / "spring.db")
    result = call("report", str(path))
    assert result.exit_code == 0, result.output
    assert f"{tmp_path / 'spring.html'}: open it in a browser" in result.output
    page = Page((tmp_path / "spring.html").read_text(encoding="utf-8"))
    assert page.text("h1") == "spring.db"
    assert page.totals == {
        "Rows": 6,
        "Completed": 1,
        "Failed": 2,
        "Undecided": 1,
        "Under way": 1,
        "Not yet sent": 1,
    }
    assert f"heygen-async resume {path}" in page.commands
    assert call("report", str(path), "-o", str(tmp_path / "other.html")).exit_code == 0
    assert (tmp_path / "other.html").exists()


def test_commands_of_the_page_work_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says about failed rows is typed, and then they are no longer failed."""
    monkeypatch.chdir(tmp_path)
    prepared(tmp_path / "c.db")
    assert call("report", "c.db").exit_code == 0
    commands = Page(Path("c.html").read_text(encoding="utf-8")).commands
    assert "heygen-async retry c.db --failed" in commands
    for line in commands:
        words = line.split(" ")[1:]
        if words[0] in {"retry", "export"}:
            assert call(*words).exit_code in {0, 7}
    assert Path("failed.csv").exists()
    with Journal("c.db", read_only=True) as journal:
        assert journal.counts()["failed"] == 0


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["nowhere.db"], 1, "there is no such journal"),
        (["c.db", "-o", "c.db"], 2, "give it a name that ends in .html"),
        (["c.db", "-o", "nowhere/c.html"], 2, "No such file or directory"),
        (["contacts.csv"], 1, "this is not a journal"),
    ],
)
def test_what_cannot_be_reported_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], code: int, says: str
) -> None:
    """And nothing is written."""
    monkeypatch.chdir(tmp_path)
    prepared(tmp_path / "c.db")
    Path("contacts.csv").write_text("name\n" * 300)
    result = call("report", *args)
    assert result.exit_code == code, result.output
    assert says in result.output.replace("\n", " ")
    assert not list(tmp_path.rglob("*.html"))

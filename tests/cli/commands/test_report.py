"""`heygen-async report`: the page of a campaign."""

from __future__ import annotations

from pathlib import Path

import pytest

from heygen_async import Journal
from tests.helpers.commands import call
from tests.helpers.journal_rows import prepared
from tests.helpers.report_page import Page


def test_report_writes_a_page_beside_the_journal(tmp_path: Path) -> None:
    """The page has the journal's name unless another is given, and commands with the journal's path as typed."""
    path = prepared(tmp_path / "spring.db")
    result = call("report", str(path))
    assert result.exit_code == 0, result.output
    assert f"{tmp_path / 'spring.html'}: open it in a browser" in result.output
    page = Page((tmp_path / "spring.html").read_text(encoding="utf-8"))
    assert page.text("h1") == "spring"
    assert page.totals == {
        "Rows": 6,
        "Ready": 1,
        "Failed": 2,
        "To be decided": 1,
        "Being made": 1,
        "Not yet begun": 1,
    }
    assert f"heygen-async resume {path}" in page.commands
    assert call("report", str(path), "-o", str(tmp_path / "other.html")).exit_code == 0
    assert (tmp_path / "other.html").exists()


def test_commands_on_the_page_can_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands that the page shows for failed rows run as they are, and plan those rows again."""
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
    ("args", "code", "message"),
    [
        (["nowhere.db"], 1, "there is no such journal"),
        (["c.db", "-o", "c.db"], 2, "give it a name that ends in .html"),
        (["c.db", "-o", "nowhere/c.html"], 2, "No such file or directory"),
        (["contacts.csv"], 1, "this is not a journal"),
    ],
)
def test_a_bad_journal_or_output_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], code: int, message: str
) -> None:
    """No page is written."""
    monkeypatch.chdir(tmp_path)
    prepared(tmp_path / "c.db")
    Path("contacts.csv").write_text("name\n" * 300)
    result = call("report", *args)
    assert result.exit_code == code, result.output
    assert message in result.output.replace("\n", " ")
    assert not list(tmp_path.rglob("*.html"))

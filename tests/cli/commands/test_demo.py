"""`heygen-async demo`: what it leaves to play with, and the commands with which it goes on."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import pytest

from heygen_async import Journal
from tests.helpers.commands import CommandResult, call

ROWS = 60


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def demo(*words: str, rows: int = ROWS) -> CommandResult:
    return call("demo", "--rows", str(rows), "--speed", "400", *words, env={"COLUMNS": "80"})


def states() -> list[str]:
    with Path("heygen-demo/results.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row["heygen_state"] for row in csv.DictReader(file)]


@pytest.mark.unmeasured
@pytest.mark.usefixtures("_simulator_thread")
def test_a_demo_can_be_gone_on_with() -> None:
    """Failed rows are named with a reason; the commands that are printed render them, and write all again."""
    shown = demo()
    assert shown.exit_code == 0, shown.output
    failed = re.search(r"row \d+ \(\w+ \w+\): The script was flagged by content moderation\.", shown.output)
    assert failed is not None, shown.output
    files = {path.name for path in Path("heygen-demo").iterdir()}
    assert {"demo.db", "demo.html", "mail-merge.csv", "results.csv"} <= files
    links = Path("heygen-demo/mail-merge.csv").read_text("utf-8-sig").splitlines()
    assert links[0] == "email,heygen_link"
    assert len(links) == 1 + states().count("completed") < 1 + ROWS
    steps = [line.split()[1:] for line in shown.stdout.splitlines() if line.startswith("  heygen-async ")]
    assert [words[0] for words in steps] == ["status", "retry", "simulate", "resume", "report", "init"]
    for words in steps:
        if words[0] not in {"simulate", "init"}:
            done = call(*words)
            assert done.exit_code == 0, done.output
    assert states() == ["completed"] * ROWS


def test_a_demo_takes_the_place_of_an_earlier_one() -> None:
    """Also with fewer rows; the results are its own."""
    demo(rows=6)
    again = demo(rows=5)
    assert again.exit_code == 0, again.output
    assert states() == ["completed"] * 5
    assert "Some rows failed" not in again.output


def test_the_journal_of_a_campaign_is_not_removed() -> None:
    """Its rows are paid for."""
    Path("mine").mkdir()
    with Journal("mine/demo.db", create=True) as journal:
        journal.set_meta(runs="1")
    refused = demo("--output", "mine", rows=5)
    assert refused.exit_code == 2
    assert "mine/demo.db: is the journal of a campaign, not of a demo; choose another --output" in refused.stderr
    assert Path("mine/demo.db").exists()


def test_a_program_off_the_path_is_named_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make demo` calls one; the commands that are printed can be pasted all the same."""
    monkeypatch.setattr(sys, "argv", [str(tmp_path / ".venv-demo" / "bin" / "heygen-async"), "demo"])
    monkeypatch.setenv("PATH", "")
    assert "  .venv-demo/bin/heygen-async status heygen-demo/demo.db\n" in demo(rows=3).stdout
